package main

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/auth"
	"sluice/jobs"
	"sluice/ui"
)

// pipes is a listener whose connections are pipes, so that simulated time moves them.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.waiting:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipes) Close() error   { close(l.closed); return nil }
func (l *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "tcp" }
func (pipeAddr) String() string  { return "127.0.0.1:1" }

// connect serves router on one connection, and returns the client's end of it.
func connect(t *testing.T, register func(*gin.Engine)) net.Conn {
	t.Helper()
	router, err := newRouter(slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	register(router)
	server, l := newHTTPServer(router, slog.New(slog.DiscardHandler)), &pipes{make(chan net.Conn), make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(moving{l}) }()
	near, far := net.Pipe()
	l.waiting <- far
	t.Cleanup(func() {
		_ = near.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
	return near
}

// trickle sends head, and then a piece of the body a second until the connection ends.
func trickle(t *testing.T, near net.Conn, head, piece string) {
	t.Helper()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_, err := io.WriteString(near, head)
		for ; err == nil; _, err = io.WriteString(near, piece) {
			time.Sleep(time.Second)
		}
	}()
	t.Cleanup(func() { _ = near.Close(); <-stopped })
}

// TestABodyThatTricklesInIsCut: nobody has said who they are, and every route, /uploads too, lets
// go of them; so does what is no route.
func TestABodyThatTricklesInIsCut(t *testing.T) {
	for path, want := range map[string]int{
		ui.Prefix + "/uploads": http.StatusUnauthorized, ui.Prefix + "/flows": http.StatusUnauthorized, "/csp-report": http.StatusUnauthorized,
		jobs.WebhookPath: http.StatusUnauthorized, jobs.WebhookPath + "/": http.StatusNotFound,
	} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near := connect(t, func(r *gin.Engine) {
					authority := auth.Auth{} // refuses whoever brings no token before it needs anything
					r.POST(strings.TrimSuffix(path, "/"), authority.Require(auth.AccessWrite))
				})
				began := time.Now()
				trickle(t, near, "POST "+path+" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n")
				answers := bufio.NewReader(near)
				res, err := http.ReadResponse(answers, nil)
				if err != nil || res.StatusCode != want {
					t.Fatalf("%v, %v", res, err)
				}
				defer res.Body.Close()
				_, _ = io.Copy(io.Discard, answers) // however the server ends it
				if open := time.Since(began); open > bodyTime+5*time.Second {
					t.Errorf("the connection was open for %s", open)
				}
			})
		})
	}
}

// TestARefusalDoesNotWaitForTheBody: who sends 50 MB slowly hears at once that they are not wanted.
func TestARefusalDoesNotWaitForTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near := connect(t, func(r *gin.Engine) {
			r.POST("/refused", func(c *gin.Context) { c.AbortWithStatus(http.StatusTooManyRequests) })
		})
		began := time.Now()
		trickle(t, near, "POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n", "x")
		res, err := http.ReadResponse(bufio.NewReader(near), nil)
		if err != nil || res.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("%v, %v", res, err)
		}
		defer res.Body.Close()
		if took := time.Since(began); took > time.Second {
			t.Errorf("the refusal took %s", took)
		}
	})
}

// TestAnAnswerThatIsNotReadIsCut: the handler that writes it gets an error, and gives back what it
// holds.
func TestAnAnswerThatIsNotReadIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan error, 1)
		near := connect(t, func(r *gin.Engine) {
			r.GET("/large", func(c *gin.Context) {
				_, err := c.Writer.Write(make([]byte, 1<<20))
				left <- err
			})
		})
		began := time.Now()
		if _, err := io.WriteString(near, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-left:
			if after := time.Since(began); err == nil || after > readTime+time.Second {
				t.Errorf("the handler wrote for %s, %v", after, err)
			}
		case <-time.After(time.Hour):
			t.Error("the handler still writes after an hour")
		}
	})
}

// TestASlowAnswerArrives whole, as long as it moves.
func TestASlowAnswerArrives(t *testing.T) {
	const size = 640 << 10
	synctest.Test(t, func(t *testing.T) {
		near := connect(t, func(r *gin.Engine) {
			r.GET("/large", func(c *gin.Context) { _, _ = c.Writer.Write(make([]byte, size)) })
		})
		if _, err := io.WriteString(near, "GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		got, piece := 0, make([]byte, 4<<10)
		for {
			n, err := near.Read(piece)
			got += n
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("after %d bytes: %v", got, err)
			}
			time.Sleep(time.Second)
		}
		if got < size {
			t.Errorf("%d bytes came", got)
		}
	})
}
