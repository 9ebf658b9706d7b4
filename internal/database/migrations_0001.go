package database

import (
	"time"

	"gorm.io/gorm"
)

// migrate0001 creates the schema of the first release. The structs below are what the models of
// package tenants looked like then; they are history and never change.
func migrate0001(tx *gorm.DB) error {
	return tx.Migrator().CreateTable(
		&store0001{},
		&user0001{},
		&channel0001{},
		&apiKey0001{},
		&usedToken0001{},
		&connection0001{},
		&flow0001{},
		&run0001{},
		&record0001{},
		&runItem0001{},
		&runIssue0001{},
		&journalEntry0001{},
		&snapshot0001{},
		&snapshotChunk0001{},
		&job0001{},
		&webhookEvent0001{},
		&auditEntry0001{},
	)
}

type store0001 struct {
	Hash          string `gorm:"primaryKey;size:32"`
	Name          string `gorm:"size:255"`
	Domain        string `gorm:"size:255"`
	SecureURL     string `gorm:"size:255"`
	PlanName      string `gorm:"size:64"`
	Timezone      string `gorm:"size:64"`
	Currency      string `gorm:"size:8"`
	State         string `gorm:"size:32;index"`
	StateReason   string `gorm:"size:500"`
	Origin        string `gorm:"size:32"`
	Scopes        string `gorm:"size:2000"`
	AccountUUID   string `gorm:"size:64"`
	OwnerID       int64
	AccessToken   []byte
	InstalledAt   time.Time
	UninstalledAt *time.Time
	DeleteAfter   *time.Time `gorm:"index"`
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

func (store0001) TableName() string { return "stores" }

type user0001 struct {
	ID         string `gorm:"primaryKey;size:36"`
	StoreHash  string `gorm:"size:32;uniqueIndex:users_store_user"`
	UserID     int64  `gorm:"uniqueIndex:users_store_user"`
	Email      string `gorm:"size:255"`
	Role       string `gorm:"size:16"`
	Locale     string `gorm:"size:16"`
	LastSeenAt *time.Time
	RemovedAt  *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

func (user0001) TableName() string { return "users" }

type channel0001 struct {
	ID        string `gorm:"primaryKey;size:36"`
	StoreHash string `gorm:"size:32;uniqueIndex:channels_store_channel"`
	ChannelID int64  `gorm:"uniqueIndex:channels_store_channel"`
	Name      string `gorm:"size:255"`
	Type      string `gorm:"size:64"`
	Platform  string `gorm:"size:64"`
	SiteURL   string `gorm:"size:255"`
	UpdatedAt time.Time
}

func (channel0001) TableName() string { return "channels" }

type apiKey0001 struct {
	ID         string `gorm:"primaryKey;size:36"`
	StoreHash  string `gorm:"size:32;index"`
	Name       string `gorm:"size:100"`
	Prefix     string `gorm:"size:16"`
	SecretHash string `gorm:"size:64;uniqueIndex"`
	Scopes     string `gorm:"size:500"`
	CreatedBy  string `gorm:"size:36"`
	LastUsedAt *time.Time
	ExpiresAt  *time.Time
	RevokedAt  *time.Time
	CreatedAt  time.Time
}

func (apiKey0001) TableName() string { return "api_keys" }

type usedToken0001 struct {
	StoreHash string `gorm:"primaryKey;size:32"`
	JTI       string `gorm:"primaryKey;size:64"`
	FirstUsed time.Time
	ExpiresAt time.Time `gorm:"index"`
}

func (usedToken0001) TableName() string { return "used_tokens" }

type connection0001 struct {
	ID        string `gorm:"primaryKey;size:36"`
	StoreHash string `gorm:"size:32;index"`
	Name      string `gorm:"size:100"`
	Kind      string `gorm:"size:16"`
	URL       string `gorm:"size:2000"`
	Secret    []byte
	HasSecret bool
	CreatedAt time.Time
	UpdatedAt time.Time
}

func (connection0001) TableName() string { return "connections" }

type flow0001 struct {
	ID           string `gorm:"primaryKey;size:36"`
	StoreHash    string `gorm:"size:32;index"`
	Kind         string `gorm:"size:32"`
	Name         string `gorm:"size:100"`
	ConnectionID string `gorm:"size:36"`
	SnapshotID   string `gorm:"size:36"`
	Format       string `gorm:"type:text"`
	Mapping      string `gorm:"type:text"`
	Options      string `gorm:"type:text"`
	Version      int
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

func (flow0001) TableName() string { return "flows" }

type run0001 struct {
	ID              string `gorm:"primaryKey;size:36;index:runs_store_id,priority:2;index:runs_flow_id,priority:2"`
	StoreHash       string `gorm:"size:32;index:runs_store_id,priority:1"`
	FlowID          string `gorm:"size:36;index:runs_flow_id,priority:1;uniqueIndex:runs_one_active,where:state <> 'done' AND state <> 'failed' AND state <> 'cancelled'"`
	Kind            string `gorm:"size:32"`
	State           string `gorm:"size:16;index"`
	Phase           string `gorm:"size:16"`
	DryRun          bool
	RetryOf         string `gorm:"size:36"`
	Trigger         string `gorm:"size:16"`
	StartedBy       string `gorm:"size:36"`
	SnapshotID      string `gorm:"size:36"`
	Step            int64
	Checkpoint      string `gorm:"type:text"`
	Format          string `gorm:"type:text"`
	Mapping         string `gorm:"type:text"`
	Options         string `gorm:"type:text"`
	Error           string `gorm:"size:1000"`
	Incomplete      bool
	CancelRequested bool
	Total           int64
	Read            int64
	ToCreate        int64
	ToUpdate        int64
	Created         int64
	Updated         int64
	Unchanged       int64
	Failed          int64
	Warnings        int64
	Requests        int64
	Throttled       int64
	PlannedRequests int64
	PlannedSeconds  int64
	CreatedAt       time.Time
	StartedAt       *time.Time
	FinishedAt      *time.Time
	UpdatedAt       time.Time
}

func (run0001) TableName() string { return "runs" }

type record0001 struct {
	FlowID     string `gorm:"primaryKey;size:36;index:records_flow_name,priority:1;index:records_target,priority:2"`
	Key        string `gorm:"primaryKey;size:512"`
	StoreHash  string `gorm:"size:32;index"`
	TargetID   int64  `gorm:"index:records_target,priority:1"`
	SourceHash string `gorm:"size:64"`
	NameKey    string `gorm:"size:64;index:records_flow_name,priority:2"`
	State      string `gorm:"size:16"`
	Error      string `gorm:"size:1000"`
	SeenRunID  string `gorm:"size:36"`
	SeenLine   int64
	UpdatedAt  time.Time
}

func (record0001) TableName() string { return "records" }

type runItem0001 struct {
	RunID     string `gorm:"primaryKey;size:36;index:run_items_next,priority:1;index:run_items_key,priority:1"`
	Line      int64  `gorm:"primaryKey;autoIncrement:false;index:run_items_next,priority:3"`
	StoreHash string `gorm:"size:32;index"`
	Key       string `gorm:"size:512;index:run_items_key,priority:2"`
	State     string `gorm:"size:16;index:run_items_next,priority:2"`
	Action    string `gorm:"size:16"`
	TargetID  int64
	Document  string `gorm:"type:text"`
	Hash      string `gorm:"size:64"`
	Changes   string `gorm:"type:text"`
}

func (runItem0001) TableName() string { return "run_items" }

type runIssue0001 struct {
	ID        string `gorm:"primaryKey;size:36"`
	StoreHash string `gorm:"size:32;index"`
	RunID     string `gorm:"size:36;uniqueIndex:run_issues_row"`
	Line      int64  `gorm:"uniqueIndex:run_issues_row"`
	Severity  string `gorm:"size:8;uniqueIndex:run_issues_row"`
	Field     string `gorm:"size:100;uniqueIndex:run_issues_row"`
	Key       string `gorm:"size:512"`
	Message   string `gorm:"size:1000"`
	Value     string `gorm:"size:200"`
}

func (runIssue0001) TableName() string { return "run_issues" }

type journalEntry0001 struct {
	ID        string `gorm:"primaryKey;size:36"`
	StoreHash string `gorm:"size:32;index"`
	RunID     string `gorm:"size:36;uniqueIndex:journal_run_key"`
	Key       string `gorm:"size:512;uniqueIndex:journal_run_key"`
	TargetID  int64
	Action    string `gorm:"size:16"`
	Changes   string `gorm:"type:text"`
	CreatedAt time.Time
}

func (journalEntry0001) TableName() string { return "journal" }

type snapshot0001 struct {
	ID           string `gorm:"primaryKey;size:36"`
	StoreHash    string `gorm:"size:32;index"`
	FlowID       string `gorm:"size:36;index"`
	Filename     string `gorm:"size:255"`
	ContentType  string `gorm:"size:100"`
	ETag         string `gorm:"size:255"`
	LastModified string `gorm:"size:64"`
	URL          string `gorm:"size:2000"`
	SHA256       string `gorm:"size:64"`
	Size         int64
	Complete     bool
	CreatedAt    time.Time `gorm:"index"`
	CommittedAt  *time.Time
}

func (snapshot0001) TableName() string { return "snapshots" }

type snapshotChunk0001 struct {
	SnapshotID string `gorm:"primaryKey;size:36"`
	Offset     int64  `gorm:"primaryKey;autoIncrement:false"`
	StoreHash  string `gorm:"size:32;index"`
	Length     int64
	Data       []byte
}

func (snapshotChunk0001) TableName() string { return "snapshot_chunks" }

type job0001 struct {
	ID        string `gorm:"primaryKey;size:80;index:jobs_state_id,priority:2"`
	StoreHash string `gorm:"size:32;index:jobs_store_state"`
	Kind      string `gorm:"size:32"`
	State     string `gorm:"size:16;index:jobs_store_state;index:jobs_state_id,priority:1"`
	Payload   string `gorm:"type:text"`
	Lane      string `gorm:"size:16"`
	Class     string `gorm:"size:32"`
	Cost      int
	Coalesce  string `gorm:"size:100"`
	RunAt     time.Time
	Attempts  int
	LastError string `gorm:"size:1000"`
	CreatedAt time.Time
	UpdatedAt time.Time
}

func (job0001) TableName() string { return "jobs" }

type webhookEvent0001 struct {
	StoreHash  string    `gorm:"primaryKey;size:32"`
	DeliveryID string    `gorm:"primaryKey;size:128"`
	Scope      string    `gorm:"size:100"`
	Body       string    `gorm:"type:text"`
	ReceivedAt time.Time `gorm:"index"`
	HandledAt  *time.Time
}

func (webhookEvent0001) TableName() string { return "webhook_events" }

type auditEntry0001 struct {
	ID        string `gorm:"primaryKey;size:36;index:audit_store_id,priority:2"`
	StoreHash string `gorm:"size:32;index:audit_store_id,priority:1"`
	Actor     string `gorm:"size:100"`
	Action    string `gorm:"size:64"`
	Subject   string `gorm:"size:100"`
	Detail    string `gorm:"size:1000"`
	CreatedAt time.Time
}

func (auditEntry0001) TableName() string { return "audit" }
