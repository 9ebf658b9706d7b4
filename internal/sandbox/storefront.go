package sandbox

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

//go:embed shop
var shopFiles embed.FS

var shopPages = template.Must(template.ParseFS(shopFiles, "shop/*.html"))

// storefront is the shop of one channel. A channel of the platform bigcommerce is a Stencil theme,
// whose pages the platform renders; every other is headless: an application of the merchant's,
// whose pages change without reloading. BigCommerce's own paths are served on the same origin in
// both.
type storefront struct {
	s   *Sandbox
	st  *Store
	key frontKey
}

// newStorefront routes the requests of a storefront.
func newStorefront(s *Sandbox, st *Store, channel int64) http.Handler {
	f := &storefront{s: s, st: st, key: frontKey{st.Hash, channel}}
	stencil, catalyst := http.NewServeMux(), http.NewServeMux()
	for _, mux := range []*http.ServeMux{stencil, catalyst} {
		f.shared(mux)
	}
	stencil.HandleFunc("GET /login.php", f.loginPage)
	stencil.HandleFunc("POST /login.php", f.login)
	stencil.HandleFunc("GET /account.php", f.account)
	stencil.HandleFunc("GET /customer/current.jwt", f.currentCustomer)
	catalyst.HandleFunc("GET /login", f.loginPage)
	catalyst.HandleFunc("POST /login", f.login)
	catalyst.HandleFunc("GET /logout", f.logout)
	catalyst.HandleFunc("GET /account/orders", f.account)
	for _, path := range []string{"/login.php", "/account.php"} {
		catalyst.HandleFunc(path, f.missing)
	}
	own := http.NewCrossOriginProtection() // other sites may link here, not post forms
	return own.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ch, ok := st.Channel(channel)
		switch {
		case !ok, ch.Type != "storefront", !shopOpen(&ch):
			http.Error(w, "This store is currently unavailable.", http.StatusNotFound)
		case ch.Platform == stencilPlatform:
			stencil.ServeHTTP(w, r)
		default:
			catalyst.ServeHTTP(w, r)
		}
	}))
}

// shared mounts what storefronts of either kind have.
func (f *storefront) shared(mux *http.ServeMux) {
	for _, file := range []string{"shop.css", "shop.js", "app.js"} {
		mux.HandleFunc("GET /shop/"+file, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, shopFiles, "shop/"+file)
		})
	}
	mux.HandleFunc("GET /login/token/{token}", f.loginToken)
	mux.HandleFunc("POST /api/storefront/consent", f.setConsent)
	mux.HandleFunc("GET /app/session.json", f.appSession)
	mux.HandleFunc("GET /app/{path...}", f.app)
	mux.HandleFunc("GET /app", f.app)
	for _, prefix := range []string{"/api/", "/customer/", "/login/"} {
		mux.HandleFunc(prefix, f.missing)
	}
	mux.HandleFunc("/", f.page)
}

// stencilPlatform is the platform of channels whose pages BigCommerce renders. What stands for
// every other is an application as Catalyst is one.
const stencilPlatform = "bigcommerce"

// shopRoutes are the addresses that signing in and out has at a kind of storefront.
type shopRoutes struct {
	Login, Logout string // a page, and what ends a session
	Account       string // where a sign-in leads that says nothing else
	refused       string // where a login token leads that is refused,
	status        int    // and how
}

var (
	stencilRoutes  = shopRoutes{"/login.php", "/login.php?action=logout", "/account.php", "/login.php?error=token", http.StatusFound}
	catalystRoutes = shopRoutes{"/login", "/logout", "/account/orders", "/login?error=InvalidToken", http.StatusTemporaryRedirect}
)

func (f *storefront) routes() *shopRoutes {
	if f.stencil() {
		return &stencilRoutes
	}
	return &catalystRoutes
}

// stencil reports whether the platform renders this storefront's pages.
func (f *storefront) stencil() bool {
	ch, _ := f.st.Channel(f.key.channel)
	return ch.Platform == stencilPlatform
}

// cookie names are per storefront, since cookies do not tell ports apart.
func (f *storefront) cookie(what string) string {
	return what + "_" + f.key.store + "_" + strconv.FormatInt(f.key.channel, 10)
}

const sessionCookie = "SHOP_SESSION_TOKEN"

// shopper is who is signed in, or nil for a guest. An account that was deleted, or lost its access
// to the channel, is a guest.
func (f *storefront) shopper(r *http.Request) *Customer {
	c, err := r.Cookie(f.cookie(sessionCookie))
	if err != nil {
		return nil
	}
	id := f.s.visits.customer(f.key, c.Value)
	if id == 0 || !f.st.MaySignIn(id, f.key.channel) {
		return nil
	}
	if who, ok := f.st.Customer(id); ok {
		return &who
	}
	return nil
}

// welcome begins a shopper's session, in place of the browser's old one.
func (f *storefront) welcome(w http.ResponseWriter, r *http.Request, customer int64) {
	f.forget(r)
	http.SetCookie(w, &http.Cookie{Name: f.cookie(sessionCookie), Value: f.s.visits.begin(f.key, customer), Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(visitLife.Seconds())})
}

func (f *storefront) forget(r *http.Request) {
	if c, err := r.Cookie(f.cookie(sessionCookie)); err == nil {
		f.s.visits.end(c.Value)
	}
}

// shopPage is what every page of a storefront is given.
type shopPage struct {
	Title, Store   string
	Routes         *shopRoutes
	Path           string
	Shopper        *Customer
	Head, Footer   []template.HTML // installed scripts
	Theme          template.HTML   // the merchant's own part of the theme
	AskConsent     bool
	Notice, Error  string
	From           string // where a sign-in leads
	Known          []Customer
	KnownPassword  string
	ConsentChoices []consentChoice
}

func (f *storefront) data(r *http.Request, title, page string) *shopPage {
	who := f.shopper(r)
	d := &shopPage{Title: title, Store: f.st.Name(), Routes: f.routes(), Path: r.URL.Path, Shopper: who, ConsentChoices: consentChoices}
	d.AskConsent = f.st.ConsentBanner() && !f.consented(r)
	for _, s := range f.scripts(r, page) {
		html := f.tag(&s, who)
		if s.Location == "head" {
			d.Head = append(d.Head, html)
		} else {
			d.Footer = append(d.Footer, html)
		}
	}
	d.Theme = template.HTML(f.render(f.st.Theme(), who)) //nolint:gosec // the merchant's own markup is meant to be markup
	return d
}

func (f *storefront) show(w http.ResponseWriter, name string, d *shopPage) {
	var b bytes.Buffer
	if err := shopPages.ExecuteTemplate(&b, name, d); err != nil {
		f.s.log.Error("sandbox: storefront", "page", name, "error", err)
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes())
}

// page is any page of the shop.
func (f *storefront) page(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if !f.stencil() {
		f.app(w, r)
		return
	}
	title := "Home"
	if p := strings.Trim(r.URL.Path, "/"); p != "" {
		title = p
	}
	f.show(w, "page", f.data(r, title, pageKind(r.URL.Path)))
}

// pageKind is a page's kind as visibility of scripts names it.
func pageKind(path string) string {
	switch {
	case strings.HasPrefix(path, "/checkout/order-confirmation"):
		return "order_confirmation"
	case path == "/checkout", strings.HasPrefix(path, "/checkout/"), path == "/checkout.php":
		return "checkout"
	}
	return "storefront"
}

// app is the application of a headless storefront, and a page of every other that behaves like one.
func (f *storefront) app(w http.ResponseWriter, r *http.Request) {
	f.show(w, "app", f.data(r, "App", pageKind(r.URL.Path)))
}

// appSession is what the application asks its own server: who is signed in.
func (f *storefront) appSession(w http.ResponseWriter, r *http.Request) {
	var out struct {
		Name *string `json:"name"` // null for a guest
	}
	if who := f.shopper(r); who != nil {
		name := who.FirstName + " " + who.LastName
		out.Name = &name
	}
	w.Header().Set("Cache-Control", "no-store")
	writeReply(w, okJSON(http.StatusOK, out))
}

func (f *storefront) missing(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "Not found", http.StatusNotFound)
}

// relativePath accepts what leads to a page of this storefront, however a browser reads it.
func relativePath(s string) bool {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "" && u.Host == ""
}
