package login

import (
	"net/url"
	"slices"
	"strings"

	"sluice/internal/problem"
)

const (
	// maxRedirect bounds redirect_to in bytes: it travels inside a JWT inside a URL, and proxies in
	// front of storefronts take some 8 KB of it.
	maxRedirect = 1024
	// maxDecodings is how often percent-encoding may be nested. Honest addresses nest it twice at
	// most.
	maxDecodings = 4
)

// RedirectPath checks where a shopper wants to go after the sign-in: a path of the storefront,
// perhaps with a query and a fragment. It returns text as it is, "" for "", or a problem.Invalid
// that names redirect_to. Nothing is fixed on the way: what browsers or servers read in two ways is
// refused.
func RedirectPath(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if len(text) > maxRedirect {
		return "", refuseRedirect("is longer than %d characters", maxRedirect)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", refuseRedirect("has a space, a control character or a letter outside ASCII: percent-encode it")
	}
	if !strings.HasPrefix(text, "/") {
		return "", refuseRedirect("must be a path of the storefront that begins with /, such as /account.php")
	}
	if u, err := url.Parse(text); err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || u.User != nil {
		return "", refuseRedirect("is not a path of the storefront, such as /account.php")
	}
	// Browsers, proxies and storefronts undo percent-encoding once or more: each form has to be
	// harmless.
	form := text
	for range maxDecodings {
		if reason := harm(form); reason != "" {
			return "", refuseRedirect("%s", reason)
		}
		decoded := percentDecode(form)
		if decoded == form {
			return text, nil
		}
		form = decoded
	}
	return "", refuseRedirect("is percent-encoded too often")
}

func refuseRedirect(format string, args ...any) error {
	return problem.New(problem.Invalid, "The page to go to after the sign-in must be a relative path of the storefront.").
		WithField("redirect_to", format, args...)
}

// harm says why one form of a redirect could lead elsewhere, "" if it cannot.
func harm(form string) string {
	if strings.ContainsFunc(form, func(r rune) bool { return r < ' ' || (r >= 0x7f && r <= 0x9f) }) {
		return "has a control character, perhaps percent-encoded"
	}
	if strings.Contains(form, `\`) {
		return "has a backslash, perhaps percent-encoded, which browsers take for a slash"
	}
	path, _, _ := strings.Cut(form, "#")
	path, _, _ = strings.Cut(path, "?")
	if strings.Contains(path, "//") {
		return "has two slashes in a row, perhaps percent-encoded, which may name another host"
	}
	segments := strings.Split(path, "/")
	if slices.Contains(segments, ".") || slices.Contains(segments, "..") {
		return "has a . or .. in its path: write the path that it leads to"
	}
	return ""
}

// percentDecode undoes percent-encoding where there is some and keeps the rest, as browsers do;
// net/url would refuse the whole text for one stray %.
func percentDecode(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if plain, err := url.PathUnescape(text[i : i+3]); err == nil {
				b.WriteString(plain)
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
