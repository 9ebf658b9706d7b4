package source

import "golang.org/x/text/encoding/charmap"

// latin1Runes maps a byte to its character. It is Windows-1252, not ISO 8859-1: the two agree on
// every printable character, and where 8859-1 has control characters that no text holds, Windows
// has the euro sign, dashes and curly quotes that files called "Latin-1" are full of. The WHATWG
// Encoding Standard reads the label "latin1" in the same way. The five bytes that Windows-1252
// leaves free are U+FFFD here and end as a RowError.
var latin1Runes = func() (t [256]rune) {
	for i := range t {
		t[i] = charmap.Windows1252.DecodeByte(byte(i))
	}
	return t
}()

// latin1 decodes b. The result is valid until the next call.
func (r *Reader) latin1(b []byte) []byte {
	ascii := true
	for _, c := range b {
		if c >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return b
	}
	r.values = appendLatin1(r.values[:0], b)
	return r.values
}

func appendLatin1(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, string(latin1Runes[c])...)
	}
	return dst
}
