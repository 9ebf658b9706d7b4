package tenants

import "time"

// Attention is an open problem: a cause and a flow, or the store as a whole (FlowID ""). The row
// appears when the problem does and goes when it has healed; jobs/attention decides both.
type Attention struct {
	ID         string     `gorm:"primaryKey;size:36" json:"id"`
	StoreHash  string     `gorm:"size:32;uniqueIndex:attention_cause" json:"-"`
	FlowID     string     `gorm:"size:36;uniqueIndex:attention_cause" json:"flow_id"`
	Cause      string     `gorm:"size:32;uniqueIndex:attention_cause" json:"cause"`
	Kind       string     `gorm:"size:32" json:"kind"`   // of the flow
	RunID      string     `gorm:"size:36" json:"run_id"` // that shows it; "" for none
	Message    string     `gorm:"size:1000" json:"message"`
	Count      int64      `json:"count"`
	Since      time.Time  `json:"since"`
	LastSeenAt time.Time  `json:"last_seen_at"`
	AssignedTo string     `gorm:"size:36" json:"assigned_to"` // User.ID, "" for nobody
	MutedUntil *time.Time `json:"muted_until"`
	AlertedAt  *time.Time `json:"-"` // when the channels were told of it; nil: they were not
	Remedy     Remedy     `gorm:"embedded;embeddedPrefix:remedy_" json:"remedy"`
}

// Remedy is what to do about a problem.
type Remedy struct {
	Action string `gorm:"size:16" json:"action"` // where the panel leads, "" for nowhere
	Text   string `gorm:"size:300" json:"text"`
	Field  string `gorm:"size:100" json:"field"` // of the source or the record; may be ""
}

// TableName names the table of Attention.
func (Attention) TableName() string { return "attention" }

// AttentionCheck says when a flow's problems, or the store's own (FlowID ""), are looked at next.
// Whatever may open or heal one makes that now, in its own transaction; the clock alone brings the
// other times. Whoever looks holds the row, so that no two see the same change.
type AttentionCheck struct {
	StoreHash string    `gorm:"primaryKey;size:32"`
	FlowID    string    `gorm:"primaryKey;size:36"`
	DueAt     time.Time `gorm:"index"`
}

// AlertSettings are a store's choices of what is told, and when. A store without a row has the
// defaults.
type AlertSettings struct {
	StoreHash     string               `gorm:"primaryKey;size:32"`
	Rules         map[string]AlertRule `gorm:"serializer:json;type:text"` // by name; one that is missing has its defaults
	QuietEnabled  bool
	QuietFrom     string `gorm:"size:5"` // 15:04, in the store's time
	QuietTo       string `gorm:"size:5"`
	DigestEnabled bool
	DigestAt      string     `gorm:"size:5"`
	DigestNextAt  *time.Time `gorm:"index"` // nil unless enabled
	Version       int        // grows with each change; a stale write is refused
	UpdatedAt     time.Time
}

// AlertRule is a store's choice for one rule.
type AlertRule struct {
	Enabled bool             `json:"enabled"`
	Params  map[string]int64 `json:"params,omitempty"`
}

// AlertChannelKind is a way to reach people or programs.
type AlertChannelKind string

// The kinds of channels.
const (
	ChannelMail    AlertChannelKind = "mail"
	ChannelSlack   AlertChannelKind = "slack"
	ChannelTeams   AlertChannelKind = "teams"
	ChannelWebhook AlertChannelKind = "webhook"
)

// AlertChannel is where a store's alerts go.
type AlertChannel struct {
	ID        string           `gorm:"primaryKey;size:36"`
	StoreHash string           `gorm:"size:32;index"`
	Kind      AlertChannelKind `gorm:"size:16"`
	Recipient string           `gorm:"size:2000"` // mail: addresses, ", " between; else the masked address
	Address   []byte           // sealed: where messages are posted; nil for mail
	Secret    []byte           // sealed: signs messages of a webhook
	Enabled   bool
	Failure   string     `gorm:"size:500"` // why the last message did not arrive; "" if it did
	SentAt    *time.Time // when the last message left
	HeldUntil *time.Time // while somebody sends by it; over when that process died
	CreatedAt time.Time
	UpdatedAt time.Time
}

// AlertState says where a message to a channel stands.
type AlertState string

// The states of a message.
const (
	AlertPending AlertState = "pending"
	AlertSent    AlertState = "sent"
	AlertFailed  AlertState = "failed" // given up
)

// AlertMessage is one piece of news for one channel: a row before it is sent. Several that are due
// leave together, as a batch, which keeps its id however often it is tried.
type AlertMessage struct {
	ID          string     `gorm:"primaryKey;size:36"`
	StoreHash   string     `gorm:"size:32;index"`
	ChannelID   string     `gorm:"size:36;index:alert_messages_channel,priority:1"`
	AttentionID string     `gorm:"size:36"` // "" of a digest
	Event       AlertEvent `gorm:"size:16"`
	Body        string     `gorm:"type:text"` // JSON owned by jobs/alerts
	State       AlertState `gorm:"size:16;index:alert_messages_channel,priority:2"`
	NotBefore   time.Time  `gorm:"index:alert_messages_due,where:state = 'pending'"`
	Batch       string     `gorm:"size:36"` // "" until it was first tried
	Attempts    int
	CreatedAt   time.Time `gorm:"index"`
}

// AlertEvent is what a message tells.
type AlertEvent string

// What messages tell.
const (
	AlertOpened AlertEvent = "opened"
	AlertHealed AlertEvent = "healed"
	AlertDigest AlertEvent = "digest"
)
