package sso

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"sluice/internal/publicnet"
)

const (
	// maxProviderBody bounds every answer of a provider. Entra's keys, the largest seen, have some 20
	// KB.
	maxProviderBody = 1 << 20
	// providerTimeout bounds one request to a provider: a shopper is waiting.
	providerTimeout = 10 * time.Second
	// discoveryFor is how long a discovery document is believed.
	discoveryFor = time.Hour
	// maxProviders bounds the documents in memory, of a few KB each.
	maxProviders = 2000
)

// algorithms are the signatures of ID tokens that are taken: those that only the provider can make.
// The ones with a shared key, and "none", are not among them.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// newHTTPClient returns a client for the addresses of merchants' providers. It follows no redirect:
// tokens and codes go where the provider's document says, and nowhere else.
func newHTTPClient(allowPrivate []netip.Prefix, userAgent string) *http.Client {
	guarded := publicnet.Guard{AllowPrivate: allowPrivate}.Transport(&http.Transport{
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   providerTimeout,
		ResponseHeaderTimeout: providerTimeout,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       time.Minute,
		ForceAttemptHTTP2:     true,
		// A provider that answers more in headers than in a document is none.
		MaxResponseHeaderBytes: 64 << 10,
	}, providerTimeout)
	return &http.Client{
		Transport:     bounded{guarded, userAgent},
		Timeout:       providerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded caps the bodies of answers.
type bounded struct {
	next      http.RoundTripper
	userAgent string
}

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	if b.userAgent != "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", b.userAgent)
	}
	resp, err := b.next.RoundTrip(req)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxProviderBody)
	}
	return resp, err
}

// CloseIdleConnections lets http.Client close what the transport keeps.
func (b bounded) CloseIdleConnections() {
	if t, ok := b.next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// metadata is a discovery document, as far as it is used (OpenID Connect Discovery 1.0,
// RP-Initiated Logout 1.0, RFC 8414, RFC 9207).
type metadata struct {
	Issuer            string   `json:"issuer"`
	AuthURL           string   `json:"authorization_endpoint"`
	TokenURL          string   `json:"token_endpoint"`
	JWKSURL           string   `json:"jwks_uri"`
	UserInfoURL       string   `json:"userinfo_endpoint"`
	EndSessionURL     string   `json:"end_session_endpoint"`
	Algorithms        []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes     []string `json:"response_types_supported"`
	ChallengeMethods  []string `json:"code_challenge_methods_supported"`
	TokenAuth         []string `json:"token_endpoint_auth_methods_supported"`
	Scopes            []string `json:"scopes_supported"`
	ResponseHasIssuer bool     `json:"authorization_response_iss_parameter_supported"`
}

// usable are the algorithms of m that are taken. Without a list RS256 is the one that every
// provider has.
func (m *metadata) usable() (out []string) {
	for _, a := range m.Algorithms {
		if slices.Contains(algorithms, a) {
			out = append(out, a)
		}
	}
	if len(m.Algorithms) == 0 {
		out = []string{oidc.RS256}
	}
	return out
}

// discoveryError is why a provider cannot be used, for the merchant.
type discoveryError struct {
	message string
	away    bool // it may work later
}

func (e *discoveryError) Error() string { return e.message }

// wellKnown is where an issuer's discovery document is.
func wellKnown(issuer string) string {
	return strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
}

// checkEndpoint says what is wrong with an address of a provider, "" if nothing is.
func checkEndpoint(raw string, allowHTTP bool) string {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return "is missing"
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return "is not an address such as https://login.example.com/…"
	case u.Scheme == "http" && allowHTTP, u.Scheme == "https":
		return ""
	}
	return "has to begin with https://"
}

// fetchMetadata gets and checks the discovery document of an issuer.
func fetchMetadata(ctx context.Context, client *http.Client, issuer string, allowHTTP bool) (*metadata, error) {
	if wrong := checkEndpoint(issuer, allowHTTP); wrong != "" {
		return nil, &discoveryError{message: "The issuer " + wrong + "."}
	}
	address := wellKnown(issuer)
	var m metadata
	if err := getJSON(ctx, client, address, &m); err != nil {
		return nil, err
	}
	if m.Issuer != issuer {
		return nil, &discoveryError{message: fmt.Sprintf("The document at %s says that its issuer is %q, not %q. Enter the issuer exactly as the provider writes it, with or without the slash at its end.",
			address, shorten(m.Issuer), issuer)}
	}
	for name, raw := range map[string]string{"authorization_endpoint": m.AuthURL, "token_endpoint": m.TokenURL, "jwks_uri": m.JWKSURL} {
		if wrong := checkEndpoint(raw, allowHTTP); wrong != "" {
			return nil, &discoveryError{message: fmt.Sprintf("In the document at %s the %s %s.", address, name, wrong)}
		}
	}
	for name, raw := range map[string]*string{"userinfo_endpoint": &m.UserInfoURL, "end_session_endpoint": &m.EndSessionURL} {
		if wrong := checkEndpoint(*raw, allowHTTP); *raw != "" && wrong != "" {
			return nil, &discoveryError{message: fmt.Sprintf("In the document at %s the %s %s.", address, name, wrong)}
		}
	}
	if len(m.usable()) == 0 {
		return nil, &discoveryError{message: fmt.Sprintf("The provider signs ID tokens with %s only, which cannot be verified without sharing a key. Have it sign with RS256 or ES256.",
			shorten(strings.Join(m.Algorithms, ", ")))}
	}
	return &m, nil
}

// FetchAnnouncement reads a provider's document and reports whether it says that its answers name
// their issuer (RFC 9207). allowPrivate is Config.AllowPrivate.
func FetchAnnouncement(ctx context.Context, allowPrivate []netip.Prefix, userAgent, issuer string) (bool, error) {
	client := newHTTPClient(allowPrivate, userAgent)
	defer client.CloseIdleConnections()
	m, err := fetchMetadata(ctx, client, issuer, len(allowPrivate) > 0)
	if err != nil {
		return false, err
	}
	return m.ResponseHasIssuer, nil
}

// getJSON gets a JSON document of a provider; its error is a *discoveryError, or ctx's.
func getJSON(ctx context.Context, client *http.Client, address string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return &discoveryError{message: address + " is not an address."}
	}
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return unreachable(ctx, address, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode >= http.StatusInternalServerError, resp.StatusCode == http.StatusTooManyRequests:
		return &discoveryError{away: true, message: fmt.Sprintf("%s answers %s. Try again in a few minutes.", address, resp.Status)}
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return &discoveryError{message: fmt.Sprintf("%s redirects to another address. Enter the issuer that it leads to.", address)}
	case resp.StatusCode != http.StatusOK:
		return &discoveryError{message: fmt.Sprintf("%s answers %s. Check the issuer: the provider's discovery document has to be there.", address, resp.Status)}
	}
	body, err := io.ReadAll(resp.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &discoveryError{message: fmt.Sprintf("%s answers more than %d KB, which is no document of a provider.", address, maxProviderBody>>10)}
	}
	if err != nil {
		return unreachable(ctx, address, err)
	}
	if err := json.Unmarshal(body, out); err != nil {
		kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		return &discoveryError{message: fmt.Sprintf("%s does not answer with the JSON that a provider has there, but with %q.", address, shorten(kind))}
	}
	return nil
}

// unreachable says why no answer came.
func unreachable(ctx context.Context, address string, err error) error {
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	host := address
	if u, parseErr := url.Parse(address); parseErr == nil {
		host = u.Host
	}
	var blocked *publicnet.BlockedError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &blocked) && blocked.Plain:
		return &discoveryError{message: "The provider has to be reached by https://: without it anybody on the way could sign in as anybody."}
	case errors.As(err, &blocked):
		return &discoveryError{message: host + " is an address inside a private network, which Sluice does not connect to. The provider must be on the internet; the operator can allow ranges of addresses (ALLOW_PRIVATE_SOURCES)."}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &discoveryError{message: "There is no host " + host + ". Check the spelling of the issuer."}
	case errors.As(err, &certificate):
		return &discoveryError{message: "The certificate of " + host + " cannot be trusted: it has expired, or is for another name, or its authority is not known."}
	}
	return &discoveryError{away: true, message: host + " did not answer. Check that the provider is up, and try again."}
}

func shorten(s string) string {
	const most = 200
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// provider is an issuer whose document was read, with its keys as they come to be known.
type provider struct {
	metadata
	oidc *oidc.Provider
	read time.Time
}

// providers are those that this process has met, by issuer.
type providers struct {
	client    *http.Client
	allowHTTP bool
	now       func() time.Time

	mu    sync.Mutex
	known map[string]*provider
}

func newProviders(client *http.Client, allowHTTP bool, now func() time.Time) *providers {
	return &providers{client: client, allowHTTP: allowHTTP, now: now, known: map[string]*provider{}}
}

// get returns a provider by its issuer. A document that cannot be read again is used on for as long
// again: a provider's pause must not be the shop's.
func (p *providers) get(ctx context.Context, issuer string) (*provider, error) {
	p.mu.Lock()
	have := p.known[issuer]
	p.mu.Unlock()
	now := p.now()
	if have != nil && now.Sub(have.read) < discoveryFor {
		return have, nil
	}
	m, err := fetchMetadata(ctx, p.client, issuer, p.allowHTTP)
	if err != nil {
		var d *discoveryError
		if have != nil && errors.As(err, &d) && d.away && now.Sub(have.read) < 2*discoveryFor {
			return have, nil
		}
		return nil, err
	}
	fresh := &provider{metadata: *m, read: now}
	config := oidc.ProviderConfig{
		IssuerURL: m.Issuer, AuthURL: m.AuthURL, TokenURL: m.TokenURL, UserInfoURL: m.UserInfoURL, JWKSURL: m.JWKSURL, Algorithms: m.usable(),
	}
	fresh.oidc = config.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client))
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxProviders {
		p.forgetOldest()
	}
	p.known[issuer] = fresh
	return fresh, nil
}

// forget has a provider read anew, after its merchant changed something.
func (p *providers) forget(issuer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, issuer)
}

func (p *providers) forgetOldest() {
	var oldest string
	for issuer, one := range p.known {
		if oldest == "" || one.read.Before(p.known[oldest].read) {
			oldest = issuer
		}
	}
	delete(p.known, oldest)
}
