package ui

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// An upload may take as long as it moves: no longer than uploadIdle without a byte, and in all no
// slower than uploadRate after uploadStart. The slowest upload of 2 GiB so ends after nine hours.
const (
	uploadIdle  = 30 * time.Second
	uploadStart = time.Minute
	uploadRate  = 64 << 10 // bytes a second
)

// paced reads the body of an upload whose caller is known. The connection's deadline moves on with
// it.
type paced struct {
	body       io.Reader
	connection *http.ResponseController
	began      time.Time
	n          int64
}

// newPaced reads c's body up to most bytes; beyond, it fails with *http.MaxBytesError.
func newPaced(c *gin.Context, most int64) *paced {
	return &paced{
		body: http.MaxBytesReader(c.Writer, c.Request.Body, most), connection: http.NewResponseController(c.Writer), began: time.Now(),
	}
}

// Read is part of io.Reader.
func (p *paced) Read(b []byte) (int, error) {
	now := time.Now()
	deadline := p.began.Add(uploadStart + time.Duration(p.n/uploadRate)*time.Second)
	if idle := now.Add(uploadIdle); idle.Before(deadline) {
		deadline = idle
	}
	_ = p.connection.SetReadDeadline(deadline) // a writer without deadlines is a test's recorder
	n, err := p.body.Read(b)
	p.n += int64(n)
	return n, err
}
