package limits

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

// Body bounds what is read of a request's body to most bytes: reading beyond fails with
// *http.MaxBytesError. A body whose length is told and larger is refused at once, unread, and the
// connection ends with the answer: what would come on it is the body that nobody wants.
func Body(c *gin.Context, most int64) error {
	if c.Request.ContentLength > most {
		c.Header("Connection", "close")
		return TooLarge(most)
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, most)
	return nil
}

// TooLarge is the refusal of a body above most bytes.
func TooLarge(most int64) error {
	return problem.New(problem.TooLarge, "The request is larger than %d bytes, which is the most that this address takes.", most)
}
