package tenants

import "time"

// Install is what an OAuth install, or store-level credentials, say of a store.
type Install struct {
	StoreHash   string
	AccessToken string // plain; sealed before it is written
	Scopes      string // granted, space-separated
	AccountUUID string
	Origin      Origin

	ClientID     string // of store-level credentials, "" if not known
	ClientSecret string // plain; sealed before it is written

	OwnerID    int64 // BigCommerce's ids; 0 with store-level credentials
	OwnerEmail string
	UserID     int64 // who installed; the owner or another user
	UserEmail  string
	Locale     string
}

// StoreInfo is what BigCommerce says of a store (GET /v2/store).
type StoreInfo struct {
	Name, Domain, SecureURL, PlanName, Timezone, Currency, WeightUnits, LengthUnits string
}

// UserSeen is a user as a signed payload or an install names one.
type UserSeen struct {
	UserID int64
	Email  string
	Locale string // "" keeps what is known
	Owner  bool
	// IssuedAt is when BigCommerce signed the payload that names the user: one from before the user's
	// removal does not bring them back. Zero for what BigCommerce said just now (an install).
	IssuedAt time.Time
}

// Page is a piece of a list. After (or Before, for lists that start with the newest) is the next
// value that the call before returned, "" at first. Limit 0 means 50; 250 is the most.
type Page struct {
	After  string
	Before string
	Limit  int
}

// RunFilter narrows Runs; newest first. Before is a run's ID.
type RunFilter struct {
	FlowID string
	Before string
	Limit  int
}

// IssueFilter narrows RunIssues; by line.
type IssueFilter struct {
	Severity string // "error", "warning" or "" for both
	Cause    string // RunIssue.Cause, "" for all
	Text     string // in the key, whatever its case; "" for all
	After    string
	Limit    int
}

// ItemFilter narrows RunItems; by line.
type ItemFilter struct {
	States  []ItemState
	Actions []string
	Field   string // that the item changes, "" for all
	Text    string // in the key or the name, whatever its case; "" for all
	After   string
	Limit   int
}

// JournalFilter narrows Journal; the oldest first.
type JournalFilter struct {
	Action string // "create", "update" or "" for both
	Field  string // as of ItemFilter
	Text   string // likewise
	After  string
	Limit  int
}

// CauseCount is how often a run noted a cause.
type CauseCount struct {
	Cause string
	N     int64
}

// ItemCount is how many items of a run have a state and an action.
type ItemCount struct {
	State  ItemState
	Action string
	N      int64
}

// SeenKey is a key that a run met, and where.
type SeenKey struct {
	Key  string
	Line int64
}

// SnapshotMeta is what is known of a snapshot once its bytes are there. Empty fields keep what
// NewSnapshotWriter was given.
type SnapshotMeta struct {
	Filename, ContentType, ETag, LastModified, URL string
	Columns                                        []string // of rows
}

// Credentials are store-level API credentials as BigCommerce's control panel hands them out.
type Credentials struct {
	Name         string
	StoreHash    string
	AccessToken  string
	ClientID     string
	ClientSecret string
	APIPath      string
}
