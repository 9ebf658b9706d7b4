package upsert

import (
	"fmt"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// What a flow writes, as its option says.
const (
	optionMode    = "mode"
	modeBoth      = "create_and_update"
	modeUpdate    = "update"
	modeCreate    = "create"
	actionSkipped = "skipped"
)

// modeOption is that of kinds whose records a flow may create.
func modeOption(spec flow.Spec) flow.Option {
	return flow.Option{
		Name: optionMode, Type: flow.Choice, Default: modeBoth, Label: "What is written",
		Help: fmt.Sprintf("Rows that the choice leaves out are passed by: nothing of them is written, and their %s stay in the store as they are.", spec.Plural),
		Values: []flow.Value{
			{Name: modeBoth, Label: fmt.Sprintf("Create new %s and update those that are there", spec.Plural)},
			{Name: modeUpdate, Label: fmt.Sprintf("Only update %s that are there", spec.Plural)},
			{Name: modeCreate, Label: fmt.Sprintf("Only create new %s", spec.Plural)},
		},
	}
}

// only reports whether the run does nothing but what this mode says.
func (s *step) only(mode string) bool { return s.run.Options[optionMode] == mode }

// selective reports whether the run may pass by rows that it has looked at. What these refer to is
// not created for them: it waits until something is written.
func (s *step) selective() bool { return s.only(modeUpdate) || s.only(modeCreate) }

// waits reports whether all that a document misses will be created when it is written.
func (s *step) waits(refs Refs, d itemDoc) bool {
	if !s.selective() {
		return false
	}
	for _, r := range absentRefs(refs, d) {
		if refs.Refused(r) != "" {
			return false
		}
	}
	return len(creatable(refs, d)) > 0
}

// skipped ends an item that the flow's options pass by. What its row says is not what the store has:
// the record keeps what landed last, and the row is looked at again the next time.
func (o *changeset) skipped(item tenants.RunItem, d itemDoc, live Live) error {
	run := o.step.run
	run.Skipped++
	setTarget(&item, live)
	item.State, item.Action, item.Document, item.Changes = tenants.ItemDone, actionSkipped, "", "[]"
	if run.DryRun {
		item.Name = o.step.title(d, live)
	}
	o.put(item)
	if run.DryRun || live.ID == 0 {
		return nil
	}
	var err error
	if o.memory[item.Key], err = remembered(live, o.step.k.target.Kept(run.Mapping)); err != nil {
		return err
	}
	o.records[item.Key] = func(r *tenants.Record) {
		r.TargetID, r.ParentID, r.TargetRef = live.ID, live.Parent, live.Ref
		r.State, r.Error, r.RefusedHash, r.RefusedField = recordOK, "", "", ""
	}
	return nil
}
