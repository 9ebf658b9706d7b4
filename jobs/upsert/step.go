package upsert

import (
	"context"
	"fmt"
	"time"

	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/tenants"
)

// saveTimeout bounds what is done for the database once a step is saved.
const saveTimeout = 20 * time.Second

// step is one step under way. Its methods run on one goroutine unless they say otherwise.
type step struct {
	*flow.Step
	k   *Kind
	run *tenants.Run // of flow.Step
	cp  checkpoint

	staleRefs bool               // what the run refers to is to be forgotten
	began     bool               // a write was started
	specs     []GuardSpec        // what the run may ask about, nil if that was not looked at yet
	fill      map[string]string  // FieldMapping.Fill by target; nil until it is asked for
	catalogue *mapping.Catalogue // likewise
	constants mapping.Document   // of FieldMapping.Otherwise; likewise
}

// Step does one unit of the run, and before it whatever only finds out that a stage or phase has
// nothing to do.
func (k *Kind) Step(ctx context.Context, fs *flow.Step) error {
	s := &step{Step: fs, k: k, run: fs.Run()}
	if err := fs.Checkpoint(&s.cp); err != nil {
		return err
	}
	if err := s.work(ctx); err != nil {
		return err
	}
	if s.run.State.Final() {
		return nil
	}
	return fs.SetCheckpoint(s.cp)
}

func (s *step) work(ctx context.Context) error {
	if s.Cancelled() {
		return s.cancelRun(ctx)
	}
	for {
		phase, stage := s.run.Phase, s.cp.Stage
		if err := s.unit(ctx); err != nil {
			return err
		}
		moved := s.run.Phase != phase || s.cp.Stage != stage
		// A fetch ends its step, so that nothing after it makes the source be fetched again; and writes
		// in bulk begin in a step of their own, which waits for those of other runs.
		begins := s.k.spec.Bulk && s.run.Phase == tenants.PhaseWrite && phase != tenants.PhaseWrite
		if !moved || s.Pending() || phase == tenants.PhaseFetch || begins || s.Spent(ctx) {
			return nil
		}
	}
}

func (s *step) unit(ctx context.Context) error {
	switch s.run.Phase {
	case tenants.PhaseFetch:
		return s.fetch(ctx)
	case tenants.PhasePlan:
		return s.plan(ctx)
	case tenants.PhaseAssemble:
		return s.assemble(ctx)
	case tenants.PhaseMatch:
		return s.match(ctx)
	case tenants.PhaseWrite:
		return s.write(ctx)
	case tenants.PhaseFinish:
		return s.conclude(ctx)
	}
	return fmt.Errorf("upsert: run %s is in an unknown phase %q", s.run.ID, s.run.Phase)
}

// cancelRun ends a run that the merchant cancelled. Creates that may have been sent are looked up
// first, so that what the store has is known.
func (s *step) cancelRun(ctx context.Context) error {
	if s.run.Phase == tenants.PhaseWrite && !s.run.DryRun {
		begun, err := s.find(ctx, query{state: tenants.ItemSending, limit: createGroup})
		if err != nil {
			return err
		}
		if len(begun) > 0 {
			return s.lookBack(ctx, begun)
		}
		if err := s.noteHalves(ctx); err != nil {
			return err
		}
	}
	s.Finish(tenants.RunCancelled, "")
	return nil
}

// noteHalves writes to the journal what had been written of items that are not done.
func (s *step) noteHalves(ctx context.Context) error {
	var items []tenants.RunItem
	err := s.DB().Scoped(ctx).Where("run_id = ? AND state = ? AND changes LIKE ?", s.run.ID, tenants.ItemUpdate, `%"done":true%`).
		Order("line").Find(&items).Error
	if err != nil {
		return fmt.Errorf("upsert: half-written items of run %s: %w", s.run.ID, err)
	}
	o := s.changeset()
	for _, item := range items {
		x, err := decodeWrite(item)
		if err != nil {
			return err
		}
		if err := o.noteWritten(x); err != nil {
			return err
		}
	}
	return nil
}
