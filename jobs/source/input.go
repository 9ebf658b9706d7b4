package source

import (
	"bytes"
	"errors"
	"io"
)

const (
	windowBytes = 128 << 10 // first size of the window; it doubles while one row does not fit
	eolBlock    = 4 << 10   // how far indexEOL looks for one kind of line end before it tries the other
)

// input is a window on a file's raw bytes. The window starts at the row being read and grows until
// the row is whole; it never holds more than one row of MaxRowBytes and what a doubling adds.
type input struct {
	src        io.Reader
	buf        []byte
	start, end int   // the window is buf[start:end]
	off        int64 // raw offset of the window's first byte
	eof        bool
}

func newInput(src io.Reader, off int64) *input {
	return &input{src: src, off: off, buf: make([]byte, windowBytes)}
}

// window returns the bytes at hand. It is valid until the next fill.
func (in *input) window() []byte { return in.buf[in.start:in.end] }

// fill reads more bytes into the window, or sets eof. An error is the source's own.
func (in *input) fill() error {
	if in.eof {
		return nil
	}
	if in.end == len(in.buf) {
		if in.start >= len(in.buf)/2 {
			in.end = copy(in.buf, in.buf[in.start:in.end])
		} else {
			bigger := make([]byte, 2*len(in.buf))
			in.end = copy(bigger, in.buf[in.start:in.end])
			in.buf = bigger
		}
		in.start = 0
	}
	for range 100 {
		n, err := in.src.Read(in.buf[in.end:])
		in.end += n
		if errors.Is(err, io.EOF) {
			in.eof = true
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}

// ensure makes the window at least n bytes long, or as long as the file allows.
func (in *input) ensure(n int) error {
	for in.end-in.start < n && !in.eof {
		if err := in.fill(); err != nil {
			return err
		}
	}
	return nil
}

// skip moves the window's start n bytes on.
func (in *input) skip(n int) {
	in.start += n
	in.off += int64(n)
}

// eol finds the end of the physical line that holds window byte from: the line's text ends at n and
// its terminator is term bytes long, 0 at the end of the file. long means that more than
// MaxRowBytes were looked at without finding one. LF, CRLF and CR end a line, and so does CRCRLF,
// which Windows programs write by converting twice; with lfOnly only LF does.
func (in *input) eol(from int, lfOnly bool) (n, term int, long bool, err error) {
	for at := from; ; {
		b := in.window()
		var i int
		if lfOnly {
			i = bytes.IndexByte(b[at:], '\n')
		} else {
			i = indexEOL(b[at:])
		}
		switch {
		case i >= 0 && at+i > MaxRowBytes:
			return 0, 0, true, nil
		case i >= 0 && b[at+i] == '\r' && at+i+3 > len(b) && !in.eof: // is it a CRLF?
			at += i
		case i >= 0:
			return at + i, termLen(b[at+i:]), false, nil
		case len(b) > MaxRowBytes:
			return 0, 0, true, nil
		case in.eof:
			return len(b), 0, false, nil
		default:
			at = len(b)
		}
		if err := in.fill(); err != nil {
			return 0, 0, false, err
		}
	}
}

// skipLine moves past the end of the physical line at the window's start, however long it is.
func (in *input) skipLine(lfOnly bool) error {
	for {
		b := in.window()
		var i int
		if lfOnly {
			i = bytes.IndexByte(b, '\n')
		} else {
			i = indexEOL(b)
		}
		switch {
		case i >= 0 && b[i] == '\r' && i+3 > len(b) && !in.eof:
			in.skip(i)
		case i >= 0:
			in.skip(i + termLen(b[i:]))
			return nil
		default:
			in.skip(len(b))
			if in.eof {
				return nil
			}
		}
		if err := in.fill(); err != nil {
			return err
		}
	}
}

// indexEOL returns the index of the first CR or LF in b, or -1. It looks block by block so that a
// file with only one of the two is not searched to its end for the other at every row.
func indexEOL(b []byte) int {
	for base := 0; base < len(b); base += eolBlock {
		block := b[base:min(base+eolBlock, len(b))]
		lf := bytes.IndexByte(block, '\n')
		if lf >= 0 {
			block = block[:lf]
		}
		if cr := bytes.IndexByte(block, '\r'); cr >= 0 {
			return base + cr
		}
		if lf >= 0 {
			return base + lf
		}
	}
	return -1
}

// termLen returns the length of the line end that b starts with.
func termLen(b []byte) int {
	switch {
	case b[0] == '\n':
		return 1
	case len(b) > 1 && b[1] == '\n':
		return 2
	case len(b) > 2 && b[1] == '\r' && b[2] == '\n':
		return 3
	}
	return 1
}

// countEOL returns how many line ends b holds.
func countEOL(b []byte) (n int64) {
	for {
		i := indexEOL(b)
		if i < 0 {
			return n
		}
		n++
		b = b[i+termLen(b[i:]):]
	}
}
