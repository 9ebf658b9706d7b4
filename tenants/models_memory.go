package tenants

import "time"

// RememberedRecord is a record of the store as a flow last saw it: in the answer to its last write,
// or when it was last looked at. With it the next change is planned, shown and journalled without
// reading the record again. There is none of a record whose last write failed, that another flow
// wrote meanwhile, or that is large.
//
// It stands beside Record, not in it: every run marks every record, and PostgreSQL writes a row
// that changes as a whole.
type RememberedRecord struct {
	StoreHash string    `gorm:"primaryKey;size:32"`
	FlowID    string    `gorm:"primaryKey;size:36"`
	Key       string    `gorm:"primaryKey;size:512"` // Record.Key
	Kind      string    `gorm:"size:32"`             // of the flow
	Fields    string    `gorm:"type:text"`           // JSON object: what identifies it and the mapped fields, as BigCommerce has them
	SeenAt    time.Time // when
}

// StoreReferences is what a store has of something that products name and are written with by id:
// its categories or its brands. It is a copy, for runs that would else read them all to change one
// price.
type StoreReferences struct {
	StoreHash string    `gorm:"primaryKey;size:32"`
	Kind      string    `gorm:"primaryKey;size:16"` // "category" or "brand"
	Data      []byte    // gzipped JSON owned by jobs/upsert
	LoadedAt  time.Time // when it was read from the store
}
