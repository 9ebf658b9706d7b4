package source

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"sluice/internal/problem"
)

const (
	maxXMLToken   = 1 << 20 // longest tag, text, comment or DOCTYPE of an XML file, in bytes
	maxAttributes = 1000    // of an element
	tokenBuffer   = 64 << 10
)

// xmlTokens reads the tokens of an XML text within bounds of its own: of depth, of a token's size,
// of attributes. A DOCTYPE is skipped: nothing that it names is loaded, and nothing that it defines
// is known. Names keep their prefixes as they are written.
type xmlTokens struct {
	dec   *xml.Decoder
	bytes *tokenBytes
	open  []xml.Name // the elements around the current token
	began bool       // the outermost element has begun
}

func newXMLTokens(from io.Reader) *xmlTokens {
	x := &xmlTokens{bytes: &tokenBytes{from: from, buf: make([]byte, tokenBuffer)}}
	x.dec = xml.NewDecoder(x.bytes)
	// The text is decoded before it comes here, whatever its declaration says.
	x.dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return x
}

// next returns the next start, end or text, or io.EOF after the outermost element. A *problem.Error
// says what is wrong with the text. What the token holds is valid until the next call.
func (x *xmlTokens) next() (xml.Token, error) {
	for {
		x.bytes.left = maxXMLToken
		t, err := x.dec.RawToken()
		switch {
		case errors.Is(err, io.EOF) && x.began && len(x.open) == 0:
			return nil, io.EOF
		case err != nil:
			return nil, x.broken(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch {
			case len(x.open) == 0 && x.began:
				return nil, x.invalid("it goes on after its end")
			case len(x.open) == maxNesting:
				return nil, x.invalid(fmt.Sprintf("its elements stand in each other more than %d deep", maxNesting))
			case len(t.Attr) > maxAttributes:
				return nil, x.invalid(fmt.Sprintf("an element has more than %d attributes", maxAttributes))
			}
			x.open, x.began = append(x.open, t.Name), true
			return t, nil
		case xml.EndElement:
			last := len(x.open) - 1
			if last < 0 || x.open[last] != t.Name {
				return nil, x.invalid(fmt.Sprintf("</%.100s> ends what did not begin", nameOf(t.Name)))
			}
			x.open = x.open[:last]
			return t, nil
		case xml.CharData:
			switch {
			case len(x.open) > 0:
				return t, nil
			case strings.Trim(string(t), "\ufeff \t\r\n") != "":
				return nil, x.invalid("there is text outside of its elements")
			}
		}
	}
}

// skip passes by the rest of the element that began last.
func (x *xmlTokens) skip() error {
	for depth := len(x.open); len(x.open) >= depth; {
		if _, err := x.next(); err != nil {
			return err
		}
	}
	return nil
}

// nameOf is a name as it is written.
func nameOf(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// attr returns an attribute of an element whatever its prefix, "" if it has none.
func attr(t xml.StartElement, local string) string {
	for _, a := range t.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

func (x *xmlTokens) invalid(what string) error {
	line, _ := x.dec.InputPos()
	return problem.New(problem.Invalid, "The XML is broken at line %d: %s. Export it again.", line, what)
}

// broken says why no token could be read.
func (x *xmlTokens) broken(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, errLongToken):
		return x.invalid(fmt.Sprintf("a tag or a text is longer than %d MiB", maxXMLToken>>20))
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return problem.New(problem.Invalid, "The XML ends too early: export it again.")
	case !errors.As(err, &syntax) && x.bytes.err != nil: // of reading the bytes
		return x.bytes.err
	case syntax != nil && strings.HasPrefix(syntax.Msg, "invalid character entity"):
		name, _, _ := strings.Cut(strings.TrimPrefix(syntax.Msg, "invalid character entity "), " ")
		return problem.New(problem.Invalid,
			"The XML has %.100s in line %d, which only its DOCTYPE could explain, and Sluice reads none. Export it with the character itself, or with &amp; in place of a bare &.", name, syntax.Line)
	case syntax != nil && syntax.Msg == "unexpected EOF":
		return problem.New(problem.Invalid, "The XML ends too early: export it again.")
	case syntax != nil:
		return x.invalid(syntax.Msg)
	}
	return x.invalid(strings.TrimPrefix(err.Error(), "xml: "))
}

var errLongToken = errors.New("source: the token is too long")

// tokenBytes gives bytes to a decoder, at most left of them.
type tokenBytes struct {
	from io.Reader
	buf  []byte
	rest []byte // of buf
	left int
	err  error
}

func (b *tokenBytes) ReadByte() (byte, error) {
	if b.left--; b.left < 0 {
		return 0, errLongToken
	}
	for len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		var n int
		n, b.err = b.from.Read(b.buf)
		b.rest = b.buf[:n]
	}
	c := b.rest[0]
	b.rest = b.rest[1:]
	return c, nil
}

// Read is here for what a decoder asks of its readers.
func (b *tokenBytes) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := b.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}
