package sso

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"sluice/internal/problem"
	"sluice/tenants"
)

const (
	// stateFor is how long a shopper may take at the provider.
	stateFor = 10 * time.Minute
	// columnState and columnHint are what a sealed value is bound to beside its store. Never rename
	// them.
	columnState = "sso.state"
	columnHint  = "sso.id_token_hint"
	// hintFor is how long the ID token is kept in the browser as the hint of a later sign-out.
	hintFor = 24 * time.Hour
	// maxHint keeps a cookie within the 4,096 bytes that browsers take.
	maxHint = 3800
)

// flow is a sign-in, or a sign-out, that is under way at the provider.
type flow struct {
	Out        bool      `json:"out,omitempty"` // a sign-out
	Own        bool      `json:"own,omitempty"` // comes back to the store's own address, else to the shared one
	ChannelID  int64     `json:"channel"`
	RedirectTo string    `json:"to,omitempty"`
	StoreDone  bool      `json:"done,omitempty"`    // the storefront's own session has ended already
	Browser    string    `json:"browser,omitempty"` // hash of the cookie of the browser that began it
	Nonce      string    `json:"nonce,omitempty"`
	Verifier   string    `json:"verifier,omitempty"` // of PKCE
	Issuer     string    `json:"iss,omitempty"`
	NeedIssuer bool      `json:"need_iss,omitempty"` // the provider announced that its answer names it (RFC 9207)
	ClientID   string    `json:"client,omitempty"`
	Began      time.Time `json:"began"`
}

// statePattern is a state of ours: the store's hash and a random id.
var statePattern = regexp.MustCompile(`^([a-z0-9]{1,32})\.([A-Z2-7]{26})$`)

// answered returns the store and the id of the state in an answer of a provider, and the context of
// that store. An answer that comes to a store's own address is that store's: one with another's
// state is refused, before anything is looked up or sent. ok is false if there is no state of ours.
func answered(c *gin.Context) (ctx context.Context, id string, ok bool, err error) {
	ctx = c.Request.Context()
	path, own := c.Params.Get("store_hash")
	if own && !tenants.ValidStoreHash(path) {
		return ctx, "", false, problem.New(problem.StoreNotInstalled, "There is no such store.")
	}
	store := path
	var m []string
	if states := c.QueryArray("state"); len(states) == 1 { // RFC 6749, section 3.1: no parameter comes twice
		m = statePattern.FindStringSubmatch(states[0])
	}
	if m != nil && !own {
		store = m[1]
	}
	if store != "" {
		ctx = tenants.WithStore(ctx, store)
		c.Request = c.Request.WithContext(ctx)
	}
	switch {
	case m == nil:
		return ctx, "", false, nil
	case m[1] != store:
		return ctx, "", false, refuse(codeStoreMixUp, http.StatusBadRequest, tryAgain,
			"An answer for another sign-in came to this store's address. If it happens again, somebody tries to have your shoppers sign in for them.")
	}
	return ctx, m[2], true, nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// stateKey is where a flow waits. The id itself is not in Redis: who reads Redis cannot answer for
// a shopper.
func stateKey(store, id string) string {
	return "sluice:idp:{" + store + "}:state:" + digest(id)
}

// keep seals f for ctx's store and returns the state that brings it back, once.
func (s *Service) keep(ctx context.Context, f flow) (state string, err error) {
	store, id := tenants.StoreHash(ctx), rand.Text()
	f.Began = s.now().UTC()
	plain, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	sealed, err := s.cfg.DB.Vault().Seal(store, columnState, plain)
	if err != nil {
		return "", err
	}
	if err := s.cfg.Redis.Set(ctx, stateKey(store, id), sealed, stateFor).Err(); err != nil {
		return "", problem.Wrap(err, problem.Unavailable, "Redis did not answer: the sign-in could not begin.")
	}
	return store + "." + id, nil
}

// take returns the flow of a state and forgets it. ctx is the store's, which the state names.
func (s *Service) take(ctx context.Context, id string) (*flow, error) {
	store := tenants.StoreHash(ctx)
	unknown := refuse(codeStateUnknown, http.StatusBadRequest, "This sign-in took too long or was used already. "+tryAgain,
		"The state of the provider's answer is older than %s, was used before, or was never given out.", stateFor)
	sealed, err := s.cfg.Redis.GetDel(ctx, stateKey(store, id)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, unknown
	}
	if err != nil {
		return nil, problem.Wrap(err, problem.Unavailable, "Redis did not answer: the sign-in could not go on.")
	}
	plain, err := s.cfg.DB.Vault().Open(store, columnState, sealed)
	if err != nil { // sealed for another store, or with a key that is gone
		return nil, unknown.with(err)
	}
	var f flow
	if err := json.Unmarshal(plain, &f); err != nil {
		return nil, fmt.Errorf("sso: state: %w", err)
	}
	if s.now().Sub(f.Began) > stateFor {
		return nil, unknown
	}
	return &f, nil
}

// cookie names. The prefixes keep other hosts of the domain, and pages without TLS, from setting
// them.
func (s *Service) browserCookie() string {
	if s.secure {
		return "__Host-sluice_sso"
	}
	return "sluice_sso"
}

func (s *Service) hintCookie() string {
	if s.secure {
		return "__Secure-sluice_hint"
	}
	return "sluice_hint"
}

var browserPattern = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// bindBrowser gives the browser a secret of its own, or renews the one it has, and returns its hash
// for a store. A browser keeps one for all its tabs; what it began at one store it cannot end at
// another.
func (s *Service) bindBrowser(c *gin.Context, store string) string {
	value, err := c.Cookie(s.browserCookie())
	if err != nil || !browserPattern.MatchString(value) {
		value = rand.Text()
	}
	http.SetCookie(c.Writer, &http.Cookie{
		Name: s.browserCookie(), Value: value, Path: "/", MaxAge: int(stateFor.Seconds()),
		Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode, // Lax: the provider's answer is a navigation
	})
	return digest(store + "." + value)
}

// sameBrowser reports whether the request comes from the browser that a flow of a store began in.
func (s *Service) sameBrowser(c *gin.Context, store string, f *flow) bool {
	value, err := c.Cookie(s.browserCookie())
	return err == nil && browserPattern.MatchString(value) && f.Browser != "" &&
		subtle.ConstantTimeCompare([]byte(digest(store+"."+value)), []byte(f.Browser)) == 1
}

// hintColumn is what a hint is bound to beside its store: the provider that gave the ID token, and
// the client that it gave it to. It says who the shopper is, which is no other provider's to know.
func hintColumn(p *tenants.IdentityProvider) string {
	return columnHint + "." + digest(p.Issuer+"\x00"+p.ClientID)
}

// keepHint leaves an ID token of p with the browser, sealed, for a later sign-out. One that is too
// long for a cookie is left out: the provider then asks the shopper.
func (s *Service) keepHint(c *gin.Context, p *tenants.IdentityProvider, idToken string) {
	store := p.StoreHash
	sealed, err := s.cfg.DB.Vault().Seal(store, hintColumn(p), []byte(idToken))
	value := base64.RawURLEncoding.EncodeToString(sealed)
	if err != nil || len(value) > maxHint {
		return
	}
	s.setHint(c, store, value, int(hintFor.Seconds()))
}

func (s *Service) setHint(c *gin.Context, store, value string, maxAge int) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: s.hintCookie(), Value: value, Path: "/sso/" + store + "/", MaxAge: maxAge,
		Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// takeHint returns the ID token of p that the browser keeps, "" if none, and has it deleted. One
// that the store's shopper has from another provider, or that p gave to another client, is deleted
// unread.
func (s *Service) takeHint(c *gin.Context, p *tenants.IdentityProvider) string {
	value, err := c.Cookie(s.hintCookie())
	if err != nil {
		return ""
	}
	s.setHint(c, p.StoreHash, "", -1)
	sealed, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil {
		return ""
	}
	plain, err := s.cfg.DB.Vault().Open(p.StoreHash, hintColumn(p), sealed)
	if err != nil {
		return ""
	}
	return string(plain)
}
