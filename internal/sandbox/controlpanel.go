package sandbox

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed panel
var panelFiles embed.FS

var panelPages = template.Must(template.ParseFS(panelFiles, "panel/*.html"))

// appName is what the app is called in the control panel.
const appName = "Sluice"

// scopeWords say what a scope allows, on the consent page.
var scopeWords = map[string]string{
	"store_v2_products":                 "View and change products, brands and categories",
	"store_v2_products_read_only":       "View products, brands and categories",
	"store_v2_information":              "View and change store information",
	"store_v2_information_read_only":    "View store information",
	"store_v2_orders":                   "View and change orders",
	"store_v2_orders_read_only":         "View orders",
	"store_v2_customers":                "View and change customers",
	"store_v2_customers_read_only":      "View customers",
	"store_v2_customers_login":          "Sign customers in",
	"store_v2_default":                  "Basic access to the store",
	"store_inventory":                   "View and change inventory",
	"store_inventory_read_only":         "View inventory",
	"store_storefront_api":              "Create storefront API tokens",
	"store_v2_content":                  "View and change content and scripts",
	"store_channel_listings":            "View and change channel listings",
	"store_channel_settings":            "View and change channels",
	"store_sites":                       "View and change storefront sites",
	"store_app_extensions_manage":       "Manage app extensions",
	"store_v2_marketing":                "View and change marketing, price lists and promotions",
	"store_themes_manage":               "Manage themes",
	"store_locations":                   "View and change locations",
	"store_locations_read_only":         "View locations",
	"store_order_fulfillment_read_only": "View pickups of orders",
	"store_v2_transactions_read_only":   "View payment transactions",
	"store_content_checkout":            "View and change content and scripts of the checkout",
	"store_channel_settings_read_only":  "View channels",
	"store_sites_read_only":             "View storefront sites",
}

// pageData is what every page of the control panel is given.
type pageData struct {
	Title, Section    string
	Store             *storeView
	Stores            []storeView
	Plan, QuotaText   string
	AppName, ClientID string
	Installed, Stale  bool
	Users             []User
	User              User
	Products          int
	Storefronts       []Storefront
	Scopes            []scopeView
	FrameURL          string
	Counts            Counts
	Deliveries        []Delivery
	Notice, Problem   string
}

type storeView struct{ Hash, Name string }

type scopeView struct{ Name, Words string }

// panel is the control panel of every store.
type panel struct {
	s *Sandbox

	mu       sync.Mutex
	confirms map[string]int64 // one-use tickets of a confirmed consent → user
}

func (s *Sandbox) panelHandler() http.Handler {
	p := &panel{s: s, confirms: map[string]int64{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /panel.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, panelFiles, "panel/panel.css")
	})
	mux.HandleFunc("GET /{$}", p.stores)
	store := func(pattern string, h func(http.ResponseWriter, *http.Request, *Store)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			st := s.Store(r.PathValue("hash"))
			if id := r.PathValue("client"); st == nil || id != "" && id != s.clientID {
				p.missing(w)
				return
			}
			h(w, r, st)
		})
	}
	store("GET /manage/{hash}", p.home)
	store("GET /manage/{hash}/{$}", p.home)
	store("GET /manage/{hash}/apps", p.apps)
	store("GET /manage/{hash}/app/{client}", p.app)
	store("GET /manage/{hash}/app/{client}/install", p.consent)
	store("POST /manage/{hash}/app/{client}/install", p.confirm)
	store("POST /manage/{hash}/app/{client}/uninstall", p.uninstall)
	store("POST /manage/{hash}/app/{client}/scopes", p.scopesChanged)
	store("GET /manage/{hash}/users", p.users)
	store("POST /manage/{hash}/users", p.addUser)
	store("POST /manage/{hash}/users/remove", p.removeUser)
	store("POST /manage/{hash}/user", p.switchUser)
	store("GET /manage/{hash}/activity", p.activity)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { p.missing(w) })
	return http.NewCrossOriginProtection().Handler(mux)
}

// data is what a store's page needs always.
func (p *panel) data(r *http.Request, st *Store, title, section string) *pageData {
	d := &pageData{Title: title, Section: section, Store: &storeView{st.Hash, st.Name()}, AppName: appName,
		ClientID: p.s.clientID, Users: st.Users(), User: p.who(r, st), Plan: planNames[st.Plan()]}
	d.Installed, d.Stale = st.Installed()
	n, window := st.Quota()
	d.QuotaText = fmt.Sprintf("%d API requests every %s", n, window)
	q := r.URL.Query()
	d.Notice, d.Problem = notices[q.Get("done")], problems[q.Get("problem")]
	return d
}

// notices and problems are the messages that a redirect may ask for; a query shows no text of its
// own.
var (
	notices = map[string]string{
		"uninstalled": appName + " was uninstalled.",
		"scopes":      "The app's permissions changed: its token is invalid until it is opened again.",
		"added":       "The user was added.",
		"removed":     "The user was removed.",
		"switched":    "You are signed in as another user.",
	}
	problems = map[string]string{
		"uninstall": appName + " was uninstalled, but its uninstall callback did not answer well.",
		"remove":    "The user was removed, but the app's remove_user callback did not answer well.",
		"email":     "Enter an e-mail address.",
		"user":      "That user cannot be removed.",
		"app":       "The app has no callback URLs.",
	}
)

func cookieName(st *Store) string { return "sandbox_user_" + st.Hash }

// who is the person who uses the panel: the one chosen, or the owner.
func (p *panel) who(r *http.Request, st *Store) User {
	if c, err := r.Cookie(cookieName(st)); err == nil {
		if id, err := strconv.ParseInt(c.Value, 10, 64); err == nil {
			if u, ok := st.User(id); ok {
				return u
			}
		}
	}
	return st.Owner()
}

func (p *panel) render(w http.ResponseWriter, status int, page string, d *pageData) {
	var b bytes.Buffer
	if err := panelPages.ExecuteTemplate(&b, page, d); err != nil {
		p.s.log.Error("sandbox: control panel", "page", page, "error", err)
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src http: https:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (p *panel) missing(w http.ResponseWriter) {
	p.render(w, http.StatusNotFound, "missing", &pageData{Title: "Not found"})
}

func back(w http.ResponseWriter, r *http.Request, path string) {
	http.Redirect(w, r, path, http.StatusSeeOther)
}

func (p *panel) stores(w http.ResponseWriter, _ *http.Request) {
	d := &pageData{Title: "Stores"}
	for _, st := range p.s.Stores() {
		d.Stores = append(d.Stores, storeView{st.Hash, st.Name()})
	}
	p.render(w, http.StatusOK, "stores", d)
}

func (p *panel) home(w http.ResponseWriter, r *http.Request, st *Store) {
	d := p.data(r, st, "Home", "home")
	d.Products, d.Storefronts = st.Products(), st.Storefronts()
	p.render(w, http.StatusOK, "home", d)
}

func (p *panel) apps(w http.ResponseWriter, r *http.Request, st *Store) {
	p.render(w, http.StatusOK, "apps", p.data(r, st, "Apps", "apps"))
}

// app opens the app in its iframe: through /auth right after consent or when its grant was
// invalidated, else through /load. ?url=, ?channel_id= and ?locale= go into the signed payload.
func (p *panel) app(w http.ResponseWriter, r *http.Request, st *Store) {
	d := p.data(r, st, appName, "app")
	q := r.URL.Query()
	confirmed := p.spend(q.Get("confirmed"))
	var err error
	switch {
	case confirmed != 0:
		d.FrameURL, err = st.InstallURL(confirmed)
	case !d.Installed:
		d.Section = "apps"
		p.render(w, http.StatusOK, "appinfo", d)
		return
	case d.Stale:
		d.FrameURL, err = st.InstallURL(d.User.ID)
	default:
		o := LoadOptions{URL: q.Get("url"), Locale: q.Get("locale")}
		if id, e := strconv.ParseInt(q.Get("channel_id"), 10, 64); e == nil {
			o.ChannelID = &id
		}
		d.FrameURL, err = st.LoadURL(d.User.ID, o)
	}
	if err != nil {
		back(w, r, "/manage/"+st.Hash+"/apps?problem=app")
		return
	}
	p.render(w, http.StatusOK, "frame", d)
}

func (p *panel) consent(w http.ResponseWriter, r *http.Request, st *Store) {
	d := p.data(r, st, "Install "+appName, "apps")
	for _, sc := range p.s.opts.Scopes {
		words := scopeWords[sc]
		if words == "" {
			words = "Use"
		}
		d.Scopes = append(d.Scopes, scopeView{sc, words})
	}
	p.render(w, http.StatusOK, "consent", d)
}

// confirm remembers the consent in a ticket, so that a reload of the app's page does not repeat it.
func (p *panel) confirm(w http.ResponseWriter, r *http.Request, st *Store) {
	ticket := randomToken(16)
	p.mu.Lock()
	p.confirms[ticket] = p.who(r, st).ID
	p.mu.Unlock()
	back(w, r, "/manage/"+st.Hash+"/app/"+p.s.clientID+"?confirmed="+ticket)
}

// spend takes a ticket; 0 is none.
func (p *panel) spend(ticket string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	user := p.confirms[ticket]
	delete(p.confirms, ticket)
	return user
}

func (p *panel) uninstall(w http.ResponseWriter, r *http.Request, st *Store) {
	if installed, _ := st.Installed(); !installed {
		back(w, r, "/manage/"+st.Hash+"/apps")
		return
	}
	if err := st.Uninstall(r.Context()); err != nil {
		p.s.log.Warn("sandbox: uninstall", "store", st.Hash, "error", err)
		back(w, r, "/manage/"+st.Hash+"/apps?problem=uninstall")
		return
	}
	back(w, r, "/manage/"+st.Hash+"/apps?done=uninstalled")
}

func (p *panel) scopesChanged(w http.ResponseWriter, r *http.Request, st *Store) {
	st.InvalidateToken()
	back(w, r, "/manage/"+st.Hash+"/apps?done=scopes")
}

func (p *panel) users(w http.ResponseWriter, r *http.Request, st *Store) {
	p.render(w, http.StatusOK, "users", p.data(r, st, "Users", "users"))
}

func (p *panel) addUser(w http.ResponseWriter, r *http.Request, st *Store) {
	email := strings.TrimSpace(r.PostFormValue("email"))
	if name, host, ok := strings.Cut(email, "@"); !ok || name == "" || host == "" || len(email) > 254 {
		back(w, r, "/manage/"+st.Hash+"/users?problem=email")
		return
	}
	st.AddUser(UserSpec{Email: email, Locale: strings.TrimSpace(r.PostFormValue("locale"))})
	back(w, r, "/manage/"+st.Hash+"/users?done=added")
}

func (p *panel) removeUser(w http.ResponseWriter, r *http.Request, st *Store) {
	id, _ := strconv.ParseInt(r.PostFormValue("user"), 10, 64)
	if u, ok := st.User(id); !ok || u.Owner {
		back(w, r, "/manage/"+st.Hash+"/users?problem=user")
		return
	}
	if err := st.RemoveUser(r.Context(), id); err != nil {
		p.s.log.Warn("sandbox: remove user", "store", st.Hash, "error", err)
		back(w, r, "/manage/"+st.Hash+"/users?problem=remove")
		return
	}
	back(w, r, "/manage/"+st.Hash+"/users?done=removed")
}

func (p *panel) switchUser(w http.ResponseWriter, r *http.Request, st *Store) {
	if id, err := strconv.ParseInt(r.PostFormValue("user"), 10, 64); err == nil {
		if _, ok := st.User(id); ok {
			http.SetCookie(w, &http.Cookie{Name: cookieName(st), Value: strconv.FormatInt(id, 10), Path: "/manage/" + st.Hash,
				HttpOnly: true, SameSite: http.SameSiteLaxMode, Expires: time.Now().Add(24 * time.Hour)})
		}
	}
	back(w, r, "/manage/"+st.Hash+"/?done=switched")
}

func (p *panel) activity(w http.ResponseWriter, r *http.Request, st *Store) {
	d := p.data(r, st, "Activity", "activity")
	d.Counts = st.log.Counts()
	d.Deliveries = st.Deliveries()
	p.render(w, http.StatusOK, "activity", d)
}
