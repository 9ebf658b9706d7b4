package upsert

import (
	"context"
	"strings"

	"sluice/tenants"
)

const (
	severityError   = "error"
	severityWarning = "warning"
)

// maxIssues is how many errors and warnings of one row are listed: a row that has more is not read to the end
// by anybody, and every column of a large source may have one.
const maxIssues = 20

// Sizes of the columns of tenants.RunIssue and Record.Error, in characters.
const (
	maxMessage   = 1000
	maxValue     = 200
	maxFieldName = 100
)

// fault notes an error about one row. It counts nothing: a row fails once, whatever its faults.
func (s *step) fault(line int64, key, field, message, value string) {
	s.issue(severityError, line, key, field, message, value)
}

// warn notes a warning about one row.
func (s *step) warn(line int64, key, field, message, value string) {
	s.issue(severityWarning, line, key, field, message, value)
}

func (s *step) issue(severity string, line int64, key, field, message, value string) {
	if n := len(s.issues); line > 0 && n >= maxIssues && s.issues[n-maxIssues].Line == line {
		return // a row's follow one another
	}
	s.issues = append(s.issues, tenants.RunIssue{
		ID: tenants.NewID(), StoreHash: s.run.StoreHash, RunID: s.run.ID, Line: line, Severity: severity,
		Field: clip(storable(field), maxFieldName), Key: clip(storable(key), maxKey),
		Message: clip(storable(message), maxMessage), Value: shorten(value),
	})
}

// saveIssues inserts the step's issues and counts the warnings that are new. A second issue of a kind
// about the same field of the same row says nothing new and is dropped.
func (s *step) saveIssues(ctx context.Context, tx *tenants.DB) error {
	var errs, warnings []tenants.RunIssue
	for _, i := range s.issues {
		if i.Severity == severityWarning {
			warnings = append(warnings, i)
		} else {
			errs = append(errs, i)
		}
	}
	if _, err := tx.AddIssues(ctx, errs); err != nil {
		return err
	}
	added, err := tx.AddIssues(ctx, warnings)
	s.run.Warnings += added
	return err
}

// storable makes text fit for every database: PostgreSQL takes neither NUL nor invalid UTF-8.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\u2400")
}

// shorten makes a source's value fit for an issue.
func shorten(v string) string {
	v = storable(v)
	if short := clip(v, maxValue); short != v {
		return clip(v, maxValue-1) + "…"
	}
	return v
}
