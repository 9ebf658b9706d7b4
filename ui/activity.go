package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/auth"
	"sluice/internal/problem"
	"sluice/tenants"
)

// activityEntry is a run, or a change that somebody made.
type activityEntry struct {
	ID          string    `json:"id"`
	At          time.Time `json:"at"`
	Type        string    `json:"type"` // "run" or "change"
	Actor       actorView `json:"actor"`
	Run         *runView  `json:"run"`
	Action      string    `json:"action"` // of a change, as the audit has it
	Subject     string    `json:"subject"`
	SubjectName string    `json:"subject_name"`
	Detail      string    `json:"detail"`
}

// actorView is who did something.
type actorView struct {
	Type string `json:"type"` // "user", "key", "schedule", "system", "bigcommerce" or "operator"
	ID   string `json:"id"`   // of a user or key
	Name string `json:"name"` // of a user the e-mail address; "" if it is gone
}

const (
	actorUser, actorKey = "user", "key"

	// kindChange is the kind, in a request, of what is no run.
	kindChange = "change"
)

func (a *API) activity(c *gin.Context) {
	ctx := c.Request.Context()
	p, err := page(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	filter, err := a.activityFilter(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	found, next, err := a.cfg.DB.Activity(ctx, filter, tenants.Page{After: p.After, Limit: p.Limit})
	if err != nil {
		_ = c.Error(err)
		return
	}
	entries, err := a.activityViews(ctx, found)
	if err != nil {
		_ = c.Error(err)
		return
	}
	list(c, "entries", entries, next)
}

// activityFilter reads what is asked for. Changes are for those who may read the audit.
func (a *API) activityFilter(c *gin.Context) (f tenants.ActivityFilter, err error) {
	f = tenants.ActivityFilter{
		Runs: true, Changes: caller(c).Can(auth.AccessAdmin), FlowID: c.Query("flow_id"), Kind: c.Query("kind"),
		Result: tenants.ActivityState(c.Query("result")), Actor: c.Query("actor"), Text: tenants.Clean(strings.TrimSpace(c.Query("q")), 100),
	}
	if f.Kind == kindChange {
		f.Kind, f.Runs = "", false
	}
	refuse := problem.New(problem.Invalid, "The list cannot be narrowed down so.")
	if f.Result != "" && !slices.Contains(tenants.ActivityStates, f.Result) {
		return f, refuse.WithField("result", "choose one of the results that the description names")
	}
	loc, _, err := zone(c.Request.Context(), a.cfg.DB)
	if err != nil {
		return f, err
	}
	day := func(name string, later int) *time.Time {
		text := c.Query(name)
		if text == "" {
			return nil
		}
		at, wrong := time.ParseInLocation(time.DateOnly, text, loc)
		if wrong != nil {
			err = refuse.WithField(name, "give a day as 2026-11-25")
			return nil
		}
		at = at.AddDate(0, 0, later)
		return &at
	}
	f.From, f.To = day("from", 0), day("to", 1)
	return f, err
}

// activityViews names who and what entries are about, in as many queries for one as for all.
func (a *API) activityViews(ctx context.Context, found []tenants.Happening) ([]*activityEntry, error) {
	var users, keys, flows, runs []string
	views := make([]*activityEntry, len(found))
	for i, h := range found {
		v := &activityEntry{ID: h.ID(), Type: "change"}
		views[i] = v
		if h.Run != nil {
			v.Type, v.At, v.Actor, v.Subject = "run", h.Run.CreatedAt, actorOfRun(h.Run), "run:"+h.Run.ID
			flows = append(flows, h.Run.FlowID)
		} else {
			e := h.Change
			v.At, v.Actor, v.Action, v.Subject, v.Detail = e.CreatedAt, actorOf(e.Actor), e.Action, e.Subject, e.Detail
		}
		switch v.Actor.Type {
		case actorUser:
			users = append(users, v.Actor.ID)
		case actorKey:
			keys = append(keys, v.Actor.ID)
		}
		switch what, id := v.subject(); what {
		case "flow":
			flows = append(flows, id)
		case "user":
			users = append(users, id)
		case "api_key":
			keys = append(keys, id)
		case "run":
			runs = append(runs, id)
		}
	}
	flowOf, err := a.cfg.DB.FlowsOfRuns(ctx, runs...)
	if err != nil {
		return nil, err
	}
	for _, id := range flowOf {
		flows = append(flows, id)
	}
	names, err := a.cfg.DB.Names(ctx, users, keys, flows)
	if err != nil {
		return nil, err
	}
	var shown []tenants.Run
	for _, h := range found {
		if h.Run != nil {
			shown = append(shown, *h.Run)
		}
	}
	runViews, err := a.runViews(ctx, shown...)
	if err != nil {
		return nil, err
	}
	for i, v := range views {
		v.Actor.Name = names[v.Actor.ID]
		if run := found[i].Run; run != nil {
			v.SubjectName, v.Run, runViews = names[run.FlowID], runViews[0], runViews[1:]
			continue
		}
		switch what, id := v.subject(); what {
		case "run":
			v.SubjectName = names[flowOf[id]]
		default:
			v.SubjectName = names[id]
		}
	}
	return views, nil
}

// subject is what a change is about: the beginning of its action says what its subject is the id
// of, unless the subject does.
func (v *activityEntry) subject() (what, id string) {
	if v.Run != nil || v.Type == "run" {
		return "", ""
	}
	if id, ok := strings.CutPrefix(v.Subject, "run:"); ok {
		return "run", id
	}
	what, _, _ = strings.Cut(v.Action, ".")
	if v.Action == "run.skipped" { // of a run that there is not
		what = "flow"
	}
	return what, v.Subject
}

// actorOf reads an actor as the audit names one.
func actorOf(text string) actorView {
	who, id, _ := strings.Cut(text, ":")
	switch who {
	case actorUser, actorKey:
		return actorView{Type: who, ID: id}
	case "bigcommerce", "operator":
		return actorView{Type: who}
	}
	return actorView{Type: "system"}
}

// actorOfRun is who started a run.
func actorOfRun(r *tenants.Run) actorView {
	if by := startedBy(r); by != "" {
		return actorOf(by)
	}
	if r.Trigger == triggerSchedule {
		return actorView{Type: triggerSchedule}
	}
	return actorView{Type: "system"}
}

// triggerSchedule is the Run.Trigger of what a schedule started.
const triggerSchedule = "schedule"
