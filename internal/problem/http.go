package problem

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
)

// ContentType is the media type of RFC 9457.
const ContentType = "application/problem+json"

// RequestIDKey is the gin context key under which the server keeps the request's id.
const RequestIDKey = "request_id"

// Body is the JSON form of an Error.
type Body struct {
	Type      string  `json:"type"`
	Title     string  `json:"title"`
	Status    int     `json:"status"`
	Code      Code    `json:"code"`
	Detail    string  `json:"detail"`
	Errors    []Field `json:"errors,omitempty"`
	RequestID string  `json:"request_id,omitempty"`
}

// BodyOf returns the JSON form of err.
func BodyOf(err error) Body {
	status := Status(err)
	b := Body{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: CodeOf(err), Detail: MessageOf(err)}
	var e *Error
	if errors.As(err, &e) {
		b.Errors = e.Fields
	}
	return b
}

// Middleware answers the last error that a handler recorded with c.Error, once, as problem+json,
// and logs the ones that are our fault. Handlers write nothing themselves when they fail:
//
//	if err != nil { _ = c.Error(err); return }
func Middleware(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		last := c.Errors.Last()
		if last == nil {
			return
		}
		if Status(last.Err) >= http.StatusInternalServerError {
			log.ErrorContext(c.Request.Context(), "request failed", "method", c.Request.Method, "route", c.FullPath(),
				"request_id", c.GetString(RequestIDKey), "error", last.Err)
		}
		if c.Writer.Written() {
			return
		}
		Write(c, last.Err)
	}
}

const notedKey = "sluice/internal/problem"

// Noted returns the error that Write answered c with, nil if it did not: for whoever logs refusals.
func Noted(c *gin.Context) error {
	v, _ := c.Get(notedKey)
	err, _ := v.(error)
	return err
}

// Write answers err as problem+json and ends the chain of handlers.
func Write(c *gin.Context, err error) {
	c.Set(notedKey, err)
	b := BodyOf(err)
	b.RequestID = c.GetString(RequestIDKey)
	body, mErr := json.Marshal(b)
	if mErr != nil {
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	c.Abort()
	c.Data(b.Status, ContentType, body)
}
