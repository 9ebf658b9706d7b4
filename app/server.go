package main

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

// The server's limits. A request of ours is small and quick except an upload, a download and a live
// event stream, which have deadlines of their own; bodies are limited where they are read.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10 // a signed payload in the query has some 1 KB
)

func newHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// newRouter returns a router with what every surface needs: request id, log line, recovery. around
// sees every request, also one that panicked. A client's address is believed from proxies alone.
func newRouter(log *slog.Logger, proxies []netip.Prefix, around ...gin.HandlerFunc) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed = true
	// Its answers would come before every middleware, the limiter by address among them.
	r.RedirectTrailingSlash = false
	r.ContextWithFallback = true
	trusted := make([]string, len(proxies))
	for i, p := range proxies {
		trusted[i] = p.String()
	}
	r.RemoteIPHeaders = []string{"X-Forwarded-For"} // X-Real-IP may be the client's own
	if err := r.SetTrustedProxies(trusted); err != nil {
		return nil, fmt.Errorf("TRUSTED_PROXIES: %w", err)
	}
	r.Use(bodyDeadline, requestID, logRequests(log))
	r.Use(around...)
	r.Use(recovery(log))
	r.NoRoute(func(c *gin.Context) {
		problem.Write(c, problem.New(problem.NotFound, "There is nothing at this address."))
	})
	r.NoMethod(func(c *gin.Context) {
		problem.Write(c, problem.New(problem.NotFound, "This address does not take %s requests.", c.Request.Method))
	})
	return r, nil
}

var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// requestID keeps a proxy's request id when it is harmless and makes one otherwise.
func requestID(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !requestIDPattern.MatchString(id) {
		id = rand.Text()
	}
	c.Set(problem.RequestIDKey, id)
	c.Header("X-Request-Id", id)
}

// logRequests logs the route, never the query: codes and signed payloads travel there.
func logRequests(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		level := slog.LevelDebug
		// A probe that is told "not ready" is no failure of ours, and comes every second: health says
		// why, once.
		if c.Writer.Status() >= http.StatusInternalServerError && c.FullPath() != readyPath {
			level = slog.LevelError
		}
		log.LogAttrs(c.Request.Context(), level, "request",
			slog.String("method", c.Request.Method), slog.String("route", c.FullPath()),
			slog.Int("status", c.Writer.Status()), slog.Duration("took", time.Since(start)),
			slog.String("request_id", c.GetString(problem.RequestIDKey)))
	}
}

// recovery answers a handler's panic with an error and keeps the process. gin's own would end an
// aborted download as if it were whole.
func recovery(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			cause := recover()
			switch cause {
			case nil:
				return
			case http.ErrAbortHandler:
				panic(cause)
			}
			log.ErrorContext(c.Request.Context(), "panic in a handler", "route", c.FullPath(), "cause", cause,
				"request_id", c.GetString(problem.RequestIDKey), "stack", string(debug.Stack()))
			if !c.Writer.Written() {
				problem.Write(c, problem.New(problem.Internal, "Something went wrong on our side. Try again."))
			}
		}()
		c.Next()
	}
}
