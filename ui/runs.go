package ui

import (
	"context"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// runView is a run with what a person wants to know while it goes on.
type runView struct {
	*tenants.Run
	FlowName      string          `json:"flow_name"`
	StartedBy     string          `json:"started_by"` // "user:<id>" or "key:<id>", "" for the program itself
	Outcome       tenants.Outcome `json:"outcome"`
	Retry         retryView       `json:"retry"`
	Progress      float64         `json:"progress"`        // 0 to 1
	RatePerSecond float64         `json:"rate_per_second"` // API requests
	SecondsLeft   *int64          `json:"seconds_left"`    // null while nobody can tell
}

// retryView says whether a run's failed records can be tried again, and why.
type retryView struct {
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason"`
}

// runView is the view of a run of f, nil if that was deleted. quota is the store's, as far as it is
// known.
func (a *API) runView(r *tenants.Run, f *tenants.Flow, quota queue.QuotaState) *runView {
	v := &runView{Run: r, StartedBy: startedBy(r), Outcome: r.Outcome(), Progress: a.progress(r), SecondsLeft: a.secondsLeft(r, quota)}
	if f != nil {
		v.FlowName = f.Name
	}
	if kind, err := a.cfg.Kinds.Kind(r.Kind); err != nil {
		v.Retry.Reason = problem.MessageOf(err)
	} else {
		v.Retry.Allowed, v.Retry.Reason = jobs.Retryable(r, f, kind.Spec())
	}
	if r.StartedAt == nil {
		return v
	}
	end := a.now()
	if r.FinishedAt != nil {
		end = *r.FinishedAt
	}
	if took := end.Sub(*r.StartedAt).Seconds(); took > 0 {
		v.RatePerSecond = float64(r.Requests) / took
	}
	return v
}

// runViews are the views of runs.
func (a *API) runViews(ctx context.Context, runs ...tenants.Run) ([]*runView, error) {
	ids := make([]string, len(runs))
	for i, r := range runs {
		ids[i] = r.FlowID
	}
	flows, err := a.cfg.DB.FlowsByID(ctx, ids...)
	if err != nil {
		return nil, err
	}
	quota := a.allowance(ctx, runs...)
	views := make([]*runView, len(runs))
	for i := range runs {
		views[i] = a.runView(&runs[i], flows[runs[i].FlowID], quota)
	}
	return views, nil
}

// allowance is what is known of the store's quota, if one of runs needs it.
func (a *API) allowance(ctx context.Context, runs ...tenants.Run) queue.QuotaState {
	if !slices.ContainsFunc(runs, func(r tenants.Run) bool { return writing(&r) }) {
		return queue.QuotaState{}
	}
	quota, err := a.cfg.Jobs.Quota(ctx, tenants.StoreHash(ctx))
	if err != nil { // the plan of the run says what it was
		a.cfg.Log.WarnContext(ctx, "quota not known", "store", tenants.StoreHash(ctx), "error", err)
	}
	return quota
}

func writing(r *tenants.Run) bool {
	return r.State == tenants.RunRunning && r.Phase == tenants.PhaseWrite
}

// paceAfter is how long a phase must have gone on until its pace counts: requests go out in bursts.
const paceAfter = 30 * time.Second

// secondsLeft is what the requests that remain take at the store's quota, or at the run's own pace
// if that is slower: a burst at the beginning of a quota's window says nothing. Nil while nobody can
// tell.
func (a *API) secondsLeft(r *tenants.Run, quota queue.QuotaState) *int64 {
	if !writing(r) {
		return nil
	}
	var perSecond float64
	switch {
	case quota.Known && quota.Quota > 0 && quota.Window > 0:
		perSecond = float64(quota.Quota) / quota.Window.Seconds()
	case r.PlannedSeconds > 0:
		perSecond = float64(r.PlannedRequests) / float64(r.PlannedSeconds)
	default:
		return nil
	}
	if r.PhaseAt != nil {
		if took := a.now().Sub(*r.PhaseAt); took >= max(paceAfter, quota.Window) && r.Requests > r.PhaseRequests {
			perSecond = min(perSecond, float64(r.Requests-r.PhaseRequests)/took.Seconds())
		}
	}
	left := int64(math.Ceil(float64(max(0, r.PlannedRequests-r.Requests)) / perSecond))
	return &left
}

// startedBy names who started a run in the form of the audit's actors.
func startedBy(r *tenants.Run) string {
	switch {
	case r.StartedBy == "":
		return ""
	case r.Trigger == triggerAPI:
		return "key:" + r.StartedBy
	default:
		return "user:" + r.StartedBy
	}
}

// progress is how far a run has come, or had come when it was cancelled or failed. It is an
// estimate for a bar; the counts beside it are exact.
func (a *API) progress(r *tenants.Run) float64 {
	if r.State == tenants.RunDone {
		return 1
	}
	share := func(part, whole int64) float64 {
		if whole <= 0 {
			return 0
		}
		return min(1, float64(part)/float64(whole))
	}
	phase := r.Phase
	if phase == tenants.PhaseFinish && r.State.Final() { // ended before its time: how far writing came
		phase = tenants.PhaseWrite
	}
	kind, err := a.cfg.Kinds.Kind(r.Kind)
	if err != nil { // of a newer version of Sluice, which carries it out
		return 0
	}
	before, all := 0, 0
	phases := kind.Spec().Phases
	for _, p := range phases {
		if !r.DryRun || p.Name != tenants.PhaseWrite { // a dry run does not write
			all += p.Share
		}
	}
	for _, p := range phases {
		if p.Name != phase {
			before += p.Share
			continue
		}
		var within float64
		switch phase {
		case tenants.PhasePlan:
			within = share(r.BytesRead, r.BytesTotal)
		case tenants.PhaseWrite:
			within = share(r.Created+r.Updated, r.ToCreate+r.ToUpdate)
		}
		return min(1, (float64(before)+float64(p.Share)*within)/float64(all))
	}
	return 0
}

// oneRun answers with a run after something was done to it.
func (a *API) oneRun(c *gin.Context, status int, r *tenants.Run, err error) {
	if err != nil {
		_ = c.Error(err)
		return
	}
	views, err := a.runViews(c.Request.Context(), *r)
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.JSON(status, views[0])
}

func (a *API) runs(c *gin.Context) {
	ctx := c.Request.Context()
	n, err := limit(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	runs, err := a.cfg.DB.Runs(ctx, tenants.RunFilter{FlowID: c.Query("flow_id"), Before: c.Query("before"), Limit: n})
	if err != nil {
		_ = c.Error(err)
		return
	}
	views, err := a.runViews(ctx, runs...)
	if err != nil {
		_ = c.Error(err)
		return
	}
	next := ""
	if len(runs) == n {
		next = runs[n-1].ID
	}
	list(c, "runs", views, next)
}

func (a *API) run(c *gin.Context) {
	r, err := a.cfg.DB.Run(c.Request.Context(), c.Param("id"))
	a.oneRun(c, http.StatusOK, r, err)
}

func (a *API) startRun(c *gin.Context) {
	var want struct {
		DryRun  bool `json:"dry_run"`
		Compare bool `json:"compare"`
		// Preview is one that was looked at, and is started so.
		Preview string `json:"preview_id"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	p := caller(c)
	r, err := a.cfg.Jobs.StartRun(c.Request.Context(), jobs.StartRun{
		FlowID: c.Param("id"), DryRun: want.DryRun, Compare: want.Compare, Preview: want.Preview, Trigger: trigger(p.KeyID), StartedBy: p.ID(),
	})
	a.oneRun(c, http.StatusCreated, r, err)
}

// triggerAPI is the Run.Trigger of what a program started with its API key.
const triggerAPI = "api"

func trigger(keyID string) string {
	if keyID != "" {
		return triggerAPI
	}
	return "manual"
}

func (a *API) cancelRun(c *gin.Context) {
	ctx, id := jobs.WithActor(c.Request.Context(), caller(c).Actor()), c.Param("id")
	if err := a.cfg.Jobs.CancelRun(ctx, id); err != nil {
		_ = c.Error(err)
		return
	}
	r, err := a.cfg.DB.Run(ctx, id)
	a.oneRun(c, http.StatusOK, r, err)
}

// The answers to a run's question.
const (
	answerProceed = "proceed"
	answerStop    = "stop"
)

func (a *API) answerRun(c *gin.Context) {
	var want struct {
		Guard  string `json:"guard"`
		Answer string `json:"answer"`
	}
	err := bind(c, &want)
	refuse := problem.New(problem.Invalid, "The answer is not complete.")
	switch {
	case err != nil:
	case want.Guard == "":
		err = refuse.WithField("guard", "send the guard of the run's question, so that no other question is answered")
	case want.Answer != answerProceed && want.Answer != answerStop:
		err = refuse.WithField("answer", "send proceed or stop")
	}
	ctx, id := jobs.WithActor(c.Request.Context(), caller(c).Actor()), c.Param("id")
	if err == nil {
		err = a.cfg.Jobs.AnswerRun(ctx, id, tenants.Clean(want.Guard, maxGuard), want.Answer == answerProceed)
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	r, err := a.cfg.DB.Run(ctx, id)
	a.oneRun(c, http.StatusOK, r, err)
}

// maxGuard is the longest name of a guard that an error repeats.
const maxGuard = 64

func (a *API) retryRun(c *gin.Context) {
	r, err := a.cfg.Jobs.RetryRun(c.Request.Context(), c.Param("id"), trigger(caller(c).KeyID), caller(c).ID())
	a.oneRun(c, http.StatusCreated, r, err)
}
