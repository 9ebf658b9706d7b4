package bigcommerce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// defaultMaxAnswer bounds the decompressed body of an answer: 250 products with long descriptions
	// are some 20 MB.
	defaultMaxAnswer = 64 << 20
	// maxErrorBody is how much of an error's body is read: its title may name 2,000 SKUs.
	// maxBodyExcerpt is how much is kept.
	maxErrorBody   = 1 << 20
	maxBodyExcerpt = 2 << 10

	// maxRetries, retryBase and retryCap: the wait before the nth retry is a random time below
	// retryBase·2ⁿ⁻¹, at most retryCap ("full jitter").
	maxRetries = 3
	retryBase  = 500 * time.Millisecond
	retryCap   = 8 * time.Second
)

// ErrAnswerTooLarge is an answer that is not read to its end; *UnavailableError wraps it.
var ErrAnswerTooLarge = errors.New("the answer is too large: ask for fewer fields or smaller pages")

// request is one API call, which may take several HTTP attempts.
type request struct {
	method string
	path   string // below the store, with the version: "/v3/catalog/products"
	query  string
	body   any // JSON; nil for none

	maxError int64 // how much of an error's body is read; 0 for maxErrorBody
	// explain makes the error of a refusal more exact from its body; nil for no more.
	explain func(raw []byte, err error) error
}

// retryable says whether the request may be sent twice to the same effect.
func (r request) retryable() bool { return r.method != http.MethodPost }

// apiError is what an answer to r said; title is for one that did not say.
func (r request) apiError(status int, body errorBody, title string) *APIError {
	return &APIError{
		Status: status, Method: r.method, Path: r.path,
		Title: orDefault(body.title, title), Type: body.kind, Fields: body.fields, LongTitle: body.longTitle,
	}
}

// none is the T of calls whose answer's body does not matter.
type none struct{}

// send carries out r and decodes the answer into a T, which stays zero for an answer without a body
// (204). status is the last attempt's.
func send[T any](ctx context.Context, c *Client, r request) (out T, status int, err error) {
	var body []byte
	if r.body != nil {
		if body, err = encode(r.body); err != nil {
			return out, 0, fmt.Errorf("bigcommerce: %s %s: encode: %w", r.method, r.path, err)
		}
	}
	for n := 0; ; n++ {
		out, status, err = attempt[T](ctx, c, r, body)
		if err == nil || n == maxRetries || !r.retryable() || !transient(ctx, err) {
			return out, status, err
		}
		wait := max(c.jitter(min(retryBase<<n, retryCap)), RetryAfter(err))
		if wait > retryCap { // whoever asked can wait elsewhere
			return out, status, err
		}
		c.log.DebugContext(ctx, "bigcommerce request will be retried", "method", r.method, "path", r.path,
			"retry", n+1, "wait", wait, "error", err)
		if sErr := c.sleep(ctx, wait); sErr != nil {
			return out, status, fmt.Errorf("%w; not retried: %w", err, sErr)
		}
	}
}

// transient says whether err may be gone the next time.
func transient(ctx context.Context, err error) bool {
	var u *UnavailableError
	if ctx.Err() != nil || !errors.As(err, &u) {
		return false
	}
	if u.Err == nil {
		return u.Status != http.StatusNotImplemented && u.Status != http.StatusHTTPVersionNotSupported
	}
	var wrongType *json.UnmarshalTypeError // the API and this client disagree: the next answer will too
	return !errors.Is(u.Err, ErrAnswerTooLarge) && !errors.As(u.Err, &wrongType)
}

// attempt makes one HTTP attempt: limiter, request, limiter, answer.
func attempt[T any](ctx context.Context, c *Client, r request, body []byte) (out T, status int, err error) {
	var sent atomic.Bool // a connection was there, so bytes may have left; the transport has its own goroutines
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	req, err := c.newRequest(traced, r, body)
	if err != nil {
		return out, 0, fmt.Errorf("bigcommerce: %s %s: %w", r.method, r.path, err)
	}

	done, err := c.limiter.Wait(ctx, Call{Class: ClassOf(r.method, r.path), Cost: 1, Interactive: isInteractive(ctx)})
	if err != nil {
		return out, 0, fmt.Errorf("bigcommerce: %s %s: not sent: %w", r.method, r.path, err)
	}
	timed, cancel := context.WithTimeout(traced, c.timeout) // which the wait for quota must not use up
	defer cancel()
	start := time.Now()
	resp, err := c.http.Do(req.WithContext(timed))
	answer := Answer{Lost: true}
	if err == nil {
		answer = answerOf(resp.StatusCode, resp.Header)
	}
	answer.Latency = time.Since(start)
	done(answer)
	c.onRequest(answer)
	c.log.DebugContext(ctx, "bigcommerce request", "method", r.method, "path", r.path, "status", answer.Status,
		"lost", answer.Lost, "left", answer.Left, "latency", answer.Latency)
	if err != nil {
		return out, 0, c.unavailable(ctx, r, 0, sent.Load(), err)
	}
	defer resp.Body.Close()
	defer drain(resp.Body)

	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return out, resp.StatusCode, c.errorOf(r, resp, answer)
	}
	if err := decode(resp, c.maxAnswer, &out); err != nil {
		return out, resp.StatusCode, c.unavailable(ctx, r, resp.StatusCode, true, err)
	}
	return out, resp.StatusCode, nil
}

// newRequest builds the HTTP request. Accept-Encoding is left to net/http, which then decompresses.
func (c *Client) newRequest(ctx context.Context, r request, body []byte) (*http.Request, error) {
	target := c.base + r.path
	if r.query != "" {
		target += "?" + r.query
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, reader)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("X-Auth-Token", c.token())
	return req, nil
}

// encode is json.Marshal without turning the <, > and & of a description into six bytes each.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// decode reads a success's body into out, with numbers as json.Number wherever out is generic.
func decode[T any](resp *http.Response, limit int64, out *T) error {
	if _, ignore := any(out).(*none); ignore || resp.StatusCode == http.StatusNoContent {
		return nil
	}
	dec := json.NewDecoder(&cappedReader{r: resp.Body, left: limit})
	dec.UseNumber()
	var fresh T
	if err := dec.Decode(&fresh); err != nil {
		if errors.Is(err, io.EOF) { // a success without the body it must have is a cut one
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("the answer could not be read: %w", err)
	}
	*out = fresh
	return nil
}

// errorOf turns an answer that is not a success into its typed error.
func (c *Client) errorOf(r request, resp *http.Response, a Answer) error {
	limit := max(r.maxError, maxErrorBody)
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, limit)) // what could be read of it will do
	title := orDefault(http.StatusText(resp.StatusCode), "unexpected status")
	body := parseErrorBody(raw, c.redactor(r))
	e := r.apiError(resp.StatusCode, body, title)
	e.Body = shorten(c.redact(r, string(raw)), maxBodyExcerpt)
	err := kindOf(e, a, body.retryAfter)
	if r.explain != nil {
		return r.explain(raw, err)
	}
	return err
}

// unavailable describes a request to which no whole answer came back. ctx is the caller's.
func (c *Client) unavailable(ctx context.Context, r request, status int, sent bool, err error) error {
	var urlErr *url.Error // names the whole URL again, which a lookup of 250 SKUs makes long
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) { // the attempt's time, not the caller's
		err = fmt.Errorf("no whole answer within %v", c.timeout)
	}
	if text := err.Error(); c.redact(r, text) != text {
		err = &redactedError{text: c.redact(r, text), err: err}
	}
	title := "no answer"
	if status != 0 {
		title = "unreadable answer"
	}
	return &UnavailableError{APIError: r.apiError(status, errorBody{}, title), Sent: sent, Err: err}
}

// emailPattern finds e-mail addresses in text, and in JSON that writes the @ as \u0040.
var emailPattern = regexp.MustCompile(`(?:"[^"]*"|[^\s"<>(),;:\[\]]+)(?:@|\\u0040)[^\s"<>(),;\\]+`)

// redact removes from text that came from outside what nobody is to read in a log or an error: the
// access token, and people's e-mail addresses, which refusals of a customer quote ("email … already
// in use"). The catalogue and price lists know no people, and a SKU may have an @.
func (c *Client) redact(r request, s string) string {
	s = strings.ReplaceAll(s, c.token(), "[access token]")
	if strings.HasPrefix(r.path, "/v3/catalog/") || strings.HasPrefix(r.path, priceListsPath) {
		return s
	}
	return emailPattern.ReplaceAllString(s, "[e-mail address]")
}

// redactor is redact for the texts of an answer to r.
func (c *Client) redactor(r request) func(string) string {
	return func(s string) string { return c.redact(r, s) }
}

// redactedError has another text than the error it stands for.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }

// Is compares with the error it stands for, which stays unreachable so that nobody prints it.
func (e *redactedError) Is(target error) bool { return errors.Is(e.err, target) }

// cappedReader fails with ErrAnswerTooLarge after left bytes.
type cappedReader struct {
	r    io.Reader
	left int64
}

func (c *cappedReader) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, ErrAnswerTooLarge
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	return n, err
}

// drain reads what little is left of a body, so that its connection can be used again.
func drain(body io.Reader) { _, _ = io.CopyN(io.Discard, body, maxErrorBody) }
