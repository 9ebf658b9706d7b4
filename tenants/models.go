package tenants

import "time"

// Every type below but Store has a StoreHash: the guard in guard.go refuses any query on such a
// table that did not come through Scoped or, for an operator's work, AcrossStores. Times are UTC.
// Identifiers called ID are UUIDv7 strings made by NewID, so they sort by creation.

// StoreState says whether Sluice may work for a store.
type StoreState string

// The states of a store.
const (
	StoreActive         StoreState = "active"
	StoreNeedsReinstall StoreState = "needs_reinstall" // the API answered 401: work is paused
	StoreUninstalled    StoreState = "uninstalled"     // token deleted; data is deleted at DeleteAfter
)

// Origin says how a store came to Sluice.
type Origin string

// The ways that a store comes to Sluice.
const (
	OriginMarketplace Origin = "marketplace" // OAuth install
	OriginCredentials Origin = "credentials" // store-level API credentials (sluice store add)
)

// Store is one BigCommerce store.
type Store struct {
	Hash          string     `gorm:"primaryKey;size:32" json:"hash"`
	Name          string     `gorm:"size:255" json:"name"`
	Domain        string     `gorm:"size:255" json:"domain"`
	SecureURL     string     `gorm:"size:255" json:"secure_url"`
	PlanName      string     `gorm:"size:64" json:"plan_name"`
	Timezone      string     `gorm:"size:64" json:"timezone"` // IANA name, "UTC" until the store was read
	Currency      string     `gorm:"size:8" json:"currency"`
	WeightUnits   string     `gorm:"size:16;default:''" json:"-"` // as BigCommerce names them; "" until the store was read
	LengthUnits   string     `gorm:"size:16;default:''" json:"-"`
	State         StoreState `gorm:"size:32;index" json:"state"`
	StateReason   string     `gorm:"size:500" json:"state_reason"` // for the merchant: why, and what to do
	Origin        Origin     `gorm:"size:32" json:"origin"`
	Scopes        string     `gorm:"size:2000" json:"scopes"` // granted, space-separated
	AccountUUID   string     `gorm:"size:64" json:"-"`
	OwnerID       int64      `json:"-"`                           // BigCommerce user id
	AccessToken   []byte     `json:"-"`                           // sealed by vault: never plain
	ClientID      string     `gorm:"size:64;default:''" json:"-"` // of the API account, with OriginCredentials; "" if it was not given
	ClientSecret  []byte     `json:"-"`                           // sealed: signs the webhooks of that account; nil if it was not given
	InstalledAt   time.Time  `json:"installed_at"`
	UninstalledAt *time.Time `json:"uninstalled_at,omitempty"`
	DeleteAfter   *time.Time `gorm:"index" json:"-"`
	CreatedAt     time.Time  `json:"-"`
	UpdatedAt     time.Time  `json:"-"`

	// SessionsValidAfter ends every session that was opened at it or before: set by the uninstall, and
	// kept by a reinstall. OwnerAsOf is the time of the newest word of BigCommerce that changed the
	// owner: an older payload says nothing of ownership.
	SessionsValidAfter *time.Time `json:"-"`
	OwnerAsOf          *time.Time `json:"-"`

	// WebhooksOffAt is when webhooks were found that BigCommerce had deactivated; nil: they are on, as
	// far as is known.
	WebhooksOffAt *time.Time `json:"-"`
}

// Role says what a user or API key may do.
type Role string

// The roles, from the most to the least.
const (
	RoleOwner  Role = "owner"  // everything, and cannot be demoted
	RoleAdmin  Role = "admin"  // everything but changing the owner
	RoleViewer Role = "viewer" // reads only
)

// User is a person who opens the panel of one store. The same person in two stores is two users.
type User struct {
	ID         string     `gorm:"primaryKey;size:36" json:"id"`
	StoreHash  string     `gorm:"size:32;uniqueIndex:users_store_user" json:"-"`
	UserID     int64      `gorm:"uniqueIndex:users_store_user" json:"user_id"` // BigCommerce's id
	Email      string     `gorm:"size:255" json:"email"`
	Role       Role       `gorm:"size:16" json:"role"`
	Locale     string     `gorm:"size:16" json:"locale"`
	LastSeenAt *time.Time `json:"last_seen_at,omitempty"`
	RemovedAt  *time.Time `json:"removed_at,omitempty"` // set by remove_user and uninstall: sessions end at once
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"-"`

	// SessionsValidAfter ends every session that was opened at it or before: set by removal and
	// demotion.
	SessionsValidAfter *time.Time `json:"-"`
}

// Channel is a sales channel of a store as BigCommerce names it.
type Channel struct {
	ID        string    `gorm:"primaryKey;size:36" json:"-"`
	StoreHash string    `gorm:"size:32;uniqueIndex:channels_store_channel" json:"-"`
	ChannelID int64     `gorm:"uniqueIndex:channels_store_channel" json:"channel_id"`
	Name      string    `gorm:"size:255" json:"name"`
	Type      string    `gorm:"size:64" json:"type"`
	Platform  string    `gorm:"size:64" json:"platform"`
	Status    string    `gorm:"size:32" json:"status"`    // active, prelaunch, inactive, connected, …; "" for one only seen before 0006
	SiteURL   string    `gorm:"size:255" json:"site_url"` // canonical address of its storefront, "" if it has none
	UpdatedAt time.Time `json:"updated_at"`
}
