package upsert

import (
	"context"
	"fmt"
	"strings"

	"sluice/internal/cause"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// sharedExamples is how many messages of a cause are compared to say what they have in common.
const sharedExamples = 3

// maxCauses is how many causes are looked through for one that stops records: warnings are among
// them.
const maxCauses = 20

// conclude ends a run whose records are all accounted for. One that got nothing in is no success. A
// cause that stopped most records is told of the source as a whole: a merchant looks for it in one
// place, not in every row. A retry is only of what failed before, so that more of it says nothing.
func (s *step) conclude(ctx context.Context) error {
	if s.run.Failed == 0 || s.run.RetryOf != "" {
		s.Finish(tenants.RunDone, "")
		return nil
	}
	n, message, cure, err := s.chiefCause(ctx)
	if err != nil {
		return err
	}
	well := s.run.Created + s.run.Updated + s.run.Unchanged + s.run.Skipped
	if well == 0 && !s.run.DryRun {
		s.Finish(tenants.RunFailed, nothingRight(s.run.Failed, n, message))
		return nil
	}
	if all := well + s.run.Failed; n > 1 && 2*n > all {
		s.Warn(flow.Issue{
			Cure:    cure,
			Message: fmt.Sprintf("%d of %d records failed for one reason: %s. Put it right once, for all of them.", n, all, message),
		})
	}
	s.Finish(tenants.RunDone, "")
	return nil
}

// chiefCause returns what most of the run's errors have in common, after the name of their field,
// how many of them have it, and where it is put right.
func (s *step) chiefCause(ctx context.Context) (n int64, message string, cure tenants.Cure, err error) {
	counts, err := s.DB().CountCauses(ctx, s.run.ID, maxCauses)
	if err != nil {
		return 0, "", "", err
	}
	for _, count := range counts {
		issues, _, err := s.DB().RunIssues(ctx, s.run.ID, tenants.IssueFilter{Cause: count.Cause, Severity: flow.SeverityError, Limit: sharedExamples})
		if err != nil {
			return 0, "", "", err
		}
		if len(issues) == 0 {
			continue // warnings
		}
		messages := make([]string, len(issues))
		for i, issue := range issues {
			messages[i] = issue.Message
		}
		message, err := s.named(ctx, issues[0].Field, strings.TrimRight(cause.General(messages...), "."))
		return count.N, message, issues[0].Cure, err
	}
	return 0, "", "", nil
}

// named puts a field's label before what is said of it.
func (s *step) named(ctx context.Context, field, message string) (string, error) {
	if field == "" {
		return message, nil
	}
	catalogue, err := s.k.Catalogue(ctx)
	if err != nil {
		return "", err
	}
	return catalogue.Label(field) + ": " + message, nil
}

// nothingRight is the error of a run whose records all failed, n of them as message says.
func nothingRight(failed, n int64, message string) string {
	switch {
	case n == 0:
		return "No record could be brought in: the problems of the run say why."
	case failed == 1:
		return fmt.Sprintf("The only record failed: %s.", message)
	case n >= failed:
		return fmt.Sprintf("All %d records failed for one reason: %s.", failed, message)
	}
	return fmt.Sprintf("All %d records failed, %d of them for this reason: %s.", failed, n, message)
}
