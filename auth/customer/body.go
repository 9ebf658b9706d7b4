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

// readToken returns the token in the request's body.
func readToken(c *gin.Context) (string, error) {
	asJSON, err := bodyType(c.Request.Header)
	if err != nil {
		return "", err
	}
	if c.Request.ContentLength > maxBody {
		return "", errTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return "", errTooLarge
		}
		return "", errCut
	}
	token := strings.TrimSpace(string(body))
	if asJSON {
		if token, err = tokenOfJSON(body); err != nil {
			return "", err
		}
	}
	if token == "" {
		return "", errNoToken
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

func tokenOfJSON(b []byte) (string, error) {
	var body struct {
		Token string `json:"token"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields() // they are misspelt ones
	if err := d.Decode(&body); err != nil {
		return "", errBody
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", errBody
	}
	return body.Token, nil
}
