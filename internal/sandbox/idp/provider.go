package idp

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages/*.html"))

// keyBits is the size of the signing key: what RS256 needs at least (RFC 7518, section 3.3).
const keyBits = 2048

// Client is an application that is registered here.
type Client struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
	// RedirectURIs are compared character by character.
	RedirectURIs []string `json:"redirect_uris"`
	// PostLogoutRedirectURIs are where /end_session may lead to, compared in the same way.
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris"`
}

// User is a person with an account here.
type User struct {
	Subject       string `json:"sub"` // for ever this person's
	GivenName     string `json:"given_name"`
	FamilyName    string `json:"family_name"`
	Email         string `json:"email,omitempty"`
	EmailVerified *bool  `json:"email_verified,omitempty"` // nil: the provider says nothing about it
	Phone         string `json:"phone_number,omitempty"`
	// Claims are told besides, with the scope profile: company, groups, customer_number, and whatever
	// else.
	Claims map[string]any `json:"claims,omitempty"`
	About  string         `json:"about,omitempty"` // what the sign-in page says of this person
}

// Name is the person's full name.
func (u *User) Name() string { return strings.TrimSpace(u.GivenName + " " + u.FamilyName) }

// Options configure a provider.
type Options struct {
	Key   *rsa.PrivateKey       // signs ID tokens; generated when nil, once it is needed
	OnKey func(*rsa.PrivateKey) // told of the key when it is generated
	Users []User                // default DefaultUsers
	Now   func() time.Time      // default time.Now
	Log   *slog.Logger          // default: discards
}

// Provider is one identity provider. Its methods are safe for concurrent use.
type Provider struct {
	makeKey func() *rsa.PrivateKey // the signing key, made at the first call
	now     func() time.Time
	log     *slog.Logger

	mu       sync.Mutex
	issuer   string
	clients  map[string]Client
	users    []User
	faults   []string
	pending  map[string]*authRequest // waiting for somebody to sign in, by the form's ticket
	codes    map[string]*grant
	access   map[string]*grant // by access token
	sessions map[string]*session
}

// New makes a provider without clients.
func New(o Options) *Provider {
	if o.Users == nil {
		o.Users = DefaultUsers()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Provider{
		makeKey: sync.OnceValue(func() *rsa.PrivateKey { return newKey(o) }),
		now:     o.Now, log: o.Log, users: slices.Clone(o.Users),
		clients: map[string]Client{}, pending: map[string]*authRequest{}, codes: map[string]*grant{}, access: map[string]*grant{},
		sessions: map[string]*session{},
	}
}

func newKey(o Options) *rsa.PrivateKey {
	if o.Key != nil {
		return o.Key
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		panic("idp: generate a key: " + err.Error()) // crypto/rand never fails, and the size is a good one
	}
	if o.OnKey != nil {
		o.OnKey(key)
	}
	return key
}

// keyID names the signing key in tokens and in the published set.
func (p *Provider) keyID() string {
	sum := sha256.Sum256(p.makeKey().N.Bytes())
	return base64.RawURLEncoding.EncodeToString(sum[:8])
}

// SetIssuer says where the provider is served: its origin, without trailing slash.
func (p *Provider) SetIssuer(origin string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.issuer = origin
}

// Issuer is the provider's issuer identifier; empty before SetIssuer.
func (p *Provider) Issuer() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.issuer
}

// Register adds a client, or replaces the one with this id.
func (p *Provider) Register(c Client) error {
	if c.ID == "" || c.Secret == "" {
		return fmt.Errorf("a client needs client_id and client_secret")
	}
	for _, u := range slices.Concat(c.RedirectURIs, c.PostLogoutRedirectURIs) {
		if err := checkRegistered(u); err != nil {
			return err
		}
	}
	c.RedirectURIs, c.PostLogoutRedirectURIs = slices.Clone(c.RedirectURIs), slices.Clone(c.PostLogoutRedirectURIs)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[c.ID] = c
	return nil
}

// Allow registers more addresses for a client: where sign-ins and where sign-outs may lead to.
func (p *Provider) Allow(client string, redirects, signOuts []string) error {
	for _, u := range slices.Concat(redirects, signOuts) {
		if err := checkRegistered(u); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.clients[client]
	if !ok {
		return fmt.Errorf("client %q is not registered", client)
	}
	c.RedirectURIs, c.PostLogoutRedirectURIs = union(c.RedirectURIs, redirects), union(c.PostLogoutRedirectURIs, signOuts)
	p.clients[client] = c
	return nil
}

// union appends what of more is not in list. Copies of list that were handed out stay as they are.
func union(list, more []string) []string {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// Client returns the client with this id.
func (p *Provider) Client(id string) (Client, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.clients[id]
	return c, ok
}

// PutUser adds a person, or replaces the one with this subject.
func (p *Provider) PutUser(u User) error {
	if u.Subject == "" || u.Name() == "" {
		return fmt.Errorf("a user needs sub and a name")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.users, func(o User) bool { return o.Subject == u.Subject }); i >= 0 {
		p.users[i] = u
		return nil
	}
	p.users = append(p.users, u)
	return nil
}

// Users returns everybody, in the order of the sign-in page.
func (p *Provider) Users() []User {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.users)
}

func (p *Provider) user(subject string) (User, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.users, func(u User) bool { return u.Subject == subject })
	if i < 0 {
		return User{}, false
	}
	return p.users[i], true
}

// Handler serves the provider at its issuer's origin.
func (p *Provider) Handler() http.Handler {
	own := http.NewCrossOriginProtection() // other sites may open the pages, not press their buttons
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /jwks", p.jwks)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /authorize", p.authorize)
	mux.Handle("POST /sign-in", own.Handler(http.HandlerFunc(p.signIn)))
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	mux.HandleFunc("POST /userinfo", p.userinfo)
	mux.HandleFunc("GET /end_session", p.endSession)
	mux.HandleFunc("POST /end_session", p.endSession)
	mux.Handle("POST /sign-out", own.Handler(http.HandlerFunc(p.signOut)))
	mux.HandleFunc("GET /{$}", p.home)
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "pages/style.css")
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		p.problem(w, http.StatusNotFound, "This page does not exist.")
	})
	return mux
}

// discovery is the provider's metadata (Discovery 1.0, section 3).
func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	if p.struck(FaultDiscoveryAway) {
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	iss := p.Issuer()
	doc := map[string]any{
		"issuer":                                         iss,
		"authorization_endpoint":                         iss + "/authorize",
		"token_endpoint":                                 iss + "/token",
		"userinfo_endpoint":                              iss + "/userinfo",
		"jwks_uri":                                       iss + "/jwks",
		"end_session_endpoint":                           iss + "/end_session",
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"RS256"},
		"scopes_supported":                               []string{"openid", "profile", "email", "phone"},
		"prompt_values_supported":                        []string{"none", "login", "select_account"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
		"request_uri_parameter_supported":                false,
		"claims_supported": []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "name", "given_name", "family_name",
			"email", "email_verified", "phone_number", "company", "groups", "customer_number"},
	}
	if p.struck(FaultDiscoveryIssuer) {
		doc["issuer"] = iss + "/other"
	}
	if p.struck(FaultNoIssuer) {
		delete(doc, "authorization_response_iss_parameter_supported")
	}
	if p.struck(FaultNoPKCE) {
		delete(doc, "code_challenge_methods_supported")
	}
	writeJSON(w, http.StatusOK, doc)
}

// jwks publishes the public half of the signing key.
func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	if p.struck(FaultJWKSAway) {
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{
		Key: p.makeKey().Public(), KeyID: p.keyID(), Algorithm: string(jose.RS256), Use: "sig",
	}}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// page is what every page is given.
type page struct {
	Title   string
	Message string
	Users   []User
	User    *User  // who is signed in
	Ticket  string // of the waiting authorization request or sign-out
	Client  string
	Hint    string // login_hint
	Issuer  string
}

func (p *Provider) render(w http.ResponseWriter, status int, name string, d page) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	// Not form-action 'self': browsers apply it to the redirect that follows, which leads to the
	// client.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action http: https:; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name, d); err != nil {
		p.log.Error("idp: page", "page", name, "error", err)
	}
}

// problem is the page of an error that must not be sent to a client.
func (p *Provider) problem(w http.ResponseWriter, status int, message string) {
	p.render(w, status, "problem", page{Title: "Something is wrong", Message: message})
}

func random() string { return rand.Text() }
