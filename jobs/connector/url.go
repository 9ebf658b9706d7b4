package connector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sluice/internal/problem"
	"sluice/internal/publicnet"
	"sluice/jobs/source"
)

// DefaultMaxBytes is the largest file that is fetched if the operator sets nothing: some ten
// million products.
const DefaultMaxBytes = 4 << 30

const (
	maxURL       = 2000 // characters
	maxRedirects = 5
	maxHeaders   = 64 << 10 // bytes of the answer's headers
)

// URLOptions is the operator's configuration of NewURL. The zero value is safe: HTTPS to public
// addresses only, no redirects.
type URLOptions struct {
	AllowPrivate   []netip.Prefix // addresses inside the host's network that sources may reach
	AllowRedirects bool           // follow up to five redirects, each checked like the first address
	AllowHTTP      bool           // plain http, and only to addresses in AllowPrivate
	MaxBytes       int64          // most bytes of a file, after gzip is undone; 0 is DefaultMaxBytes
	UserAgent      string
	RootCAs        *x509.CertPool // certificate authorities to trust; nil is the system's

	ConnectTimeout time.Duration // to connect and agree on TLS; 0 is 10 s
	HeaderTimeout  time.Duration // from the request to the answer's headers; 0 is 60 s: exports are made on demand
	IdleTimeout    time.Duration // without a byte of the body; 0 is 60 s
	TotalTimeout   time.Duration // for the whole file; 0 is 1 h

	resolver *net.Resolver // nil is the system's; tests name hosts with it
}

// urlSource copies files from merchants' addresses. It checks every address at the moment of
// connecting (internal/publicnet), never follows a redirect unless the operator allowed it, and
// never goes through a proxy.
type urlSource struct {
	opts   URLOptions
	client *http.Client
}

// NewURL returns the source of files at web addresses. Its secret is the value of the Authorization
// header.
func NewURL(opts URLOptions) Source {
	setDefault := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	setDefault(&opts.ConnectTimeout, 10*time.Second)
	setDefault(&opts.HeaderTimeout, 60*time.Second)
	setDefault(&opts.IdleTimeout, 60*time.Second)
	setDefault(&opts.TotalTimeout, time.Hour)
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	if opts.UserAgent == "" {
		opts.UserAgent = "Sluice"
	}
	f := &urlSource{opts: opts}
	f.client = &http.Client{
		CheckRedirect: f.checkRedirect,
		Transport: publicnet.Guard{AllowPrivate: opts.AllowPrivate, Resolver: opts.resolver}.Transport(&http.Transport{
			TLSClientConfig:        &tls.Config{RootCAs: opts.RootCAs, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    opts.ConnectTimeout,
			ResponseHeaderTimeout:  opts.HeaderTimeout,
			MaxResponseHeaderBytes: maxHeaders,
			DisableCompression:     true, // we undo gzip ourselves, to notice a cut one and to cap it
			DisableKeepAlives:      true, // each file is fetched once; a kept connection would skip the checks
			ForceAttemptHTTP2:      true,
		}, opts.ConnectTimeout),
	}
	return f
}

func (f *urlSource) Spec() Spec {
	return Spec{
		Name: "url", Label: "A web address", Help: "Sluice fetches the file for each run, and only when it changed.",
		Fields: []Field{
			{Type: Address, Label: "Address of the file", Help: "It starts with https://.", Required: true},
			{Type: Secret, Label: "Authorization header", Help: "Only if the address needs it, for example “Bearer abc123” or “Basic …”."},
		},
	}
}

// Check says what is wrong with an address before anything is fetched; where it leads is checked
// when Fetch connects.
func (f *urlSource) Check(s Settings) error {
	u, err := url.Parse(s.URL)
	wrong := ""
	switch {
	case s.URL == "":
		wrong = "give the address of the file"
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		wrong = "give a whole address that starts with https://"
	case len(s.URL) > maxURL:
		wrong = "the address is too long"
	case u.User != nil:
		wrong = "leave the user name and password out of the address and give them as Authorization"
	default:
		return nil
	}
	return Invalid(Address, "The address of the source is not right.", wrong)
}

// redirectError stops the client at a redirect; err is what the merchant is told.
type redirectError struct{ err *problem.Error }

func (e *redirectError) Error() string { return e.err.Error() }
func (e *redirectError) Unwrap() error { return e.err }

func (f *urlSource) checkRedirect(req *http.Request, via []*http.Request) error {
	target := req.URL.Host
	switch {
	case !f.opts.AllowRedirects:
		return &redirectError{problem.New(problem.Invalid, "The address answers with a redirect to %s: enter the address that it leads to.", target)}
	case len(via) > maxRedirects:
		return &redirectError{problem.New(problem.Invalid, "The address redirects more than %d times, last to %s: enter the address that it leads to.", maxRedirects, target)}
	}
	if err := f.checkURL(req.URL); err != nil {
		var p *problem.Error
		if !errors.As(err, &p) {
			return err
		}
		return &redirectError{problem.New(p.Code, "The address redirects to %s: %s", target, p.Message)}
	}
	first := via[0].URL
	if req.URL.Host != first.Host || req.URL.Scheme != first.Scheme {
		req.Header.Del("Authorization") // the secret is for the host that the merchant named
	}
	req.Header.Del("Referer")
	return nil
}

// checkURL refuses what cannot be fetched whatever its host's address is.
func (f *urlSource) checkURL(u *url.URL) error {
	switch {
	case u.Scheme == "http" && !f.opts.AllowHTTP:
		return problem.New(problem.Invalid, "The address must begin with https:// so that nobody can change the data on its way.")
	case u.Scheme != "https" && u.Scheme != "http":
		return problem.New(problem.Invalid, "The address must begin with https://.")
	case u.User != nil:
		return problem.New(problem.Invalid, "The address must not hold a user name or password: enter them as the Authorization header instead.")
	case u.Hostname() == "":
		return problem.New(problem.Invalid, "The address has no host name: it must look like https://example.com/products.csv.")
	}
	return nil
}

// Fetch copies the file at s.URL, gzip undone, to w. Nothing is written unless the answer is 200
// and does not look like a web page.
func (f *urlSource) Fetch(ctx context.Context, s Settings, secret string, have Have, w io.Writer) (Got, error) {
	u, err := url.Parse(strings.TrimSpace(s.URL))
	if err != nil { // its text repeats the URL, and a URL may hold a key
		return Got{}, problem.New(problem.Invalid, "The address is not a valid URL: it must look like https://example.com/products.csv.")
	}
	if err := f.checkURL(u); err != nil {
		return Got{}, err
	}
	if strings.ContainsFunc(secret, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return Got{}, problem.New(problem.Invalid, "The Authorization header must be one line without control characters.")
	}

	outer := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, f.opts.TotalTimeout, errTotal)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	resp, err := f.get(ctx, u, secret, have)
	if err != nil {
		if outer.Err() != nil {
			return Got{}, outer.Err()
		}
		return Got{}, explain(ctx, u, err)
	}
	defer resp.Body.Close()

	got := Got{
		Have:        Have{ETag: limited(resp.Header.Get("ETag"), 255), LastModified: limited(resp.Header.Get("Last-Modified"), 64)},
		ContentType: limited(resp.Header.Get("Content-Type"), 100),
		Filename:    u.Path[strings.LastIndexByte(u.Path, '/')+1:],
	}
	if resp.StatusCode == http.StatusNotModified && have != (Have{}) {
		got.Unchanged, got.Complete = true, true
		if got.ETag == "" {
			got.ETag = have.ETag
		}
		if got.LastModified == "" {
			got.LastModified = have.LastModified
		}
		return got, nil
	}
	if err := statusError(resp, u); err != nil {
		return Got{}, err
	}
	if err := source.RefuseHTML(nil, resp.Header.Get("Content-Type")); err != nil {
		return Got{}, err
	}
	if resp.ContentLength > f.opts.MaxBytes {
		return Got{}, f.errTooLarge()
	}

	body := &idleReader{r: resp.Body, timeout: f.opts.IdleTimeout, stop: stop}
	size, complete, err := f.copy(w, body, resp.Header.Get("Content-Encoding"))
	// If we gave up, the server may have ended the answer well because of that.
	got.Complete = complete && ctx.Err() == nil
	switch {
	case outer.Err() != nil:
		return got, outer.Err()
	case err != nil:
		return got, err
	case size == 0 && ctx.Err() != nil: // headers came before we gave up, and nothing else
		return got, explain(ctx, u, context.Cause(ctx))
	case size == 0 && !got.Complete:
		return got, problem.New(problem.Unavailable, "%s closed the connection before it sent anything: try again, or look at its log.", u.Host)
	}
	return got, nil
}

func (f *urlSource) get(ctx context.Context, u *url.URL, secret string, have Have) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", f.opts.UserAgent)
	r.Header.Set("Accept", "text/csv, application/x-ndjson, text/plain;q=0.9, */*;q=0.5")
	r.Header.Set("Accept-Encoding", "gzip")
	if secret != "" {
		r.Header.Set("Authorization", secret)
	}
	if have.ETag != "" {
		r.Header.Set("If-None-Match", have.ETag)
	}
	if have.LastModified != "" {
		r.Header.Set("If-Modified-Since", have.LastModified)
	}
	return f.client.Do(r)
}

// limited drops a header value that is longer than anything we would keep: half an ETag is none.
func limited(s string, n int) string {
	if len(s) > n {
		return ""
	}
	return s
}

func (f *urlSource) errTooLarge() error {
	return problem.New(problem.TooLarge, "The file is larger than %s, which is the limit: leave out columns or rows that are not needed.", sizeText(f.opts.MaxBytes))
}

func sizeText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.4g GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d bytes", n)
}
