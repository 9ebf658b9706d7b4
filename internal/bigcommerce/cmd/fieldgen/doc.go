// Command fieldgen writes a field catalogue, Go source with the names, types and limits of an API
// object's fields, from an official OpenAPI file:
//
//	go run ./internal/bigcommerce/cmd/fieldgen -in products_catalog.v3.yml -out internal/bigcommerce/fields_products.go
//
// With -table it writes what the sandbox checks a request's body against instead, one table for
// each call that it simulates, or for a property within the body:
//
//	go run ./internal/bigcommerce/cmd/fieldgen -in locations.v3.yml -out internal/sandbox/fields_locations.go \
//		-table 'locationFields=POST /inventory/locations' -table 'addressFields=POST /inventory/locations:address'
//
// How data flows through it: openapi.go reads the file and resolves $ref and allOf; catalogue.go
// merges what creating (POST), updating (PUT) and reading (GET) the collection say of each field;
// tables.go takes the body of one call with the objects in it; render.go writes gofmt'd source. It
// copies no prose, keeps nothing else of the file, and never touches the network.
package main
