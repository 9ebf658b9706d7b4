package ui

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/internal/spreadsheet"
	"sluice/tenants"
)

// issueView is an error or a warning.
type issueView struct {
	tenants.RunIssue
	Label string `json:"label"` // of the field
}

// maxSearch is the longest text that a list is searched for, in characters.
const maxSearch = 255

// search reads the parameter q.
func search(c *gin.Context) (string, error) {
	q := c.Query("q")
	if utf8.RuneCountInString(q) > maxSearch {
		return "", problem.New(problem.Invalid, "The list cannot be searched for that.").WithField("q", "give a text of at most %d characters", maxSearch)
	}
	return q, nil
}

// labels returns what people know the fields of a kind by. Of a kind that is not known here, and of
// what is no field, that is the name.
func (a *API) labels(ctx context.Context, kindName string) func(field string) string {
	if kind, err := a.cfg.Kinds.Kind(kindName); err == nil {
		if m, ok := kind.(mapped); ok {
			if catalogue, err := m.Catalogue(ctx); err == nil {
				return catalogue.Label
			}
		}
	}
	return func(field string) string { return field }
}

func (a *API) issues(c *gin.Context) {
	ctx := c.Request.Context()
	severity := c.Query("severity")
	if severity != "" && severity != "error" && severity != "warning" {
		_ = c.Error(problem.New(problem.Invalid, "The list cannot be made.").WithField("severity", "choose error or warning"))
		return
	}
	n, err := limit(c)
	var text string
	if err == nil {
		text, err = search(c)
	}
	var run *tenants.Run
	if err == nil {
		run, err = a.cfg.DB.Run(ctx, c.Param("id"))
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	issues, next, err := a.cfg.DB.RunIssues(ctx, run.ID,
		tenants.IssueFilter{Severity: severity, Cause: c.Query("cause"), Text: text, After: c.Query("after"), Limit: n})
	if err != nil {
		_ = c.Error(err)
		return
	}
	label := a.labels(ctx, run.Kind)
	views := make([]issueView, len(issues))
	for i, issue := range issues {
		views[i] = issueView{issue, label(issue.Field)}
	}
	list(c, "issues", views, next)
}

// errorsCSV streams every error and warning of a run as a file.
func (a *API) errorsCSV(c *gin.Context) {
	ctx := c.Request.Context()
	run, err := a.cfg.DB.Run(ctx, c.Param("id"))
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.Header("Content-Type", "text/csv; charset=utf-8")
	c.Header("Content-Disposition", `attachment; filename="sluice-errors-`+run.ID+`.csv"`)
	c.Status(http.StatusOK)
	// The byte order mark makes Excel read UTF-8.
	if _, err := c.Writer.WriteString("\ufeff"); err != nil {
		return
	}
	label := a.labels(ctx, run.Kind)
	w := csv.NewWriter(c.Writer)
	_ = w.Write([]string{"row", "line", "key", "field", "label", "message", "value", "severity"})
	err = a.cfg.DB.EachRunIssue(ctx, run.ID, "", func(i tenants.RunIssue) error {
		return w.Write([]string{
			number(i.Row), number(tenants.SourceLine(i.Line)), spreadsheet.Text(i.Key), spreadsheet.Text(i.Field), spreadsheet.Text(label(i.Field)),
			spreadsheet.Text(i.Message), spreadsheet.Text(i.Value), spreadsheet.Text(i.Severity),
		})
	})
	w.Flush()
	if err != nil {
		// The status is sent: cut the connection, so that nobody takes half a list for the whole.
		a.cfg.Log.ErrorContext(ctx, "error list cut", "store", run.StoreHash, "run", run.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// number is a row or a line, empty where there is none or it is not known.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
