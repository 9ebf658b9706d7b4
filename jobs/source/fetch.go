package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sluice/internal/problem"
	"sluice/internal/publicnet"
)

// DefaultMaxBytes is the largest file that is fetched if the operator sets nothing: some ten million
// products.
const DefaultMaxBytes = 4 << 30

const (
	maxRedirects = 5
	maxHeaders   = 64 << 10 // bytes of the answer's headers
)

// FetchOptions is the operator's configuration of a Fetcher. The zero value is safe: HTTPS to public
// addresses only, no redirects.
type FetchOptions struct {
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

// FetchRequest is one file to fetch. ETag and LastModified are those of the copy we have, if any.
type FetchRequest struct {
	URL           string
	Authorization string // value of the Authorization header; never in an error or a log
	ETag          string
	LastModified  string
}

// String names only the host: the secret, and a URL's query, stay out of whatever prints a request.
func (r FetchRequest) String() string { return "fetch " + hostOf(r.URL) }

// GoString is String, for %#v.
func (r FetchRequest) GoString() string { return r.String() }

// LogValue is String, for log/slog.
func (r FetchRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

// FetchResult says what came.
type FetchResult struct {
	NotModified  bool // the copy we have is still the file: nothing was written
	ETag         string
	LastModified string
	ContentType  string
	Size         int64 // bytes written
	Complete     bool  // false: the connection was cut, and w has the beginning of the file
}

// Fetcher copies files from merchants' addresses. It is safe for concurrent use.
type Fetcher struct {
	opts   FetchOptions
	client *http.Client
}

// NewFetcher returns a Fetcher.
func NewFetcher(opts FetchOptions) *Fetcher {
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
	f := &Fetcher{opts: opts}
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

// redirectError stops the client at a redirect; err is what the merchant is told.
type redirectError struct{ err *problem.Error }

func (e *redirectError) Error() string { return e.err.Error() }
func (e *redirectError) Unwrap() error { return e.err }

func (f *Fetcher) checkRedirect(req *http.Request, via []*http.Request) error {
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
func (f *Fetcher) checkURL(u *url.URL) error {
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

// Fetch copies the file at req.URL to w. A *problem.Error says what the merchant can do; any other
// error is ctx's or w's. A cut connection is no error: the result has Complete false and w what came.
// Nothing is written to w unless the answer is 200 and does not look like a web page.
func (f *Fetcher) Fetch(ctx context.Context, req FetchRequest, w io.Writer) (FetchResult, error) {
	u, err := url.Parse(strings.TrimSpace(req.URL))
	if err != nil { // its text repeats the URL, and a URL may hold a key
		return FetchResult{}, problem.New(problem.Invalid, "The address is not a valid URL: it must look like https://example.com/products.csv.")
	}
	if err := f.checkURL(u); err != nil {
		return FetchResult{}, err
	}
	if strings.ContainsFunc(req.Authorization, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return FetchResult{}, problem.New(problem.Invalid, "The Authorization header must be one line without control characters.")
	}

	outer := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, f.opts.TotalTimeout, errTotal)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	resp, err := f.get(ctx, u, req)
	if err != nil {
		if outer.Err() != nil {
			return FetchResult{}, outer.Err()
		}
		return FetchResult{}, explain(ctx, u, err)
	}
	defer resp.Body.Close()

	result := FetchResult{
		ETag:         limited(resp.Header.Get("ETag"), 255),
		LastModified: limited(resp.Header.Get("Last-Modified"), 64),
		ContentType:  limited(resp.Header.Get("Content-Type"), 100),
	}
	if resp.StatusCode == http.StatusNotModified && (req.ETag != "" || req.LastModified != "") {
		result.NotModified, result.Complete = true, true
		if result.ETag == "" {
			result.ETag = req.ETag
		}
		if result.LastModified == "" {
			result.LastModified = req.LastModified
		}
		return result, nil
	}
	if err := statusError(resp, u); err != nil {
		return FetchResult{}, err
	}
	if isHTML(nil, resp.Header.Get("Content-Type")) {
		return FetchResult{}, errHTML()
	}
	if resp.ContentLength > f.opts.MaxBytes {
		return FetchResult{}, f.errTooLarge()
	}

	body := &idleReader{r: resp.Body, timeout: f.opts.IdleTimeout, stop: stop}
	result.Size, result.Complete, err = f.copy(w, body, resp.Header.Get("Content-Encoding"))
	if ctx.Err() != nil { // we gave up; the server may have ended the answer well because of that
		result.Complete = false
	}
	switch {
	case outer.Err() != nil:
		return result, outer.Err()
	case err != nil:
		return result, err
	case result.Size == 0 && ctx.Err() != nil: // headers came before we gave up, and nothing else
		return result, explain(ctx, u, context.Cause(ctx))
	case result.Size == 0 && !result.Complete:
		return result, problem.New(problem.Unavailable, "%s closed the connection before it sent anything: try again, or look at its log.", u.Host)
	}
	return result, nil
}

func (f *Fetcher) get(ctx context.Context, u *url.URL, req FetchRequest) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", f.opts.UserAgent)
	r.Header.Set("Accept", "text/csv, application/x-ndjson, text/plain;q=0.9, */*;q=0.5")
	r.Header.Set("Accept-Encoding", "gzip")
	if req.Authorization != "" {
		r.Header.Set("Authorization", req.Authorization)
	}
	if req.ETag != "" {
		r.Header.Set("If-None-Match", req.ETag)
	}
	if req.LastModified != "" {
		r.Header.Set("If-Modified-Since", req.LastModified)
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

func (f *Fetcher) errTooLarge() error {
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
