package tenants

import "time"

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
