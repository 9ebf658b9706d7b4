package customer

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

// maxBody bounds a body in bytes. BigCommerce's token has some 600.
const maxBody = 16 << 10

var (
	errTooLarge = problem.New(problem.TooLarge, "The body is larger than %d bytes: send the token alone.", maxBody)
	errNoToken  = problem.New(problem.Invalid, "The body has no token.").WithField("token", "send the text of /customer/current.jwt")
	errBody     = problem.New(problem.Invalid, `The body is not the JSON that this address takes: {"token":"…"} and nothing else.`)
	errType     = problem.New(problem.Invalid, `Send the token as text/plain, or as application/json {"token":"…"}, in UTF-8 and not compressed.`)
	errCut      = problem.New(problem.Invalid, "The body ended early. Send it again.")
)

// readToken reads the request's body into b, which is empty, and returns the token in it, which may be a part of b.
func readToken(c *gin.Context, b *bytes.Buffer) ([]byte, error) {
	asJSON, err := bodyType(c.Request.Header)
	if err != nil {
		return nil, err
	}
	body := c.Request.Body
	switch length := c.Request.ContentLength; {
	case length > maxBody:
		return nil, errTooLarge
	case length < 0: // not said before; else net/http reads no more than that
		body = http.MaxBytesReader(c.Writer, body, maxBody)
	}
	if _, err := b.ReadFrom(body); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, errTooLarge
		}
		return nil, errCut
	}
	token := bytes.TrimSpace(b.Bytes())
	if asJSON {
		if token, err = tokenOfJSON(b.Bytes()); err != nil {
			return nil, err
		}
	}
	if len(token) == 0 {
		return nil, errNoToken
	}
	return token, nil
}

// bodyType reports whether the body is JSON; else it is text.
func bodyType(h http.Header) (asJSON bool, err error) {
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return false, errType
	}
	types := h["Content-Type"]
	if len(types) != 1 {
		return false, errType
	}
	switch types[0] { // what browsers and clients write
	case "text/plain;charset=UTF-8", "text/plain":
		return false, nil
	case "application/json":
		return true, nil
	}
	media, parameters, err := mime.ParseMediaType(types[0])
	charset := parameters["charset"]
	if err != nil || (charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii")) {
		return false, errType
	}
	switch media {
	case "text/plain":
		return false, nil
	case "application/json":
		return true, nil
	}
	return false, errType
}

func tokenOfJSON(b []byte) ([]byte, error) {
	var body struct {
		Token string `json:"token"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields() // they are misspelt ones
	if err := d.Decode(&body); err != nil {
		return nil, errBody
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errBody
	}
	return []byte(body.Token), nil
}
