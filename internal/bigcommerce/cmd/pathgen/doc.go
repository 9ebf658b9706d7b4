// Command pathgen writes the table of documented calls, Go source with the methods and path of
// each, from a folder of official OpenAPI files:
//
//	go run ./internal/bigcommerce/cmd/pathgen -in openapi -out internal/sandbox/documented.go
//
// How data flows through it: read.go reads every file of the folder that describes calls of a
// store, and tells the ids in their paths from other text; main.go writes gofmt'd source. It copies
// no prose, keeps nothing else of the files, and never touches the network.
package main
