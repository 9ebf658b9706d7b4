package tenants

import "time"

// Record is what a flow knows of one key: which record of the store it is and what was last written
// to it.
type Record struct {
	FlowID       string    `gorm:"primaryKey;size:36;index:records_flow_unique,priority:1;index:records_target,priority:3" json:"-"`
	Key          string    `gorm:"primaryKey;size:512" json:"key"` // what identifies it at the source, trimmed and case-folded
	StoreHash    string    `gorm:"size:32;index" json:"-"`
	Kind         string    `gorm:"size:32;index:records_target,priority:1" json:"-"`      // of the flow
	TargetID     int64     `gorm:"index:records_target,priority:2" json:"target_id"`      // the kind's: a product's id; 0 while unknown
	ParentID     int64     `json:"-"`                                                     // of what it is a part of, as a variant of a product; 0 for none
	TargetRef    string    `gorm:"size:128" json:"-"`                                     // the kind's own way to address it, "" for none
	SourceHash   string    `gorm:"size:64" json:"-"`                                      // of the mapped document last landed; "" if none
	UniqueKey    string    `gorm:"size:64;index:records_flow_unique,priority:2" json:"-"` // hash of what no other record may have, as a product's name
	State        string    `gorm:"size:16" json:"state"`                                  // "ok", "pending", "failed"
	Error        string    `gorm:"size:1000" json:"error,omitempty"`
	Cleaned      string    `gorm:"type:text;default:''" json:"-"` // JSON owned by jobs/upsert: what BigCommerce made of values that it does not keep as they are
	Note         string    `gorm:"type:text;default:''" json:"-"` // of the kind, as which pictures of a product are its own
	RefusedHash  string    `gorm:"size:64;default:''" json:"-"`   // of the mapped document that BigCommerce refused, which is not sent again; "" if none
	RefusedField string    `gorm:"size:255;default:''" json:"-"`  // the one that is to blame, "" for none
	Landed       bool      `gorm:"default:false" json:"-"`        // the flow itself made it what its row says, at least once
	Vanished     string    `gorm:"type:text;default:''" json:"-"` // JSON owned by jobs/upsert: what was done to it since it left the source; "" while it is there
	SeenRunID    string    `gorm:"size:36" json:"-"`              // the last run whose source had this key …
	SeenLine     int64     `json:"-"`                             // … and in which row: a second one is a duplicate
	UpdatedAt    time.Time `json:"updated_at"`
}

// NoLine is where the Lines of items and issues begin that are about no line of the source: records
// that left it.
const NoLine = int64(1) << 40

// SourceLine is the line of the source that a Line of an item or an issue is, 0 for none.
func SourceLine(line int64) int64 {
	if line >= NoLine {
		return 0
	}
	return line
}

// ItemState says where one changed record of a run stands.
type ItemState string

// The states of an item.
const (
	ItemFragment ItemState = "fragment" // a row of a record whose rows stand apart: to be assembled
	ItemPlanned  ItemState = "planned"  // to be matched with the store
	ItemCreate   ItemState = "create"   // no such record: to be created
	ItemUpdate   ItemState = "update"   // differs: Changes is to be written
	ItemSending  ItemState = "sending"  // a create that may have been sent: look the key up before sending again
	ItemDone     ItemState = "done"
	ItemFailed   ItemState = "failed"
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
	Action    string    `gorm:"size:16" json:"action"` // "create", "update", "unchanged", "skipped" once matched
	TargetID  int64     `json:"target_id"`
	ParentID  int64     `json:"-"`
	TargetRef string    `gorm:"size:128" json:"-"`
	Document  string    `gorm:"type:text" json:"-"`           // JSON of the mapped document
	Name      string    `gorm:"size:255;default:''" json:"-"` // of a dry run: of the record once matched, "" if that is not known
	Hash      string    `gorm:"size:64" json:"-"`             // of Document, becomes Record.SourceHash
	Changes   string    `gorm:"type:text" json:"-"`           // JSON [{field, before, after}]
}

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
