package login

import (
	"errors"
	"net/netip"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"sluice/internal/problem"
)

// ValidFor is how long BigCommerce takes a login token after its iat.
const ValidFor = 30 * time.Second

// operation is the operation claim of a login token.
const operation = "customer_login"

// Request is a sign-in of one customer. StoreHash and CustomerID are required.
type Request struct {
	StoreHash            string
	CustomerID           int64
	ChannelID            int64  // 0 leaves BigCommerce's default, channel 1
	RedirectTo           string // see RedirectPath; "" is the account page
	RequestIP            string // the shopper's address, which BigCommerce then insists on; "" for any
	EnablePersistentCart *bool  // nil leaves the store's setting
}

// claims are those of openapi customer_login.yml.
type claims struct {
	jwt.RegisteredClaims
	Operation            string `json:"operation"`
	StoreHash            string `json:"store_hash"`
	CustomerID           int64  `json:"customer_id"`
	ChannelID            int64  `json:"channel_id,omitempty"`
	RedirectTo           string `json:"redirect_to,omitempty"`
	RequestIP            string `json:"request_ip,omitempty"`
	EnablePersistentCart *bool  `json:"enable_persistent_cart,omitempty"`
}

// Minter signs login tokens in the app's name. It is safe for concurrent use.
type Minter struct {
	clientID string
	secret   []byte
}

// NewMinter returns a Minter of the app with this client id and secret.
func NewMinter(clientID, clientSecret string) (*Minter, error) {
	if clientID == "" || clientSecret == "" {
		return nil, errors.New("login: the app's client id and secret are required")
	}
	return &Minter{clientID: clientID, secret: []byte(clientSecret)}, nil
}

// URL returns the address that signs a customer in at the storefront with this origin
// (scheme://host[:port]). now is BigCommerce's time (Clock.Now). The address works once, until
// ValidFor after now.
func (m *Minter) URL(origin string, r Request, now time.Time) (string, error) {
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil ||
		(u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return "", problem.New(problem.Conflict, "The channel has no storefront address to sign in at. Check its site in BigCommerce, then refresh the channels in Sluice.")
	}
	if r.StoreHash == "" || r.CustomerID <= 0 || r.ChannelID < 0 {
		return "", errors.New("login: a store and a customer are required")
	}
	if r.RedirectTo, err = RedirectPath(r.RedirectTo); err != nil {
		return "", err
	}
	if r.RequestIP != "" {
		if addr, err := netip.ParseAddr(r.RequestIP); err != nil || addr.Zone() != "" {
			return "", problem.New(problem.Invalid, "The shopper's address is not an IP address.").
				WithField("request_ip", "write it as 203.0.113.7 or 2001:db8::7")
		}
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{Issuer: m.clientID, IssuedAt: jwt.NewNumericDate(now), ID: uuid.NewString()},
		Operation:        operation, StoreHash: r.StoreHash, CustomerID: r.CustomerID, ChannelID: r.ChannelID,
		RedirectTo: r.RedirectTo, RequestIP: r.RequestIP, EnablePersistentCart: r.EnablePersistentCart,
	}).SignedString(m.secret)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host + "/login/token/" + token, nil
}
