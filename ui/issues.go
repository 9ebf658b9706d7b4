package ui

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/internal/spreadsheet"
	"sluice/tenants"
)

func (a *API) issues(c *gin.Context) {
	severity := c.Query("severity")
	if severity != "" && severity != "error" && severity != "warning" {
		_ = c.Error(problem.New(problem.Invalid, "The list cannot be made.").WithField("severity", "choose error or warning"))
		return
	}
	n, err := limit(c)
	if err == nil {
		_, err = a.cfg.DB.Run(c.Request.Context(), c.Param("id"))
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	issues, next, err := a.cfg.DB.RunIssues(c.Request.Context(), c.Param("id"),
		tenants.IssueFilter{Severity: severity, After: c.Query("after"), Limit: n})
	if err != nil {
		_ = c.Error(err)
		return
	}
	list(c, "issues", issues, next)
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
	w := csv.NewWriter(c.Writer)
	_ = w.Write([]string{"line", "key", "field", "message", "value", "severity"})
	err = a.cfg.DB.EachRunIssue(ctx, run.ID, "", func(i tenants.RunIssue) error {
		return w.Write([]string{strconv.FormatInt(i.Line, 10), spreadsheet.Text(i.Key), spreadsheet.Text(i.Field),
			spreadsheet.Text(i.Message), spreadsheet.Text(i.Value), spreadsheet.Text(i.Severity)})
	})
	w.Flush()
	if err != nil {
		// The status is sent: cut the connection, so that nobody takes half a list for the whole.
		a.cfg.Log.ErrorContext(ctx, "error list cut", "store", run.StoreHash, "run", run.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// changeView is one record's change, planned or made.
type changeView struct {
	Line     int64           `json:"line,omitempty"`
	Key      string          `json:"key"`
	Action   string          `json:"action"`
	TargetID int64           `json:"target_id"`
	Changes  json.RawMessage `json:"changes"` // [{field, before, after}]
}

// changes lists what a dry run would change, or what a run changed.
func (a *API) changes(c *gin.Context) {
	ctx := c.Request.Context()
	n, err := limit(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	run, err := a.cfg.DB.Run(ctx, c.Param("id"))
	if err != nil {
		_ = c.Error(err)
		return
	}
	var views []changeView
	var next string
	if run.DryRun {
		var items []tenants.RunItem
		items, next, err = a.cfg.DB.RunItems(ctx, run.ID, tenants.ItemFilter{
			Actions: []string{"create", "update"}, After: c.Query("after"), Limit: n})
		for _, i := range items {
			views = append(views, changeView{i.Line, a.keyOf(run, i), i.Action, i.TargetID, jsonOrEmpty(i.Changes)})
		}
	} else {
		var entries []tenants.JournalEntry
		entries, next, err = a.cfg.DB.Journal(ctx, run.ID, tenants.Page{After: c.Query("after"), Limit: n})
		for _, e := range entries {
			views = append(views, changeView{0, e.Key, e.Action, e.TargetID, jsonOrEmpty(e.Changes)})
		}
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	list(c, "changes", views, next)
}

// keyOf returns an item's key as the source writes it; its own is folded.
func (a *API) keyOf(run *tenants.Run, i tenants.RunItem) string {
	kind, err := a.cfg.Kinds.Kind(run.Kind)
	if err != nil {
		return i.Key // of a newer version of Sluice
	}
	if k, ok := kind.(interface {
		ShownKey(i tenants.RunItem) string
	}); ok {
		if shown := k.ShownKey(i); shown != "" {
			return shown
		}
	}
	return i.Key
}

func jsonOrEmpty(text string) json.RawMessage {
	if text == "" {
		return json.RawMessage("[]")
	}
	return json.RawMessage(text)
}
