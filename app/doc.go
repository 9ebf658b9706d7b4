// Command sluice is the program: configuration, commands, and the assembly of the HTTP server.
//
// It is the only package that knows all others. assemble.go builds them from a Config and wires
// what they declare as interfaces (auth's Lifecycle to jobs, for one); serve.go runs them; the
// other files are a command each. Nothing imports it, and no rule of the business stands here.
package main
