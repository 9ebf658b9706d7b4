package sandbox

import (
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// consentChoice is a category that a shopper may allow or deny (consent.sf.yml).
type consentChoice struct {
	ID             int
	Category, Text string
}

var consentChoices = []consentChoice{
	{1, "analytics", "Analytics"},
	{2, "functional", "Functional"},
	{3, "targeting", "Targeting and advertising"},
}

const consentCookie = "bc_consent"

// consent is what the shopper chose; the JSON of the cookie and of the request that sets it.
type consent struct {
	Allow []int `json:"allow"`
	Deny  []int `json:"deny"`
}

// valid holds a choice to a complete set: every category once.
func (c *consent) valid() bool {
	all := slices.Sorted(slices.Values(slices.Concat(c.Allow, c.Deny)))
	return c.Allow != nil && c.Deny != nil && slices.Equal(all, []int{1, 2, 3})
}

// choice reads the shopper's consent; nil until there is one.
func (f *storefront) choice(r *http.Request) *consent {
	c, err := r.Cookie(f.cookie(consentCookie))
	if err != nil {
		return nil
	}
	raw, err := url.QueryUnescape(c.Value)
	if err != nil {
		return nil
	}
	var out consent
	if json.Unmarshal([]byte(raw), &out) != nil || !out.valid() {
		return nil
	}
	return &out
}

func (f *storefront) consented(r *http.Request) bool { return f.choice(r) != nil }

// setConsent is POST /api/storefront/consent.
func (f *storefront) setConsent(w http.ResponseWriter, r *http.Request) {
	if !f.st.ConsentBanner() {
		writeReply(w, fail(http.StatusBadRequest, "Shopper consent tracking is not enabled.", nil))
		return
	}
	if !isJSON(r) {
		writeReply(w, fail(http.StatusUnsupportedMediaType, "Unsupported Media Type", nil))
		return
	}
	var c consent
	dec := json.NewDecoder(io.LimitReader(r.Body, 4<<10))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil || !c.valid() {
		writeReply(w, fail(http.StatusBadRequest, "allow and deny must name each of the categories 1, 2 and 3 once.", nil))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: f.cookie(consentCookie), Value: url.QueryEscape(compact(c)), Path: "/",
		SameSite: http.SameSiteLaxMode, MaxAge: 365 * 24 * 3600})
	writeReply(w, okJSON(http.StatusOK, map[string]any{}))
}

// ConsentBanner reports whether the store asks its shoppers for consent to cookies.
func (st *Store) ConsentBanner() bool {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.info.ConsentBanner
}

// SetConsentBanner switches the store's request for consent, as its settings page does.
func (st *Store) SetConsentBanner(on bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.info.ConsentBanner = on
	st.record(kindStore, 0, st.infoLocked())
	st.flush()
}

// Theme is the merchant's own part of the theme.
func (st *Store) Theme() string {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.info.Theme
}

// SetTheme puts markup of the merchant's into every page of the store's storefronts, as an edit of
// the theme does: where the app's documentation tells merchants to paste something, tests paste it
// here.
func (st *Store) SetTheme(markup string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.info.Theme = markup
	st.record(kindStore, 0, st.infoLocked())
	st.flush()
}

// scripts are those that a page gets: enabled, of this channel, visible there, and consented to.
func (f *storefront) scripts(r *http.Request, page string) []Script {
	list := f.st.PageScripts(f.key.channel, page)
	if !f.st.ConsentBanner() {
		return list
	}
	allowed := []string{"essential"} // and unknown never: nobody can consent to it
	if c := f.choice(r); c != nil {
		for _, o := range consentChoices {
			if slices.Contains(c.Allow, o.ID) {
				allowed = append(allowed, o.Category)
			}
		}
	}
	return slices.DeleteFunc(list, func(s Script) bool { return !slices.Contains(allowed, s.ConsentCategory) })
}

// tag is a script's markup.
func (f *storefront) tag(s *Script, who *Customer) template.HTML {
	if s.Kind == "script_tag" {
		return template.HTML(f.render(s.HTML, who)) //nolint:gosec // what an app installed is meant to be markup
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<script src="%s"`, html.EscapeString(s.Src))
	if len(s.IntegrityHashes) > 0 {
		fmt.Fprintf(&b, ` integrity="%s" crossorigin="anonymous"`, html.EscapeString(strings.Join(s.IntegrityHashes, " ")))
	}
	if s.LoadMethod == "async" || s.LoadMethod == "defer" {
		b.WriteString(" " + s.LoadMethod)
	}
	b.WriteString("></script>")
	return template.HTML(b.String()) //nolint:gosec // escaped above
}

// expression is a plain Handlebars path, escaped or (with three braces) not.
var expression = regexp.MustCompile(`\{\{\{\s*([A-Za-z_][\w.]*)\s*\}\}\}|\{\{\s*([A-Za-z_][\w.]*)\s*\}\}`)

// render fills in the page's context as Stencil does; a headless storefront leaves the text as it
// is.
func (f *storefront) render(markup string, who *Customer) string {
	if !f.stencil() {
		return markup
	}
	context := map[string]string{}
	if who != nil {
		context = map[string]string{
			"customer.id": strconv.FormatInt(who.ID, 10), "customer.name": who.FirstName + " " + who.LastName, "customer.email": who.Email,
			"customer.phone": who.Phone, "customer.customer_group_id": strconv.FormatInt(who.GroupID, 10),
		}
	}
	return expression.ReplaceAllStringFunc(markup, func(m string) string {
		parts := expression.FindStringSubmatch(m)
		if parts[1] != "" {
			return context[parts[1]]
		}
		return html.EscapeString(context[parts[2]]) // what the context lacks is empty
	})
}
