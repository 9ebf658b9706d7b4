package tenants

import (
	"encoding/json"
	"time"
)

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
	// Questions are what only a person knows about the values of that file: runs wait for the answers,
	// which are choices of the mapping.
	Questions []OpenQuestion `gorm:"serializer:json;type:text" json:"-"`

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
