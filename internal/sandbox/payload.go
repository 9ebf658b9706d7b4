package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// payloadLife is how long a signed payload is valid; nbf lies payloadSkew before iat.
const (
	payloadLife = 24 * time.Hour
	payloadSkew = 5 * time.Second
)

// LoadOptions are what the control panel may say when it opens the app.
type LoadOptions struct {
	URL       string // deep link; default "/"
	ChannelID *int64 // channel the merchant came from; nil is null
	Locale    string // default the user's
}

// LoadURL returns the URL that the control panel's iframe opens for a user of a store that has the
// app. user 0 is the owner.
func (st *Store) LoadURL(user int64, o LoadOptions) (string, error) {
	cb := st.sb.callbacks()
	if cb.load == "" {
		return "", fmt.Errorf("sandbox: the app has no load callback: call SetApp")
	}
	return st.signedURL(cb.load, user, o)
}

func (st *Store) signedURL(base string, user int64, o LoadOptions) (string, error) {
	if user == 0 {
		user = st.Owner().ID
	}
	u, ok := st.User(user)
	if !ok {
		return "", fmt.Errorf("sandbox: store %s has no user %d", st.Hash, user)
	}
	return signed(base, st.SignPayload(st.claims(u, o))), nil
}

func signed(base, token string) string {
	return withQuery(base, url.Values{"signed_payload_jwt": {token}})
}

// Claims returns the claims of a signed payload for a user, for tests to alter and sign.
func (st *Store) Claims(user int64, o LoadOptions) (jwt.MapClaims, error) {
	if user == 0 {
		user = st.Owner().ID
	}
	u, ok := st.User(user)
	if !ok {
		return nil, fmt.Errorf("sandbox: store %s has no user %d", st.Hash, user)
	}
	return st.claims(u, o), nil
}

func (st *Store) claims(u User, o LoadOptions) jwt.MapClaims {
	now := st.sb.now()
	if o.URL == "" {
		o.URL = "/"
	}
	if o.Locale == "" {
		o.Locale = u.Locale
	}
	var channel any
	if o.ChannelID != nil {
		channel = *o.ChannelID
	}
	owner := st.Owner()
	return jwt.MapClaims{
		"aud": st.sb.clientID, "iss": "bc", "iat": now.Unix(), "nbf": now.Add(-payloadSkew).Unix(),
		"exp": now.Add(payloadLife).Unix(), "jti": uuid.NewString(), "sub": "stores/" + st.Hash,
		"user":  map[string]any{"id": u.ID, "email": u.Email, "locale": o.Locale},
		"owner": map[string]any{"id": owner.ID, "email": owner.Email},
		"url":   o.URL, "channel_id": channel,
	}
}

// SignPayload signs claims as the platform does: HS256 with the client secret.
func (st *Store) SignPayload(claims jwt.MapClaims) string {
	t, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(st.sb.clientSecret))
	if err != nil {
		panic("sandbox: sign payload: " + err.Error()) // HMAC over our own claims cannot fail
	}
	return t
}

// Uninstall removes the app: its token, its hooks and its scripts with auto_uninstall go, and the
// platform tells the app's uninstall callback, before or after (Choices.UninstallTellsFirst). An
// app that does not answer 2xx is an error here; it is uninstalled all the same.
func (st *Store) Uninstall(ctx context.Context) error {
	if in, _ := st.Installed(); !in {
		return fmt.Errorf("sandbox: the app is not installed on %s", st.Hash)
	}
	if !st.sb.opts.Choices.UninstallTellsFirst {
		st.dropApp()
		return st.tellUninstall(ctx)
	}
	err := st.tellUninstall(ctx)
	st.dropApp()
	return err
}

// dropApp takes away what the app has in the store, and tells its webhook.
func (st *Store) dropApp() {
	st.mu.Lock()
	event := &event{st: st, scope: "store/app/uninstalled", at: st.sb.now()}
	hooks := st.hooksFor(event.scope, event.at)
	hooks = slices.DeleteFunc(hooks, func(h hook) bool { return h.ClientID != st.sb.clientID })
	st.dropAppTokensLocked()
	for _, id := range sortedKeys(st.hooks) {
		if st.hooks[id].ClientID == st.sb.clientID {
			st.dropHook(st.hooks[id])
		}
	}
	for _, id := range sortedKeys(st.shop.scripts) {
		if sc := st.shop.scripts[id]; sc.ClientID == st.sb.clientID && sc.AutoUninstall {
			st.dropScriptLocked(sc)
		}
	}
	st.info.Install = nil
	st.record(kindStore, 0, st.infoLocked())
	st.flush()
	st.mu.Unlock()
	event.id, event.body = st.eventBody(event.scope, map[string]any{"type": "store"}, event.at)
	st.sb.hooks.send(event, hooks)
}

func (st *Store) tellUninstall(ctx context.Context) error {
	cb := st.sb.callbacks()
	if cb.uninstall == "" {
		return nil
	}
	u, err := st.signedURL(cb.uninstall, 0, LoadOptions{})
	if err != nil {
		return err
	}
	return st.sb.callApp(ctx, "uninstall", u)
}

// RemoveUser takes away a person's access and, when the app is installed, tells its remove_user
// callback. The owner cannot be removed.
func (st *Store) RemoveUser(ctx context.Context, id int64) error {
	cb := st.sb.callbacks()
	u, ok := st.User(id)
	switch {
	case !ok:
		return fmt.Errorf("sandbox: store %s has no user %d", st.Hash, id)
	case u.Owner:
		return fmt.Errorf("sandbox: the owner cannot be removed")
	}
	token := st.SignPayload(st.claims(u, LoadOptions{}))
	st.mu.Lock()
	st.users = slices.DeleteFunc(slices.Clone(st.users), func(u *User) bool { return u.ID == id })
	st.record(kindUser, id, nil)
	st.flush()
	installed := st.info.Install != nil
	st.mu.Unlock()
	if !installed || cb.removeUser == "" {
		return nil
	}
	return st.sb.callApp(ctx, "remove_user", signed(cb.removeUser, token))
}

// callApp makes one of the platform's own GETs to the app.
func (s *Sandbox) callApp(ctx context.Context, what, u string) error {
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return fmt.Errorf("sandbox: %s callback: %w", what, err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("sandbox: %s callback failed", what) // the error's text has the URL, with the token
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	_ = res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("sandbox: %s callback answered %s", what, strconv.Itoa(res.StatusCode))
	}
	return nil
}
