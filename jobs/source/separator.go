package source

import (
	"bytes"
	"io"
	"strings"

	"golang.org/x/text/transform"
)

// separator is what stands between the cells of a text, of one or several characters. Texts with
// several are read as if there was one of them, a control character that stands in no text.
type separator string

const (
	maxSeparator = 3
	standIn      = "\x1f"
)

// separatorOf returns the separator of a format.
func separatorOf(delimiter string) separator { return separator(delimiter) }

// long reports whether it has several characters.
func (s separator) long() bool { return len(s) > 1 }

// byte is the one character that a text from single has.
func (s separator) byte() string {
	if s.long() {
		return standIn
	}
	return string(s)
}

// single reads a text with one character for each separator.
func (s separator) single(text io.Reader) io.Reader {
	if !s.long() {
		return text
	}
	return transform.NewReader(text, replacer{[]byte(s)})
}

// restore puts back what stood for itself in quoted cells.
func (s separator) restore(cells []string) {
	for i, c := range cells {
		cells[i] = s.shown(c)
	}
}

func (s separator) shown(text string) string {
	if !s.long() {
		return text
	}
	return strings.ReplaceAll(text, standIn, string(s))
}

func (s separator) passed(passed []Passed) []Passed {
	for i := range passed {
		passed[i].Value = s.shown(passed[i].Value)
	}
	return passed
}

// replacer writes standIn for each from.
type replacer struct{ from []byte }

func (replacer) Reset() {}

func (r replacer) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		rest := src[nSrc:]
		at := bytes.IndexByte(rest, r.from[0])
		switch {
		case at < 0:
			at = len(rest)
		case at == 0 && bytes.HasPrefix(rest, r.from):
			if nDst == len(dst) {
				return nDst, nSrc, transform.ErrShortDst
			}
			dst[nDst] = standIn[0]
			nDst, nSrc = nDst+1, nSrc+len(r.from)
			continue
		case at == 0 && len(rest) < len(r.from) && bytes.HasPrefix(r.from, rest) && !atEOF:
			return nDst, nSrc, transform.ErrShortSrc
		case at == 0:
			at = 1
		}
		n := copy(dst[nDst:], rest[:at])
		nDst, nSrc = nDst+n, nSrc+n
		if n < at {
			return nDst, nSrc, transform.ErrShortDst
		}
	}
	return nDst, nSrc, nil
}
