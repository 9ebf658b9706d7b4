package upsert

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// Stages of the write phase. Updates go first, because one may free a name that a create needs. The
// stages repeat while the other left something: a create may turn out to be an update, and an update
// of a product that was deleted meanwhile becomes a create.
const (
	stageUpdates = "updates"
	stageCreates = "creates"
)

const (
	// stopGrace is how long requests in flight go on after the process was told to stop: a create that
	// was sent should have its answer.
	stopGrace = 8 * time.Second
	// maxTries is how often one record is sent that BigCommerce never answers usefully.
	maxTries = 5
	// haltAfter is how many requests in a row may stay unanswered before a step stops sending more.
	haltAfter = 3
	// maxFruitless is how many steps in a row may go without any answer, maxBackoff apart at most: some
	// 50 minutes of outage, after which the run fails.
	maxFruitless = 60
	maxBackoff   = time.Minute
	// quotaShare keeps a run from having more than this part of a small quota in flight at once.
	quotaShare = 8
)

// write does one step of the write phase.
func (s *step) write(ctx context.Context) error {
	switch s.cp.Stage {
	case stageStart, stageUpdates:
		s.cp.Stage = stageUpdates
		return s.writeUpdates(ctx)
	case stageCreates:
		return s.writeCreates(ctx)
	}
	return fmt.Errorf("upsert: run %s is in an unknown stage %q", s.run.ID, s.cp.Stage)
}

// leave ends a write stage that has no items left.
func (s *step) leave(ctx context.Context, other string, states ...tenants.ItemState) error {
	for _, state := range states {
		left, err := s.find(ctx, query{state: state, limit: 1})
		if err != nil {
			return err
		}
		if len(left) > 0 {
			s.stage(other)
			return nil
		}
	}
	s.cp = checkpoint{}
	s.Enter(tenants.PhaseFinish)
	return nil
}

// fate says what became of one item that was sent, or not.
type fate int

const (
	notSent  fate = iota // nothing happened: it stays what it was
	landed               // answer has the product
	exists               // a create met a product with its SKU: answer has it
	gone                 // an update's product does not exist any more
	refused              // field and message say why
	doubtful             // it was refused in a batch, and its changes are from memory
	staleRef             // a category or brand that it names was deleted meanwhile
	lost                 // no answer; it may have been carried out
	unsent               // no answer; it was not carried out
)

// sending is one item on its way, and what became of it. One goroutine has it at a time.
type sending struct {
	item tenants.RunItem
	doc  itemDoc
	sent bigcommerce.Fields // last payload

	kind    fate
	answer  bigcommerce.Fields
	partial string // what BigCommerce says it did not save, although it took the rest
	renamed bool   // the store has the name elsewhere: doc.rename is what was written
	field   string
	message string
	err     error // why it is not answered, for kind notSent, lost and unsent
}

// refuse makes x a refusal by BigCommerce.
func (x *sending) refuse(api *bigcommerce.APIError) {
	x.kind, x.field = refused, refusedField(api.Fields)
	x.message = "BigCommerce refused it: " + explain(api.Title, api.Fields)
}

// unanswered sorts an error that says nothing about the item itself.
func (x *sending) unanswered(err error) {
	x.err = err
	x.kind = notSent
	if sent, ok := away(err); ok {
		x.kind = unsent
		if sent {
			x.kind = lost
		}
	}
}

// pipe is the sending side of a step: units go out concurrently until the step is spent or halted.
type pipe struct {
	step  *step
	group errgroup.Group
	dead  atomic.Int32 // unanswered units in a row
	halt  atomic.Bool
}

func (s *step) newPipe(ctx context.Context) *pipe {
	l := &pipe{step: s}
	limit := s.k.cfg.Concurrency
	if quota, _ := s.Quota(ctx); quota > 0 {
		limit = min(limit, max(quota/quotaShare, 1))
	}
	l.group.SetLimit(limit)
	return l
}

// full reports whether no more units should be started.
func (l *pipe) full(ctx context.Context) bool { return l.halt.Load() || l.step.Spent(ctx) }

// told notes how a unit fared: quota that ended and a platform that is away stop the line.
func (l *pipe) told(err error) {
	if err == nil {
		l.dead.Store(0)
		return
	}
	if _, ok := away(err); ok {
		if l.dead.Add(1) >= haltAfter {
			l.halt.Store(true)
		}
		return
	}
	l.halt.Store(true)
}

// graceful returns a context that outlives ctx by stopGrace.
func graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(stopGrace, cancel)
		context.AfterFunc(out, func() { t.Stop() })
	})
	return out, func() { stop(); cancel() }
}

// settle draws the step's conclusions from what could not be answered: quota, an outage, or a token
// that is no longer accepted. It returns an error only if nothing at all was answered, for then
// nothing is lost by dropping the step.
func (s *step) settle(all []*sending) error {
	answered, silent := 0, 0
	var fatal error
	for _, x := range all {
		switch {
		case x.kind == lost || x.kind == unsent:
			silent++
		case x.kind != notSent:
			answered++
		case x.err != nil && !s.Held(x.err):
			fatal = x.err
		}
	}
	if fatal != nil && answered == 0 {
		return fatal
	}
	if silent == 0 {
		if answered > 0 {
			s.cp.Fruitless = 0
		}
		return nil
	}
	outage := answered == 0
	if outage {
		s.cp.Fruitless++
		if s.cp.Fruitless > maxFruitless {
			return flow.Verdict(nil, "BigCommerce did not answer for a long time, so the run was ended. What was written is kept: start a new run, it goes on where this one ended.")
		}
		pause := min(time.Second<<min(s.cp.Fruitless-1, 10), maxBackoff)
		s.NotBefore(s.Now().Add(pause))
	} else {
		s.cp.Fruitless = 0
	}
	if outage && silent > 1 {
		return nil // the platform's fault, not a record's
	}
	for _, x := range all {
		if x.kind == lost || x.kind == unsent {
			if s.cp.Tries == nil {
				s.cp.Tries = make(map[int64]int)
			}
			s.cp.Tries[x.item.Line]++
		}
	}
	return nil
}

// exhausted reports whether an item was sent so often that it must be its own fault.
func (s *step) exhausted(item tenants.RunItem) bool { return s.cp.Tries[item.Line] >= maxTries }

const exhaustedMessage = "BigCommerce gave no usable answer for this record, five times. Retry the record later; if it fails again, contact support."

// accept ends an item that was written. The answer is compared with what was sent.
func (s *step) accept(o *outcome, x *sending, id int64, action string) error {
	if x.renamed {
		if err := s.tellRenamed(x); err != nil {
			return err
		}
	}
	if x.partial != "" {
		s.Warn(x.item.Line, x.doc.sku(), "", "BigCommerce saved the product but not all of it: "+x.partial, "")
	}
	for _, field := range differing(x.sent, x.answer) {
		if field == "inventory_level" {
			continue // stock is written asynchronously: the answer may still show the old level
		}
		s.Warn(x.item.Line, x.doc.sku(), targetFor(field), fmt.Sprintf("BigCommerce keeps another value than the one that was sent: %v", x.answer[field]), fmt.Sprint(x.sent[field]))
	}
	delete(s.cp.Tries, x.item.Line)
	if len(x.answer) > 0 {
		x.doc.cleaned = x.doc.cleaned.learn(x.doc, x.sent, x.answer, x.partial != "")
	}
	return o.landed(x.item, id, action, x.doc, afterWrite(x.sent, x.answer))
}

// tellRenamed warns about a name that was made unique.
func (s *step) tellRenamed(x *sending) error {
	s.Warn(x.item.Line, x.doc.sku(), "name", fmt.Sprintf("another product of the store has the same name, and BigCommerce wants names unique: this one is called %q", x.doc.rename), x.doc.name())
	return renameIn(&x.item, x.doc)
}

// renameIn puts the name that was written into the item's changes.
func renameIn(item *tenants.RunItem, d itemDoc) error {
	var changes []change
	if err := decodeJSON(item.Changes, &changes); err != nil {
		return fmt.Errorf("upsert: changes of line %d: %w", item.Line, err)
	}
	for i := range changes {
		if changes[i].Field == "name" {
			changes[i].After = d.effectiveName()
		}
	}
	var err error
	item.Changes, err = encodeChanges(changes)
	return err
}

// targetFor is the reverse of fieldFor.
func targetFor(field string) string {
	switch field {
	case "categories":
		return targetCategory
	case "brand_id":
		return targetBrand
	}
	return field
}

// stale forgets the store's categories and brands after one of them turned out to be gone. The next step
// loads them again and creates what is missing. It notes the try, but of what had only been recalled.
func (s *step) stale(x *sending, refs *refTable) {
	if !s.staleRefs {
		s.staleRefs = true
		s.k.refs.forget(s.run.ID)
		s.OnCommit(func(ctx context.Context, tx *tenants.DB) error {
			return tx.ForgetReferences(ctx, ReferenceCategory, ReferenceBrand)
		})
	}
	if refs.recalled() {
		return
	}
	if s.cp.Tries == nil {
		s.cp.Tries = make(map[int64]int)
	}
	s.cp.Tries[x.item.Line]++
}

// ensureRefs creates what items' documents name and the store does not have (any more).
func (s *step) ensureRefs(ctx context.Context, refs *refTable, all []*sending) error {
	for _, x := range all {
		paths, brand := refs.missing(x.doc)
		if len(paths) > 0 && refs.cats.failed[foldPath(paths[0])] == "" {
			if err := s.createCategories(ctx, refs.cats, paths); err != nil {
				return err
			}
		}
		if brand != "" && refs.brands.failed[fold(brand)] == "" {
			if err := s.createBrand(ctx, refs.brands, brand); err != nil {
				return err
			}
		}
	}
	return nil
}
