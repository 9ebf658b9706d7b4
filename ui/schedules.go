package ui

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/jobs/schedule"
	"sluice/tenants"
)

// scheduleView is when a flow runs by itself.
type scheduleView struct {
	Cron      string     `json:"cron"` // "" while none was chosen
	Enabled   bool       `json:"enabled"`
	NextRunAt *time.Time `json:"next_run_at"` // null unless enabled; with the flow's own delay (see package schedule)
	TimeZone  string     `json:"time_zone"`   // the store's, in which Cron is read; UTC when it has none that is known
}

// scheduleChange is a schedule as the panel sends it. A disabled one is kept, for when it is wanted
// again.
type scheduleChange struct {
	Cron    string `json:"cron"`
	Enabled bool   `json:"enabled"`
}

// previewTimes is how many occurrences a preview shows.
const previewTimes = 3

// zone returns the time zone of ctx's store.
func zone(ctx context.Context, db *tenants.DB) (*time.Location, string, error) {
	store, err := db.Store(ctx, tenants.StoreHash(ctx))
	if err != nil {
		return nil, "", err
	}
	loc, name := schedule.Zone(store.Timezone)
	return loc, name, nil
}

// scheduleOf is one of f's schedules in a store's time zone.
func scheduleOf(f *tenants.Flow, t tenants.Timetable, zoneName string) scheduleView {
	s := f.Timetable(t)
	return scheduleView{Cron: s.Cron, Enabled: s.Enabled, NextRunAt: s.Next, TimeZone: zoneName}
}

// scheduleField is where a schedule stands in the flow's JSON.
func scheduleField(t tenants.Timetable) string {
	if t == tenants.TimetableCompare {
		return "compare_schedule"
	}
	return "schedule"
}

// check returns the expression as it is stored.
func (s *scheduleChange) check(t tenants.Timetable) (string, error) {
	refuse := problem.New(problem.Invalid, "The schedule could not be saved.")
	if s.Cron == "" {
		if s.Enabled {
			return "", refuse.WithField(scheduleField(t)+".cron", "choose when the sync is to run, or turn the schedule off")
		}
		return "", nil
	}
	c, err := schedule.Parse(s.Cron)
	if err != nil {
		return "", refuse.WithField(scheduleField(t)+".cron", "%s", err)
	}
	return c.String(), nil
}

// setSchedules changes f's schedules as the caller wants. Those of a flow that cannot run are
// switched off, which notice tells; one cannot be switched on.
func (a *API) setSchedules(ctx context.Context, tx *tenants.DB, f *tenants.Flow, want flowChange, actor string) (notice string, err error) {
	parts, err := tx.FlowParts(ctx, []tenants.Flow{*f})
	if err != nil {
		return "", err
	}
	problems, err := a.problems(ctx, f, parts)
	if err != nil {
		return "", err
	}
	for _, t := range tenants.Timetables {
		s, have := want.timetable(t), f.Timetable(t)
		if len(problems) > 0 {
			switch {
			case have.Enabled:
				notice = "The schedule was switched off, because this sync cannot run any more. " + problems[0].Message + " Switch it on again when that is put right."
				if s == nil {
					s = &scheduleChange{Cron: have.Cron}
				}
				s = &scheduleChange{Cron: s.Cron}
			case s != nil && s.Enabled:
				return "", problem.New(problem.Invalid, "The schedule could not be switched on, because this sync cannot run yet.").
					WithField(scheduleField(t)+".enabled", "%s", problems[0].Message)
			}
		}
		if s != nil {
			if err := a.setSchedule(ctx, tx, f, t, s, actor); err != nil {
				return "", err
			}
		}
	}
	return notice, nil
}

// setSchedule changes one of f's schedules if it differs, and reads f anew; one that stays as it is
// keeps its next time, also one that has come already.
func (a *API) setSchedule(ctx context.Context, tx *tenants.DB, f *tenants.Flow, t tenants.Timetable, want *scheduleChange, actor string) error {
	cron, err := want.check(t)
	if err != nil {
		return err
	}
	if have := f.Timetable(t); cron == have.Cron && want.Enabled == have.Enabled {
		return nil
	}
	_, name, err := zone(ctx, tx)
	if err != nil {
		return err
	}
	what := f.Name + ": "
	if t == tenants.TimetableCompare {
		what += "compare with the store "
	}
	detail := what + "off"
	if want.Enabled {
		detail = what + cron + " in " + name
	}
	if err := a.saveSchedule(ctx, tx, f, t, tenants.Schedule{Cron: cron, Enabled: want.Enabled}, name); err != nil {
		return err
	}
	changed, err := tx.Flow(ctx, f.ID)
	if err != nil {
		return err
	}
	*f = *changed
	return tx.Audit(ctx, tenants.AuditEntry{Actor: actor, Action: "flow.scheduled", Subject: f.ID, Detail: detail})
}

// saveSchedule saves one of f's schedules, from now on: it has a next time while it and f are on.
func (a *API) saveSchedule(ctx context.Context, tx *tenants.DB, f *tenants.Flow, t tenants.Timetable, s tenants.Schedule, zoneName string) error {
	var next *time.Time
	if s.Enabled && f.OffAt == nil {
		at, err := schedule.Due(s.Cron, zoneName, tenants.StoreHash(ctx), f.ID, a.now())
		if err != nil {
			return err
		}
		next = &at
	}
	return tx.SetSchedule(ctx, t, f.ID, s.Cron, s.Enabled, next)
}

// previewSchedule answers when a schedule would be due next. An expression that is wrong is no
// failure of the request: whoever types it is told why.
func (a *API) previewSchedule(c *gin.Context) {
	var want struct {
		Cron string `json:"cron"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	loc, name, err := zone(c.Request.Context(), a.cfg.DB)
	if err != nil {
		_ = c.Error(err)
		return
	}
	answer := struct {
		Next     []time.Time `json:"next"` // in UTC, without the flow's delay
		TimeZone string      `json:"time_zone"`
		Error    string      `json:"error"`
	}{Next: []time.Time{}, TimeZone: name}
	if cron, err := schedule.Parse(want.Cron); err != nil {
		answer.Error = err.Error()
	} else {
		answer.Next = cron.Upcoming(a.now(), loc, previewTimes)
	}
	c.JSON(http.StatusOK, answer)
}
