package customer

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// releasedText is the version of the text that pages may name already. When the text changed: copy
// the old one to script/released/<version>.js, unless it never was in a release, and write the new
// version here.
const releasedText = "8927b0c2f0329560"

func TestTheTextIsTheReleasedOne(t *testing.T) {
	if currentText.version != releasedText {
		t.Fatalf("script/sluice.js has the version %s, not %s: see releasedText", currentText.version, releasedText)
	}
	for version, text := range scriptTexts {
		if text.version != version {
			t.Errorf("%s is kept as %s", text.version, version)
		}
	}
}

func TestTheScriptIsSmallAndAlone(t *testing.T) {
	if n := len(currentText.gzipped); n >= 3<<10 {
		t.Errorf("%d bytes gzipped, 3 KB at most", n)
	}
	for _, word := range []string{"import ", "import(", "require(", "eval(", "localStorage", "document.cookie", "console."} {
		if bytes.Contains(currentText.plain, []byte(word)) {
			t.Errorf("the script has %q", word)
		}
	}
}

func settings() ScriptSettings {
	return ScriptSettings{
		AppURL: "https://app.example/", ClientID: "client", StoreHash: "abc123", ChannelID: 1, SignIn: true, ConsentCategory: "functional",
	}
}

// TestTheTag reads the tag as a browser does.
func TestTheTag(t *testing.T) {
	tag := Script(settings())
	nodes, err := html.ParseFragment(strings.NewReader(tag.HTML), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var find func(*html.Node)
	find = func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == "script" {
			for _, a := range n.Attr {
				got[a.Key] = a.Val
			}
		}
		for c := range n.ChildNodes() {
			find(c)
		}
	}
	find(nodes[0])
	want := map[string]string{
		"src": tag.URL, "integrity": tag.Integrity, "crossorigin": "anonymous", "defer": "", "data-client": "client",
		"data-channel": "1", "data-sign-in": "sso", "data-customer": "{{customer.id}}",
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %q, want %q", k, got[k], v)
		}
	}
	if tag.URL != "https://app.example/storefront/abc123/sluice.js?v="+currentText.version {
		t.Errorf("URL %s", tag.URL)
	}
	if tag.Gzip >= 3<<10 || tag.Bytes <= tag.Gzip {
		t.Errorf("%d bytes, %d gzipped", tag.Bytes, tag.Gzip)
	}
}

func TestTheTagsVersionIsOfAllThatIsInstalled(t *testing.T) {
	seen := map[string]string{}
	for name, change := range map[string]func(*ScriptSettings){
		"":         func(*ScriptSettings) {},
		"app":      func(s *ScriptSettings) { s.AppURL = "https://other.example" },
		"client":   func(s *ScriptSettings) { s.ClientID = `cl"ient` },
		"store":    func(s *ScriptSettings) { s.StoreHash = "def" },
		"channel":  func(s *ScriptSettings) { s.ChannelID = 2 },
		"sign-in":  func(s *ScriptSettings) { s.SignIn = false },
		"category": func(s *ScriptSettings) { s.ConsentCategory = "essential" },
	} {
		s := settings()
		change(&s)
		tag := Script(s)
		if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(tag.Version) || tag != Script(s) {
			t.Errorf("%s: %+v", name, tag)
		}
		if other, ok := seen[tag.Version]; ok {
			t.Errorf("%q and %q have the same version", name, other)
		}
		seen[tag.Version] = name
	}
}

func TestTheScriptIsServed(t *testing.T) {
	r := newFixture(t).router
	const path = "/storefront/abc123/sluice.js"
	version := currentText.version
	for name, test := range map[string]struct {
		url, accept, etag string
		status            int
		cache             string
		gzipped           bool
	}{
		"by version":      {path + "?v=" + version, "", "", 200, scriptForever, false},
		"gzipped":         {path + "?v=" + version, "br, gzip;q=0.8", "", 200, scriptForever, true},
		"gzip refused":    {path + "?v=" + version, "gzip;q=0.0, br", "", 200, scriptForever, false},
		"other coding":    {path + "?v=" + version, "x-gzip-not", "", 200, scriptForever, false},
		"without version": {path, "gzip", "", 200, scriptAwhile, true},
		"known already":   {path, "gzip", `"` + version + `-gzip"`, 304, scriptAwhile, false},
		"unknown version": {path + "?v=0000000000000000", "", "", 404, "no-store", false},
		"empty version":   {path + "?v=", "", "", 404, "no-store", false},
		"no store's hash": {"/storefront/ABC/sluice.js?v=" + version, "", "", 404, "no-store", false},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodGet, test.url, nil)
			req.Header.Set("Origin", "https://shop.example")
			req.Header.Set("Accept-Encoding", test.accept)
			if test.etag != "" {
				req.Header.Set("If-None-Match", test.etag)
			}
			w := httptest.NewRecorder()
			r.ServeHTTP(w, req)
			h := w.Header()
			if w.Code != test.status || h.Get("Cache-Control") != test.cache {
				t.Fatalf("%d, cache %q", w.Code, h.Get("Cache-Control"))
			}
			if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("a page with crossorigin=anonymous may not read it: %v", h)
			}
			if got := h.Get("Content-Encoding") == "gzip"; got != test.gzipped {
				t.Errorf("gzipped %v", got)
			}
			if test.status != 200 {
				return
			}
			var body io.Reader = w.Body
			if test.gzipped {
				unzipped, err := gzip.NewReader(body)
				if err != nil {
					t.Fatal(err)
				}
				body = unzipped
			}
			b, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha512.Sum384(b)
			if got := "sha384-" + base64.StdEncoding.EncodeToString(sum[:]); got != Script(settings()).Integrity {
				t.Errorf("what is served has the integrity %s", got)
			}
			if h.Get("Content-Type") != "text/javascript; charset=utf-8" || h.Get("Vary") != "Accept-Encoding" {
				t.Errorf("headers %v", h)
			}
		})
	}
}
