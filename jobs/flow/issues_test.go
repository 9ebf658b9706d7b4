package flow

import (
	"strings"
	"testing"
)

// TestAFewIssuesOfARowAreListed: a row of a hundred bad columns is one bad row.
func TestAFewIssuesOfARowAreListed(t *testing.T) {
	s := Step{}
	for line := int64(1); line <= 3; line++ {
		for i := range 100 {
			s.Fault(Issue{Line: line, Key: "A", Field: strings.Repeat("x", i+1), Message: "is wrong"})
		}
	}
	s.Warn(Issue{Message: "about the source"})
	if len(s.issues) != 3*maxIssues+1 {
		t.Errorf("%d are listed", len(s.issues))
	}
}
