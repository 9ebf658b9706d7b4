package ui

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"sluice/auth"
	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/schedule"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// flowView is a flow with where it reads from and how it last went.
type flowView struct {
	ID        string          `json:"id"`
	Kind      string          `json:"kind"`
	Name      string          `json:"name"`
	Source    sourceView      `json:"source"`
	Format    tenants.Format  `json:"format"`
	Mapping   tenants.Mapping `json:"mapping"`
	Options   tenants.Options `json:"options"`
	Schedule  scheduleView    `json:"schedule"`
	Compare   scheduleView    `json:"compare_schedule"` // of runs that compare with the store
	Version   int             `json:"version"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
	LastRun   *runView        `json:"last_run"`
	Paused    string          `json:"paused"` // why no run of it starts or goes on, and what to do; "" if they do
	Enabled   bool            `json:"enabled"`
	Ready     bool            `json:"ready"`
	Problems  []flow.Problem  `json:"problems"` // why it cannot run
	Health    healthView      `json:"health"`
	Notice    string          `json:"notice"` // of a change: what else came of it
}

// sourceView is a flow's source; its secret is never shown.
type sourceView struct {
	Kind       string `json:"kind"` // of the connector, "" while none is chosen
	URL        string `json:"url"`  // with ••• for credentials in it; sent back so, it stays as it is
	HasSecret  bool   `json:"has_secret"`
	SnapshotID string `json:"snapshot_id"`
	Filename   string `json:"filename"`
	Size       int64  `json:"size"`
}

// sourceChange is a source as the panel sends it. A missing authorization keeps the secret, null or
// "clear" is told by ClearAuthorization.
type sourceChange struct {
	Kind               string  `json:"kind"`
	URL                string  `json:"url"`
	Authorization      *string `json:"authorization"`
	ClearAuthorization bool    `json:"clear_authorization"`
	SnapshotID         string  `json:"snapshot_id"`
}

// flowChange is the body of a PUT. A schedule that is left out stays as it is.
type flowChange struct {
	Version int             `json:"version"`
	Name    string          `json:"name"`
	Source  sourceChange    `json:"source"`
	Format  tenants.Format  `json:"format"`
	Mapping tenants.Mapping `json:"mapping"`
	Options tenants.Options `json:"options"`

	Schedule *scheduleChange `json:"schedule"`
	Compare  *scheduleChange `json:"compare_schedule"`
}

// timetable returns what the caller wants of one of the flow's schedules, nil for no change.
func (c *flowChange) timetable(t tenants.Timetable) *scheduleChange {
	if t == tenants.TimetableCompare {
		return c.Compare
	}
	return c.Schedule
}

const maxFlowName = 100

// flowView is the view of one flow.
func (a *API) flowView(ctx context.Context, f *tenants.Flow) (*flowView, error) {
	views, _, err := a.flowViews(ctx, []tenants.Flow{*f})
	if err != nil {
		return nil, err
	}
	return views[0], nil
}

// flowViews reads what views of flows show beside the flows themselves, in as many queries for one
// as for all.
func (a *API) flowViews(ctx context.Context, flows []tenants.Flow) ([]*flowView, *tenants.FlowParts, error) {
	store, err := a.cfg.DB.Store(ctx, tenants.StoreHash(ctx))
	if err != nil {
		return nil, nil, err
	}
	parts, err := a.cfg.DB.FlowParts(ctx, flows)
	if err != nil {
		return nil, nil, err
	}
	views := make([]*flowView, len(flows))
	for i := range flows {
		if views[i], err = a.viewOf(ctx, &flows[i], store, parts); err != nil {
			return nil, nil, err
		}
	}
	return views, parts, nil
}

func (a *API) viewOf(ctx context.Context, f *tenants.Flow, store *tenants.Store, parts *tenants.FlowParts) (*flowView, error) {
	_, zoneName := schedule.Zone(store.Timezone)
	v := &flowView{
		ID: f.ID, Kind: f.Kind, Name: f.Name, Format: f.Format, Mapping: f.Mapping, Options: f.Options,
		Version: f.Version, CreatedAt: f.CreatedAt, UpdatedAt: f.UpdatedAt,
		Schedule: scheduleOf(f, tenants.TimetableRuns, zoneName), Compare: scheduleOf(f, tenants.TimetableCompare, zoneName),
	}
	if v.Mapping.Fields == nil {
		v.Mapping.Fields = []tenants.FieldMapping{}
	}
	if kind, err := a.cfg.Kinds.Kind(f.Kind); err == nil {
		if o, err := kind.Spec().CheckOptions(f.Options); err == nil { // else as they were saved once
			v.Options = o
		}
		var paused *problem.Error
		if errors.As(kind.Spec().Granted(store), &paused) {
			v.Paused = paused.Message
		}
	}
	if conn, ok := parts.Connections[f.ConnectionID]; ok {
		v.Source = sourceView{Kind: conn.Kind, URL: a.shownAddress(ctx, &conn), HasSecret: conn.HasSecret}
	}
	if snap, ok := parts.Snapshots[f.SnapshotID]; ok {
		v.Source.SnapshotID, v.Source.Filename, v.Source.Size = snap.ID, snap.Filename, snap.Size
	}
	if run, ok := parts.LastRuns[f.ID]; ok {
		v.LastRun = a.runView(&run, f, a.allowance(ctx, run))
	}
	problems, err := a.problems(ctx, f, parts)
	if err != nil {
		return nil, err
	}
	v.Enabled, v.Ready, v.Problems = f.OffAt == nil, len(problems) == 0, problems
	v.Health = health(f, v, store, parts)
	return v, nil
}

// shownAddress is a feed's address for the caller of ctx: those who may change it see what they
// need for that, which is all but what looks like a credential; everybody else sees nothing of its
// query.
func (a *API) shownAddress(ctx context.Context, conn *tenants.Connection) string {
	p, _ := auth.PrincipalFrom(ctx)
	// A process of before addresses were sealed may have written a whole one.
	if p.UserID == "" || !p.Can(auth.AccessWrite) {
		return tenants.MaskAddress(conn.URL, true)
	}
	address, err := a.cfg.DB.ConnectionAddress(ctx, conn)
	if err != nil { // a lost key: the list is worth more without this than not at all
		a.cfg.Log.ErrorContext(ctx, "address of a feed not opened", "store", p.StoreHash, "connection", conn.ID, "error", err)
		return conn.URL
	}
	return tenants.MaskAddress(address, false)
}

func (a *API) flows(c *gin.Context) {
	ctx := c.Request.Context()
	p, err := page(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	filter := tenants.FlowFilter{Kind: c.Query("kind"), Text: strings.TrimSpace(c.Query("q"))}
	flows, next, err := a.cfg.DB.FlowPage(ctx, filter, tenants.Page{After: p.After, Limit: p.Limit})
	if err != nil {
		_ = c.Error(err)
		return
	}
	views, _, err := a.flowViews(ctx, flows)
	if err != nil {
		_ = c.Error(err)
		return
	}
	list(c, "flows", views, next)
}

func (a *API) flow(c *gin.Context) {
	ctx := c.Request.Context()
	f, err := a.cfg.DB.Flow(ctx, c.Param("id"))
	if err != nil {
		_ = c.Error(err)
		return
	}
	v, err := a.flowView(ctx, f)
	answer(c, http.StatusOK, v, err)
}

func (a *API) createFlow(c *gin.Context) {
	var want struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	if _, err := a.named(want.Kind, "The sync could not be made."); err != nil {
		_ = c.Error(err)
		return
	}
	name, err := flowName(want.Name)
	if err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	f := &tenants.Flow{Kind: want.Kind, Name: name}
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.CreateFlow(ctx, f); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: "flow.created", Subject: f.ID, Detail: f.Name})
	})
	if err == nil {
		err = a.cfg.Jobs.FlowsChanged(ctx, f.Kind)
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	v, err := a.flowView(ctx, f)
	answer(c, http.StatusCreated, v, err)
}

func (a *API) updateFlow(c *gin.Context) {
	var want flowChange
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	name, err := flowName(want.Name)
	if err == nil {
		err = a.checkFlow(want)
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	header, questions, err := a.headerOf(ctx, c.Param("id"), want)
	if err != nil {
		_ = c.Error(err)
		return
	}
	var f *tenants.Flow
	var notice string
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if f, err = tx.Flow(ctx, c.Param("id")); err != nil {
			return err
		}
		kind, err := a.cfg.Kinds.Kind(f.Kind)
		if err != nil {
			return err
		}
		f.Header, f.Questions = header, questions
		f.Version, f.Name, f.Format, f.Mapping, f.Options = want.Version, name, want.Format, want.Mapping, want.Options
		if err := kind.Check(ctx, f); err != nil {
			return err
		}
		if err := a.setSource(ctx, tx, f, want.Source); err != nil {
			return err
		}
		if err := tx.UpdateFlow(ctx, f); err != nil {
			return err
		}
		if notice, err = a.setSchedules(ctx, tx, f, want, caller(c).Actor()); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: "flow.changed", Subject: f.ID, Detail: f.Name})
	})
	if err != nil {
		_ = c.Error(err)
		return
	}
	v, err := a.flowView(ctx, f)
	if v != nil {
		v.Notice = notice
	}
	answer(c, http.StatusOK, v, err)
}

// headerOf returns the columns of the file that a changed flow reads, as it was last read, and what
// is to be asked about its values; nil if none was.
func (a *API) headerOf(ctx context.Context, flowID string, want flowChange) ([]string, []tenants.OpenQuestion, error) {
	f, err := a.cfg.DB.Flow(ctx, flowID)
	if err != nil {
		return nil, nil, err
	}
	kind, err := a.cfg.Kinds.Kind(f.Kind)
	if err != nil {
		return nil, nil, err
	}
	m, ok := kind.(mapped)
	if !ok {
		return nil, nil, nil
	}
	return m.Header(ctx, upsert.InspectRequest{FlowID: f.ID, Kind: want.Source.Kind, Settings: want.Source.settings(), Format: want.Format}, want.Mapping)
}

// setSource points f at what the merchant chose. A connection belongs to one flow; its address and
// secret are kept when the merchant switches to an upload, for when they switch back.
func (a *API) setSource(ctx context.Context, tx *tenants.DB, f *tenants.Flow, want sourceChange) error {
	if want.Kind == "" {
		return nil
	}
	source, err := a.cfg.Sources.Source(want.Kind)
	if err != nil {
		return err
	}
	if err := source.Check(want.settings()); err != nil {
		return err
	}
	spec := source.Spec()
	conn := &tenants.Connection{}
	if f.ConnectionID != "" {
		if conn, err = tx.Connection(ctx, f.ConnectionID); err != nil {
			return err
		}
	}
	f.SnapshotID = ""
	if spec.Has(connector.File) {
		if _, err := tx.HoldSnapshot(ctx, want.SnapshotID); err != nil {
			return err
		}
		f.SnapshotID = want.SnapshotID
	}
	secret := want.Authorization
	if secret != nil && *secret == "" {
		secret = nil
	}
	address := conn.URL
	switch {
	case spec.Has(connector.Address):
		address = want.URL
	case spec.Has(connector.Secret):
		address = ""
	}
	if want.ClearAuthorization {
		secret = new(string)
	}
	conn.Kind, conn.Name, conn.URL = want.Kind, f.Name, address
	if err := tx.SaveConnection(ctx, conn, secret); err != nil {
		return err
	}
	f.ConnectionID = conn.ID
	return nil
}

func (a *API) deleteFlow(c *gin.Context) {
	ctx := c.Request.Context()
	f, err := a.cfg.DB.Flow(ctx, c.Param("id"))
	if err == nil {
		err = a.cfg.DB.DeleteFlow(ctx, f.ID)
	}
	if err == nil {
		err = a.cfg.DB.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: "flow.deleted", Subject: f.ID, Detail: f.Name})
	}
	if err == nil {
		err = a.cfg.Jobs.FlowsChanged(ctx, f.Kind)
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.Status(http.StatusNoContent)
}

func flowName(name string) (string, error) {
	name = strings.TrimSpace(tenants.PlainName(name))
	if name == "" || utf8.RuneCountInString(name) > maxFlowName {
		return "", problem.New(problem.Invalid, "The sync needs a name.").WithField("name", "use 1 to %d characters", maxFlowName)
	}
	return name, nil
}

// checkFlow refuses what no run of any kind could use. A mapping may be incomplete while the
// merchant works on it: its expressions are checked by the preview and, against the real header, by
// the run.
func (a *API) checkFlow(want flowChange) error {
	document, err := json.Marshal([]any{want.Format, want.Mapping, want.Options})
	if err != nil {
		return err
	}
	if err := a.cfg.Limits.Check(limits.FlowBytes, 0, int64(len(document))); err != nil {
		return err
	}
	for _, t := range tenants.Timetables {
		if s := want.timetable(t); s != nil {
			if _, err := s.check(t); err != nil {
				return err
			}
		}
	}
	return nil
}
