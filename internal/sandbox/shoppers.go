package sandbox

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
)

// Customer is a shopper with an account (customers.v3.yml). Values are never changed in place: a
// write puts a new one, so that a copy handed out stays as it was.
type Customer struct {
	ID                 int64
	Email              string // unique in the store whatever its letter case; kept as it was sent
	FirstName          string
	LastName           string
	Company            string
	Phone              string
	Notes              string
	TaxExemptCategory  string
	RegistrationIP     string // "" when the API made the account
	GroupID            int64  // 0 is no group
	OriginChannelID    int64  // where the account was made; never changes
	ChannelIDs         []int64
	AcceptsEmails      bool // product review and abandoned cart e-mails
	ForcePasswordReset bool
	StoreCredit        json.Number
	Password           *password `json:",omitempty"` // nil: none was set yet, so nobody can sign in with one
	Addresses          []Address `json:",omitempty"`
	Created            int64     // unix seconds
	Modified           int64
}

// Address is one address of a customer; its fields are those of the API.
type Address struct {
	ID         int64  `json:"id"`
	CustomerID int64  `json:"customer_id"`
	FirstName  string `json:"first_name"`
	LastName   string `json:"last_name"`
	Company    string `json:"company"`
	Address1   string `json:"address1"`
	Address2   string `json:"address2"`
	City       string `json:"city"`
	State      string `json:"state_or_province"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
	CountryISO string `json:"country_code"`
	Phone      string `json:"phone"`
	Type       string `json:"address_type"` // residential or commercial
}

// password is a salted hash. Its cost is low on purpose: what protects the accounts of a sandbox is
// that they are nobody's, and tests sign in often.
type password struct{ Salt, Sum []byte }

const passwordRounds = 64

func newPassword(secret string) *password {
	p := &password{Salt: make([]byte, 16)}
	_, _ = rand.Read(p.Salt) // crypto/rand.Read never fails
	p.Sum = p.derive(secret)
	return p
}

func (p *password) derive(secret string) []byte {
	sum, err := pbkdf2.Key(sha256.New, secret, p.Salt, passwordRounds, sha256.Size)
	if err != nil {
		panic("sandbox: hash password: " + err.Error()) // only for key lengths that SHA-256 cannot give
	}
	return sum
}

func (p *password) matches(secret string) bool {
	return p != nil && subtle.ConstantTimeCompare(p.Sum, p.derive(secret)) == 1
}

// CustomerSpec is a shopper to add as the merchant does in the control panel, or as the shopper
// does when registering.
type CustomerSpec struct {
	Email          string  `json:"email"`
	FirstName      string  `json:"first_name"` // default the part of Email before the @
	LastName       string  `json:"last_name"`  // default "Shopper"
	Company        string  `json:"company"`
	Password       string  `json:"password"`   // "" sets none
	GroupID        int64   `json:"group_id"`   // 0: the store's default group, if it has one
	ChannelID      int64   `json:"channel_id"` // where the account is made; default 1
	ChannelIDs     []int64 `json:"channel_ids"`
	RegistrationIP string  `json:"registration_ip"`
}

// AddCustomer adds a shopper; store/customer/created fires. Its rules are those of POST
// /v3/customers.
func (st *Store) AddCustomer(spec CustomerSpec) (Customer, error) {
	local, _, _ := strings.Cut(spec.Email, "@")
	c := Customer{
		Email: spec.Email, FirstName: spec.FirstName, LastName: spec.LastName, Company: spec.Company, GroupID: spec.GroupID,
		OriginChannelID: max(spec.ChannelID, 1), ChannelIDs: spec.ChannelIDs, RegistrationIP: spec.RegistrationIP,
	}
	if c.FirstName == "" {
		c.FirstName = local
	}
	if c.LastName == "" {
		c.LastName = "Shopper"
	}
	if spec.Password != "" {
		c.Password = newPassword(spec.Password)
	}
	if spec.RegistrationIP != "" {
		if _, err := netip.ParseAddr(spec.RegistrationIP); err != nil {
			return Customer{}, fmt.Errorf("sandbox: registration_ip %q is no address", spec.RegistrationIP)
		}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if spec.GroupID == 0 {
		c.GroupID = st.defaultGroupLocked()
	}
	if msg := st.checkCustomerLocked(&c); msg != "" {
		return Customer{}, fmt.Errorf("sandbox: %s", msg)
	}
	return *st.insertCustomerLocked(c), nil
}

// SetPassword sets a shopper's password as the shopper does; it ends a forced reset.
func (st *Store) SetPassword(customer int64, secret string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	old := st.shop.customers[customer]
	if old == nil {
		return fmt.Errorf("sandbox: store %s has no customer %d", st.Hash, customer)
	}
	next := *old
	next.Password, next.ForcePasswordReset = newPassword(secret), false
	st.replaceCustomerLocked(&next)
	return nil
}

// DeleteCustomer removes a shopper as the merchant does; store/customer/deleted fires. It reports
// whether there was one.
func (st *Store) DeleteCustomer(id int64) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.dropCustomerLocked(id)
}

// Customers returns every shopper by id.
func (st *Store) Customers() []Customer {
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := make([]Customer, 0, len(st.shop.customers))
	for _, id := range sortedKeys(st.shop.customers) {
		out = append(out, *st.shop.customers[id])
	}
	return out
}

// Customer returns the shopper with this id.
func (st *Store) Customer(id int64) (Customer, bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if c := st.shop.customers[id]; c != nil {
		return *c, true
	}
	return Customer{}, false
}

// CustomerByEmail returns the shopper with this e-mail address, whatever its letter case.
func (st *Store) CustomerByEmail(email string) (Customer, bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if c := st.shop.customers[st.shop.emails[emailKey(email)]]; c != nil {
		return *c, true
	}
	return Customer{}, false
}

// MaySignIn reports whether a customer's account gives access to a channel: one of its channel_ids,
// or, for an account without any (a global one), every channel whose settings allow global logins.
// Channels that do not exist, or that are deleted, let nobody in.
func (st *Store) MaySignIn(customer, channel int64) bool {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.maySignInLocked(st.shop.customers[customer], channel)
}

func (st *Store) maySignInLocked(c *Customer, channel int64) bool {
	ch := st.shop.channels[channel]
	if c == nil || ch == nil || ch.Status == "deleted" || ch.Status == "terminated" {
		return false
	}
	if c.ChannelIDs == nil {
		return ch.GlobalLogins
	}
	return slices.Contains(c.ChannelIDs, channel)
}

// CheckPassword signs a shopper in on a channel: ok is false for an unknown address, a wrong
// password or an account without access to the channel, which the platform does not tell apart. The
// caller has to look at ForcePasswordReset.
func (st *Store) CheckPassword(channel int64, email, secret string) (c Customer, ok bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	found := st.shop.customers[st.shop.emails[emailKey(email)]]
	if found == nil || !found.Password.matches(secret) || !st.maySignInLocked(found, channel) {
		return Customer{}, false
	}
	return *found, true
}

// emailKey folds an e-mail address for uniqueness.
func emailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// checkCustomerLocked says what of a customer contradicts the store: "" is nothing.
func (st *Store) checkCustomerLocked(c *Customer) string {
	if !validEmail(c.Email) {
		return "email is not an e-mail address"
	}
	if id, taken := st.shop.emails[emailKey(c.Email)]; taken && id != c.ID {
		return "email is in use by another customer"
	}
	if c.GroupID != 0 && st.groups().byID[c.GroupID] == nil {
		return "customer_group_id is not a group of the store"
	}
	if st.shop.channels[c.OriginChannelID] == nil {
		return "origin_channel_id is not a channel of the store"
	}
	if c.ChannelIDs != nil && len(c.ChannelIDs) == 0 {
		return "channel_ids cannot be empty"
	}
	for _, id := range c.ChannelIDs {
		if st.shop.channels[id] == nil {
			return "channel_ids names a channel that the store does not have"
		}
	}
	return ""
}

// validEmail is deliberately coarse: one @, something on both sides, no space or control character.
func validEmail(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	return ok && local != "" && host != "" && !strings.Contains(host, "@") && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

func (st *Store) insertCustomerLocked(c Customer) *Customer {
	c.ID = st.nextID(kindCustomer, 1)
	for i := range c.Addresses {
		c.Addresses[i].ID, c.Addresses[i].CustomerID = st.nextID(kindAddress, 1), c.ID
	}
	c.Created = st.sb.now().Unix()
	c.Modified = c.Created
	if c.StoreCredit == "" {
		c.StoreCredit = "0"
	}
	st.shop.putCustomer(&c)
	st.record(kindCustomer, c.ID, &c)
	st.flush()
	st.fire("store/customer/created", "customer", c.ID)
	return &c
}

func (st *Store) replaceCustomerLocked(next *Customer) {
	same := reflect.DeepEqual(st.shop.customers[next.ID], next)
	next.Modified = st.sb.now().Unix()
	st.shop.forgetCustomer(next.ID)
	st.shop.putCustomer(next)
	st.record(kindCustomer, next.ID, next)
	st.flush()
	if !same {
		st.fire("store/customer/updated", "customer", next.ID)
	}
}

func (st *Store) dropCustomerLocked(id int64) bool {
	if st.shop.customers[id] == nil {
		return false
	}
	st.shop.forgetCustomer(id)
	st.record(kindCustomer, id, nil)
	st.flush()
	st.fire("store/customer/deleted", "customer", id)
	return true
}
