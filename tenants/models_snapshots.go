package tenants

import "time"

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
