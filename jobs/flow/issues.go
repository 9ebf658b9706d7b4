package flow

import (
	"context"
	"slices"

	"sluice/internal/cause"
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

// Issue is what is to be said about one row, or about the source as a whole. Messages that differ
// only in numbers and in what they quote are of one cause: values are written in quotation marks.
type Issue struct {
	Line, Row int64  // of the source and of the spreadsheet; 0: about the source as a whole
	Key       string // of the record, as written
	Field     string // the mapping's target that is to blame, "" for none
	Message   string
	Value     string // what the source has
	Cure      tenants.Cure
}

// Fault notes an error. It counts no row: a row fails once, whatever its faults.
func (s *Step) Fault(i Issue) { s.issue(SeverityError, i) }

// Warn notes a warning.
func (s *Step) Warn(i Issue) { s.issue(SeverityWarning, i) }

func (s *Step) issue(severity string, i Issue) {
	if n := len(s.issues); i.Line > 0 && n >= maxIssues && s.issues[n-maxIssues].Line == i.Line {
		return // a row's follow one another
	}
	s.issues = append(s.issues, tenants.RunIssue{
		ID: tenants.NewID(), StoreHash: s.run.StoreHash, RunID: s.run.ID, Line: i.Line, Row: i.Row, Severity: severity,
		Cause: cause.ID(severity, i.Field, i.Message), Cure: i.Cure,
		Field: tenants.Clean(i.Field, maxFieldName), Key: tenants.Clean(i.Key, maxKey),
		Message: tenants.Clean(i.Message, maxMessage), Value: tenants.Clean(i.Value, maxValue),
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

// saveIssues inserts the step's issues and counts what is new. A second issue of a severity about
// the same field of the same row says nothing new and is dropped.
func (s *Step) saveIssues(ctx context.Context, tx *tenants.DB) error {
	var errs, warnings []tenants.RunIssue
	for _, i := range s.issues {
		if i.Severity == SeverityWarning {
			warnings = append(warnings, i)
			continue
		}
		errs = append(errs, i)
		if i.Cure.Passing() {
			s.run.Passing++
		}
	}
	if _, err := tx.AddIssues(ctx, errs); err != nil {
		return err
	}
	added, err := tx.AddIssues(ctx, warnings)
	s.run.Warnings += added
	return err
}
