package expression

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/file"
)

// CompileMessage turns a compiler's error into one for a merchant, with its place.
func CompileMessage(err error) string {
	var fe *file.Error
	if !errors.As(err, &fe) {
		return firstLine(err.Error())
	}
	msg := Clip(fe.Message, messageRunes)
	var value valueError
	switch {
	case errors.As(err, &value):
		msg = string(value)
	case strings.Contains(msg, "mismatched type") && strings.Contains(msg, "string"):
		msg = strings.Replace(msg, "invalid operation: ", "", 1) + ": columns are text, write number(…) around the one that is calculated with"
	case strings.Contains(msg, "non-bool expression"):
		msg = "the condition before ? is not true or false: compare it with something, or write bool(…) around it"
	case strings.Contains(msg, "exceeds maximum allowed nodes"):
		msg = "the formula is too long"
	}
	if fe.Line > 1 {
		return fmt.Sprintf("%s (line %d, character %d)", msg, fe.Line, fe.Column+1)
	}
	return fmt.Sprintf("%s (character %d)", msg, fe.Column+1)
}

// RunMessage turns an evaluation's error into one for a merchant.
func RunMessage(err error) string {
	var value valueError
	if errors.As(err, &value) {
		return Clip(string(value), messageRunes)
	}
	var fe *file.Error
	msg := err.Error()
	if errors.As(err, &fe) {
		msg = fe.Message
	}
	switch {
	case strings.Contains(msg, "<nil>"), strings.Contains(msg, "is nil"):
		return `the formula calculates with an empty value: give it a default, for example first(Cost, "0")`
	case strings.Contains(msg, "divide by zero"):
		return "the formula divides by zero"
	case strings.Contains(msg, "index out of range"):
		return "the list has fewer items than the formula takes from it"
	case strings.Contains(msg, "memory budget"):
		return "the formula makes too long a list"
	}
	return "the formula does not fit this value: " + firstLine(msg)
}

// firstLine is a message of the library without the place in the source below it.
func firstLine(msg string) string {
	line, _, _ := strings.Cut(msg, "\n")
	return Clip(strings.TrimSpace(line), messageRunes)
}
