// Package cause tells which messages about records are of one kind of problem: those that differ
// only in what they quote and in numbers.
package cause

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Size is the length of an ID.
const Size = 16

// ID names the kind of problem that a message is of. It is stored, so the same text must give the
// same ID in every version.
func ID(severity, field, message string) string {
	var b strings.Builder
	b.Grow(len(severity) + len(field) + len(message) + 2)
	b.WriteString(severity)
	b.WriteByte(0)
	b.WriteString(field)
	b.WriteByte(0)
	for rest := message; rest != ""; {
		fixed, variable, after := cut(rest)
		b.WriteString(fixed)
		if variable != "" {
			b.WriteByte(0)
		}
		rest = after
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:Size/2])
}

// General is what messages of one kind of problem say in common, with … where they differ.
func General(messages ...string) string {
	if len(messages) == 0 {
		return ""
	}
	first := messages[0]
	rest := make([]string, len(messages)-1)
	copy(rest, messages[1:])
	var b strings.Builder
	for first != "" {
		fixed, variable, after := cut(first)
		first = after
		for i, r := range rest {
			f, v, a := cut(r)
			if f != fixed || (v == "") != (variable == "") {
				return messages[0] // of another kind
			}
			if v != variable {
				variable = "…"
			}
			rest[i] = a
		}
		b.WriteString(fixed)
		b.WriteString(variable)
	}
	return b.String()
}

// cut splits text after its first variable part: what is quoted, or a word with a digit in it.
func cut(text string) (fixed, variable, after string) {
	for at := 0; at < len(text); {
		if text[at] == '"' {
			if n := quoted(text[at:]); n > 0 {
				return text[:at], text[at : at+n], text[at+n:]
			}
		}
		if r, size := utf8.DecodeRuneInString(text[at:]); !wordRune(r) {
			at += size
			continue
		}
		end := at + word(text[at:])
		if strings.ContainsAny(text[at:end], "0123456789") {
			return text[:at], text[at:end], text[end:]
		}
		at = end
	}
	return text, "", ""
}

// quoted is the length of the quotation that text begins with, 0 if it does not end. A quotation
// mark in it has a backslash before it, or is doubled.
func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] != '"':
		case i+1 < len(text) && text[i+1] == '"':
			i++
		default:
			return i + 1
		}
	}
	return 0
}

// word is the length of the word that text begins with. Signs are part of it only between its
// letters and digits: 12.50, A-1/b.
func word(text string) int {
	end := 0
	for i, r := range text {
		switch {
		case wordRune(r):
			end = i + utf8.RuneLen(r)
		case r == '"', unicode.IsSpace(r):
			return end
		}
	}
	return end
}

func wordRune(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
