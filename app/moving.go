package main

import (
	"io"
	"net/http"
	"time"
)

const (
	// bodyTime is how long a request may take to send its body. An upload may take longer as long as it
	// moves, once it is known whose it is (package ui).
	bodyTime = 30 * time.Second
	// readTime is how long a client may take to read what one write of ours has sent.
	readTime = 30 * time.Second
)

// moving ends connections that stand still: of those whose body trickles in and those who do not read
// their answer. It stands around everything, the router's own answers too: anybody may hold a connection
// open. A writer without deadlines is a test's recorder.
func moving(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if r.ContentLength != 0 && r.Body != nil {
			_ = c.SetReadDeadline(time.Now().Add(bodyTime))
			r.Body = &movingBody{r.Body, c}
		}
		m := &movingWriter{w, c}
		next.ServeHTTP(m, r)
		// What is still in the server's buffer leaves after the rest of the body was read away.
		_ = c.SetWriteDeadline(time.Now().Add(bodyTime + readTime))
	})
}

// movingBody takes the deadline away once the body is here: the work that follows may take longer.
type movingBody struct {
	io.ReadCloser
	c *http.ResponseController
}

func (b *movingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.c.SetReadDeadline(time.Time{})
	}
	return n, err
}

// movingWriter gives the client time for each write anew.
type movingWriter struct {
	http.ResponseWriter
	c *http.ResponseController
}

func (w *movingWriter) extend() { _ = w.c.SetWriteDeadline(time.Now().Add(readTime)) }

func (w *movingWriter) WriteHeader(status int) {
	w.extend()
	w.ResponseWriter.WriteHeader(status)
}

func (w *movingWriter) Write(p []byte) (int, error) {
	w.extend()
	return w.ResponseWriter.Write(p)
}

// Flush is part of http.Flusher.
func (w *movingWriter) Flush() {
	w.extend()
	_ = w.c.Flush()
}

// Unwrap is for http.ResponseController.
func (w *movingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
