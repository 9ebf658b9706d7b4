package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/tenants"
)

// TestSecretsAreNowhereInPlainText installs, syncs, fails, reinstalls and uninstalls with the log
// at debug level, and then looks for every secret that went through in the database's files, the
// logs and all HTTP answers.
func TestSecretsAreNowhereInPlainText(t *testing.T) {
	t.Parallel()
	var logs lockedBuffer
	answers := &recorder{}
	h := newHouse(t, houseOptions{log: slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug})), wrap: answers.wrap})
	s := h.newShop(t)
	secrets := &secretList{}
	keyID, key, _ := strings.Cut(h.cfg.EncryptionKeys, ":")
	rawKey, err := base64.StdEncoding.DecodeString(key)
	s.do(err)
	secrets.add("encryption key", key)
	secrets.add("encryption key's bytes", string(rawKey))
	secrets.add("client secret", h.cfg.ClientSecret)
	secrets.add("access token", s.accessToken())

	// A feed behind a password, whose server repeats it when it is wrong.
	const authorization = "Basic ZmVlZDpsZXQtbWUtaW4tcGxlYXNlLTE5"
	secrets.add("the source's Authorization", authorization)
	secrets.add("the source's password", strings.TrimPrefix(authorization, "Basic "))
	// Its address has a token besides, and its server repeats that too.
	const feedToken = "Kx81-token-of-the-feed-72"
	secrets.add("the source's token", feedToken)
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != authorization {
			http.Error(w, "need "+authorization, http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, feedHeader+"A,First,1.50,1\nB,Second,one,1\n")
	})
	if r := s.run(); r.State != tenants.RunFailed {
		t.Fatalf("without the password the run is %s", r.State)
	}
	s.call(http.MethodPut, "/flows/"+s.flow.ID, map[string]any{
		"version": s.flow.Version, "name": s.flow.Name, "format": s.flow.Format, "mapping": s.flow.Mapping, "options": s.flow.Options,
		"source": map[string]string{"kind": "url", "url": s.address + "?format=csv&token=" + feedToken, "authorization": authorization},
	}, s.flow)
	run := s.run()
	if run.State != tenants.RunDone || run.Created != 1 || run.Failed != 1 {
		t.Fatalf("%+v", run.Run)
	}
	s.serve(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not any more: "+authorization+" "+feedToken, http.StatusForbidden)
	})
	s.run()
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusFound)
	})
	s.run()
	s.serve(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s.run()

	// An API key: its secret is answered once.
	var made struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	}
	s.call(http.MethodPost, "/api-keys", map[string]any{"name": "ERP", "scopes": []string{"flows:read"}}, &made)
	s.do(withKey(h.app, made.Secret).call(t.Context(), http.MethodGet, "/flows", nil, nil))

	for _, path := range []string{
		"/session", "/quota", "/kinds", "/kinds/products/fields", "/connectors", "/flows", "/flows/" + s.flow.ID, "/runs", "/runs/" + run.ID, "/runs/" + run.ID + "/issues",
		"/runs/" + run.ID + "/changes", "/users", "/api-keys", "/audit",
	} {
		s.call(http.MethodGet, path, nil, nil)
	}
	s.call(http.MethodPost, "/sources/inspect", map[string]any{"flow_id": s.flow.ID, "source": map[string]string{"kind": "upload", "snapshot_id": run.SnapshotID}}, nil)
	s.call(http.MethodPost, "/session/renew", map[string]any{}, nil)
	s.liveEvents()

	// Payloads that are refused, for every reason.
	claims, err := s.store.Claims(0, sandbox.LoadOptions{})
	s.do(err)
	expired, foreign := jwt.MapClaims{}, jwt.MapClaims{}
	for k, v := range claims {
		expired[k], foreign[k] = v, v
	}
	expired["exp"], foreign["aud"] = time.Now().Add(-time.Hour).Unix(), "someone-else"
	forged, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("not the secret"))
	s.do(err)
	for _, token := range []string{s.store.SignPayload(expired), s.store.SignPayload(foreign), forged} {
		for _, query := range []string{"/load?signed_payload_jwt=", "/uninstall?signed_payload_jwt=", "/load?signed_payload="} {
			if status := s.get(query + token); status < 400 {
				t.Errorf("GET %s… answered %d", query, status)
			}
		}
	}
	if status := s.get("/auth?code=not-a-code-of-anyone-77&scope=store_v2_products&context=stores/" + s.store.Hash); status < 400 {
		t.Errorf("an unknown code answered %d", status)
	}

	// Another token, a user who goes, and the end.
	s.store.InvalidateToken()
	s.do(s.merchant.open(t.Context()))
	s.call(http.MethodGet, "/session", nil, nil)
	secrets.add("second access token", s.accessToken())
	user := s.store.AddUser(sandbox.UserSpec{Email: "clerk@shop.example"})
	clerk, err := s.store.LoadURL(user.ID, sandbox.LoadOptions{})
	s.do(err)
	if status := s.get(strings.TrimPrefix(clerk, h.app)); status != http.StatusOK {
		t.Errorf("the clerk was answered %d", status)
	}
	s.do(s.store.RemoveUser(t.Context(), user.ID))
	s.do(s.store.Uninstall(t.Context()))
	s.do(h.sandbox.SettleHooks(t.Context()))

	for _, q := range answers.queries("code") {
		secrets.add("authorization code", q)
	}
	for _, q := range append(answers.queries("signed_payload_jwt"), answers.queries("signed_payload")...) {
		secrets.add("signed payload", q)
		secrets.add("signed payload's signature", q[strings.LastIndexByte(q, '.')+1:])
	}
	// What the panel is given to call us with is in the answers that give it, and nowhere else.
	shown := &secretList{}
	shown.add("API key", made.Secret)
	for _, token := range answers.bearers() {
		if token != made.Secret {
			shown.add("session token", token)
		}
	}
	if len(secrets.list) < 20 || len(shown.list) < 3 {
		t.Fatalf("only %d and %d secrets were seen", len(secrets.list), len(shown.list))
	}

	database := databaseFiles(t, strings.TrimPrefix(h.cfg.DatabaseURL, "sqlite:"))
	places := map[string][]byte{"the database's files": database, "the logs": logs.bytes(), "the HTTP answers": answers.all()}
	for name, content := range places {
		if !bytes.Contains(content, []byte(s.store.Hash)) {
			t.Errorf("%s do not even name the store: is this what was written?", name)
		}
		secrets.wantNone(t, name, content)
		if name != "the HTTP answers" {
			shown.wantNone(t, name, content)
		}
	}
	if !bytes.Contains(database, []byte(keyID)) {
		t.Error("no sealed value names its key: is anything sealed in these files?")
	}
	if !bytes.Contains(logs.bytes(), []byte(`"level":"DEBUG"`)) {
		t.Error("the log was not at debug level")
	}
	if n := bytes.Count(answers.all(), []byte(made.Secret)); n != 1 {
		t.Errorf("the API key's secret was answered %d times, want once", n)
	}
	for _, path := range answers.pathsWith(shown.list) {
		if !slices.Contains([]string{"GET /auth", "GET /load", "POST /api/v1/session/renew", "POST /api/v1/api-keys"}, path) {
			t.Errorf("%s answered a session token or an API key", path)
		}
	}
}

// accessToken returns the store's token as Sluice has it, once it is sure that BigCommerce takes
// it.
func (s *shop) accessToken() string {
	s.t.Helper()
	token, err := s.house.program.db.AccessToken(tenants.WithStore(s.t.Context(), s.store.Hash), s.store.Hash)
	s.do(err)
	client, err := bigcommerce.New(bigcommerce.Config{APIURL: s.house.cfg.APIURL, StoreHash: s.store.Hash, AccessToken: token})
	s.do(err)
	_, err = client.Store.Get(s.t.Context())
	s.do(err)
	return token
}

// get fetches an address of the app as a browser does.
func (s *shop) get(path string) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.house.app+path, nil)
	s.do(err)
	req.Header.Set("Accept", "text/html")
	res, err := s.merchant.http.Do(req)
	s.do(err)
	_, err = io.Copy(io.Discard, res.Body)
	s.do(err)
	s.do(res.Body.Close())
	return res.StatusCode
}

// liveEvents reads the beginning of the live event stream.
func (s *shop) liveEvents() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.house.app+"/api/v1/events", nil)
	s.do(err)
	req.Header.Set("Authorization", "Bearer "+s.merchant.token)
	res, err := s.merchant.http.Do(req)
	s.do(err)
	defer res.Body.Close()
	if n, err := res.Body.Read(make([]byte, 4096)); n == 0 {
		s.t.Errorf("no live event: %v", err)
	}
}

// databaseFiles reads all files of an SQLite database that is in use.
func databaseFiles(t *testing.T, path string) []byte {
	t.Helper()
	var all []byte
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// secretList is what must not be found.
type secretList struct {
	list []secret
}

type secret struct{ what, value string }

func (l *secretList) add(what, value string) {
	if len(value) < 16 {
		panic(fmt.Sprintf("%s is too short to look for", what))
	}
	l.list = append(l.list, secret{what, value})
}

// wantNone looks for every secret in content, as it is and as common encodings write it.
func (l *secretList) wantNone(t *testing.T, place string, content []byte) {
	t.Helper()
	for _, s := range l.list {
		forms := map[string]string{
			"": s.value, " in hex": hex.EncodeToString([]byte(s.value)), " in base64": base64.StdEncoding.EncodeToString([]byte(s.value)),
			" in URL base64": base64.RawURLEncoding.EncodeToString([]byte(s.value)),
		}
		for form, value := range forms {
			if i := bytes.Index(content, []byte(value)); i >= 0 {
				t.Errorf("the %s%s is in %s, after %q", s.what, form, place, content[max(0, i-80):i])
			}
		}
	}
}

// recorder keeps every answer of a handler, and what was asked.
type recorder struct {
	mu    sync.Mutex
	calls []*recorded
}

type recorded struct {
	http.ResponseWriter
	mu      sync.Mutex
	request *http.Request
	body    bytes.Buffer
}

func (r *recorder) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		call := &recorded{ResponseWriter: w, request: req.Clone(context.WithoutCancel(req.Context()))}
		r.mu.Lock()
		r.calls = append(r.calls, call)
		r.mu.Unlock()
		next.ServeHTTP(call, req)
	})
}

func (c *recorded) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.body.Write(b)
	c.mu.Unlock()
	return c.ResponseWriter.Write(b)
}

func (c *recorded) Flush() { c.ResponseWriter.(http.Flusher).Flush() }

// answer is the whole answer: headers and body.
func (c *recorded) answer() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b bytes.Buffer
	_ = c.Header().Clone().Write(&b)
	b.Write(c.body.Bytes())
	return b.Bytes()
}

func (r *recorder) each(f func(*recorded)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		f(c)
	}
}

func (r *recorder) all() []byte {
	var all bytes.Buffer
	r.each(func(c *recorded) { all.Write(c.answer()) })
	return all.Bytes()
}

// queries returns the values that a query parameter had.
func (r *recorder) queries(name string) (values []string) {
	r.each(func(c *recorded) {
		if v := c.request.URL.Query().Get(name); v != "" {
			values = append(values, v)
		}
	})
	return values
}

// bearers returns the tokens that callers used, each once.
func (r *recorder) bearers() (tokens []string) {
	r.each(func(c *recorded) {
		if v, ok := strings.CutPrefix(c.request.Header.Get("Authorization"), "Bearer "); ok && !slices.Contains(tokens, v) {
			tokens = append(tokens, v)
		}
	})
	return tokens
}

// pathsWith returns which requests were answered with one of the secrets.
func (r *recorder) pathsWith(list []secret) (paths []string) {
	r.each(func(c *recorded) {
		for _, s := range list {
			if bytes.Contains(c.answer(), []byte(s.value)) {
				paths = append(paths, c.request.Method+" "+c.request.URL.Path)
			}
		}
	})
	return paths
}

// lockedBuffer is a buffer that many may write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}
