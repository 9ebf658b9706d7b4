package tenants

import "time"

// Models of storefront identity: what a store shows its shoppers, where its storefronts are, and
// who signs them in. The rules of models.go hold here too.

// StorefrontSettings are a merchant's choices for their storefronts. A store without a row has the
// defaults (DB.StorefrontSettings).
type StorefrontSettings struct {
	StoreHash       string      `gorm:"primaryKey;size:32" json:"-"`
	CardFields      []CardField `gorm:"serializer:json;type:text" json:"card_fields"` // in the order shown; nothing else is ever shown
	ConsentCategory string      `gorm:"size:16" json:"consent_category"`              // essential, functional, analytics or targeting
	AllowSignIn     bool        `json:"allow_sign_in"`                                // Sluice.login() and /sso sign shoppers in
	UpdatedAt       time.Time   `json:"updated_at"`
}

// TableName names the table of StorefrontSettings.
func (StorefrontSettings) TableName() string { return "storefront_settings" }

// CardField is one field of the account card: which of an account's fields, and how it reads.
type CardField struct {
	Key    string `json:"key"`    // of Account.Fields
	Label  string `json:"label"`  // what the shopper reads
	Format string `json:"format"` // text, number, money, percent or date
}

// ChannelOrigin is an origin (scheme://host[:port], lower case, no default port) at which a
// channel's storefront is reached. Browsers may call the public endpoints from these and no others.
type ChannelOrigin struct {
	StoreHash string `gorm:"primaryKey;size:32"`
	ChannelID int64  `gorm:"primaryKey;autoIncrement:false"`
	Origin    string `gorm:"primaryKey;size:255"`
}

// ScriptState says where a channel's storefront script stands.
type ScriptState string

// The states of a storefront script.
const (
	ScriptInstalled ScriptState = "installed"
	ScriptPending   ScriptState = "pending" // a job will install, change or remove it
	ScriptFailed    ScriptState = "failed"  // Error says why and what to do
	ScriptRemoved   ScriptState = "removed"
)

// StorefrontScript is the storefront script of one channel: what the merchant wants, and what is
// there.
type StorefrontScript struct {
	StoreHash  string      `gorm:"primaryKey;size:32" json:"-"`
	ChannelID  int64       `gorm:"primaryKey;autoIncrement:false" json:"channel_id"`
	Wanted     bool        `json:"wanted"`
	ScriptUUID string      `gorm:"size:36" json:"script_uuid"` // BigCommerce's, "" while there is none
	Version    string      `gorm:"size:64" json:"version"`     // of the text and settings that were installed
	State      ScriptState `gorm:"size:16" json:"state"`
	Error      string      `gorm:"size:500" json:"error"` // for the merchant
	CheckedAt  *time.Time  `json:"checked_at"`            // when BigCommerce last confirmed State
}

// Account is what the back-office system knows of a customer. CustomerID identifies; Email is only
// for accounts whose customer is not known yet.
type Account struct {
	StoreHash  string            `gorm:"primaryKey;size:32;index:accounts_customer,priority:1;index:accounts_email,priority:1" json:"-"`
	ExternalID string            `gorm:"primaryKey;size:100" json:"external_id"`                // the back-office system's
	CustomerID int64             `gorm:"index:accounts_customer,priority:2" json:"customer_id"` // BigCommerce's; 0 while unknown
	Email      string            `gorm:"size:255;index:accounts_email,priority:2" json:"email"` // folded (FoldEmail); "" if unknown
	Fields     map[string]string `gorm:"serializer:json;type:text" json:"fields"`               // values as text; numbers as JSON writes them
	// GivenBy is who said that CustomerID is the account's: "" while nobody did, and in what a version
	// from before this was noted has written since.
	GivenBy   GivenBy   `gorm:"size:16;default:''" json:"-"`
	UpdatedAt time.Time `json:"updated_at"`
}

// GivenBy is who said which customer an account is of.
type GivenBy string

// Who says whose an account is.
const (
	GivenByBackOffice GivenBy = "back_office" // sent with the customer's id
	GivenByClaim      GivenBy = "claim"       // the shopper's provider named the account at a single sign-on
)

// IdentityProvider is the OpenID Connect provider that signs a store's shoppers in: one a store.
type IdentityProvider struct {
	ID              string         `gorm:"primaryKey;size:36" json:"id"`
	StoreHash       string         `gorm:"size:32;uniqueIndex" json:"-"`
	Preset          string         `gorm:"size:16" json:"preset"` // google, entra, okta, auth0, keycloak or custom
	Issuer          string         `gorm:"size:500" json:"issuer"`
	ClientID        string         `gorm:"size:255" json:"client_id"`
	ClientSecret    []byte         `json:"-"` // sealed by vault: never plain
	HasSecret       bool           `json:"has_secret"`
	Scopes          string         `gorm:"size:500" json:"scopes"` // space-separated
	Enabled         bool           `json:"enabled"`
	CreateCustomers bool           `json:"create_customers"` // a shopper without a customer gets one
	GroupID         int64          `json:"group_id"`         // customer group of those; 0: the store's default
	Claims          []ClaimMapping `gorm:"serializer:json;type:text" json:"claims"`
	EndSession      bool           `json:"end_session"` // sign-out ends the provider's session too
	// EmailClaim is where the provider names the shopper's e-mail, such as emails[0]; "" is the claim
	// email.
	EmailClaim string `gorm:"size:200;default:''" json:"email_claim"`
	// TrustEmail takes the e-mails of a provider that never says email_verified for verified.
	TrustEmail bool `gorm:"default:false" json:"trust_email"`
	// KeepPasswords leaves customers the password that they had before their first single sign-on.
	KeepPasswords bool `gorm:"default:false" json:"keep_passwords"`
	// RequestIP binds the address that ends a sign-in to the shopper's IP address.
	RequestIP bool `gorm:"default:false" json:"request_ip"`
	// SharedUntil is nil for a provider that knows the store's own redirect URI. One from before there
	// were such uses the URI that all stores share: for as long as it announces RFC 9207, else until
	// then.
	SharedUntil *time.Time `json:"shared_until"`
	// AnnouncesIssuer is what the provider's document said last: its answers name their issuer (RFC
	// 9207).
	AnnouncesIssuer bool      `gorm:"default:false" json:"announces_issuer"`
	Version         int       `json:"version"` // grows with each change; a stale write is refused
	CreatedAt       time.Time `json:"created_at"`
	UpdatedAt       time.Time `json:"updated_at"`
}

// OnSharedAddress reports whether the provider sends shoppers back to the redirect URI that all
// stores share.
func (p *IdentityProvider) OnSharedAddress() bool { return p.SharedUntil != nil }

// SharedAddressRefused reports whether nobody may come back by the shared redirect URI at now.
// announces is whether the provider's answers name their issuer (RFC 9207), which keeps one store's
// answer from being taken for another's.
func (p *IdentityProvider) SharedAddressRefused(announces bool, now time.Time) bool {
	return p.SharedUntil != nil && !announces && !now.Before(*p.SharedUntil)
}

// ClaimMapping fills one field of a customer from one expression over the provider's claims.
type ClaimMapping struct {
	Target     string `json:"target"` // first_name, last_name, company, phone, customer_group_id or external_id
	Expression string `json:"expression"`
}

// SubjectLink says which customer a provider's subject is. It is made once, from a verified e-mail
// or with the customer, and from then on only it counts: an e-mail may change hands.
type SubjectLink struct {
	StoreHash  string `gorm:"primaryKey;size:32;uniqueIndex:subject_links_one,priority:1"`
	Issuer     string `gorm:"primaryKey;size:500;uniqueIndex:subject_links_one,priority:3"`
	Subject    string `gorm:"primaryKey;size:255"` // OpenID Connect Core 2: at most 255 ASCII characters
	CustomerID int64  `gorm:"uniqueIndex:subject_links_one,priority:2"`
	Email      string `gorm:"size:255"` // folded; the one that the provider verified at the last sign-in, "" if none
	// Secured: nobody knows a password of the customer from before the link. Whoever registered with
	// somebody else's e-mail had one.
	Secured    bool `gorm:"default:false"`
	CreatedAt  time.Time
	LastUsedAt time.Time
}

// SignIn is one attempt to sign a shopper in, for the store's own merchant. It never has a token.
type SignIn struct {
	ID         string    `gorm:"primaryKey;size:36;index:sign_ins_store_id,priority:2" json:"id"`
	StoreHash  string    `gorm:"size:32;index:sign_ins_store_id,priority:1" json:"-"`
	At         time.Time `gorm:"index" json:"at"`
	Method     string    `gorm:"size:8" json:"method"`  // "sso" or "api"
	Result     string    `gorm:"size:32" json:"result"` // "ok" or the code it was refused with
	CustomerID int64     `json:"customer_id"`           // 0 if none was found
	Email      string    `gorm:"size:255" json:"email"`
	ChannelID  int64     `json:"channel_id"`
	Detail     string    `gorm:"size:500" json:"detail"` // why it was refused and what the merchant can do
}
