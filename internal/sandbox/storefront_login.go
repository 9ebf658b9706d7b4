package sandbox

import (
	"net/http"
	"net/url"
	"strings"
)

// ShopperPassword is the password of the shoppers that SeedStorefronts adds; the sign-in page tells
// it.
const ShopperPassword = "sandbox-shopper"

// knownShoppers bounds the list on the sign-in page.
const knownShoppers = 20

// loginMessages are the texts of the sign-in page; a query shows no text of its own.
var loginMessages = map[string]string{
	"credentials": "Your email address or password is incorrect. Please try again.",
	"reset":       "Your password has to be reset before you can sign in.",
	"token":       "Invalid login. Please attempt to log in again.",
	// What Catalyst calls it.
	"InvalidToken": "Invalid login. Please attempt to log in again.",
}

// loginPage shows the sign-in form; ?action=logout signs out first.
func (f *storefront) loginPage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	out := f.stencil() && q.Get("action") == "logout"
	if out {
		f.farewell(w, r)
	}
	d := f.data(r, "Sign in", "storefront")
	d.Error = loginMessages[q.Get("error")]
	if out {
		d.Notice = "You are signed out."
	}
	if from := "/" + q.Get("from"); q.Get("from") != "" && relativePath(from) {
		d.From = q.Get("from")
	}
	d.Known, d.KnownPassword = f.st.seeded(f.key.channel), ShopperPassword
	f.show(w, "login", d)
}

// farewell ends the browser's session.
func (f *storefront) farewell(w http.ResponseWriter, r *http.Request) {
	f.forget(r)
	http.SetCookie(w, &http.Cookie{Name: f.cookie(sessionCookie), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1})
}

// logout is Catalyst's GET /logout. Of redirectTo the path counts alone; else it leads to the
// sign-in page.
func (f *storefront) logout(w http.ResponseWriter, r *http.Request) {
	f.farewell(w, r)
	to := f.routes().Login
	if want := r.URL.Query().Get("redirectTo"); want != "" {
		if u, err := r.URL.Parse(want); err == nil && relativePath(u.EscapedPath()) {
			to = u.EscapedPath()
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusTemporaryRedirect)
}

// login is the sign-in form, whose fields are named as the platform's.
func (f *storefront) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	back := url.Values{}
	from := r.PostForm.Get("from")
	if from != "" && relativePath("/"+from) {
		back.Set("from", from)
	}
	who, ok := f.st.CheckPassword(f.key.channel, r.PostForm.Get("login_email"), r.PostForm.Get("login_pass"))
	refused := ""
	switch {
	case !ok:
		refused = "credentials"
	case who.ForcePasswordReset:
		refused = "reset"
	}
	f.s.visits.note(SignIn{Store: f.key.store, ChannelID: f.key.channel, Method: "password", Customer: who.ID, Refused: refused})
	w.Header().Set("Cache-Control", "no-store")
	if refused != "" {
		back.Set("error", refused)
		http.Redirect(w, r, f.routes().Login+"?"+back.Encode(), http.StatusFound)
		return
	}
	f.welcome(w, r, who.ID)
	to := f.routes().Account
	if back.Has("from") {
		to = "/" + from
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// account is for shoppers who are signed in.
func (f *storefront) account(w http.ResponseWriter, r *http.Request) {
	if f.shopper(r) == nil {
		w.Header().Set("Cache-Control", "no-store")
		routes := f.routes()
		http.Redirect(w, r, routes.Login+"?"+url.Values{"from": {strings.TrimPrefix(routes.Account, "/")}}.Encode(), http.StatusFound)
		return
	}
	f.show(w, "account", f.data(r, "Your account", "storefront"))
}

// seeded are the shoppers with the password that everybody knows, who may enter a channel; 0 is
// any.
func (st *Store) seeded(channel int64) []Customer {
	var out []Customer
	for _, c := range st.Customers() {
		if len(out) < knownShoppers && c.Password.matches(ShopperPassword) && (channel == 0 || st.MaySignIn(c.ID, channel)) {
			out = append(out, c)
		}
	}
	return out
}
