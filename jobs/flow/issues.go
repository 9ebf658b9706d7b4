package flow

import (
	"context"
	"slices"

	"sluice/tenants"
)

// Severities of an issue.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// maxIssues is how many errors and warnings of one row are listed: a row that has more is not read
// to the end by anybody, and every column of a large source may have one.
const maxIssues = 20

// Sizes of the columns of tenants.RunIssue, in characters.
const (
	maxMessage   = 1000
	maxValue     = 200
	maxFieldName = 100
	maxKey       = 512
)

// Fault notes an error about one row. It counts nothing: a row fails once, whatever its faults.
// Line 0 is about the source as a whole.
func (s *Step) Fault(line int64, key, field, message, value string) {
	s.issue(SeverityError, line, key, field, message, value)
}

// Warn notes a warning about one row, or about the source as a whole.
func (s *Step) Warn(line int64, key, field, message, value string) {
	s.issue(SeverityWarning, line, key, field, message, value)
}

func (s *Step) issue(severity string, line int64, key, field, message, value string) {
	if n := len(s.issues); line > 0 && n >= maxIssues && s.issues[n-maxIssues].Line == line {
		return // a row's follow one another
	}
	s.issues = append(s.issues, tenants.RunIssue{
		ID: tenants.NewID(), StoreHash: s.run.StoreHash, RunID: s.run.ID, Line: line, Severity: severity,
		Field: tenants.Clean(field, maxFieldName), Key: tenants.Clean(key, maxKey),
		Message: tenants.Clean(message, maxMessage), Value: tenants.Clean(value, maxValue),
	})
}

// DropIssues forgets what the step noted about these lines.
func (s *Step) DropIssues(lines map[int64]bool) {
	s.issues = slices.DeleteFunc(s.issues, func(i tenants.RunIssue) bool { return lines[i.Line] })
}

// FirstFault returns the first error that the step noted about a line.
func (s *Step) FirstFault(line int64) string {
	for _, i := range s.issues {
		if i.Line == line && i.Severity == SeverityError {
			return i.Message
		}
	}
	return ""
}

// saveIssues inserts the step's issues and counts the warnings that are new. A second issue of a
// kind about the same field of the same row says nothing new and is dropped.
func (s *Step) saveIssues(ctx context.Context, tx *tenants.DB) error {
	var errs, warnings []tenants.RunIssue
	for _, i := range s.issues {
		if i.Severity == SeverityWarning {
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
