package tenants

import "time"

// APIKey lets a program call /api/v1 for one store. Only a hash of the secret is kept.
type APIKey struct {
	ID         string     `gorm:"primaryKey;size:36" json:"id"`
	StoreHash  string     `gorm:"size:32;index" json:"-"`
	Name       string     `gorm:"size:100" json:"name"`
	Prefix     string     `gorm:"size:16" json:"prefix"`        // shown, so that a person can tell keys apart
	SecretHash string     `gorm:"size:64;uniqueIndex" json:"-"` // hex SHA-256 of the whole key
	Scopes     string     `gorm:"size:500" json:"scopes"`       // space-separated, see auth.KeyScopes
	CreatedBy  string     `gorm:"size:36" json:"created_by"`    // User.ID
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`

	RevokedBecause RevokedBecause `gorm:"size:16;default:''" json:"revoked_because,omitempty"`

	// KeptAt is when the owner said that a key which is the owner's to make may go on, though another
	// made it.
	KeptAt *time.Time `json:"-"`
	// NeedsReview: the owner has yet to say so. Lists of keys tell it.
	NeedsReview bool `gorm:"-" json:"needs_review,omitempty"`
}

// RevokedBecause says what revoked an API key.
type RevokedBecause string

// What revokes an API key.
const (
	RevokedByHand       RevokedBecause = "" // somebody did, or the key is not revoked
	RevokedMakerRemoved RevokedBecause = "maker_removed"
	RevokedMakerDemoted RevokedBecause = "maker_demoted"
	RevokedUninstalled  RevokedBecause = "uninstalled"
)

// ScopeIdentityLogin is the scope of API keys that sign shoppers in. It is the owner's to give.
const ScopeIdentityLogin = "identity:login"

// UsedToken remembers what counts once, so that it is not accepted again: the jti of a signed
// payload, an installation's code, a panel session that was signed out of (see auth).
type UsedToken struct {
	StoreHash string `gorm:"primaryKey;size:32"`
	JTI       string `gorm:"primaryKey;size:64"`
	FirstUsed time.Time
	ExpiresAt time.Time `gorm:"index"` // the token's own expiry: the row may go after it
}

// AuditEntry is who did what in a store.
type AuditEntry struct {
	ID        string    `gorm:"primaryKey;size:36;index:audit_store_id,priority:2" json:"id"`
	StoreHash string    `gorm:"size:32;index:audit_store_id,priority:1" json:"-"`
	Actor     string    `gorm:"size:100" json:"actor"` // "user:<id>", "key:<id>", "bigcommerce", "operator", "system"
	Action    string    `gorm:"size:64" json:"action"` // "store.installed", "run.started" …
	Subject   string    `gorm:"size:100" json:"subject"`
	Detail    string    `gorm:"size:1000" json:"detail"`
	Address   string    `gorm:"size:45;default:''" json:"address"` // the actor's network address; "" if none called
	CreatedAt time.Time `json:"created_at"`
}

// TableName names the table of AuditEntry.
func (AuditEntry) TableName() string { return "audit" }
