package ui

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

// mutedMost is for how long a problem can be muted.
const mutedMost = 366 * 24 * time.Hour

// attentionView is an open problem with the name of its flow.
type attentionView struct {
	*tenants.Attention
	FlowName string `json:"flow_name"`
}

func (a *API) attention(c *gin.Context) {
	ctx := c.Request.Context()
	p, err := page(c)
	filter := tenants.AttentionFilter{FlowID: c.Query("flow_id")}
	if text := c.Query("muted"); err == nil && text != "" {
		muted, wrong := strconv.ParseBool(text)
		if wrong != nil {
			err = problem.New(problem.Invalid, "The list could not be narrowed.").WithField("muted", "choose true or false")
		}
		filter.Muted = &muted
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	problems, next, err := a.cfg.DB.AttentionPage(ctx, filter, a.now(), p)
	if err != nil {
		_ = c.Error(err)
		return
	}
	views, err := a.attentionViews(ctx, problems)
	if err != nil {
		_ = c.Error(err)
		return
	}
	open, err := a.cfg.DB.CountAttention(ctx, a.now())
	answer(c, http.StatusOK, gin.H{"problems": views, "next": next, "open": open}, err)
}

func (a *API) attentionViews(ctx context.Context, problems []tenants.Attention) ([]attentionView, error) {
	ids := make([]string, len(problems))
	for i, p := range problems {
		ids[i] = p.FlowID
	}
	names, err := a.cfg.DB.FlowNames(ctx, ids...)
	if err != nil {
		return nil, err
	}
	views := make([]attentionView, len(problems))
	for i := range problems {
		p := &problems[i]
		if p.MutedUntil != nil && !p.MutedUntil.After(a.now()) {
			p.MutedUntil = nil // over; its row will say so soon
		}
		views[i] = attentionView{p, names[p.FlowID]}
	}
	return views, nil
}

// attentionChange is what a request changes of a problem. What is not sent stays; a null ends the
// mute.
type attentionChange struct {
	AssignedTo *string         `json:"assigned_to"`
	MutedUntil json.RawMessage `json:"muted_until"`
}

// read returns the change as it is kept.
func (want attentionChange) read(now time.Time) (tenants.AttentionChange, error) {
	change := tenants.AttentionChange{AssignedTo: want.AssignedTo}
	if len(want.MutedUntil) == 0 {
		return change, nil
	}
	var until *time.Time
	refuse := problem.New(problem.Invalid, "The problem could not be muted.")
	if err := json.Unmarshal(want.MutedUntil, &until); err != nil {
		return change, refuse.WithField("muted_until", "send a time such as 2026-12-02T08:00:00Z, or null")
	}
	if until != nil && (!until.After(now) || until.After(now.Add(mutedMost))) {
		return change, refuse.WithField("muted_until", "choose a time that is still to come, within a year")
	}
	change.MutedUntil = &until
	return change, nil
}

func (a *API) changeAttention(c *gin.Context) {
	var want attentionChange
	err := bind(c, &want)
	var change tenants.AttentionChange
	if err == nil {
		change, err = want.read(a.now())
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	var p *tenants.Attention
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) (err error) {
		if p, err = tx.ChangeAttention(ctx, c.Param("id"), change); err != nil {
			return err
		}
		for _, done := range changesOf(p, change) {
			done.Actor = caller(c).Actor()
			if err := tx.Audit(ctx, done); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		_ = c.Error(err)
		return
	}
	a.cfg.Jobs.AttentionChanged(ctx)
	views, err := a.attentionViews(ctx, []tenants.Attention{*p})
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.JSON(http.StatusOK, views[0])
}

// changesOf says, for the audit log, what was changed of p.
func changesOf(p *tenants.Attention, change tenants.AttentionChange) (list []tenants.AuditEntry) {
	if change.AssignedTo != nil {
		list = append(list, tenants.AuditEntry{Action: "attention.assigned", Subject: p.ID, Detail: p.Cause + ": " + *change.AssignedTo})
	}
	if change.MutedUntil != nil {
		detail := p.Cause + ": no longer"
		if until := *change.MutedUntil; until != nil {
			detail = p.Cause + ": until " + until.UTC().Format(time.RFC3339)
		}
		list = append(list, tenants.AuditEntry{Action: "attention.muted", Subject: p.ID, Detail: detail})
	}
	return list
}
