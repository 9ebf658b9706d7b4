// Package expression is the language in which merchants say what a field is filled with: the part of
// expr-lang that is safe to run on a server, with a short list of functions of our own.
//
// All of them are pure: the same values give the same result on every machine and day. There are no
// loops, variables, clocks or random numbers, and the number of nodes and the size of every value are
// capped, so that no expression can hang a process, whatever is written.
//
// jobs/sync/mapping runs it over the columns of a file, whose names are known when it is compiled
// (NewConfig, Refused, Finish); Compile is for values whose names are not, the claims of an identity
// provider. Messages are for the person who wrote the expression.
package expression
