package ui

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"sluice/internal/cause"
	"sluice/tenants"
)

const (
	// maxCauses is how many causes of a run are listed.
	maxCauses = 100
	// causeExamples is how many issues show what a cause is.
	causeExamples = 3
)

// problemView is a cause of a run's errors or warnings.
type problemView struct {
	Cause    string           `json:"cause"`
	Severity string           `json:"severity"`
	Field    string           `json:"field"`
	Label    string           `json:"label"`
	Message  string           `json:"message"`
	Count    int64            `json:"count"`
	Examples []problemExample `json:"examples"`
	Remedy   tenants.Remedy   `json:"remedy"`
}

type problemExample struct {
	Line  int64  `json:"line"`
	Row   int64  `json:"row"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

// runProblems lists the causes of a run's errors and warnings.
func (a *API) runProblems(c *gin.Context) {
	ctx := c.Request.Context()
	run, err := a.cfg.DB.Run(ctx, c.Param("id"))
	if err != nil {
		_ = c.Error(err)
		return
	}
	counts, err := a.cfg.DB.CountCauses(ctx, run.ID, maxCauses)
	if err != nil {
		_ = c.Error(err)
		return
	}
	label := a.labels(ctx, run.Kind)
	views := make([]problemView, 0, len(counts))
	for _, count := range counts {
		issues, _, err := a.cfg.DB.RunIssues(ctx, run.ID, tenants.IssueFilter{Cause: count.Cause, Limit: causeExamples})
		if err != nil {
			_ = c.Error(err)
			return
		}
		if len(issues) == 0 { // forgotten meanwhile
			continue
		}
		first := issues[0]
		v := problemView{
			Cause: count.Cause, Severity: first.Severity, Field: first.Field, Label: label(first.Field), Count: count.N,
			Remedy: remedyOf(first, label(first.Field)),
		}
		messages := make([]string, len(issues))
		for i, issue := range issues {
			messages[i] = issue.Message
			v.Examples = append(v.Examples, problemExample{tenants.SourceLine(issue.Line), issue.Row, issue.Key, issue.Value})
		}
		v.Message = cause.General(messages...)
		views = append(views, v)
	}
	c.JSON(http.StatusOK, gin.H{"problems": views})
}

// remedyOf says what to do about the cause of an issue.
func remedyOf(i tenants.RunIssue, label string) tenants.Remedy {
	switch i.Cure {
	case tenants.CureFile:
		return tenants.Remedy{Action: "file", Text: "Correct these rows in the file, then start the sync again."}
	case tenants.CureMatching:
		text := "Change the matching, or correct these rows in the file."
		if label != "" {
			text = fmt.Sprintf("Change what %s comes from, or correct these rows in the file.", label)
		}
		return tenants.Remedy{Action: "matching", Field: i.Field, Text: text}
	case tenants.CureRules:
		return tenants.Remedy{Action: "rules", Text: "Change the rules of the sync, or correct these rows in the file."}
	case tenants.CureSource:
		return tenants.Remedy{Action: "source", Text: "Look at where the data comes from, then start the sync again."}
	case tenants.CureStore:
		return tenants.Remedy{Action: "retry", Text: "Put it right in BigCommerce or in the file, then try these records again."}
	case tenants.CureRetry:
		return tenants.Remedy{Action: "retry", Text: "Try these records again."}
	case tenants.CureNone:
	}
	if i.Severity == "error" { // of before cures were noted
		return tenants.Remedy{Action: "file", Text: "Correct these rows in the file or change the matching, then start the sync again."}
	}
	return tenants.Remedy{}
}
