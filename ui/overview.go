package ui

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// overviewView is how everything stands, for the panel's first page.
type overviewView struct {
	Kinds   []overviewKind `json:"kinds"`
	History []overviewDay  `json:"history"`
	Next    []overviewNext `json:"next"`
	Guide   guideView      `json:"guide"`
}

// overviewKind is how the flows of a kind are.
type overviewKind struct {
	Kind          string      `json:"kind"`
	Label         string      `json:"label"`
	Flows         int         `json:"flows"`
	State         healthState `json:"state"` // the worst of its flows
	Records       int64       `json:"records"`
	LastSuccessAt *time.Time  `json:"last_success_at"`
	Problems      int64       `json:"problems"` // records that the last runs left out
}

// healthNone is of a kind of which no flow ended well or badly.
const healthNone healthState = "none"

// overviewDay is what runs that write did on a day of the store's.
type overviewDay struct {
	Date     string `json:"date"`
	Runs     int    `json:"runs"`
	Changed  int64  `json:"changed"`
	Problems int64  `json:"problems"`
	Failed   int    `json:"failed"` // runs
	Seconds  int64  `json:"seconds"`
}

// overviewNext is when a flow runs by itself next.
type overviewNext struct {
	FlowID   string    `json:"flow_id"`
	FlowName string    `json:"flow_name"`
	At       time.Time `json:"at"`
	Compare  bool      `json:"compare"`
}

// guideView is how far a store has come. Each is a fact, not a page that was visited.
type guideView struct {
	Connected bool   `json:"connected"`
	Matched   bool   `json:"matched"`
	Previewed bool   `json:"previewed"`
	Landed    bool   `json:"landed"`
	FlowID    string `json:"flow_id"` // of the flow that is furthest
	RunID     string `json:"run_id"`  // its last run
	UnderWay  bool   `json:"under_way"`
}

const (
	historyDays = 14
	nextRuns    = 5
)

func (a *API) overview(c *gin.Context) {
	v, err := a.overviewOf(c.Request.Context())
	answer(c, http.StatusOK, v, err)
}

func (a *API) overviewOf(ctx context.Context) (*overviewView, error) {
	flows, err := a.cfg.DB.Flows(ctx) // as many as a store may have, which is few enough
	if err != nil {
		return nil, err
	}
	views, parts, err := a.flowViews(ctx, flows)
	if err != nil {
		return nil, err
	}
	v := &overviewView{Kinds: a.kindsOverview(views, parts), Next: nextOf(flows)}
	if v.History, err = a.history(ctx); err != nil {
		return nil, err
	}
	previewed, err := a.cfg.DB.PreviewedFlows(ctx)
	if err != nil {
		return nil, err
	}
	v.Guide = guideOf(views, parts, previewed)
	return v, nil
}

// kindsOverview tells of every kind, also of those that the store has no flow of.
func (a *API) kindsOverview(flows []*flowView, parts *tenants.FlowParts) []overviewKind {
	out := []overviewKind{}
	for _, kind := range a.cfg.Kinds.Kinds() {
		spec := kind.Spec()
		k := overviewKind{Kind: spec.Name, Label: strings.ToUpper(spec.Plural[:1]) + spec.Plural[1:], State: healthNone}
		for _, f := range flows {
			if f.Kind != spec.Name {
				continue
			}
			k.Flows++
			k.Records += parts.InStep[f.ID]
			if s := f.Health.State.ofKind(); s.rank() > k.State.rank() {
				k.State = s
			}
			if ended, ok := parts.LastEnded[f.ID]; ok {
				k.Problems += ended.Failed
			}
			if at, ok := parts.LastWell[f.ID]; ok && (k.LastSuccessAt == nil || at.After(*k.LastSuccessAt)) {
				k.LastSuccessAt = &at
			}
		}
		out = append(out, k)
	}
	return out
}

// ofKind is what a flow's health says of its kind.
func (s healthState) ofKind() healthState {
	switch s {
	case healthAsking, healthPaused:
		return healthAttention
	case healthOK, healthRunning, healthAttention, healthFailing:
		return s
	}
	return healthNone
}

// rank orders the states of kinds, the worst last.
func (s healthState) rank() int {
	return slices.Index([]healthState{healthNone, healthOK, healthRunning, healthAttention, healthFailing}, s)
}

// history is of the last days, today too, the oldest first. A run is of the day on which it was
// created.
func (a *API) history(ctx context.Context) ([]overviewDay, error) {
	loc, _, err := zone(ctx, a.cfg.DB)
	if err != nil {
		return nil, err
	}
	today := a.now().In(loc)
	first := time.Date(today.Year(), today.Month(), today.Day()-historyDays+1, 0, 0, 0, 0, loc)
	days := make([]overviewDay, historyDays)
	at := make(map[string]*overviewDay, historyDays)
	for i := range days {
		days[i].Date = first.AddDate(0, 0, i).Format(time.DateOnly)
		at[days[i].Date] = &days[i]
	}
	runs, err := a.cfg.DB.WritingRuns(ctx, first)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		day := at[r.CreatedAt.In(loc).Format(time.DateOnly)]
		if day == nil {
			continue // tomorrow's, of a clock that is ahead
		}
		day.Runs++
		day.Changed += r.Created + r.Updated
		day.Problems += r.Failed
		if r.State == tenants.RunFailed {
			day.Failed++
		}
		if r.StartedAt != nil && r.FinishedAt != nil {
			day.Seconds += int64(r.FinishedAt.Sub(*r.StartedAt).Seconds() + 0.5)
		}
	}
	return days, nil
}

// nextOf lists when flows run by themselves next.
func nextOf(flows []tenants.Flow) []overviewNext {
	out := []overviewNext{}
	for i := range flows {
		for _, t := range tenants.Timetables {
			if s := flows[i].Timetable(t); s.Enabled && s.Next != nil {
				out = append(out, overviewNext{FlowID: flows[i].ID, FlowName: flows[i].Name, At: *s.Next, Compare: t == tenants.TimetableCompare})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b overviewNext) int { return a.At.Compare(b.At) })
	return out[:min(len(out), nextRuns)]
}

// guideOf says how far a store has come with the flow that is furthest, of several the newest.
func guideOf(flows []*flowView, parts *tenants.FlowParts, previewed map[string]bool) guideView {
	var g guideView
	best := -1
	for _, f := range flows {
		far := []bool{f.connected(), f.Ready, f.Ready && previewed[f.ID], parts.Landed[f.ID]}
		g.Connected, g.Matched, g.Previewed, g.Landed = g.Connected || far[0], g.Matched || far[1], g.Previewed || far[2], g.Landed || far[3]
		if n := lastTrue(far); n >= best {
			best, g.FlowID, g.RunID, g.UnderWay = n, f.ID, "", false
			if f.LastRun != nil {
				g.RunID, g.UnderWay = f.LastRun.ID, !f.LastRun.State.Final()
			}
		}
	}
	return g
}

// lastTrue is how many of steps were taken up to the last that was.
func lastTrue(steps []bool) int {
	for i := len(steps); i > 0; i-- {
		if steps[i-1] {
			return i
		}
	}
	return 0
}

// connected reports whether the flow has something to read.
func (v *flowView) connected() bool {
	return !slices.ContainsFunc(v.Problems, func(p flow.Problem) bool { return p.Part == flow.PartSource })
}
