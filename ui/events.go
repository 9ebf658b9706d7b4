package ui

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-contrib/sse"
	"github.com/gin-gonic/gin"

	"sluice/auth"
	"sluice/internal/problem"
	"sluice/jobs"
)

const (
	// streamFor ends a stream from time to time, so that the panel comes back with a token that is
	// still good.
	streamFor = 5 * time.Minute
	// quotaEvery is how often the gauge moves.
	quotaEvery = time.Second
	// pingEvery keeps proxies from closing a silent stream. As often the stream asks whether its
	// caller still holds, in case that the event which says so was lost.
	pingEvery = 15 * time.Second
	// runsEvery gathers a run's changes: a person sees no more.
	runsEvery = 250 * time.Millisecond
)

// events streams what changes in the store: quota and runs.
func (a *API) events(c *gin.Context) {
	p := caller(c)
	until := a.now().Add(streamFor)
	if !p.ExpiresAt.IsZero() && p.ExpiresAt.Before(until) {
		until = p.ExpiresAt
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), until.Sub(a.now()))
	defer cancel()
	changed, stop, err := a.cfg.Jobs.Watch(ctx, p.StoreHash)
	if err != nil {
		_ = c.Error(err)
		return
	}
	defer stop()
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	c.Status(http.StatusOK)

	s := stream{api: a, c: c, ctx: ctx, caller: p, store: p.StoreHash, runs: map[string]bool{}}
	s.sendQuota()
	quota, ping, flush := time.NewTicker(quotaEvery), time.NewTicker(pingEvery), time.NewTicker(runsEvery)
	defer quota.Stop()
	defer ping.Stop()
	defer flush.Stop()
	for s.ok() {
		select {
		case <-ctx.Done():
			return
		case <-a.cfg.Stopping:
			return
		case event, open := <-changed:
			if !open {
				return // the panel comes back and reads everything anew
			}
			id, isRun := strings.CutPrefix(event, jobs.EventRun)
			switch {
			case isRun:
				s.runs[id] = true
			case !s.holds():
				return
			case event == jobs.EventStore:
				s.send("store", gin.H{}) // its state or name changed: the panel asks for its session again
			case event == jobs.EventAttention:
				s.sendAttention()
			}
		case <-flush.C:
			s.sendRuns()
		case <-quota.C:
			s.sendQuota()
		case <-ping.C:
			if !s.holds() {
				return
			}
			s.send("ping", gin.H{})
		}
	}
}

// stream is one panel's live connection.
type stream struct {
	api    *API
	c      *gin.Context
	ctx    context.Context
	caller auth.Principal
	store  string
	runs   map[string]bool // changed since they were last sent
	quota  quotaView
	failed bool
}

func (s *stream) ok() bool { return !s.failed && s.ctx.Err() == nil }

// holds reports whether the caller's session or key still holds. While that cannot be asked the
// stream goes on: it ends soon by itself.
func (s *stream) holds() bool {
	err := s.api.cfg.Auth.Holds(s.ctx, s.caller)
	switch problem.CodeOf(err) {
	case problem.Unauthenticated, problem.Forbidden, problem.NotFound:
		return false
	}
	if err != nil && s.ctx.Err() == nil {
		s.api.cfg.Log.WarnContext(s.ctx, "caller of a stream not checked", "store", s.store, "error", err)
	}
	return true
}

func (s *stream) send(event string, data any) {
	if err := sse.Encode(s.c.Writer, sse.Event{Event: event, Data: data}); err != nil {
		s.failed = true
		return
	}
	s.c.Writer.Flush()
}

func (s *stream) sendQuota() {
	q, err := s.api.cfg.Jobs.Quota(s.ctx, s.store)
	if err != nil {
		s.api.cfg.Log.WarnContext(s.ctx, "quota not read", "store", s.store, "error", err)
		return
	}
	v := s.api.quotaView(q)
	same := v
	same.At, same.ResetMS = s.quota.At, s.quota.ResetMS
	if same == s.quota && !s.quota.At.IsZero() {
		return // nothing moved but the clock, which the panel has too
	}
	s.quota = v
	s.send("quota", v)
}

// sendAttention tells how many problems are open.
func (s *stream) sendAttention() {
	open, err := s.api.cfg.DB.CountAttention(s.ctx, s.api.now())
	if err != nil {
		s.api.cfg.Log.WarnContext(s.ctx, "open problems not counted", "store", s.store, "error", err)
		return
	}
	s.send("attention", gin.H{"open": open})
}

func (s *stream) sendRuns() {
	if len(s.runs) == 0 {
		return
	}
	runs, err := s.api.cfg.DB.RunsByID(s.ctx, slices.Collect(maps.Keys(s.runs)))
	var views []*runView
	if err == nil {
		views, err = s.api.runViews(s.ctx, runs...)
	}
	if err != nil {
		s.api.cfg.Log.WarnContext(s.ctx, "runs not read", "store", s.store, "error", err)
		return
	}
	clear(s.runs)
	for _, v := range views {
		s.send("run", v)
	}
}
