package login

import (
	"errors"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"sluice/internal/problem"
)

var accepted = []string{
	"", "/", "/account.php", "/login.php?action=logout", "/cart.php?x=1#top", "/shoes/100%25-wool/",
	"/caf%C3%A9/", "/search?q=a%20b&next=https%3A%2F%2Fother.example%2F", "/a:b/@c", "/...",
	"/" + strings.Repeat("a", maxRedirect-1),
}

var refused = []string{
	"account.php", "https://evil.example/", "javascript:alert(1)", "//evil.example", "///evil.example", `/\evil.example`,
	`\/evil.example`, `\\evil.example`, "/\t/evil.example", "/\n/evil.example", "/\r\nLocation: //evil.example", "/a b", " /a",
	"/a ", "/\x00", "/\x7f", "/\u0085", "/\u202e", "/é", "/%0d%0aSet-Cookie:a=b", "/%00", "/%2f/evil.example", "/%2Fevil.example",
	"/%5cevil.example", "/%5Cevil.example", "/%255cevil.example", "/%252fevil.example", "/%25252fevil.example", "/a//b",
	"/..//evil.example", "/./x", "/a/../b", "/%2e%2e/b", "/%2e%2e%2f%2fevil.example", "/%zz", "/%", "/?q=%0a", "/?q=%5c", "/a%",
	"http:/evil", "?x=1", "#top", "..", "data:text/html,x", "/%c2%85", "/%2525252525252fevil", "/%09/evil.example", "/\uff0fevil.example",
	"/" + strings.Repeat("a", maxRedirect),
}

func TestRedirectPath(t *testing.T) {
	for _, text := range accepted {
		if got, err := RedirectPath(text); err != nil || got != text {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range refused {
		got, err := RedirectPath(text)
		var p *problem.Error
		if got != "" || !errors.As(err, &p) || p.Code != problem.Invalid || len(p.Fields) != 1 || p.Fields[0].Field != "redirect_to" {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

// browserHost is where a browser goes from https://shop.example: it drops tabs and line ends,
// trims, and takes a backslash for a slash.
func browserHost(text string) (string, error) {
	text = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.TrimFunc(text, func(r rune) bool { return r <= ' ' }))
	base := &url.URL{Scheme: "https", Host: "shop.example", Path: "/login/token/x"}
	u, err := base.Parse(text)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}

// FuzzRedirectPath: what is accepted leads to the storefront, in whatever form a browser or a
// server reads it.
func FuzzRedirectPath(f *testing.F) {
	for _, text := range append(accepted, refused...) {
		f.Add(text)
	}
	f.Fuzz(leadsHome)
}

// leadsHome fails when RedirectPath takes a text that leads anywhere but to the storefront.
func leadsHome(t *testing.T, text string) {
	got, err := RedirectPath(text)
	if err != nil {
		if problem.CodeOf(err) != problem.Invalid || got != "" {
			t.Fatalf("%q: %q, %v", text, got, err)
		}
		return
	}
	if got != text {
		t.Fatalf("%q became %q", text, got)
	}
	for form, again := text, ""; form != again; {
		// The first form is a URL; a decoded one may hold a stray % and then is none.
		if host, err := browserHost(form); form == text && err != nil || err == nil && host != "https://shop.example" {
			t.Fatalf("%q as %q leads to %q, %v", text, form, host, err)
		}
		if strings.HasPrefix(form, "//") || strings.ContainsAny(form, "\\\r\n\t\x00") {
			t.Fatalf("%q has the form %q", text, form)
		}
		again = form
		if plain, err := url.PathUnescape(form); err == nil {
			form, again = plain, form
		}
	}
}

// TestRedirectPathOfFragments puts texts together from what attacks on redirects are made of, which
// a fuzzer that knows only bytes seldom does.
func TestRedirectPathOfFragments(t *testing.T) {
	fragments := []string{
		"/", "/", "//", `\`, "%2f", "%2F", "%5c", "%255c", "%252f", "%25", "%", "%0d%0a", "%09", "%00", "\t", "\n", "\r", "\x00", " ", "..", ".", "%2e%2e", ";", "@", ":", "?", "#", "&", "=",
		"evil.example", "shop.example", "https:", "javascript:", "data:", "account.php", "a", "é", "\u3002", "\uff0f", "%ef%bc%8f", "%c0%af", "[::1]", "127.0.0.1", "~", "!", "$", "*", "(", "'", "\"", "<", "{", "|", "^", "`",
	}
	taken := 0
	for range 200_000 {
		var b strings.Builder
		if rand.IntN(4) > 0 {
			b.WriteByte('/')
		}
		for range rand.IntN(9) {
			b.WriteString(fragments[rand.IntN(len(fragments))])
		}
		leadsHome(t, b.String())
		if _, err := RedirectPath(b.String()); err == nil {
			taken++
		}
	}
	if taken == 0 {
		t.Error("every text was refused: nothing was tested")
	}
}
