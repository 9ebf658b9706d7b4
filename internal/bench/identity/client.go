package identity

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// caller is a connection that sends requests made before and reads answers with a Content-Length.
type caller struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

func dial(ctx context.Context, address string) (*caller, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, in: bufio.NewReaderSize(conn, 16<<10), body: make([]byte, 16<<10)}, nil
}

func (c *caller) close() { _ = c.conn.Close() }

var contentLength = []byte("Content-Length: ")

// ask sends a request and returns the answer's body, which is good until the next one.
func (c *caller) ask(request []byte) ([]byte, error) {
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	status, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return nil, fmt.Errorf("answered %q", status)
	}
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(line) == 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return nil, err
			}
		}
	}
	if length < 0 || length > len(c.body) {
		return nil, fmt.Errorf("an answer of %d bytes", length)
	}
	_, err = io.ReadFull(c.in, c.body[:length])
	return c.body[:length], err
}

// load sends requests over all connections for so long and returns how long each took.
func load(ctx context.Context, address string, requests [][]byte, d time.Duration) ([]time.Duration, error) {
	var group sync.WaitGroup
	took, errs := make([][]time.Duration, callers), make([]error, callers)
	until := time.Now().Add(d)
	for i := range callers {
		c, err := dial(ctx, address)
		if err != nil {
			return nil, err
		}
		group.Go(func() {
			defer c.close()
			list := make([]time.Duration, 0, 1<<16)
			for n := i * len(requests) / callers; ctx.Err() == nil; n++ {
				began := time.Now()
				if began.After(until) {
					break
				}
				if _, err := c.ask(requests[n%len(requests)]); err != nil {
					errs[i] = err
					return
				}
				list = append(list, time.Since(began))
			}
			took[i] = list
		})
	}
	group.Wait()
	var all []time.Duration
	for i, list := range took {
		if errs[i] != nil {
			return nil, errs[i]
		}
		all = append(all, list...)
	}
	return all, ctx.Err()
}
