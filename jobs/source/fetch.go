package source

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/netip"
	"time"
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
}

// FetchRequest is one file to fetch. ETag and LastModified are those of the copy we have, if any.
type FetchRequest struct {
	URL           string
	Authorization string // value of the Authorization header; never logged
	ETag          string
	LastModified  string
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
type Fetcher struct{ opts FetchOptions }

// NewFetcher returns a Fetcher.
func NewFetcher(opts FetchOptions) *Fetcher { return &Fetcher{opts: opts} }

// Fetch copies the file at req.URL to w. A *problem.Error says what the merchant can do. A cut
// connection is no error: the result has Complete false and w what came.
func (f *Fetcher) Fetch(ctx context.Context, req FetchRequest, w io.Writer) (FetchResult, error) {
	return FetchResult{}, errors.ErrUnsupported
}
