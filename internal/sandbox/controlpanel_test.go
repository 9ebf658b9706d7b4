package sandbox

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser walks the control panel, following redirects.
type browser struct {
	t *testing.T
	r *rig
	c *http.Client
}

func newBrowser(t *testing.T, r *rig) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, r, &http.Client{Transport: r.http.Transport, Jar: jar}}
}

func (b *browser) read(res *http.Response, err error) (int, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if csp := res.Header.Get("Content-Security-Policy"); strings.Contains(res.Header.Get("Content-Type"), "html") && !strings.Contains(csp, "default-src 'none'") {
		b.t.Errorf("policy %q", csp)
	}
	return res.StatusCode, string(body)
}

func (b *browser) get(path string) string {
	b.t.Helper()
	status, body := b.read(b.c.Get(b.r.s.URLs().ControlPanel + path))
	if status != 200 {
		b.t.Fatalf("GET %s: %d", path, status)
	}
	return body
}

func (b *browser) post(path string, form url.Values) string {
	b.t.Helper()
	status, body := b.read(b.c.PostForm(b.r.s.URLs().ControlPanel+path, form))
	if status != 200 {
		b.t.Fatalf("POST %s: %d", path, status)
	}
	return body
}

var frameSrc = regexp.MustCompile(`<iframe[^>]* src="([^"]+)"`)

func (b *browser) frame(page string) *url.URL {
	b.t.Helper()
	m := frameSrc.FindStringSubmatch(page)
	if m == nil {
		b.t.Fatalf("no iframe in %s", page)
	}
	u, err := url.Parse(html.UnescapeString(m[1]))
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

func (b *browser) has(page string, want ...string) {
	b.t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			b.t.Errorf("the page does not say %q", w)
		}
	}
}

func TestControlPanel(t *testing.T) {
	r := newRig(t, Options{})
	a := newApp(t, r)
	b := newBrowser(t, r)
	base := "/manage/abc123"
	app := base + "/app/" + r.s.ClientID()

	b.has(b.get("/"), "Test store", base+"/")
	b.has(b.get(base+"/"), "Enterprise", "7000000 API requests every 30s", r.st.StorefrontURL(1)+"/")
	b.has(b.get(base+"/apps"), "Not installed")
	b.has(b.get(app), "not installed", app+"/install")
	b.has(b.get(app+"/install"), "View and change products", "<code>store_v2_information_read_only</code>", "Confirm", "Cancel")

	page := b.post(app+"/install", nil)
	u := b.frame(page)
	if u.Path != "/auth" || u.Query().Get("code") == "" || !strings.HasPrefix(u.String(), a.URL) {
		t.Errorf("frame %s", u)
	}
	if h := u.Hostname(); h == "localhost" || !strings.HasPrefix(r.s.URLs().ControlPanel, "http://localhost:") {
		t.Errorf("the app at %s is not another site than the panel at %s", h, r.s.URLs().ControlPanel)
	}
	in := map[string]string{"client_id": r.s.ClientID(), "client_secret": r.s.ClientSecret(), "code": u.Query().Get("code"), "grant_type": "authorization_code",
		"context": u.Query().Get("context"), "scope": u.Query().Get("scope"), "redirect_uri": a.URL + "/auth"}
	if status, ans := r.exchange(in, true); status != 200 {
		t.Fatalf("%d %v", status, ans)
	}

	u = b.frame(b.get(app + "?url=/runs/7&channel_id=3&locale=fr"))
	claims := payload(t, r, u.String())
	if u.Path != "/load" || claims["url"] != "/runs/7" || claims["channel_id"] != 3.0 || claims["user"].(map[string]any)["locale"] != "fr" {
		t.Errorf("%s %v", u.Path, claims)
	}

	b.has(b.post(base+"/users", url.Values{"email": {"bob@example.com"}}), "The user was added", "bob@example.com")
	b.has(b.post(base+"/users", url.Values{"email": {"nobody"}}), "Enter an e-mail address")
	bob := r.st.Users()[1]
	b.has(b.post(base+"/user", url.Values{"user": {sprint("%d", bob.ID)}}), "another user")
	claims = payload(t, r, b.frame(b.get(app)).String())
	if claims["user"].(map[string]any)["id"] != float64(bob.ID) {
		t.Errorf("%v", claims["user"])
	}

	b.has(b.post(app+"/scopes", nil), "permissions changed")
	if u := b.frame(b.get(app)); u.Path != "/auth" {
		t.Errorf("after a change of scopes the frame opens %s", u.Path)
	}
	b.has(b.post(base+"/users/remove", url.Values{"user": {sprint("%d", bob.ID)}}), "The user was removed")
	b.has(b.post(base+"/users/remove", url.Values{"user": {sprint("%d", r.st.Owner().ID)}}), "cannot be removed")
	b.has(b.get(base+"/activity"), "API requests", "Webhook deliveries")
	b.has(b.post(app+"/uninstall", nil), "was uninstalled", "Not installed")

	var paths []string
	for _, c := range a.took() {
		paths = append(paths, c.URL.Path)
	}
	if got := strings.Join(paths, " "); got != "/remove_user /uninstall" {
		t.Errorf("the app was called at %s", got)
	}
}

func TestControlPanelRefusals(t *testing.T) {
	r := newRig(t, Options{})
	newApp(t, r)
	b := newBrowser(t, r)
	for _, path := range []string{"/manage/nobody/", "/manage/abc123/app/another", "/nothing"} {
		if status, _ := b.read(b.c.Get(r.s.URLs().ControlPanel + path)); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	// A page of another site may not press the panel's buttons.
	req, err := http.NewRequest("POST", r.s.URLs().ControlPanel+"/manage/abc123/app/"+r.s.ClientID()+"/install", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, _ := b.read(b.c.Do(req)); status != 403 {
		t.Errorf("cross-site POST: %d", status)
	}
	// A spent ticket is no consent.
	b.has(b.get("/manage/abc123/app/"+r.s.ClientID()+"?confirmed=nonsense"), "not installed")
	if page := b.get("/manage/abc123/apps?done=<script>&problem=x"); strings.Contains(page, "<script") {
		t.Error("a query is shown as it is")
	}
}
