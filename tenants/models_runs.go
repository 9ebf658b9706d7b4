package tenants

import "time"

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
	RunFailed     RunState = "failed" // the run as a whole could not go on, or every record failed: Error says why
	RunCancelled  RunState = "cancelled"
)

// Final reports whether a run in state s will never change again.
func (s RunState) Final() bool { return s == RunDone || s == RunFailed || s == RunCancelled }

// Phase is the part of a run that its next step belongs to.
type Phase string

// The phases of a run, in their order.
const (
	PhaseFetch    Phase = "fetch"    // source → snapshot
	PhasePlan     Phase = "plan"     // rows → documents → which changed
	PhaseAssemble Phase = "assemble" // rows that stand apart → documents
	PhaseMatch    Phase = "match"    // changed documents ↔ live records, diff
	PhaseWrite    Phase = "write"    // creates and updates
	PhaseFinish   Phase = "finish"   // totals, clean-up
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

// Counts are a run's records. Read = Created + Updated + Unchanged + Skipped + Failed + what is
// still pending, and records that left the source are updated, or fail, besides. In a dry run Created and Updated say what would be.
type Counts struct {
	Total     int64 `json:"total"` // rows in the source; 0 until known
	Read      int64 `json:"read"`
	ToCreate  int64 `json:"to_create"`
	ToUpdate  int64 `json:"to_update"`
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	Vanished  int64 `gorm:"default:0" json:"vanished"` // of Updated: records that left the source
	Unchanged int64 `json:"unchanged"`
	Skipped   int64 `gorm:"default:0" json:"skipped"` // passed by, because of the flow's options
	Failed    int64 `json:"failed"`
	Warnings  int64 `json:"warnings"`
}
