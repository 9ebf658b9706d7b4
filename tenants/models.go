package tenants

import (
	"encoding/json"
	"time"
)

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

// Connection is an outside system of a store: where records come from.
type Connection struct {
	ID          string     `gorm:"primaryKey;size:36" json:"id"`
	StoreHash   string     `gorm:"size:32;index" json:"-"`
	Name        string     `gorm:"size:100" json:"name"`
	Kind        string     `gorm:"size:16" json:"kind"`  // "url" or "upload"
	URL         string     `gorm:"size:2000" json:"url"` // kind url; what may be a credential in it is masked, see MaskAddress
	Address     []byte     `json:"-"`                    // sealed: the URL as it is, where URL is masked
	Secret      []byte     `json:"-"`                    // sealed: the Authorization header's value, if any
	HasSecret   bool       `json:"has_secret"`
	SecretSetAt *time.Time `json:"-"` // when Secret was given; nil without one
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
}

// Flow is one direction of one kind of record for a store: source, mapping, options.
type Flow struct {
	ID           string  `gorm:"primaryKey;size:36" json:"id"`
	StoreHash    string  `gorm:"size:32;index" json:"-"`
	Kind         string  `gorm:"size:32" json:"kind"` // one that app/kinds.go lists, such as "products"
	Name         string  `gorm:"size:100" json:"name"`
	ConnectionID string  `gorm:"size:36" json:"connection_id"`
	SnapshotID   string  `gorm:"size:36" json:"snapshot_id"` // kind upload: the file last uploaded
	Format       Format  `gorm:"serializer:json;type:text" json:"format"`
	Mapping      Mapping `gorm:"serializer:json;type:text" json:"mapping"`
	Options      Options `gorm:"serializer:json;type:text" json:"options"`
	Version      int     `json:"version"` // grows with each change; a stale write is refused

	// OffAt is when a person switched the flow off; nil while it is on. Then no run of it starts.
	OffAt *time.Time `json:"-"`
	// Header has the columns of its file as that was last read; nil while they are not known, or are
	// too many to be kept.
	Header []string `gorm:"serializer:json;type:text" json:"-"`

	// The schedule. Only SetSchedule and ClaimSchedule write it: the clock moves on without a new
	// Version.
	Schedule        string     `gorm:"size:100" json:"-"` // cron expression of five fields (see jobs/schedule), "" for none
	ScheduleEnabled bool       `json:"-"`
	NextRunAt       *time.Time `gorm:"index" json:"-"` // nil unless enabled; in the past while it waits for a process or for the store
	LastScheduledAt *time.Time `json:"-"`              // when it was last due and dealt with, run or skipped

	// The schedule of runs that compare with the store (Run.Compare), likewise. Timetable returns
	// either.
	CompareSchedule string     `gorm:"size:100;default:''" json:"-"`
	CompareEnabled  bool       `gorm:"default:false" json:"-"`
	CompareNextAt   *time.Time `gorm:"index" json:"-"`
	CompareLastAt   *time.Time `json:"-"`

	// When each schedule was switched on: what is late is counted from then.
	ScheduleSince *time.Time `json:"-"`
	CompareSince  *time.Time `json:"-"`

	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Format says how to read a source. Zero values mean: detect.
type Format struct {
	Type      string `json:"type,omitempty"`      // "csv", "ndjson" or "json"
	Encoding  string `json:"encoding,omitempty"`  // "utf-8", "latin-1" … (jobs/source)
	Delimiter string `json:"delimiter,omitempty"` // of CSV, one character
	// HeaderRow is the row of a CSV with the names of the columns, counted as a spreadsheet does;
	// 0 is 1 unless another is found, -1 a file without them.
	HeaderRow int    `json:"header_row,omitempty"`
	Path      string `json:"path,omitempty"`    // of JSON: where the records are, data.products; "" is the document
	Archive   string `json:"archive,omitempty"` // what the file is packed in, "gzip" or "zip"
	Member    string `json:"member,omitempty"`  // of a zip: the file in it
}

// Mapping turns a row of a source into a document.
type Mapping struct {
	Fields []FieldMapping `json:"fields"`
}

// FieldMapping fills one target field from one expression over the row.
type FieldMapping struct {
	Target     string `json:"target"`     // a name of the catalogue of the kind of flow (jobs/mapping)
	Expression string `json:"expression"` // expr-lang over the row's columns
}

// Options are the merchant's choices for a flow: names and values of its kind (flow.Spec).
type Options map[string]any

// Text returns an option that is a text, "" if it is not set.
func (o Options) Text(name string) string {
	s, _ := o[name].(string)
	return s
}

// MarshalJSON writes no options as {}, never as null.
func (o Options) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(map[string]any(o))
}

// RunState says where a run stands. Done, Failed and Cancelled are final.
type RunState string

// The states of a run.
const (
	RunQueued     RunState = "queued"
	RunRunning    RunState = "running"
	RunPaused     RunState = "paused" // the store needs a reinstall, or did not grant what the kind needs; resumes after it
	RunAsking     RunState = "asking" // waits for an answer to Question; no job of it exists meanwhile
	RunCancelling RunState = "cancelling"
	RunDone       RunState = "done"   // every row was accounted for; some may have failed
	RunFailed     RunState = "failed" // the run as a whole could not go on: Error says why
	RunCancelled  RunState = "cancelled"
)

// Final reports whether a run in state s will never change again.
func (s RunState) Final() bool { return s == RunDone || s == RunFailed || s == RunCancelled }

// Phase is the part of a run that its next step belongs to.
type Phase string

// The phases of a run, in their order.
const (
	PhaseFetch  Phase = "fetch"  // source → snapshot
	PhasePlan   Phase = "plan"   // rows → documents → which changed
	PhaseMatch  Phase = "match"  // changed documents ↔ live records, diff
	PhaseWrite  Phase = "write"  // creates and updates
	PhaseFinish Phase = "finish" // totals, clean-up
)

// Run is one execution of a flow: a chain of bounded steps. Step grows by one with each step that
// was carried out, in the same transaction as its effects, so that a repeated step is noticed.
type Run struct {
	ID              string   `gorm:"primaryKey;size:36;index:runs_store_id,priority:2;index:runs_flow_id,priority:2" json:"id"`
	StoreHash       string   `gorm:"size:32;index:runs_store_id,priority:1" json:"-"`
	FlowID          string   `gorm:"size:36;index:runs_flow_id,priority:1;uniqueIndex:runs_one_active,where:state <> 'done' AND state <> 'failed' AND state <> 'cancelled'" json:"flow_id"` // one run at a time
	Kind            string   `gorm:"size:32" json:"kind"`
	State           RunState `gorm:"size:16;index" json:"state"`
	Phase           Phase    `gorm:"size:16" json:"phase"`
	DryRun          bool     `json:"dry_run"`
	Compare         bool     `gorm:"default:false" json:"compare"`      // with the store: what is remembered of it is not believed
	RetryOf         string   `gorm:"size:36" json:"retry_of,omitempty"` // retries only that run's failed records
	Trigger         string   `gorm:"size:16" json:"trigger"`            // "manual", "api", "demo", "schedule"
	StartedBy       string   `gorm:"size:36" json:"started_by"`         // User.ID or APIKey.ID
	SnapshotID      string   `gorm:"size:36" json:"snapshot_id"`
	Step            int64    `json:"-"`
	Checkpoint      string   `gorm:"type:text" json:"-"`                      // JSON owned by jobs/upsert
	Format          Format   `gorm:"serializer:json;type:text" json:"format"` // the flow's at start: a run does not change under way
	Mapping         Mapping  `gorm:"serializer:json;type:text" json:"mapping"`
	Options         Options  `gorm:"serializer:json;type:text" json:"options"`
	FlowVersion     int      `gorm:"default:0" json:"flow_version"`    // Flow.Version at start, 0 if that is not known
	Error           string   `gorm:"size:1000" json:"error,omitempty"` // for the user
	Incomplete      bool     `json:"incomplete"`                       // the source stopped before its end
	CancelRequested bool     `json:"cancel_requested"`

	Counts
	BytesRead  int64 `gorm:"default:0" json:"bytes_read"`  // of the source
	BytesTotal int64 `gorm:"default:0" json:"bytes_total"` // 0 until known
	// Passing is how many errors are not the source's or the mapping's alone, so that trying again may
	// help.
	Passing int64 `gorm:"default:0" json:"-"`
	// ChangedFields is how many records each of the mapping's targets changes of; nil for runs of
	// versions that did not count.
	ChangedFields map[string]int64 `gorm:"serializer:json;type:text" json:"-"`

	Requests  int64 `json:"requests"`  // API requests the run has made
	Throttled int64 `json:"throttled"` // 429 answers among them

	PlannedRequests int64 `json:"planned_requests"` // what the planner said before the first write
	PlannedSeconds  int64 `json:"planned_seconds"`

	// The phase began at PhaseAt, when the run had made PhaseRequests.
	PhaseAt       *time.Time `json:"-"`
	PhaseRequests int64      `gorm:"default:0" json:"-"`

	// Question is what the run asks before its first write, what it asked when nobody let it go on,
	// or, of a dry run, what a real one would ask. Answers are those that let it go on, the oldest
	// first.
	Question *Question `gorm:"serializer:json;type:text" json:"question,omitempty"`
	Answers  []Answer  `gorm:"serializer:json;type:text" json:"answers,omitempty"`

	CreatedAt  time.Time  `json:"created_at"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	UpdatedAt  time.Time  `json:"updated_at"`
}

// Well reports whether the run is over and left nothing out.
func (r *Run) Well() bool { return r.State == RunDone && r.Failed == 0 && !r.Incomplete }

// Question is what a run wants to know before it writes what looks like a mistake.
type Question struct {
	Guard    string    `json:"guard"`    // name of what asks, stable within a kind of flow
	Message  string    `json:"message"`  // what it is about, in a sentence for the merchant
	Count    int64     `json:"count"`    // records that it is about …
	Of       int64     `json:"of"`       // … of so many
	Limit    float64   `json:"limit"`    // percent of Of that are too many; 0: any are
	Examples []string  `json:"examples"` // of the records, at most 5
	AskedAt  time.Time `json:"asked_at"`
}

// How long a question stands.
const (
	// QuestionFresh is how long after a question its run may go on with what it found out. Later it
	// compares anew first.
	QuestionFresh = 15 * time.Minute
	// QuestionKept is how long a run waits for an answer.
	QuestionKept = 24 * time.Hour
)

// Answer let a run go on in spite of a guard.
type Answer struct {
	Guard   string    `json:"guard"`
	Count   int64     `json:"count"` // of the question: the guard asks again only about more
	AskedAt time.Time `json:"asked_at"`
	At      time.Time `json:"answered_at"`
	By      string    `json:"answered_by"` // "user:<id>", "key:<id>"
}

// Counts are a run's records. Read = Created + Updated + Unchanged + Failed + what is still
// pending. In a dry run Created and Updated say what would be.
type Counts struct {
	Total     int64 `json:"total"` // rows in the source; 0 until known
	Read      int64 `json:"read"`
	ToCreate  int64 `json:"to_create"`
	ToUpdate  int64 `json:"to_update"`
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Failed    int64 `json:"failed"`
	Warnings  int64 `json:"warnings"`
}

// Record is what a flow knows of one key: which record of the store it is and what was last written
// to it.
type Record struct {
	FlowID     string    `gorm:"primaryKey;size:36;index:records_flow_unique,priority:1;index:records_target,priority:3" json:"-"`
	Key        string    `gorm:"primaryKey;size:512" json:"key"` // what identifies it at the source, trimmed and case-folded
	StoreHash  string    `gorm:"size:32;index" json:"-"`
	Kind       string    `gorm:"size:32;index:records_target,priority:1" json:"-"`      // of the flow
	TargetID   int64     `gorm:"index:records_target,priority:2" json:"target_id"`      // the kind's: a product's id; 0 while unknown
	ParentID   int64     `json:"-"`                                                     // of what it is a part of, as a variant of a product; 0 for none
	TargetRef  string    `gorm:"size:128" json:"-"`                                     // the kind's own way to address it, "" for none
	SourceHash string    `gorm:"size:64" json:"-"`                                      // of the mapped document last landed; "" if none
	UniqueKey  string    `gorm:"size:64;index:records_flow_unique,priority:2" json:"-"` // hash of what no other record may have, as a product's name
	State      string    `gorm:"size:16" json:"state"`                                  // "ok", "pending", "failed"
	Error      string    `gorm:"size:1000" json:"error,omitempty"`
	Cleaned    string    `gorm:"type:text;default:''" json:"-"` // JSON owned by jobs/upsert: what BigCommerce made of values that it does not keep as they are
	SeenRunID  string    `gorm:"size:36" json:"-"`              // the last run whose source had this key …
	SeenLine   int64     `json:"-"`                             // … and in which row: a second one is a duplicate
	UpdatedAt  time.Time `json:"updated_at"`
}

// ItemState says where one changed record of a run stands.
type ItemState string

// The states of an item.
const (
	ItemPlanned ItemState = "planned" // to be matched with the store
	ItemCreate  ItemState = "create"  // no such record: to be created
	ItemUpdate  ItemState = "update"  // differs: Changes is to be written
	ItemSending ItemState = "sending" // a create that may have been sent: look the key up before sending again
	ItemDone    ItemState = "done"
	ItemFailed  ItemState = "failed"
)

// RunItem is one record of a run that is not known to be unchanged. It is the run's work list and,
// with Before and After, the source of the dry run and the journal.
type RunItem struct {
	RunID     string    `gorm:"primaryKey;size:36;index:run_items_next,priority:1;index:run_items_key,priority:1" json:"-"`
	Line      int64     `gorm:"primaryKey;autoIncrement:false;index:run_items_next,priority:3" json:"line"` // line of the source on which the row starts
	Row       int64     `gorm:"column:sheet_row;default:0" json:"-"`                                        // of the spreadsheet, 0 if that is not known
	StoreHash string    `gorm:"size:32;index" json:"-"`
	Key       string    `gorm:"size:512;index:run_items_key,priority:2" json:"key"` // folded; Document has the SKU as written
	State     ItemState `gorm:"size:16;index:run_items_next,priority:2" json:"state"`
	Action    string    `gorm:"size:16" json:"action"` // "create", "update", "unchanged" once matched
	TargetID  int64     `json:"target_id"`
	ParentID  int64     `json:"-"`
	TargetRef string    `gorm:"size:128" json:"-"`
	Document  string    `gorm:"type:text" json:"-"`           // JSON of the mapped document
	Name      string    `gorm:"size:255;default:''" json:"-"` // of a dry run: of the record once matched, "" if that is not known
	Hash      string    `gorm:"size:64" json:"-"`             // of Document, becomes Record.SourceHash
	Changes   string    `gorm:"type:text" json:"-"`           // JSON [{field, before, after}]
}

// RunIssue is an error or warning about one row of a run.
type RunIssue struct {
	ID        string `gorm:"primaryKey;size:36" json:"-"`
	StoreHash string `gorm:"size:32;index;index:run_issues_cause,priority:4" json:"-"` // in the index, so that counting reads only that
	RunID     string `gorm:"size:36;uniqueIndex:run_issues_row;index:run_issues_cause,priority:1" json:"-"`
	Line      int64  `gorm:"uniqueIndex:run_issues_row;index:run_issues_cause,priority:3" json:"line"` // 0: about the source as a whole
	Row       int64  `gorm:"column:sheet_row;default:0" json:"row"`                                    // of the spreadsheet, 0 if that is not known
	Severity  string `gorm:"size:8;uniqueIndex:run_issues_row" json:"severity"`                        // "error" or "warning"
	Field     string `gorm:"size:100;uniqueIndex:run_issues_row" json:"field"`
	Cause     string `gorm:"size:16;default:'';index:run_issues_cause,priority:2" json:"cause"` // kind of problem (internal/cause)
	Key       string `gorm:"size:512" json:"key"`                                               // SKU as written; "" if the row has none
	Message   string `gorm:"size:1000" json:"message"`
	Value     string `gorm:"size:200" json:"value"`       // what the source had, shortened
	Cure      Cure   `gorm:"size:16;default:''" json:"-"` // where it is put right
}

// Cure is where the cause of an issue is put right.
type Cure string

// The places where causes of issues are put right.
const (
	CureNone     Cure = ""         // nowhere: it is for your information
	CureFile     Cure = "file"     // the row itself
	CureMatching Cure = "matching" // what the mapping of the field makes of the row
	CureRules    Cure = "rules"    // the flow's options, or the row
	CureSource   Cure = "source"   // what the flow reads
	CureStore    Cure = "store"    // the store, or the row
	CureRetry    Cure = "retry"    // it may have passed
)

// Passing reports whether a retry may help although nothing changed in the file and the mapping.
func (r Cure) Passing() bool { return r == CureStore || r == CureRetry }

// JournalEntry is one change that a run made in the store.
type JournalEntry struct {
	ID        string    `gorm:"primaryKey;size:36" json:"id"`
	StoreHash string    `gorm:"size:32;index" json:"-"`
	RunID     string    `gorm:"size:36;uniqueIndex:journal_run_key" json:"run_id"`
	Key       string    `gorm:"size:512;uniqueIndex:journal_run_key" json:"key"` // SKU as written
	Row       int64     `gorm:"column:sheet_row;default:0" json:"-"`             // of the spreadsheet, 0 if that is not known
	Name      string    `gorm:"size:255;default:''" json:"-"`                    // of the record, "" if that is not known
	TargetID  int64     `json:"target_id"`
	ParentID  int64     `gorm:"default:0" json:"-"`
	Action    string    `gorm:"size:16" json:"action"` // "create" or "update"
	Changes   string    `gorm:"type:text" json:"-"`    // JSON [{field, before, after}]
	CreatedAt time.Time `json:"created_at"`
}

// TableName names the table of JournalEntry.
func (JournalEntry) TableName() string { return "journal" }

// Snapshot is the copy of a source that a run works from, so that a crash, a retry or a 304 does
// not fetch it again. Its bytes are SnapshotChunk rows, readable from any byte offset.
type Snapshot struct {
	ID           string    `gorm:"primaryKey;size:36" json:"id"`
	StoreHash    string    `gorm:"size:32;index" json:"-"`
	FlowID       string    `gorm:"size:36;index" json:"flow_id"` // "" while an upload is not bound to a flow
	Filename     string    `gorm:"size:255" json:"filename"`
	ContentType  string    `gorm:"size:100" json:"content_type"`
	ETag         string    `gorm:"size:255" json:"-"`
	LastModified string    `gorm:"size:64" json:"-"`
	URL          string    `gorm:"size:2000" json:"-"` // where it came from; with a fingerprint for what is masked of it
	SHA256       string    `gorm:"size:64" json:"sha256"`
	Size         int64     `json:"size"`     // bytes, as received
	Complete     bool      `json:"complete"` // false: the stream stopped before its end, or is still being received
	CreatedAt    time.Time `gorm:"index" json:"created_at"`

	// Of one that holds the rows of another snapshot, whose bytes are not read as they are. It has no
	// flow and lives as long as that one.
	RowsOf  string   `gorm:"size:36;index;default:''" json:"-"`  // that one's id
	RowsAs  string   `gorm:"size:500;default:''" json:"-"`       // the format by which they were made
	Columns []string `gorm:"serializer:json;type:text" json:"-"` // their names

	Reserved    int64      `gorm:"default:0" json:"-"` // bytes that it may grow to while it is received; then Size counts
	CommittedAt *time.Time `json:"-"`                  // set when the last byte was written; until then nobody can open it
}

// SnapshotChunk is a run of a snapshot's bytes, gzipped.
type SnapshotChunk struct {
	SnapshotID string `gorm:"primaryKey;size:36"`
	Offset     int64  `gorm:"primaryKey;autoIncrement:false"` // of the chunk's first byte
	StoreHash  string `gorm:"size:32;index"`
	Length     int64  // bytes before compression
	Data       []byte
}

// JobState says where a job row stands.
type JobState string

// The states of a job.
const (
	JobPending JobState = "pending" // in Redis, or to be put there
	JobDone    JobState = "done"
	JobDead    JobState = "dead"    // gave up: LastError says why
	JobDropped JobState = "dropped" // the store was uninstalled or the run cancelled
)

// Job is a unit of work: a row first, an entry of the Redis queue second. Its JSON names are those
// of the columns: InsertJobs sends rows so.
type Job struct {
	ID        string    `gorm:"primaryKey;size:80;index:jobs_state_id,priority:2;index:jobs_paging,priority:3,where:state = 'pending'" json:"id"`
	StoreHash string    `gorm:"size:32;index:jobs_store_state;index:jobs_paging,priority:1" json:"store_hash"`
	Kind      string    `gorm:"size:32" json:"kind"`
	State     JobState  `gorm:"size:16;index:jobs_store_state;index:jobs_state_id,priority:1" json:"state"`
	Payload   string    `gorm:"type:text" json:"payload"` // JSON
	Lane      string    `gorm:"size:16" json:"lane"`      // queue.Lane
	Class     string    `gorm:"size:32" json:"class"`     // endpoint class, "" for none
	Cost      int       `json:"cost"`                     // API requests one attempt may use
	Coalesce  string    `gorm:"size:100" json:"coalesce"` // coalescing key, "" for none
	RunAt     time.Time `json:"run_at"`                   // not before
	Attempts  int       `json:"attempts"`
	LastError string    `gorm:"size:1000" json:"last_error"`
	Trace     string    `gorm:"size:55;default:''" json:"trace"` // W3C traceparent of what made the job, "" for none (internal/tracing)
	CreatedAt time.Time `gorm:"index:jobs_paging,priority:2" json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// JobAttempt is one failed attempt of a job: its history, for the operator. The newest few of a job
// are kept, and go with it.
type JobAttempt struct {
	ID        string `gorm:"primaryKey;size:36;index:job_attempts_job,priority:2"`
	JobID     string `gorm:"size:80;index:job_attempts_job,priority:1"`
	StoreHash string `gorm:"size:32;index"`
	Attempt   int    // Job.Attempts after it; begins anew when a dead job is retried
	Error     string `gorm:"size:1000"`
	FailedAt  time.Time
}

// WebhookEvent is a delivery that was acknowledged: a row before the 2xx, worked off later.
type WebhookEvent struct {
	StoreHash  string    `gorm:"primaryKey;size:32"`
	DeliveryID string    `gorm:"primaryKey;size:128"` // webhook-id header: a repeat is a no-op
	Scope      string    `gorm:"size:100"`
	Body       string    `gorm:"type:text"`
	ReceivedAt time.Time `gorm:"index"`
	HandledAt  *time.Time
}

// QuotaMinute is what a store's API quota did in one minute (jobs/queue.Minute has the meaning of
// each). Minutes without a request have no row.
type QuotaMinute struct {
	StoreHash            string `gorm:"primaryKey;size:32"`
	Minute               int64  `gorm:"primaryKey;autoIncrement:false;index"` // minutes since 1970-01-01 UTC
	Used                 int64
	Others               int64
	LeftMin              *int64 // nil while no answer told
	Quota                int64  // requests a window; 0 while no answer told
	WindowMS             int64
	ThrottledQuota       int64
	ThrottledConcurrency int64
	ThrottledLoad        int64
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
