package sandbox

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// codeLife is how long an authorization code may be exchanged.
const codeLife = 5 * time.Minute

// grant is what an authorization code stands for.
type grant struct {
	store  *Store
	user   int64
	scopes []string
	at     time.Time
	used   bool
}

// codes holds the authorization codes that were given out, used ones too: a second use must be told
// from an unknown code in the log.
type codes struct {
	now func() time.Time
	mu  sync.Mutex
	m   map[string]*grant
}

func newCodes(now func() time.Time) *codes { return &codes{now: now, m: map[string]*grant{}} }

func (c *codes) issue(st *Store, user int64, scopes []string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, g := range c.m {
		if c.now().Sub(g.at) > 2*codeLife {
			delete(c.m, k)
		}
	}
	code := randomToken(16)
	c.m[code] = &grant{store: st, user: user, scopes: slices.Clone(scopes), at: c.now()}
	return code
}

// InstallURL confirms the app's scopes for a user and returns the URL that the control panel's
// iframe then opens: the app's auth callback with a fresh code. scopes default to what the app asks
// for. user 0 is the owner.
func (st *Store) InstallURL(user int64, scopes ...string) (string, error) {
	cb := st.sb.callbacks()
	if cb.auth == "" {
		return "", fmt.Errorf("sandbox: the app has no auth callback: call SetApp")
	}
	if len(scopes) == 0 {
		scopes = st.sb.opts.Scopes
	}
	if user == 0 {
		user = st.Owner().ID
	}
	if _, ok := st.User(user); !ok {
		return "", fmt.Errorf("sandbox: store %s has no user %d", st.Hash, user)
	}
	code := st.sb.oauth.issue(st, user, scopes)
	st.mu.RLock()
	account := st.info.AccountUUID
	st.mu.RUnlock()
	return withQuery(cb.auth, url.Values{
		"code": {code}, "scope": {strings.Join(scopes, " ")}, "context": {"stores/" + st.Hash}, "account_uuid": {account},
	}), nil
}

func withQuery(base string, v url.Values) string {
	if strings.Contains(base, "?") {
		return base + "&" + v.Encode()
	}
	return base + "?" + v.Encode()
}

// tokenAnswer is the answer of /oauth2/token.
type tokenAnswer struct {
	AccessToken string    `json:"access_token"`
	Scope       string    `json:"scope"`
	User        tokenUser `json:"user"`
	Owner       tokenUser `json:"owner"`
	Context     string    `json:"context"`
	AccountUUID string    `json:"account_uuid"`
}

type tokenUser struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	Email    string `json:"email"`
}

func tokenUserOf(u *User) tokenUser { return tokenUser{u.ID, u.Username, u.Email} }

// exchange is POST /oauth2/token, as JSON or as a form.
func (s *Sandbox) exchange(w http.ResponseWriter, r *http.Request) {
	in, err := tokenRequest(r)
	if err != nil {
		oauthError(w, "invalid_request", err.Error())
		return
	}
	kind, msg, ans := s.redeem(in)
	if kind != "" {
		s.log.Info("sandbox: token request refused", "error", kind, "reason", msg)
		oauthError(w, kind, msg)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, compact(ans))
}

func oauthError(w http.ResponseWriter, kind, msg string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = io.WriteString(w, compact(map[string]string{"error": kind, "error_description": msg}))
}

// tokenRequest reads the parameters of either form.
func tokenRequest(r *http.Request) (map[string]string, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("the body cannot be read")
	}
	out := map[string]string{}
	if isJSON(r) {
		var m map[string]any
		if json.Unmarshal(body, &m) != nil {
			return nil, fmt.Errorf("the body is not JSON")
		}
		for k, v := range m {
			out[k] = fmt.Sprint(v)
		}
		return out, nil
	}
	ct, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(ct), "application/x-www-form-urlencoded") {
		return nil, fmt.Errorf("send application/json or application/x-www-form-urlencoded")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("the form is malformed")
	}
	for k, v := range form {
		if len(v) != 1 {
			return nil, fmt.Errorf("parameter %s is repeated", k)
		}
		out[k] = v[0]
	}
	return out, nil
}

// redeem checks a token request and, when all is right, installs the app.
func (s *Sandbox) redeem(in map[string]string) (kind, msg string, _ *tokenAnswer) {
	for _, p := range []string{"client_id", "client_secret", "code", "context", "scope", "grant_type", "redirect_uri"} {
		if in[p] == "" {
			return "invalid_request", "missing parameter: " + p, nil
		}
	}
	same := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	switch {
	case in["grant_type"] != "authorization_code":
		return "unsupported_grant_type", "grant_type must be authorization_code", nil
	case !same(in["client_id"], s.clientID), !same(in["client_secret"], s.clientSecret):
		return "invalid_client", "client_id or client_secret is wrong", nil
	case in["redirect_uri"] != s.callbacks().auth:
		return "invalid_grant", "redirect_uri is not identical to the registered auth callback", nil
	}
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	g := s.oauth.m[in["code"]]
	switch {
	case g == nil:
		return "invalid_grant", "the code is unknown", nil
	case g.used:
		return "invalid_grant", "the code was used before", nil
	case s.now().Sub(g.at) > codeLife:
		return "invalid_grant", "the code has expired", nil
	case in["context"] != "stores/"+g.store.Hash:
		return "invalid_grant", "the context is not that of the code", nil
	}
	want, got := slices.Sorted(slices.Values(g.scopes)), strings.Fields(in["scope"])
	slices.Sort(got)
	if !slices.Equal(want, got) {
		return "invalid_scope", "the scope is not what the code granted", nil
	}
	g.used = true
	ans, err := g.store.installed(g)
	if err != nil {
		return "invalid_grant", err.Error(), nil
	}
	return "", "", ans
}

// installed issues the app's token; its former one is invalid from now on.
func (st *Store) installed(g *grant) (*tokenAnswer, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	at := slices.IndexFunc(st.users, func(u *User) bool { return u.ID == g.user })
	if at < 0 {
		return nil, fmt.Errorf("the user was removed from the store")
	}
	st.dropAppTokensLocked()
	secret := st.issueLocked(token{ClientID: st.sb.clientID, Scopes: slices.Clone(g.scopes), App: true})
	st.info.Install = &install{UserID: g.user, Scopes: g.scopes, At: st.sb.now().Unix()}
	st.record(kindStore, 0, st.infoLocked())
	st.flush()
	return &tokenAnswer{
		AccessToken: secret, Scope: strings.Join(g.scopes, " "), User: tokenUserOf(st.users[at]), Owner: tokenUserOf(st.users[0]),
		Context: "stores/" + st.Hash, AccountUUID: st.info.AccountUUID,
	}, nil
}

// Installed reports whether the app is installed; needsAuth that its grant was invalidated, so that
// its next open goes through /auth again.
func (st *Store) Installed() (installed, needsAuth bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	in := st.info.Install
	return in != nil, in != nil && in.Stale
}

// InvalidateToken is what a change of the app's scopes, or a new e-mail of the merchant, does: API
// calls answer 401 until the app is opened again, which sends a fresh /auth.
func (st *Store) InvalidateToken() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.info.Install == nil {
		return
	}
	st.dropAppTokensLocked()
	next := *st.info.Install
	next.Stale = true
	st.info.Install = &next
	st.record(kindStore, 0, st.infoLocked())
	st.flush()
}
