// Package expression is the language in which merchants say what a field is filled with: the part
// of expr-lang that is safe to run on a server, with a short list of functions of our own.
//
// All of them are pure: the same values give the same result on every machine and day. There are no
// loops, variables, clocks or random numbers.
//
// No expression can hang a process or fill its memory, whatever is written and whatever it is
// written over. From a source to a value it goes through
//
//	Admit      lengths and numbers, of one mapping together
//	Parse      the library's parser, then admission: a copy with only what is in the language
//	Finish     patterns are measured and compiled, the library's checker and optimiser, then charging:
//	           each operator and function whose cost depends on values becomes a call that charges
//	Begin, End the budget of a row, in which Run evaluates one expression after another
//
// jobs/mapping runs it over the columns of a file, whose names are known when it is compiled
// (Machine.Admit, Parse, Machine.Finish); Machine.Compile is for values whose names are not, the
// claims of an identity provider. Messages are for the person who wrote the expression.
package expression
