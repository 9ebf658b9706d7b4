package upsert

import (
	"context"
	"fmt"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// Guard is a Target whose runs ask before they write what looks like a mistake at the source: a
// feed that sets most of the stock to 0, prices in cents. The engine sums up what Weigh says of
// each record that the run is to create or update, and when match is over it has the run ask about
// the first guard that is crossed (tenants.RunAsking). A dry run only shows the question. Nothing
// asks in a run that has nothing to write.
//
// Two guards are the engine's own. Every kind has "shrank", with its option: it asks when a whole
// source has so much fewer rows than in the flow's last complete run. A kind that has an option
// guard_lost (flow.Number, in percent, 0 for off) has "lost" too: it asks when a whole source no
// longer has so many of the flow's known good records, and who answered that is not asked whether the
// source shrank. Retries and sources that stopped before their end cannot tell.
//
// What a mapping refers to (Referrer) is created while matching, before the question.
type Guard interface {
	// Guards lists what a run may ask about, in the order in which it asks.
	Guards(run *tenants.Run) []GuardSpec
	// Weigh says for which guards a record counts. live is the record as it was seen or is remembered,
	// without an ID for one that is to be created. A record is weighed once a run, and again if the
	// run compares anew.
	Weigh(run *tenants.Run, d Doc, live Live, changes []Change) []Weight
}

// GuardSpec is one thing that a run may ask about: more than Limit percent of the records that Of
// says, and at least Least.
type GuardSpec struct {
	Name    string  // of the question and its answer: never changes its meaning; not "lost" or "shrank"
	Message string  // for the merchant, a sentence or two: what is about to happen. Count, base and limit are shown beside it
	Limit   float64 // percent; 0: off
	Least   int64   // fewer records than these are never asked about
	Of      Base
	Has     func(fields bigcommerce.Fields) bool // of OfRecords: whether a record is one of those
}

// Base is what the records that count for a guard are compared with.
type Base int

// The bases of guards.
const (
	// OfWeighed is the records of which Weigh returned a Weight of the guard, whether they count or
	// not: of the prices that there were before, those that moved by a factor of 100.
	OfWeighed Base = iota
	// OfChanged is all records that the run is to create or update.
	OfChanged
	// OfSource is all records of the source.
	OfSource
	// OfRecords is the records, remembered by the flow or seen by the run, for whose fields Has says
	// yes: the stocked items. They are counted only if enough records count for the guard.
	OfRecords
	// OfNone compares with nothing: any record is too many, from Least on. Limit only says that the
	// guard is on.
	OfNone
)

// Weight says that a guard looked at a record.
type Weight struct {
	Guard   string // GuardSpec.Name
	Counts  bool
	Example string // what is about to happen to the record, for people: "12 → 0". Its key is shown before it
}

const (
	optionLost   = "guard_lost"
	guardLost    = "lost"
	optionShrank = "guard_shrank"
	guardShrank  = "shrank"
	// shrankLeast is how many rows must be missing: small files do change.
	shrankLeast = 3

	maxExamples = 5
	maxExample  = 200 // characters

	// leftWindow is how many records one query takes that looks for those which left the source.
	leftWindow = 2000
	// recallWindow is how many remembered records one query takes: each may have maxRemembered bytes.
	recallWindow = 500
)

// weights are the sums of one guard.
type weights struct {
	Count    int64    `json:"count,omitempty"`   // records that count
	Weighed  int64    `json:"weighed,omitempty"` // records that were looked at
	Has      int64    `json:"has,omitempty"`     // of OfRecords: records to be written that are of the base
	Same     int64    `json:"same,omitempty"`    // likewise, of those that this run found unchanged
	Others   int64    `json:"others,omitempty"`  // likewise, of those that it did not compare: they are remembered
	Examples []string `json:"examples,omitempty"`
}

// add adds a record.
func (w *weights) add(counts bool, example string) {
	w.Weighed++
	if !counts {
		return
	}
	w.Count++
	if len(w.Examples) < maxExamples {
		w.Examples = append(w.Examples, tenants.Clean(example, maxExample))
	}
}

// guards returns what the run may ask about.
func (s *step) guards() []GuardSpec {
	if s.specs == nil {
		s.specs = []GuardSpec{}
		if spec, ok := s.leftSpec(); ok {
			s.specs = append(s.specs, spec)
		}
		if limit := s.limitOf(optionLost); limit > 0 {
			s.specs = append(s.specs, GuardSpec{Name: guardLost, Limit: limit,
				Message: fmt.Sprintf("The source no longer has many of the %s that it had. They stay in the store as they are; what it still has would be written.", s.k.spec.Plural)})
		}
		if limit := s.limitOf(optionShrank); limit > 0 {
			s.specs = append(s.specs, GuardSpec{Name: guardShrank, Limit: limit, Least: shrankLeast,
				Message: fmt.Sprintf("The source has far fewer rows than the last time. What it still has would be written; the other %s stay in the store as they are.", s.k.spec.Plural)})
		}
		if g, ok := s.k.target.(Guard); ok {
			for _, spec := range g.Guards(s.run) {
				if spec.Limit > 0 {
					s.specs = append(s.specs, spec)
				}
			}
		}
	}
	return s.specs
}

// shrankOption is that of the guard "shrank".
var shrankOption = flow.Option{
	Name: optionShrank, Type: flow.Number, Max: 100, Unit: "%", Default: 30.0, Label: "Ask when there are fewer rows",
	Help: "A run waits for your answer when the file has fewer rows than the last time by more than this part. 0 never asks.",
}

// limitOf is the percentage of an option above which the run asks, 0 if it does not look: a part of
// a source says nothing about what it does not have.
func (s *step) limitOf(option string) float64 {
	if s.run.Incomplete || s.run.RetryOf != "" || option == optionLost && s.vanishing() != "" { // guardLeft asks about those
		return 0
	}
	limit, _ := s.run.Options[option].(float64)
	return limit
}

// weighRows compares the number of rows with that of the flow's last complete run.
func (s *step) weighRows(ctx context.Context) error {
	if s.limitOf(optionShrank) == 0 {
		return nil
	}
	var before []int64
	err := s.DB().Scoped(ctx).Model(&tenants.Run{}).
		Where("flow_id = ? AND state = ? AND dry_run = ? AND retry_of = ? AND incomplete = ? AND total > 0", s.run.FlowID, tenants.RunDone, false, "", false).
		Order("id DESC").Limit(1).Pluck("total", &before).Error
	if err != nil {
		return fmt.Errorf("upsert: last run of flow %s: %w", s.run.FlowID, err)
	}
	if len(before) > 0 && before[0] > s.run.Total {
		*s.sum(guardShrank) = weights{Count: before[0] - s.run.Total, Weighed: before[0]}
	}
	return nil
}

// sum returns the sums of a guard, to be changed.
func (s *step) sum(guard string) *weights {
	if s.cp.Sums == nil {
		s.cp.Sums = make(map[string]*weights)
	}
	if s.cp.Sums[guard] == nil {
		s.cp.Sums[guard] = &weights{}
	}
	return s.cp.Sums[guard]
}

// weigh adds a record that is to be written to the sums. They are saved with the step that plans
// the write, so that neither counts without the other. In the write phase records are only looked
// at again.
func (s *step) weigh(d itemDoc, live Live, changes []Change) {
	specs := s.guards()
	g, ok := s.k.target.(Guard)
	if !ok || len(specs) == 0 || s.run.Phase != tenants.PhaseMatch {
		return
	}
	weighed := g.Weigh(s.run, d.Doc, live, changes)
	for _, spec := range specs {
		if spec.Of == OfRecords && live.ID != 0 && spec.Has(live.Fields) {
			s.sum(spec.Name).Has++
		}
		i := slices.IndexFunc(weighed, func(w Weight) bool { return w.Guard == spec.Name })
		if i < 0 {
			continue
		}
		example := s.shown(d)
		if weighed[i].Example != "" {
			example += ": " + weighed[i].Example
		}
		s.sum(spec.Name).add(weighed[i].Counts, example)
	}
}

// weighSame adds a record that was compared and found unchanged to what percentages are of.
func (s *step) weighSame(live Live) {
	if s.run.Phase != tenants.PhaseMatch {
		return
	}
	for _, spec := range s.guards() {
		if spec.Of == OfRecords && spec.Has(live.Fields) {
			s.sum(spec.Name).Same++
		}
	}
}

// matchLeft counts the flow's known good records that the source does not have, before match makes
// others known. The rows marked what they met: a real run in the records, a dry run in its copies.
// What the last run that wrote from a whole source did not have either was asked about then, if it
// was much.
func (s *step) matchLeft(ctx context.Context) error {
	sum := s.sum(guardLost)
	since, err := s.lastWhole(ctx)
	if err != nil {
		return err
	}
	for more := true; more; {
		var records []tenants.Record
		err := s.DB().Scoped(ctx).Select("key", "state", "target_id", "seen_run_id").
			Where("flow_id = ? AND key > ?", s.run.FlowID, s.cp.After).Order("key").Limit(leftWindow).Find(&records).Error
		if err != nil {
			return fmt.Errorf("upsert: records of flow %s: %w", s.run.FlowID, err)
		}
		keys := make([]string, len(records))
		for i, r := range records {
			keys[i] = r.Key
		}
		var copies map[string]tenants.Record
		if s.run.DryRun {
			if copies, err = s.DB().RecordsByKeys(ctx, s.run.ID, keys); err != nil {
				return err
			}
		}
		for _, r := range records {
			_, copied := copies[r.Key]
			switch seen := r.SeenRunID == s.run.ID || copied; {
			case !seen && r.State == recordOK && r.SeenRunID >= since:
				sum.add(true, r.Key)
			case seen && r.TargetID != 0: // it may be on its way, and so no longer be ok
				sum.Weighed++
			}
		}
		if len(records) < leftWindow {
			return s.matchRows(ctx)
		}
		s.cp.After = keys[len(keys)-1]
		more = !s.Spent(ctx)
	}
	return nil
}

// lastWhole returns the ID of the flow's last run that wrote records of a whole source, "" if there
// is none. IDs are in the order of time.
func (s *step) lastWhole(ctx context.Context) (string, error) {
	var ids []string
	err := s.DB().Scoped(ctx).Model(&tenants.Run{}).
		Where("flow_id = ? AND state = ? AND dry_run = ? AND retry_of = ? AND incomplete = ?", s.run.FlowID, tenants.RunDone, false, "", false).
		Where("created > 0 OR updated > 0").Order("id DESC").Limit(1).Pluck("id", &ids).Error
	if err != nil {
		return "", fmt.Errorf("upsert: last run of flow %s: %w", s.run.FlowID, err)
	}
	if len(ids) == 0 {
		return "", nil
	}
	return ids[0], nil
}

// matchRemembered counts what percentages of OfRecords are of: what the flow remembers besides the
// records that this run compared. It reads nothing while no guard can be crossed.
func (s *step) matchRemembered(ctx context.Context) error {
	for s.undecided() {
		kept, err := s.DB().RememberedAfter(ctx, s.run.FlowID, s.cp.After, recallWindow)
		if err != nil {
			return err
		}
		compared, err := s.comparedKeys(ctx, kept)
		if err != nil {
			return err
		}
		for _, r := range kept {
			if compared[r.Key] {
				continue
			}
			var fields bigcommerce.Fields
			if err := decodeJSON(r.Fields, &fields); err != nil {
				return fmt.Errorf("upsert: remembered record of %s: %w", r.Key, err)
			}
			for _, spec := range s.guards() {
				if spec.Of == OfRecords && spec.Has(fields) {
					s.sum(spec.Name).Others++
				}
			}
		}
		if len(kept) < recallWindow {
			break
		}
		s.cp.After = kept[len(kept)-1].Key
		if s.Spent(ctx) {
			return nil
		}
	}
	s.stage(stageAsk)
	return nil
}

// undecided reports whether a guard of OfRecords may still be crossed, with what was counted so
// far.
func (s *step) undecided() bool {
	return slices.ContainsFunc(s.guards(), func(spec GuardSpec) bool {
		return spec.Of == OfRecords && s.crossed(spec)
	})
}

// comparedKeys returns which remembered records this run compared: their items have changes, or
// none.
func (s *step) comparedKeys(ctx context.Context, kept []tenants.RememberedRecord) (map[string]bool, error) {
	if len(kept) == 0 {
		return nil, nil
	}
	keys := make([]string, len(kept))
	for i, r := range kept {
		keys[i] = r.Key
	}
	var compared []string
	err := s.DB().Scoped(ctx).Model(&tenants.RunItem{}).Where("run_id = ? AND key IN ? AND changes <> ''", s.run.ID, keys).Pluck("key", &compared).Error
	if err != nil {
		return nil, fmt.Errorf("upsert: items of run %s: %w", s.run.ID, err)
	}
	out := make(map[string]bool, len(compared))
	for _, key := range compared {
		out[key] = true
	}
	return out, nil
}

// base is what a guard's count is compared with.
func (s *step) base(spec GuardSpec) int64 {
	sum := s.sum(spec.Name)
	n := sum.Weighed
	switch spec.Of {
	case OfWeighed:
	case OfChanged, OfNone:
		n = s.run.ToCreate + s.run.ToUpdate
	case OfSource:
		n = s.run.Read
	case OfRecords:
		n = sum.Has + sum.Same + sum.Others
	}
	return max(n, sum.Count)
}

// crossed reports whether a guard is to be asked about: not about as many records as somebody let
// the run go on with.
func (s *step) crossed(spec GuardSpec) bool {
	n := s.sum(spec.Name).Count
	lifted := slices.ContainsFunc(s.run.Answers, func(a tenants.Answer) bool {
		return a.Guard == spec.Name && a.Count >= n || (a.Guard == guardLost || a.Guard == guardLeft) && spec.Name == guardShrank
	})
	switch {
	case n == 0 || n < spec.Least || lifted:
		return false
	case spec.Of == OfNone:
		return true
	}
	return float64(n)*100 > spec.Limit*float64(s.base(spec))
}

// ask has the run ask about the first guard that is crossed, or ends the phase.
func (s *step) ask() {
	if n := len(s.run.Answers); n > s.cp.Answered {
		s.cp.Answered = n
		if last := s.run.Answers[n-1]; last.At.Sub(last.AskedAt) > tenants.QuestionFresh {
			s.matchAnew()
			return
		}
	}
	specs := s.guards()
	i := slices.IndexFunc(specs, s.crossed)
	if i < 0 {
		s.matched()
		return
	}
	spec, sum := specs[i], s.sum(specs[i].Name)
	q := tenants.Question{
		Guard: spec.Name, Message: spec.Message, Count: sum.Count, Of: s.base(spec), Limit: spec.Limit, Examples: slices.Concat([]string{}, sum.Examples),
	}
	if spec.Of == OfNone {
		q.Limit = 0
	}
	if s.run.ToCreate+s.run.ToUpdate == 0 {
		switch spec.Name {
		case guardLost:
			s.Warn(flow.Issue{Cure: tenants.CureSource, Message: fmt.Sprintf("The source no longer has %d of the %d %s that it had. They stay in the store as they are.", q.Count, q.Of, s.k.spec.Plural)})
		case guardShrank:
			s.Warn(flow.Issue{Cure: tenants.CureSource, Message: fmt.Sprintf("The source has %d rows fewer than the last time, when it had %d. The %s that it no longer has stay in the store as they are.", q.Count, q.Of, s.k.spec.Plural)})
		}
		s.matched()
		return
	}
	s.Ask(q)
	if s.run.DryRun {
		s.matched()
	}
}

// matchAnew begins match again: what the run found out is too old to be written.
func (s *step) matchAnew() {
	s.k.refs.forget(s.run.ID)
	for guard, sum := range s.cp.Sums {
		if guard != guardLost && guard != guardShrank { // the source is the same
			*sum = weights{Same: sum.Same}
		}
	}
	s.run.ToCreate, s.run.ToUpdate = 0, 0
	s.cp = checkpoint{Answered: s.cp.Answered, Sums: s.cp.Sums, Keyless: s.cp.Keyless}
	s.stage(stageAgain)
}

// matchAgain makes a window of items ones that are to be matched. What was found unchanged or
// failed stays so.
func (s *step) matchAgain(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemUpdate, limit: restWindow})
	if err == nil && len(items) == 0 {
		items, err = s.find(ctx, query{state: tenants.ItemCreate, limit: restWindow})
	}
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageStart)
		return nil
	}
	o := s.changeset()
	for _, item := range items {
		d, err := decodeDoc(item.Document)
		if err != nil {
			return err
		}
		if d.vanish != nil { // it is found again
			o.dropped = append(o.dropped, item.Line)
			continue
		}
		d.basis = basisLive
		if item.Document, err = d.encode(); err != nil {
			return err
		}
		item.State, item.Action, item.Changes = tenants.ItemPlanned, "", ""
		o.put(item)
	}
	return nil
}
