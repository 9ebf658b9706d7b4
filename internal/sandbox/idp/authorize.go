package idp

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	pendingLife = 10 * time.Minute   // how long a sign-in page waits
	codeLife    = time.Minute        // RFC 6749, section 4.1.2 allows ten minutes at most
	sessionLife = 8 * time.Hour      // a working day
	cookieName  = "sandbox_idp"      // of the provider's session
	maxForm     = 64 << 10           // of a request's form
	waitSignIn  = "authorization"    // kind of a request that waits for a sign-in
	waitSignOut = "end of a session" // kind of one that waits for a sign-out
)

// session is one browser that is signed in.
type session struct {
	subject string
	at      time.Time // of the sign-in: auth_time
}

// authRequest is an authorization request, or a sign-out, that waits for a person.
type authRequest struct {
	kind        string
	client      string
	redirectURI string
	state       string
	scopes      []string
	nonce       string
	challenge   string
	at          time.Time
}

// grant is what a code, then an access token, stands for.
type grant struct {
	authRequest
	subject  string
	authTime time.Time
	at       time.Time
	used     bool     // of a code
	tokens   []string // access tokens that it led to
}

// checkRegistered refuses URIs that a client must not register.
func checkRegistered(uri string) error {
	u, err := url.Parse(uri)
	if err != nil || !u.IsAbs() || u.Host == "" || u.Fragment != "" || strings.Contains(uri, "#") {
		return fmt.Errorf("%q is not an absolute URI without a fragment", uri)
	}
	return nil
}

// params reads a request's parameters, each of which may come once (RFC 6749, section 3.1).
func params(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, fmt.Errorf("the parameters cannot be read")
	}
	v := r.Form
	if r.Method == http.MethodPost {
		v = r.PostForm
	}
	for k, list := range v {
		if len(list) > 1 {
			return nil, fmt.Errorf("the parameter %s is repeated", k)
		}
	}
	return v, nil
}

// authorize is the authorization endpoint. Until client and redirect URI are known to be right,
// errors are shown here; afterwards they go to the client.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	v, err := params(w, r)
	if err != nil {
		p.problem(w, http.StatusBadRequest, "The request is wrong: "+err.Error()+".")
		return
	}
	c, ok := p.Client(v.Get("client_id"))
	if !ok {
		p.problem(w, http.StatusBadRequest, "The application that sent you here is not registered: its client_id is unknown.")
		return
	}
	redirect := v.Get("redirect_uri")
	if !slices.Contains(c.RedirectURIs, redirect) {
		p.problem(w, http.StatusBadRequest, "The redirect_uri is not one that this application registered.")
		return
	}
	q := &authRequest{
		kind: waitSignIn, client: c.ID, redirectURI: redirect, state: v.Get("state"), scopes: strings.Fields(v.Get("scope")),
		nonce: v.Get("nonce"), challenge: v.Get("code_challenge"), at: p.now(),
	}
	prompts := strings.Fields(v.Get("prompt"))
	maxAge := int64(-1)
	if s := v.Get("max_age"); s != "" {
		if maxAge, err = strconv.ParseInt(s, 10, 64); err != nil || maxAge < 0 {
			p.refuse(w, r, q, "invalid_request", "max_age must be a number of seconds")
			return
		}
	}
	if code, msg := checkRequest(v, q, prompts); code != "" {
		p.refuse(w, r, q, code, msg)
		return
	}
	s := p.session(r)
	fresh := s != nil && (maxAge < 0 || p.now().Sub(s.at) <= time.Duration(maxAge)*time.Second)
	interact := slices.Contains(prompts, "login") || slices.Contains(prompts, "select_account")
	switch {
	case fresh && !interact:
		p.grant(w, r, q, s)
	case slices.Contains(prompts, "none"):
		p.refuse(w, r, q, "login_required", "nobody is signed in")
	default:
		p.render(w, http.StatusOK, "sign-in", page{Title: "Sign in", Client: c.ID, Ticket: p.wait(q), Users: p.Users(), Hint: v.Get("login_hint")})
	}
}

// checkRequest returns an error code of RFC 6749, section 4.1.2.1 or Core 1.0, section 3.1.2.6.
func checkRequest(v url.Values, q *authRequest, prompts []string) (code, msg string) {
	switch {
	case v.Has("request"):
		return "request_not_supported", "request objects are not supported"
	case v.Has("request_uri"):
		return "request_uri_not_supported", "request objects are not supported"
	case v.Get("response_type") == "":
		return "invalid_request", "response_type is missing"
	case v.Get("response_type") != "code":
		return "unsupported_response_type", "response_type must be code"
	case v.Has("response_mode") && v.Get("response_mode") != "query":
		return "invalid_request", "response_mode must be query"
	case !slices.Contains(q.scopes, "openid"):
		return "invalid_scope", "scope must contain openid"
	case q.challenge == "":
		return "invalid_request", "code_challenge is missing: PKCE is required"
	case v.Get("code_challenge_method") != "S256":
		return "invalid_request", "code_challenge_method must be S256"
	case slices.Contains(prompts, "none") && len(prompts) > 1:
		return "invalid_request", "prompt none excludes every other"
	}
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(q.challenge); err != nil || len(raw) != 32 {
		return "invalid_request", "code_challenge is not the base64url form of a SHA-256"
	}
	for _, s := range prompts {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, s) {
			return "invalid_request", "prompt is unknown"
		}
	}
	return "", ""
}

// refuse sends an error to the client.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, q *authRequest, code, msg string) {
	p.log.Info("idp: authorization refused", "client", q.client, "error", code, "reason", msg)
	p.answer(w, r, q, url.Values{"error": {code}, "error_description": {msg}})
}

// answer redirects to the client; iss tells it whose answer this is (RFC 9207).
func (p *Provider) answer(w http.ResponseWriter, r *http.Request, q *authRequest, v url.Values) {
	if q.state != "" {
		v.Set("state", q.state)
	}
	switch {
	case p.struck(FaultNoIssuer), p.struck(FaultIssuerMissing):
	case p.struck(FaultOtherIssuer):
		v.Set("iss", p.Issuer()+"/other")
	default:
		v.Set("iss", p.Issuer())
	}
	sep := "?"
	if strings.Contains(q.redirectURI, "?") {
		sep = "&"
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, q.redirectURI+sep+v.Encode(), http.StatusSeeOther)
}

// grant answers with a code.
func (p *Provider) grant(w http.ResponseWriter, r *http.Request, q *authRequest, s *session) {
	code := random()
	p.mu.Lock()
	for k, g := range p.codes {
		if p.now().Sub(g.at) > 2*accessLife { // used ones stay known for as long as their tokens live
			delete(p.codes, k)
		}
	}
	p.codes[code] = &grant{authRequest: *q, subject: s.subject, authTime: s.at, at: p.now()}
	p.mu.Unlock()
	p.answer(w, r, q, url.Values{"code": {code}})
}

// wait keeps a request until its form comes back and returns the form's ticket.
func (p *Provider) wait(q *authRequest) string {
	ticket := random()
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, o := range p.pending {
		if p.now().Sub(o.at) > pendingLife {
			delete(p.pending, k)
		}
	}
	p.pending[ticket] = q
	return ticket
}

// resume returns the request of a ticket, once.
func (p *Provider) resume(ticket, kind string) *authRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.pending[ticket]
	if q == nil || q.kind != kind || p.now().Sub(q.at) > pendingLife {
		return nil
	}
	delete(p.pending, ticket)
	return q
}

// signIn is the sign-in page's form.
func (p *Provider) signIn(w http.ResponseWriter, r *http.Request) {
	v, err := params(w, r)
	if err != nil {
		p.problem(w, http.StatusBadRequest, "The form is wrong: "+err.Error()+".")
		return
	}
	u, known := p.user(v.Get("user"))
	if !known && v.Get("cancel") == "" {
		p.problem(w, http.StatusBadRequest, "Nobody has an account under that name.")
		return
	}
	q := p.resume(v.Get("ticket"), waitSignIn)
	if q == nil {
		p.problem(w, http.StatusBadRequest, "This sign-in page is used up or too old. Go back to the application and sign in again.")
		return
	}
	if !known {
		p.refuse(w, r, q, "access_denied", "the person cancelled")
		return
	}
	p.dropSession(r)
	s := &session{subject: u.Subject, at: p.now()}
	id := random()
	p.mu.Lock()
	for k, o := range p.sessions {
		if p.now().Sub(o.at) > sessionLife {
			delete(p.sessions, k)
		}
	}
	p.sessions[id] = s
	p.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(sessionLife.Seconds())})
	p.grant(w, r, q, s)
}

// session returns the browser's session, or nil.
func (p *Provider) session(r *http.Request) *session {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sessions[c.Value]
	if s == nil || p.now().Sub(s.at) > sessionLife {
		delete(p.sessions, c.Value)
		return nil
	}
	return s
}

func (p *Provider) dropSession(r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		p.mu.Lock()
		delete(p.sessions, c.Value)
		p.mu.Unlock()
	}
}

// signedIn is the person of the browser's session, or nil.
func (p *Provider) signedIn(r *http.Request) *User {
	if s := p.session(r); s != nil {
		if u, ok := p.user(s.subject); ok {
			return &u
		}
	}
	return nil
}

func (p *Provider) home(w http.ResponseWriter, r *http.Request) {
	p.render(w, http.StatusOK, "home", page{Title: "Your account", User: p.signedIn(r), Issuer: p.Issuer()})
}
