package source

import (
	"errors"
	"io"

	"sluice/tenants"
)

// Reader reads rows from a snapshot's bytes.
type Reader struct{}

// Detect looks at the beginning of a file and says how to read it.
func Detect(r io.Reader, contentType, filename string) (tenants.Format, error) {
	return tenants.Format{}, errors.ErrUnsupported
}

// NewReader returns a Reader that starts at the file's beginning, or at the given position.
func NewReader(open func(offset int64) (io.ReadCloser, error), format tenants.Format, at *Position) (*Reader, error) {
	return nil, errors.ErrUnsupported
}

// Next returns the next row, or io.EOF.
func (r *Reader) Next() (*Row, error) { return nil, io.EOF }

// Header returns the column names.
func (r *Reader) Header() []string { return nil }

// Position returns where the row after the last one starts.
func (r *Reader) Position() Position { return Position{} }

// Close releases the underlying stream.
func (r *Reader) Close() error { return nil }
