package tenants

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
