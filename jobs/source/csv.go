package source

import (
	"bytes"
	"fmt"
)

// csvRow is what the splitter made of the row at the window's start. Its fields lie one after the
// other in text; ends[i] is where field i stops.
type csvRow struct {
	text    []byte
	ends    []int
	columns int   // how many there are, also those beyond what was kept
	extra   bool  // one beyond what was kept is not blank
	size    int   // raw bytes, with the line end
	term    int   // of which the line end; 0 at the end of the file
	lines   int64 // physical lines
	bad     string
	badAt   int // index of the field that bad is about, -1 for the row
}

const (
	msgUnclosed  = `a quote opens this field and is never closed: close it, or write "" for a quote inside a quoted field`
	msgAfter     = `there is text after the closing quote: write "" for a quote inside a quoted field`
	msgMultiline = `a quote opens this field and the row that it makes spans %d lines with %s, the header has %d: is a closing quote missing?`
)

// splitter splits delimited rows the way encoding/csv does (RFC 4180), and beyond it: a quote
// inside an unquoted field is text (5" pipe), spaces around a quoted field are dropped, and a row
// whose quotes do not add up gives up only its first physical line.
type splitter struct {
	in        *input
	delimiter byte
	rescanned int64
	row       csvRow
}

// mayRescan says whether a row may still span lines, see rescanFree.
func (s *splitter) mayRescan() bool {
	return s.rescanned <= rescanFree+rescanFactor*s.in.off
}

// split splits the row at the window's start, whose first physical line is n bytes and a terminator
// of term bytes. It keeps up to keep fields. width is the number of columns that a row over several
// lines must have to be believed, 0 for any. It consumes nothing.
func (s *splitter) split(n, term, keep, width int) (*csvRow, error) {
	r := &s.row
	*r = csvRow{text: r.text[:0], ends: r.ends[:0], badAt: -1}
	line := s.in.window()[:n]
	if bytes.IndexByte(line, '"') >= 0 {
		return r, s.quoted(n, term, keep, width)
	}
	for {
		i := bytes.IndexByte(line, s.delimiter)
		if i < 0 {
			r.field(line, keep)
			break
		}
		r.field(line[:i], keep)
		line = line[i+1:]
	}
	r.size, r.term, r.lines = n+term, term, 1
	return r, nil
}

// field adds a whole field.
func (r *csvRow) field(b []byte, keep int) {
	if r.columns < keep {
		r.text = append(r.text, b...)
	} else {
		r.beyond(b)
	}
	r.close(keep)
}

// beyond notes a field, or a part of one, that is not kept.
func (r *csvRow) beyond(b []byte) {
	r.extra = r.extra || len(bytes.TrimSpace(b)) > 0
}

// close ends the field whose text was appended.
func (r *csvRow) close(keep int) {
	if r.columns < keep {
		r.ends = append(r.ends, len(r.text))
	}
	r.columns++
}

// quoted is split for a row with a quote in its first line.
func (s *splitter) quoted(n, term, keep, width int) error {
	r := &s.row
	first, firstTerm := n, term // the first physical line, to fall back to
	r.lines = 1
	onFirst, examined := 0, 0 // fields that end on the first line; how far we looked

	giveUp := func(msg string) {
		s.rescanned += int64(max(examined-first, 0))
		r.bad, r.badAt = msg, min(r.columns, onFirst)
		if kept := min(onFirst, len(r.ends)); kept < len(r.ends) {
			r.ends = r.ends[:kept]
		}
		r.size, r.term, r.lines, r.columns = first+firstTerm, firstTerm, 1, onFirst
	}

	for i := 0; ; {
		b := s.in.window()
		i = s.spacedQuote(i, n)
		if i == n || b[i] != '"' { // an unquoted field, perhaps empty
			k := bytes.IndexByte(b[i:n], s.delimiter)
			if k >= 0 {
				r.field(b[i:i+k], keep)
				i += k + 1
			} else {
				r.field(b[i:n], keep)
				i = n
			}
			if r.lines == 1 {
				onFirst = r.columns
			} else if width > 0 && r.columns > width && r.extra {
				giveUp(fmt.Sprintf(msgMultiline, r.lines, "more columns", width))
				return nil
			}
			if k < 0 {
				break
			}
			continue
		}

		i++
		for { // segments between quotes
			k, err := s.findQuote(i)
			if err != nil {
				return err
			}
			if k < 0 || (k > n && !s.mayRescan()) {
				examined = len(s.in.window())
				if k >= 0 {
					examined = k
				}
				giveUp(msgUnclosed)
				return nil
			}
			b = s.in.window()
			segment := b[i:k]
			if k > n {
				r.lines += countEOL(segment)
			}
			if r.columns < keep {
				r.text = appendText(r.text, segment)
			} else {
				r.beyond(segment)
			}
			i, examined = k+1, k+1
			if err := s.in.ensure(i + 1); err != nil {
				return err
			}
			if b = s.in.window(); i == len(b) || b[i] != '"' {
				break
			}
			if r.columns < keep {
				r.text = append(r.text, '"')
			}
			i++
		}
		if i > n { // the field ended on a later line: where does that one end?
			var long bool
			var err error
			if n, term, long, err = s.in.eol(i, false); err != nil {
				return err
			} else if long {
				giveUp(msgUnclosed)
				return nil
			}
			b = s.in.window()
			examined = n
		}
		if after := i + spaces(b[i:n]); after == n || b[after] == s.delimiter {
			i = after
		}
		if i < n && b[i] != s.delimiter {
			if r.lines > 1 {
				giveUp(msgUnclosed)
			} else {
				giveUp(msgAfter)
			}
			return nil
		}
		r.close(keep)
		if r.lines == 1 {
			onFirst = r.columns
		} else if width > 0 && r.columns > width && r.extra {
			giveUp(fmt.Sprintf(msgMultiline, r.lines, "more columns", width))
			return nil
		}
		if i == n {
			break
		}
		i++ // the delimiter: another field follows, perhaps an empty one at the line's end
	}
	if r.lines > 1 && width > 0 && r.columns < width {
		giveUp(fmt.Sprintf(msgMultiline, r.lines, columns(r.columns), width))
		return nil
	}
	r.size, r.term = n+term, term
	return nil
}

// spacedQuote returns where the quoted field starts that has spaces before its quote, from if there
// is none: if more text follows its end, the quote is text (A, "old" one).
func (s *splitter) spacedQuote(from, n int) int {
	line := s.in.window()[:n]
	at := from + spaces(line[from:])
	if at == from || at == n || line[at] != '"' {
		return from
	}
	for i := at + 1; ; {
		k := bytes.IndexByte(line[i:], '"')
		if k < 0 {
			return at // it ends on a later line, or is never closed
		}
		i += k + 1
		if i < n && line[i] == '"' {
			i++
			continue
		}
		if i += spaces(line[i:]); i == n || line[i] == s.delimiter {
			return at
		}
		return from
	}
}

// spaces is how many spaces b starts with.
func spaces(b []byte) (n int) {
	for n < len(b) && b[n] == ' ' {
		n++
	}
	return n
}

// findQuote returns the window index of the first quote at or after from, or -1 when the file ends
// or the row grows over MaxRowBytes before one comes.
func (s *splitter) findQuote(from int) (int, error) {
	for at := from; ; {
		b := s.in.window()
		if k := bytes.IndexByte(b[at:], '"'); k >= 0 {
			if at+k > MaxRowBytes {
				return -1, nil
			}
			return at + k, nil
		}
		if s.in.eof || len(b) > MaxRowBytes || !s.mayRescan() {
			return -1, nil
		}
		at = len(b)
		if err := s.in.fill(); err != nil {
			return 0, err
		}
	}
}

// appendText appends the inside of a quoted field; its line ends become LF, so that a file saved on
// another system is the same text.
func appendText(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, '\r')
		if i < 0 {
			return append(dst, b...)
		}
		n := termLen(b[i:])
		dst = append(dst, b[:i]...)
		if n == 1 {
			dst = append(dst, '\r')
		} else {
			dst = append(dst, '\n')
		}
		b = b[i+n:]
	}
}

func columns(n int) string {
	if n == 1 {
		return "1 column"
	}
	return fmt.Sprintf("%d columns", n)
}
