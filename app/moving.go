package main

import (
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// bodyTime is how long a request may take to send its body. An upload may take longer as long as
	// it moves, once it is known whose it is (package ui).
	bodyTime = 30 * time.Second
	// readTime is how long a client may take to read writeSize bytes of its answer.
	readTime  = 30 * time.Second
	writeSize = 64 << 10
)

// bodyDeadline ends requests whose body trickles in: anybody may send one. The server takes the
// deadline away once the body is here. The body is left as it is: the server would read one that it
// does not know, before it lets a refusal out.
func bodyDeadline(c *gin.Context) {
	if c.Request.ContentLength == 0 {
		return
	}
	// A writer without deadlines is a test's recorder.
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(bodyTime))
}

// moving is a listener whose connections end when their client does not read: it would keep what
// its request holds for ever.
type moving struct{ net.Listener }

func (l moving) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return movingConn{c}, nil
}

type movingConn struct{ net.Conn }

// Write is part of io.Writer. Each piece has the whole time, so that a slow client gets a large
// answer.
func (c movingConn) Write(p []byte) (written int, err error) {
	for first := true; first || len(p) > 0; first = false {
		piece := p[:min(len(p), writeSize)]
		if err := c.SetWriteDeadline(time.Now().Add(readTime)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(piece)
		written += n
		if err != nil {
			return written, err
		}
		p = p[n:]
	}
	return written, nil
}

// CloseWrite lets the server end an answer before it stops listening: a client that still sends
// would otherwise lose it.
func (c movingConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
