package database

import (
	"fmt"
	"time"

	"gorm.io/gorm"
)

// migrate0026 adds open problems and alerts, and the times that some problems are counted from:
// when a schedule was switched on, when a secret was given. Both begin for old rows as late as they
// may have, so that nothing is overdue on the day of the upgrade. Every flow and store is looked at
// once.
func migrate0026(tx *gorm.DB) error {
	m := tx.Migrator()
	err := m.CreateTable(&attention0026{}, &attentionCheck0026{}, &alertSettings0026{}, &alertChannel0026{}, &alertMessage0026{})
	if err != nil {
		return err
	}
	for _, c := range []struct {
		model any
		field string
	}{{&flow0026{}, "ScheduleSince"}, {&flow0026{}, "CompareSince"}, {&connection0026{}, "SecretSetAt"}, {&store0026{}, "WebhooksOffAt"}} {
		if err := m.AddColumn(c.model, c.field); err != nil {
			return err
		}
	}
	now := time.Now().UTC()
	for _, statement := range []string{
		"UPDATE flows SET schedule_since = ? WHERE schedule_enabled",
		"UPDATE flows SET compare_since = ? WHERE compare_enabled",
		"UPDATE connections SET secret_set_at = ? WHERE has_secret",
		"INSERT INTO attention_checks (store_hash, flow_id, due_at) SELECT store_hash, id, ? FROM flows",
		"INSERT INTO attention_checks (store_hash, flow_id, due_at) SELECT hash, '', ? FROM stores WHERE state <> 'uninstalled'",
	} {
		if err := tx.Exec(statement, now).Error; err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

type flow0026 struct {
	ScheduleSince *time.Time
	CompareSince  *time.Time
}

func (flow0026) TableName() string { return "flows" }

type connection0026 struct {
	SecretSetAt *time.Time
}

func (connection0026) TableName() string { return "connections" }

type store0026 struct {
	WebhooksOffAt *time.Time
}

func (store0026) TableName() string { return "stores" }

type attention0026 struct {
	ID           string `gorm:"primaryKey;size:36"`
	StoreHash    string `gorm:"size:32;uniqueIndex:attention_cause"`
	FlowID       string `gorm:"size:36;uniqueIndex:attention_cause"`
	Cause        string `gorm:"size:32;uniqueIndex:attention_cause"`
	Kind         string `gorm:"size:32"`
	RunID        string `gorm:"size:36"`
	Message      string `gorm:"size:1000"`
	Count        int64
	Since        time.Time
	LastSeenAt   time.Time
	AssignedTo   string `gorm:"size:36"`
	MutedUntil   *time.Time
	AlertedAt    *time.Time
	RemedyAction string `gorm:"size:16"`
	RemedyText   string `gorm:"size:300"`
	RemedyField  string `gorm:"size:100"`
}

func (attention0026) TableName() string { return "attention" }

type attentionCheck0026 struct {
	StoreHash string    `gorm:"primaryKey;size:32"`
	FlowID    string    `gorm:"primaryKey;size:36"`
	DueAt     time.Time `gorm:"index:idx_attention_checks_due_at"`
}

func (attentionCheck0026) TableName() string { return "attention_checks" }

type alertSettings0026 struct {
	StoreHash     string `gorm:"primaryKey;size:32"`
	Rules         string `gorm:"type:text"`
	QuietEnabled  bool
	QuietFrom     string `gorm:"size:5"`
	QuietTo       string `gorm:"size:5"`
	DigestEnabled bool
	DigestAt      string     `gorm:"size:5"`
	DigestNextAt  *time.Time `gorm:"index:idx_alert_settings_digest_next_at"`
	Version       int
	UpdatedAt     time.Time
}

func (alertSettings0026) TableName() string { return "alert_settings" }

type alertChannel0026 struct {
	ID        string `gorm:"primaryKey;size:36"`
	StoreHash string `gorm:"size:32;index:idx_alert_channels_store_hash"`
	Kind      string `gorm:"size:16"`
	Recipient string `gorm:"size:2000"`
	Address   []byte
	Secret    []byte
	Enabled   bool
	Failure   string `gorm:"size:500"`
	SentAt    *time.Time
	HeldUntil *time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

func (alertChannel0026) TableName() string { return "alert_channels" }

type alertMessage0026 struct {
	ID          string    `gorm:"primaryKey;size:36"`
	StoreHash   string    `gorm:"size:32;index:idx_alert_messages_store_hash"`
	ChannelID   string    `gorm:"size:36;index:alert_messages_channel,priority:1"`
	AttentionID string    `gorm:"size:36"`
	Event       string    `gorm:"size:16"`
	Body        string    `gorm:"type:text"`
	State       string    `gorm:"size:16;index:alert_messages_channel,priority:2"`
	NotBefore   time.Time `gorm:"index:alert_messages_due,where:state = 'pending'"`
	Batch       string    `gorm:"size:36"`
	Attempts    int
	CreatedAt   time.Time `gorm:"index:idx_alert_messages_created_at"`
}

func (alertMessage0026) TableName() string { return "alert_messages" }
