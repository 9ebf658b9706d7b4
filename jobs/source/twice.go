package source

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

// twice is the encoding of a text whose UTF-8 was taken for Windows-1252 and encoded again: ü became
// Ã¼. What is not so is read as it is.
type twice struct{}

func (twice) NewDecoder() *encoding.Decoder { return &encoding.Decoder{Transformer: once{}} }

func (twice) NewEncoder() *encoding.Encoder { return encoding.Nop.NewEncoder() }

// once undoes the second encoding.
type once struct{}

func (once) Reset() {}

func (once) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if src[nSrc] < utf8.RuneSelf {
			if nDst == len(dst) {
				return nDst, nSrc, transform.ErrShortDst
			}
			dst[nDst] = src[nSrc]
			nDst, nSrc = nDst+1, nSrc+1
			continue
		}
		// A character was at most four bytes, each of which became at most three.
		if rest := src[nSrc:]; len(rest) < 4*3 && !atEOF && !strings.Contains(string(rest), "\n") {
			return nDst, nSrc, transform.ErrShortSrc
		}
		c, size := undone(src[nSrc:])
		piece := src[nSrc : nSrc+size]
		if c != 0 {
			piece = utf8.AppendRune(nil, c)
		}
		if len(dst)-nDst < len(piece) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += copy(dst[nDst:], piece)
		nSrc += size
	}
	return nDst, nSrc, nil
}

// undone returns the character that the first ones of text were, and the length of those; 0 and the
// length of the first if they were none.
func undone(text []byte) (c rune, size int) {
	var was [utf8.UTFMax]byte
	n, first := 0, 0
	for size < len(text) && n < len(was) {
		r, w := utf8.DecodeRune(text[size:])
		if first == 0 {
			first = w
		}
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok && r < 0x100 { // it was taken for ISO 8859-1, which has control characters there
			b, ok = byte(r), true
		}
		if !ok || b < utf8.RuneSelf || r == utf8.RuneError {
			break
		}
		was[n] = b
		n, size = n+1, size+w
		if utf8.FullRune(was[:n]) {
			if c, w := utf8.DecodeRune(was[:n]); c != utf8.RuneError && w == n {
				return c, size
			}
			break
		}
	}
	return 0, first
}

// encodedTwice reports whether most of the characters beyond ASCII in a text are what is left of
// characters that were encoded twice. Few of them may be so by chance, as in CAFÉ®, and then they
// make no letter of a language.
func encodedTwice(text []byte) bool {
	were, are := 0, 0
	for len(text) > 0 {
		if text[0] < utf8.RuneSelf {
			text = text[1:]
			continue
		}
		c, size := undone(text)
		switch {
		case c == 0:
			are++
		case strings.ContainsRune(signs, c) || isEveryday(c):
			were++
		}
		text = text[size:]
	}
	return were > are
}

// isEveryday reports whether a character is a letter of one of the alphabets, or East Asian.
func isEveryday(c rune) bool {
	if unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
		return true
	}
	c = unicode.ToLower(c)
	for _, alphabet := range alphabets {
		if strings.ContainsRune(alphabet, c) {
			return true
		}
	}
	return false
}
