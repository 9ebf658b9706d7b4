package ui

import (
	"net/http"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

// enableFlow switches a flow on or off. Its schedules are kept: while it is off they have no next
// time, and once it is on again they begin from then.
func (a *API) enableFlow(c *gin.Context) {
	var want struct {
		Enabled *bool `json:"enabled"`
	}
	err := bind(c, &want)
	if err == nil && want.Enabled == nil {
		err = problem.New(problem.Invalid, "The request does not say what to do.").WithField("enabled", "send true or false")
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	var f *tenants.Flow
	changed := false
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if f, err = tx.LockFlow(ctx, c.Param("id")); err != nil {
			return err
		}
		if changed = *want.Enabled != (f.OffAt == nil); !changed {
			return nil
		}
		if f, err = a.switchFlow(c, tx, f, *want.Enabled); err != nil {
			return err
		}
		action := "flow.enabled"
		if !*want.Enabled {
			action = "flow.disabled"
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: action, Subject: f.ID, Detail: f.Name})
	})
	if err == nil && changed {
		err = a.cfg.Jobs.FlowsChanged(ctx, f.Kind)
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	v, err := a.flowView(ctx, f)
	answer(c, http.StatusOK, v, err)
}

// switchFlow switches a locked flow, whose schedules then stop or begin, and reads it anew.
func (a *API) switchFlow(c *gin.Context, tx *tenants.DB, f *tenants.Flow, on bool) (*tenants.Flow, error) {
	ctx := c.Request.Context()
	f.OffAt = nil
	if !on {
		now := a.now().UTC()
		f.OffAt = &now
	}
	if err := tx.SwitchFlow(ctx, f.ID, f.OffAt); err != nil {
		return nil, err
	}
	_, name, err := zone(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, t := range tenants.Timetables {
		if s := f.Timetable(t); s.Enabled {
			if err := a.saveSchedule(ctx, tx, f, t, s, name); err != nil {
				return nil, err
			}
		}
	}
	return tx.Flow(ctx, f.ID)
}

// duplicateFlow makes a copy of a flow: source with its secret, mapping and options; the schedules,
// switched off.
func (a *API) duplicateFlow(c *gin.Context) {
	var want struct {
		Name string `json:"name"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	var made *tenants.Flow
	err := a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		f, err := tx.Flow(ctx, c.Param("id"))
		if err != nil {
			return err
		}
		if want.Name == "" {
			want.Name = copyName(f.Name)
		}
		name, err := flowName(want.Name)
		if err != nil {
			return err
		}
		if made, err = tx.DuplicateFlow(ctx, f, name); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: "flow.created", Subject: made.ID, Detail: made.Name + ", a copy of " + f.Name})
	})
	if err == nil {
		err = a.cfg.Jobs.FlowsChanged(ctx, made.Kind)
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	v, err := a.flowView(ctx, made)
	answer(c, http.StatusCreated, v, err)
}

// copyName names the copy of what is called name.
func copyName(name string) string {
	const ending = " (copy)"
	if most := maxFlowName - len(ending); utf8.RuneCountInString(name) > most {
		name = string([]rune(name)[:most])
	}
	return name + ending
}
