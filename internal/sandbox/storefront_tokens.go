package sandbox

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	currentLife = 15 * time.Minute // of a current-customer token
	loginLife   = 30 * time.Second // of a login token, from its iat
	loginScope  = "store_v2_customers_login"
	// currentHeader is the header of current-customer tokens, letter for letter: no document has it,
	// tokens of real stores do.
	currentHeader = `{"typ":"JWT","alg":"HS512"}`
)

// currentCustomer is GET /customer/current.jwt (current_customer.yml). The app need not be
// installed.
func (f *storefront) currentCustomer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Query().Get("app_client_id") != f.s.clientID {
		http.Error(w, "Invalid app_client_id", http.StatusBadRequest)
		return
	}
	who := f.shopper(r)
	if who == nil {
		http.Error(w, "Customer not logged in", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(f.st.SignCurrentCustomer(f.st.currentClaims(who))))
}

// CurrentCustomerClaims returns the claims of a current-customer token, for tests to alter and sign
// with SignCurrentCustomer.
func (st *Store) CurrentCustomerClaims(customer int64) (jwt.MapClaims, error) {
	c, ok := st.Customer(customer)
	if !ok {
		return nil, fmt.Errorf("sandbox: store %s has no customer %d", st.Hash, customer)
	}
	return st.currentClaims(&c), nil
}

// SignCurrentCustomer signs claims as /customer/current.jwt does.
func (st *Store) SignCurrentCustomer(claims jwt.MapClaims) string {
	body, err := json.Marshal(claims)
	if err != nil {
		panic("sandbox: current customer: " + err.Error()) // a claim that JSON has no form for
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(currentHeader)) + "." + base64.RawURLEncoding.EncodeToString(body)
	mac := hmac.New(sha512.New, []byte(st.sb.clientSecret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (st *Store) currentClaims(c *Customer) jwt.MapClaims {
	now := st.sb.now()
	return jwt.MapClaims{
		"customer": map[string]any{"id": c.ID, "email": c.Email, "group_id": strconv.FormatInt(c.GroupID, 10)},
		"iss":      "bc/apps", "sub": st.Hash, "iat": now.Unix(), "exp": now.Add(currentLife).Unix(), "version": 1,
		"aud": st.sb.clientID, "application_id": st.sb.clientID, "store_hash": st.Hash, "operation": "current_customer",
	}
}

// loginToken is GET /login/token/{jwt} (customer_login.yml). A token that is refused leads to the
// sign-in page, which does not say why; Store.SignIns does.
func (f *storefront) loginToken(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	t, err := f.acceptToken(r.PathValue("token"), host)
	a := SignIn{Store: f.key.store, ChannelID: f.key.channel, Method: "token", Customer: t.customer}
	if err != nil {
		a.Refused = err.Error()
		f.s.visits.note(a)
		routes := f.routes()
		http.Redirect(w, r, routes.refused, routes.status)
		return
	}
	f.s.visits.note(a)
	f.welcome(w, r, t.customer)
	http.Redirect(w, r, t.redirect, http.StatusFound)
}

// accepted is what a login token says.
type accepted struct {
	customer int64
	redirect string
}

// acceptToken applies the platform's rules to a login token that came from this address.
func (f *storefront) acceptToken(token, from string) (accepted, error) {
	var t accepted
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(f.s.now), jwt.WithJSONNumber(), jwt.WithStrictDecoding())
	if _, err := parser.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) {
		if claims["iss"] != f.s.clientID {
			return nil, errors.New("iss is not the client id of a known app")
		}
		return []byte(f.s.clientSecret), nil
	}); err != nil {
		return t, err
	}
	if err := f.st.mayMint(); err != nil {
		return t, err
	}
	iat, err := wholeNumber(claims, "iat")
	if err != nil {
		return t, err
	}
	if age := f.s.now().Unix() - iat; age < 0 || age > int64(loginLife.Seconds()) {
		return t, fmt.Errorf("iat is %d seconds ago, not 0 to 30", age)
	}
	jti, _ := claims["jti"].(string)
	if jti == "" {
		return t, errors.New("jti is missing")
	}
	if claims["operation"] != "customer_login" {
		return t, errors.New("operation is not customer_login")
	}
	if claims["store_hash"] != f.key.store {
		return t, errors.New("store_hash is not this store's")
	}
	channel := int64(defaultChannelID)
	if _, given := claims["channel_id"]; given {
		if channel, err = wholeNumber(claims, "channel_id"); err != nil {
			return t, err
		}
	}
	if channel != f.key.channel {
		return t, errors.New("channel_id is not this storefront's")
	}
	if t.customer, err = wholeNumber(claims, "customer_id"); err != nil {
		return t, err
	}
	if !f.st.MaySignIn(t.customer, channel) {
		return t, errors.New("customer_id is not a customer who may enter this channel")
	}
	t.redirect = f.routes().Account
	if v, given := claims["redirect_to"]; given {
		if to, ok := v.(string); !ok || !relativePath(to) {
			return t, errors.New("redirect_to is not a relative path")
		}
		t.redirect = v.(string)
	}
	if v, given := claims["request_ip"]; given && !sameAddress(v, from) {
		return t, errors.New("request_ip is not the browser's")
	}
	if v, given := claims["enable_persistent_cart"]; given {
		if _, ok := v.(bool); !ok {
			return t, errors.New("enable_persistent_cart is not a boolean")
		}
	}
	if !f.s.visits.spend(f.s.clientID, jti) { // last, so that what is refused for another reason spends nothing
		return t, errors.New("jti was used before")
	}
	return t, nil
}

// mayMint says why the app may not sign shoppers in on this store.
func (st *Store) mayMint() error {
	st.mu.RLock()
	defer st.mu.RUnlock()
	switch in := st.info.Install; {
	case in == nil:
		return errors.New("the app is not installed")
	case !slices.Contains(in.Scopes, loginScope):
		return errors.New("the app was not granted " + loginScope)
	}
	return nil
}

// wholeNumber reads a claim that must be a JSON integer.
func wholeNumber(claims jwt.MapClaims, name string) (int64, error) {
	n, ok := claims[name].(json.Number)
	if ok {
		if i, err := n.Int64(); err == nil {
			return i, nil
		}
		if x, err := n.Float64(); err == nil && x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return int64(x), nil // 1.0 and 1e3 are integers in JSON
		}
	}
	return 0, fmt.Errorf("%s is not an integer", name)
}

func sameAddress(claim any, from string) bool {
	text, _ := claim.(string)
	a, err1 := netip.ParseAddr(text)
	b, err2 := netip.ParseAddr(from)
	return err1 == nil && err2 == nil && a.Unmap() == b.Unmap()
}
