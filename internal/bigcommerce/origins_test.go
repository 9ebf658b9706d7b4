package bigcommerce

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestOrigins(t *testing.T) {
	site := Site{URL: "https://Shop.Example.com/", URLs: []SiteURL{
		{"https://shop.example.com", "primary"}, {"https://store-29i23fcz6.mybigcommerce.com", "canonical"},
		{"https://checkout.example.com", "checkout"}, {"https://www.example.com:443/", "primary"}, {"javascript:alert(1)", "primary"},
	}}
	want := []string{"https://shop.example.com", "https://store-29i23fcz6.mybigcommerce.com", "https://www.example.com"}
	if got := site.Origins(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := new(Site).Origins(); len(got) != 0 {
		t.Errorf("%q of a site without a URL", got)
	}
}

func TestStorefrontURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://kittens.mybigcommerce.com/": "https://kittens.mybigcommerce.com",
		"HTTPS://KITTENS.example":            "https://kittens.example",
		" https://kittens.example/en/ ":      "https://kittens.example/en",
		"https://kittens.example/a%2Fb?q#f":  "https://kittens.example/a%2Fb",
		"https://kittens.example:443":        "https://kittens.example",
		"https://kittens.example:8443/":      "https://kittens.example:8443",
		"https://kittens.example:08443/":     "https://kittens.example:8443",
		"https://kittens.example.":           "https://kittens.example",
		"https://münchen.example":            "https://xn--mnchen-3ya.example",
		"https://192.0.2.7":                  "https://192.0.2.7",
		"https://[2001:DB8::1]:444":          "https://[2001:db8::1]:444",
		"http://kittens.example/":            "https://kittens.example",
		"http://kittens.example:80/en":       "https://kittens.example/en",
		"http://localhost:3000/":             "http://localhost:3000",
		"http://shop.localhost:80":           "http://shop.localhost",
		"http://127.0.0.1:8081":              "http://127.0.0.1:8081",
		"http://[::1]":                       "http://[::1]",
		"http://localhost:443":               "http://localhost:443",
		"https://localhost:80":               "https://localhost:80",

		"":                              "",
		"kittens.example":               "",
		"//kittens.example":             "",
		"http://kittens.example:8080":   "",
		"ftp://kittens.example":         "",
		"https:kittens.example":         "",
		"https://user:pw@kittens.test":  "",
		"https://":                      "",
		"https://:443":                  "",
		"https://kittens.example:0":     "",
		"https://kittens.example:65536": "",
		"https://kittens.example:x":     "",
		"https://*.example.com":         "",
		"https://a b.example":           "",
		"https://127.1":                 "",
		"https://0x7f000001":            "",
		"https://[fe80::1%25eth0]":      "",
		"https://kittens.example\nX: y": "",
		"https://" + strings.Repeat("a", 64) + ".example": "",
		"null": "",
	} {
		if got := StorefrontURL(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

// FuzzStorefrontURL: whatever a site's URL is, the result is one that browsers would write the same
// way, and reading it again changes nothing.
func FuzzStorefrontURL(f *testing.F) {
	for _, seed := range []string{"https://Shop.example:443/a/", "http://localhost:80", "https://münchen.example", "https://[::1]:8443/%41", "http://a..b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := StorefrontURL(raw)
		if got == "" {
			return
		}
		if again := StorefrontURL(got); again != got {
			t.Errorf("%q became %q, and that %q", raw, got, again)
		}
		u, err := url.Parse(got)
		if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Host == "" || u.Host != strings.ToLower(u.Host) {
			t.Errorf("%q: %q, %v", raw, got, err)
		}
		for _, origin := range (&Site{URL: raw}).Origins() {
			if origin != u.Scheme+"://"+u.Host || strings.ContainsFunc(origin, func(r rune) bool { return r <= ' ' || r > '~' || r == '*' || r == '"' }) {
				t.Errorf("%q: origin %q of %q", raw, origin, got)
			}
		}
	})
}
