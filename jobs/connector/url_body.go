package connector

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"sluice/internal/problem"
	"sluice/jobs/source"
)

const (
	sniffBytes = 1 << 10  // of a body, looked at before any of it is written
	copyBytes  = 64 << 10 // at a time
	// A gzip body that grows by more than bombRatio after bombFree bytes is no feed: CSV shrinks to a
	// tenth, the worst honest ones to a hundredth, a bomb to a thousandth.
	bombRatio = 400
	bombFree  = 16 << 20
)

var (
	errIdle  = errors.New("connector: no byte came for too long")
	errTotal = errors.New("connector: the file took too long")
)

// idleReader cancels the request when its body stands still, and counts what came.
type idleReader struct {
	r       io.Reader
	timeout time.Duration
	stop    context.CancelCauseFunc
	n       int64
}

func (r *idleReader) Read(p []byte) (int, error) {
	timer := time.AfterFunc(r.timeout, func() { r.stop(errIdle) })
	defer timer.Stop()
	n, err := r.r.Read(p)
	r.n += int64(n)
	return n, err
}

// copy writes the body to w, gzip undone. complete is false when it stopped before its end: cut,
// stalled, or a gzip stream without its last block. err is about the file's size or kind, or w's
// own.
func (f *urlSource) copy(w io.Writer, body *idleReader, encoding string) (n int64, complete bool, err error) {
	var src io.Reader = body
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
	case "gzip", "x-gzip":
		zr, err := gzip.NewReader(bufio.NewReaderSize(body, copyBytes))
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return 0, errors.Is(err, io.EOF), nil // an empty body is an empty file, whatever it says it is
		case errors.Is(err, gzip.ErrHeader):
			return 0, false, problem.Wrap(err, problem.Invalid, "The server says that the file is compressed with gzip, but it is not: look at its Content-Encoding header.")
		case err != nil:
			return 0, false, nil //nolint:nilerr // a cut stream is no failure: complete says so
		}
		src = zr
	default:
		return 0, false, problem.New(problem.Invalid, "The server compresses the file in a way that was not asked for (Content-Encoding %.40q): switch it to gzip or off.", encoding)
	}

	buf := make([]byte, copyBytes)
	got, readErr := readHead(src, buf[:sniffBytes])
	if err := source.RefuseHTML(buf[:got], ""); err != nil {
		return 0, false, err
	}
	buf = buf[:got]
	for {
		if n+int64(len(buf)) > f.opts.MaxBytes {
			return n, false, f.errTooLarge()
		}
		if src != io.Reader(body) && n > bombFree && n > bombRatio*body.n {
			return n, false, problem.New(problem.TooLarge, "The file unpacks to more than %d times its size: it is no file for a sync. Serve it without gzip if it is.", bombRatio)
		}
		if len(buf) > 0 {
			m, err := w.Write(buf)
			n += int64(m)
			if err != nil {
				return n, false, err
			}
		}
		if readErr != nil {
			return n, errors.Is(readErr, io.EOF), nil
		}
		var m int
		m, readErr = src.Read(buf[:copyBytes])
		buf = buf[:m]
	}
}

// readHead fills p or stops at the first error, which it returns as it is: io.ReadFull would turn a
// whole short file and a cut one into the same error.
func readHead(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	return n, err
}
