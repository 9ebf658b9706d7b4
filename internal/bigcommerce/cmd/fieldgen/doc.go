// Command fieldgen writes a field catalogue, Go source with the names, types and limits of an API
// object's fields, from an official OpenAPI file:
//
//	go run ./internal/bigcommerce/cmd/fieldgen -in products_catalog.v3.yml -out internal/bigcommerce/fields_products.go
//
// How data flows through it: openapi.go reads the file and resolves $ref and allOf; catalogue.go
// merges what creating (POST), updating (PUT) and reading (GET) the collection say of each field;
// render.go writes gofmt'd source. It copies no prose, keeps nothing else of the file, and never
// touches the network.
package main
