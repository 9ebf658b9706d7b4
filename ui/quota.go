package ui

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

const (
	// historyDefault is how far back the history goes when nobody says.
	historyDefault = 3 * time.Hour
	// historyPoints bounds an answer.
	historyPoints = 1500
)

// historySteps are the steps that a history may have, in minutes.
var historySteps = []int{1, 5, 60}

// historyView is what a store's quota did, step by step, oldest first. Steps without a request of
// ours have no point: what others did then is not known.
type historyView struct {
	Points      []historyPoint `json:"points"`
	StepMinutes int            `json:"step_minutes"`
	From        time.Time      `json:"from"` // of the first step, whether it has a point or not
	To          time.Time      `json:"to"`   // end of the last
}

type historyPoint struct {
	At       time.Time `json:"at"`        // when the step began
	Used     int64     `json:"used"`      // requests of ours
	Others   int64     `json:"others"`    // of other apps, as far as our answers told
	LeftMin  *int64    `json:"left_min"`  // the fewest left in a window; null while no answer told
	Quota    int64     `json:"quota"`     // requests a window; 0 while no answer told
	WindowMS int64     `json:"window_ms"` // length of a window; 0 while no answer told

	ThrottledQuota       int64 `json:"throttled_quota"` // answers 429: the window was used up …
	ThrottledConcurrency int64 `json:"throttled_concurrency"`
	ThrottledLoad        int64 `json:"throttled_load"`
}

func (a *API) quotaHistory(c *gin.Context) {
	from, to, step, err := a.historyRange(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	points, err := a.cfg.DB.QuotaHistory(c.Request.Context(), from, to, step)
	v := historyView{Points: make([]historyPoint, len(points)), StepMinutes: step, From: from, To: to}
	for i, p := range points {
		v.Points[i] = historyPoint(p)
	}
	answer(c, http.StatusOK, v, err)
}

// historyRange reads from, to (RFC 3339) and step, and widens the range to whole steps. Unless
// given, to is now, from three hours earlier, and step the shortest that is not too many points.
func (a *API) historyRange(c *gin.Context) (from, to time.Time, step int, err error) {
	if to, err = timeParam(c, "to", a.now()); err != nil {
		return
	}
	if from, err = timeParam(c, "from", to.Add(-historyDefault)); err != nil {
		return
	}
	if !from.Before(to) {
		err = problem.New(problem.Invalid, "The history cannot end before it begins.").WithField("from", "choose a time before to")
		return
	}
	wanted := c.Query("step")
	for _, step = range historySteps {
		first, end := wholeSteps(from, to, step)
		fits := end.Sub(first) <= historyPoints*time.Duration(step)*time.Minute
		if strconv.Itoa(step) == wanted && !fits {
			err = problem.New(problem.Invalid, "The history has at most %d points.", historyPoints).WithField("step", "choose longer intervals or a shorter range")
			return
		}
		if strconv.Itoa(step) == wanted || wanted == "" && fits {
			return first, end, step, nil
		}
	}
	if wanted == "" {
		err = problem.New(problem.Invalid, "The history has at most %d points.", historyPoints).
			WithField("from", "choose a shorter range; Sluice keeps %d days", int(tenants.QuotaKept.Hours()/24))
		return
	}
	err = problem.New(problem.Invalid, "The history has no such intervals.").WithField("step", "choose 1, 5 or 60 minutes")
	return
}

// wholeSteps widens a range to steps counted from 1970-01-01 UTC, as the database counts them.
func wholeSteps(from, to time.Time, step int) (first, end time.Time) {
	seconds := int64(step) * 60
	// Unix rounds towards the past what is after 1970; timeParam refuses what is before.
	return time.Unix(from.Unix()/seconds*seconds, 0).UTC(), time.Unix((to.Unix()+seconds-1)/seconds*seconds, 0).UTC()
}

func timeParam(c *gin.Context, name string, without time.Time) (time.Time, error) {
	text := c.Query(name)
	if text == "" {
		return without, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Unix() < 0 || at.Year() > 9999 {
		return at, problem.New(problem.Invalid, "The history needs times that can be read.").WithField(name, "write it as 2026-11-22T10:00:00Z")
	}
	return at, nil
}
