package attention

import (
	"context"
	"time"

	"sluice/internal/problem"
	"sluice/jobs/alerts"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// atLeast is how often every flow is looked at, whether or not anybody asked for it.
const atLeast = 24 * time.Hour

// Config is what a Keeper needs.
type Config struct {
	DB *tenants.DB
	// Kind returns a kind of flow. Fails with flow.ErrUnknownKind for one of a newer version.
	Kind func(name string) (flow.Kind, error)
	// Reaches reports whether news can leave by channels of a kind.
	Reaches func(tenants.AlertChannelKind) bool
	Now     func() time.Time
}

// Keeper keeps the open problems of stores as they are.
type Keeper struct {
	db      *tenants.DB
	kind    func(name string) (flow.Kind, error)
	reaches func(tenants.AlertChannelKind) bool
	now     func() time.Time
}

// New returns a Keeper.
func New(cfg Config) *Keeper {
	return &Keeper{db: cfg.DB, kind: cfg.Kind, reaches: cfg.Reaches, now: cfg.Now}
}

// Check looks at a flow of ctx's store, or at the store itself (""), if that is due, and reports
// whether the open problems are others now. Any number of processes may do this at once.
func (k *Keeper) Check(ctx context.Context, flowID string) (changed bool, err error) {
	err = k.db.Tx(ctx, func(tx *tenants.DB) error {
		now := k.now().UTC()
		mine, err := tx.HoldCheck(ctx, flowID, now)
		if err != nil || !mine {
			return err
		}
		l := look{k: k, tx: tx, now: now}
		there, err := l.gather(ctx, flowID)
		if err != nil {
			return err
		}
		if !there {
			return tx.DropCheck(ctx, flowID)
		}
		if changed, err = l.compare(ctx); err != nil {
			return err
		}
		next := now.Add(atLeast)
		if !l.found.next.IsZero() && l.found.next.Before(next) {
			next = l.found.next
		}
		return tx.NextCheck(ctx, flowID, next)
	})
	return changed, err
}

// look is one look at a flow or a store, in its transaction.
type look struct {
	k        *Keeper
	tx       *tenants.DB
	now      time.Time
	store    *tenants.Store
	flow     *tenants.Flow // nil: the store itself
	settings tenants.AlertSettings
	rules    chosen
	found    found
}

// gather reads what is so, and says what is wrong with it; false: there is no such flow or store.
func (l *look) gather(ctx context.Context, flowID string) (bool, error) {
	var err error
	if l.store, err = l.tx.Store(ctx, tenants.StoreHash(ctx)); problem.CodeOf(err) == problem.NotFound {
		return false, nil
	}
	if err != nil || l.store.State == tenants.StoreUninstalled {
		return false, err // whoever installs it again has all looked at
	}
	if err := l.tx.EnsureAlerts(ctx, ""); err != nil {
		return false, err
	}
	if l.settings, err = l.tx.AlertSettings(ctx); err != nil {
		return false, err
	}
	l.rules = choose(l.settings)
	if flowID == "" {
		l.found = findingsOfStore(l.store, l.now)
		return true, nil
	}
	if l.flow, err = l.tx.Flow(ctx, flowID); problem.CodeOf(err) == problem.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	a := facts{now: l.now, store: l.store, flow: l.flow, rules: l.rules, singular: "record", plural: "records"}
	if kind, err := l.k.kind(l.flow.Kind); err == nil {
		spec := kind.Spec()
		a.singular, a.plural, a.granted = spec.Singular, spec.Plural, spec.Granted(l.store)
	}
	if l.flow.ConnectionID != "" {
		a.connection, err = l.tx.Connection(ctx, l.flow.ConnectionID)
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return false, err
		}
	}
	if a.runs, err = l.tx.LastRuns(ctx, flowID); err != nil {
		return false, err
	}
	l.found = findings(a)
	return true, nil
}

// compare brings the open problems to what was found.
func (l *look) compare(ctx context.Context) (changed bool, err error) {
	id := ""
	if l.flow != nil {
		id = l.flow.ID
	}
	open, err := l.tx.ProblemsOf(ctx, id)
	if err != nil {
		return false, err
	}
	rows := map[string]*tenants.Attention{}
	for i := range open {
		rows[open[i].Cause] = &open[i]
	}
	for _, x := range l.found.list {
		row := rows[x.cause]
		delete(rows, x.cause)
		differs, err := l.keep(ctx, row, x)
		if err != nil {
			return false, err
		}
		changed = changed || differs
	}
	for cause, row := range rows {
		if l.found.held[cause] {
			l.unmute(row)
			continue
		}
		if err := l.heal(ctx, row); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

// keep opens a problem, or notes how it stands now.
func (l *look) keep(ctx context.Context, row *tenants.Attention, x finding) (changed bool, err error) {
	was := tenants.Attention{}
	made := row == nil
	if made {
		row = &tenants.Attention{Cause: x.cause, Since: x.since.UTC()}
		if l.flow != nil {
			row.FlowID = l.flow.ID
		}
	} else {
		was = *row
	}
	if l.flow != nil {
		row.Kind = l.flow.Kind
	}
	row.RunID, row.Message, row.Count, row.Remedy = x.runID, tenants.Clean(x.message, 1000), x.count, x.remedy
	l.unmute(row)
	if made {
		row.LastSeenAt = l.now
		if err := l.tx.OpenProblem(ctx, row); err != nil {
			return false, err
		}
	}
	if row.AlertedAt == nil && row.MutedUntil == nil && l.rules[x.cause].Enabled && !x.quiet {
		row.AlertedAt = &l.now
		if err := l.tell(ctx, row, tenants.AlertOpened); err != nil {
			return false, err
		}
	}
	if !made && same(&was, row) && l.now.Sub(row.LastSeenAt) < time.Hour {
		return false, nil
	}
	row.LastSeenAt = l.now
	return made || !same(&was, row), l.tx.SeeProblem(ctx, row)
}

// same reports whether a problem stands as it did.
func same(a, b *tenants.Attention) bool {
	return a.RunID == b.RunID && a.Message == b.Message && a.Count == b.Count && a.Remedy == b.Remedy &&
		(a.MutedUntil == nil) == (b.MutedUntil == nil) && (a.AlertedAt == nil) == (b.AlertedAt == nil)
}

// unmute ends a mute whose time is over, and else comes back at its end.
func (l *look) unmute(row *tenants.Attention) {
	switch {
	case row.MutedUntil == nil:
	case row.MutedUntil.After(l.now):
		l.found.at(l.now, *row.MutedUntil)
	default:
		row.MutedUntil = nil
	}
}

// heal closes a problem. Whoever was told of it is told that too, unless a person switched the flow
// off: then it is not solved, only nobody's concern.
func (l *look) heal(ctx context.Context, row *tenants.Attention) error {
	if err := l.tx.HealProblem(ctx, row); err != nil {
		return err
	}
	muted := row.MutedUntil != nil && row.MutedUntil.After(l.now)
	off := l.flow != nil && l.flow.OffAt != nil
	if row.AlertedAt == nil || muted || off || !l.rules[row.Cause].Enabled {
		return nil
	}
	return l.tell(ctx, row, tenants.AlertHealed)
}

// tell leaves news of a problem in the outbox.
func (l *look) tell(ctx context.Context, row *tenants.Attention, event tenants.AlertEvent) error {
	name := ""
	if l.flow != nil {
		name = l.flow.Name
	}
	p := alerts.Tell(row, name)
	if event == tenants.AlertHealed {
		p.HealedAt = &l.now
	}
	body, err := alerts.Encode(p)
	if err != nil {
		return err
	}
	return l.tx.PutNews(ctx, tenants.News{
		AttentionID: row.ID, Event: event, Body: body, NotBefore: alerts.NotBefore(l.settings, l.store.Timezone, l.now),
	}, l.k.reaches)
}
