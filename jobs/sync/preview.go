package sync

import (
	"context"

	"sluice/internal/problem"
	"sluice/jobs/sync/mapping"
	"sluice/tenants"
)

// InspectRequest says which source to look at. Kind "upload" needs SnapshotID, "url" URL.
type InspectRequest struct {
	FlowID        string // the flow that the source is for, "" if none yet
	Kind          string // "url" or "upload"
	URL           string
	Authorization string // "" uses the secret that the flow's connection has for the same URL
	SnapshotID    string
	Format        tenants.Format // empty fields are detected
}

// Inspection is what the panel shows of a source before it is mapped.
type Inspection struct {
	SnapshotID       string          `json:"snapshot_id"`
	Format           tenants.Format  `json:"format"`
	Header           []string        `json:"header"`
	Rows             [][]string      `json:"rows"` // at most 20
	RowErrors        []RowError      `json:"row_errors"`
	Size             int64           `json:"size"`
	SuggestedMapping tenants.Mapping `json:"suggested_mapping"`
}

// RowError is a row that cannot be used.
type RowError struct {
	Line    int64  `json:"line"`
	Field   string `json:"field"`
	Message string `json:"message"`
	Value   string `json:"value"`
}

// Preview is a mapping applied to the first rows of a snapshot.
type Preview struct {
	Rows          []PreviewRow    `json:"rows"`
	CompileErrors []problem.Field `json:"errors"` // Field is the target
}

// PreviewRow is one row and what the mapping makes of it.
type PreviewRow struct {
	Line     int64             `json:"line"`
	Key      string            `json:"key"` // SKU as written
	Source   map[string]string `json:"source"`
	Document mapping.Document  `json:"document"`
	Errors   []problem.Field   `json:"errors"`
}

// Inspect reads the beginning of a source. A URL is fetched into a snapshot, so that the mapping can
// be tried on it and a run may reuse it.
func (e *Engine) Inspect(ctx context.Context, req InspectRequest) (*Inspection, error) {
	return e.inspect(ctx, req)
}

// PreviewMapping applies a mapping to the first rows of a snapshot.
func (e *Engine) PreviewMapping(ctx context.Context, snapshotID string, format tenants.Format, m tenants.Mapping, limit int) (*Preview, error) {
	return e.previewMapping(ctx, snapshotID, format, m, limit)
}
