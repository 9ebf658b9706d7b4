package upsert

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"sluice/jobs/flow"
	"sluice/tenants"
)

const (
	// maxReferences is the most bytes of one kind that are kept, compressed: some 100,000 names.
	maxReferences = 2 << 20
	// maxReferencesJSON bounds what is read back.
	maxReferencesJSON = 64 << 20
)

// RecallReferences decodes into v, as JSON, what is remembered of things of the store that records
// refer to. kind names them. ok is false if nothing is remembered that was loaded less than maxAge
// ago; a run that compares with the store believes only what was loaded since it began.
func RecallReferences(ctx context.Context, s *flow.Step, kind string, maxAge time.Duration, v any) (loaded time.Time, ok bool, err error) {
	since := s.Now().Add(-maxAge)
	if run := s.Run(); run.Compare && run.CreatedAt.After(since) {
		since = run.CreatedAt
	}
	row, err := s.DB().References(ctx, kind, since)
	if err != nil || row == nil {
		return time.Time{}, false, err
	}
	zip, err := gzip.NewReader(bytes.NewReader(row.Data))
	if err != nil {
		return time.Time{}, false, fmt.Errorf("upsert: remembered %s: %w", kind, err)
	}
	if err := json.NewDecoder(io.LimitReader(zip, maxReferencesJSON)).Decode(v); err != nil {
		return time.Time{}, false, fmt.Errorf("upsert: remembered %s: %w", kind, err)
	}
	return row.LoadedAt, true, nil
}

// ReadBy reports whether a run itself read what was loaded then: to read again what it misses would
// tell nothing new.
func ReadBy(run *tenants.Run, loaded time.Time) bool {
	return run.StartedAt != nil && !loaded.Before(*run.StartedAt)
}

// SaveReferences remembers v, as JSON, in place of what was remembered of the kind. What is too
// large is not remembered.
func SaveReferences(ctx context.Context, tx *tenants.DB, kind string, v any, loaded time.Time) error {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	if err := json.NewEncoder(zip).Encode(v); err != nil {
		return fmt.Errorf("upsert: remember %s: %w", kind, err)
	}
	if err := zip.Close(); err != nil {
		return fmt.Errorf("upsert: remember %s: %w", kind, err)
	}
	if b.Len() > maxReferences {
		return tx.ForgetReferences(ctx, kind)
	}
	return tx.SaveReferences(ctx, tenants.StoreReferences{Kind: kind, Data: b.Bytes(), LoadedAt: loaded})
}
