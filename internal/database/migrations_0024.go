package database

import (
	"time"

	"gorm.io/gorm"

	"sluice/internal/cause"
)

// migrate0024 adds what a run tells people of itself: the cause of each issue, by which issues are
// counted, rows of the spreadsheet, names of records, how much of the source was read, and how often
// each field changes. Issues of before get their causes; nothing else is known of old runs.
func migrate0024(tx *gorm.DB) error {
	m := tx.Migrator()
	for _, add := range []struct {
		table  any
		fields []string
	}{
		{&run0024{}, []string{"FlowVersion", "BytesRead", "BytesTotal", "Passing", "ChangedFields", "PhaseAt", "PhaseRequests"}},
		{&runItem0024{}, []string{"Row", "Name"}},
		{&runIssue0024{}, []string{"Row", "Cause", "Cure"}},
		{&journal0024{}, []string{"Row", "Name", "ParentID"}},
	} {
		for _, field := range add.fields {
			if err := m.AddColumn(add.table, field); err != nil {
				return err
			}
		}
	}
	if err := findCauses0024(tx); err != nil {
		return err
	}
	return m.CreateIndex(&runIssue0024{}, "run_issues_cause")
}

// causesBatch0024 is how many issues are in memory at once.
const causesBatch0024 = 1000

// findCauses0024 computes the causes of the issues that there are. Those of a run stand together,
// and most of them have a cause in common, so that a batch takes few statements.
func findCauses0024(tx *gorm.DB) error {
	for after := ""; ; {
		var issues []struct{ ID, Severity, Field, Message string }
		err := tx.Table("run_issues").Select("id, severity, field, message").Where("id > ?", after).
			Order("id").Limit(causesBatch0024).Find(&issues).Error
		if err != nil {
			return err
		}
		if len(issues) == 0 {
			return nil
		}
		ids := make(map[string][]string)
		for _, i := range issues {
			id := cause.ID(i.Severity, i.Field, i.Message)
			ids[id] = append(ids[id], i.ID)
		}
		for id, of := range ids {
			if err := tx.Table("run_issues").Where("id IN ?", of).Update("cause", id).Error; err != nil {
				return err
			}
		}
		after = issues[len(issues)-1].ID
	}
}

// The types below have the columns that this migration adds, and those of its index. The defaults
// are for old rows, which no database writes anew for them.

type run0024 struct {
	FlowVersion   int    `gorm:"default:0"`
	BytesRead     int64  `gorm:"default:0"`
	BytesTotal    int64  `gorm:"default:0"`
	Passing       int64  `gorm:"default:0"`
	ChangedFields string `gorm:"type:text"`
	PhaseAt       *time.Time
	PhaseRequests int64 `gorm:"default:0"`
}

func (run0024) TableName() string { return "runs" }

type runItem0024 struct {
	Row  int64  `gorm:"column:sheet_row;default:0"`
	Name string `gorm:"size:255;default:''"`
}

func (runItem0024) TableName() string { return "run_items" }

type runIssue0024 struct {
	RunID     string `gorm:"index:run_issues_cause,priority:1"`
	Cause     string `gorm:"size:16;default:'';index:run_issues_cause,priority:2"`
	Line      int64  `gorm:"index:run_issues_cause,priority:3"`
	StoreHash string `gorm:"index:run_issues_cause,priority:4"`
	Row       int64  `gorm:"column:sheet_row;default:0"`
	Cure      string `gorm:"size:16;default:''"`
}

func (runIssue0024) TableName() string { return "run_issues" }

type journal0024 struct {
	Row      int64  `gorm:"column:sheet_row;default:0"`
	Name     string `gorm:"size:255;default:''"`
	ParentID int64  `gorm:"default:0"`
}

func (journal0024) TableName() string { return "journal" }
