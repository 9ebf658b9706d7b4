package upsert

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/internal/bigcommerce"
	"sluice/internal/expression"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// Stages of the write phase. Updates go first, because one may free a name that a create needs. The
// stages repeat while the other left something: a create may turn out to be an update, and an
// update of a product that was deleted meanwhile becomes a create.
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
	// maxFruitless is how many steps in a row may go without any answer, maxBackoff apart at most:
	// some 50 minutes of outage, after which the run fails.
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

// write is one item on its way, and what became of it. One goroutine has it at a time.
type write struct {
	item    tenants.RunItem
	doc     itemDoc
	changes []Change           // the item's
	route   Route              // of an update: the one that it goes by now
	due     []Change           // of an update: those of changes that it goes by
	sent    bigcommerce.Fields // last payload

	state   State
	answer  Live
	partial string   // what BigCommerce says it did not save, although it took the rest
	renamed bool     // another record has its unique value: doc.Unique is what was written
	left    []Change // of a create: what it could not carry
	note    string   // Refused: what to note all the same
	moves   int      // how often it was sent again to another Ref
	resent  int      // how often it was sent again at all
	certain bool     // Refused: a look would tell nothing else
	field   string
	message string
	err     error // why it is not answered, for notSent, lost and unsent
}

// decodeChanges reads the item's changes, if they are not read yet.
func (x *write) decodeChanges() error {
	if x.changes != nil || x.item.Changes == "" {
		return nil
	}
	if err := decodeJSON(x.item.Changes, &x.changes); err != nil {
		return fmt.Errorf("upsert: changes of line %d: %w", x.item.Line, err)
	}
	return nil
}

// write is x for its target.
func (x *write) write(recalled bool) Write {
	return Write{ID: x.item.TargetID, Parent: x.item.ParentID, Ref: x.item.TargetRef, Doc: x.doc.Doc, Fields: x.sent, Changes: x.due, Recalled: recalled, Resent: x.resent}
}

// take notes what became of x.
func (x *write) take(r Result) {
	x.state, x.answer, x.partial, x.field, x.message, x.left, x.certain, x.note = r.State, r.Live, r.Partial, r.Field, r.Message, r.Left, r.Certain, r.Note
}

// rename has x written with its unique form.
func (x *write) rename(t Target, unique string) {
	field, _, _ := t.(Renamer).Unique(x.doc.Fields) //nolint:forcetypeassert // its result said Renamed
	x.doc.Unique, x.renamed = unique, true
	x.sent[t.FieldOf(field)] = unique
}

// unanswered sorts an error that says nothing about the item itself.
func (x *write) unanswered(err error) {
	x.err = err
	x.state = notSent
	if sent, ok := away(err); ok {
		x.state = unsent
		if sent {
			x.state = lost
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

func (s *step) newPipe(ctx context.Context, limit int) *pipe {
	l := &pipe{step: s}
	if quota, _ := s.Quota(ctx); quota > 0 {
		limit = min(limit, max(quota/quotaShare, 1))
	}
	l.group.SetLimit(limit)
	return l
}

// full reports whether no more units should be started. The first is, however long it took to get
// there: a step that sends nothing would be followed by others like it.
func (l *pipe) full(ctx context.Context) bool {
	if l.halt.Load() || l.step.Stopping(ctx) {
		return true
	}
	if !l.step.began {
		l.step.began = true
		return false
	}
	return l.step.Spent(ctx)
}

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
func (s *step) settle(all []*write) error {
	answered, silent := 0, 0
	var fatal error
	for _, x := range all {
		switch {
		case x.state == lost || x.state == unsent:
			silent++
		case x.state != notSent:
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
		if x.state == lost || x.state == unsent {
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

// accept ends an item all of whose changes landed. live is its record, as far as the last answer
// showed it.
func (s *step) accept(o *changeset, x *write, live Live, action string, refs Refs) error {
	t := s.k.target
	// A create that one request carries is journaled as it was planned.
	asPlanned := action == actionCreate && !x.renamed && x.changes == nil
	if !asPlanned {
		if err := x.decodeChanges(); err != nil {
			return err
		}
	}
	s.compareAnswer(x)
	delete(s.cp.Tries, x.item.Line)
	routes, blind := make(map[string]bool), len(x.changes) > 0
	for _, c := range x.changes {
		r := routeOf(t, c)
		routes[r.Name], blind = true, blind && r.Blind
	}
	composed, isComposed := s.compose(x, live, refs)
	switch {
	case isComposed:
		live = composed
	case action != actionCreate && blind: // what did not differ is what the document says, too
		live.Fields = t.Payload(x.doc.Doc, nil, refs)
	case len(routes) > 1: // no answer shows what all of them wrote
		live.Fields = nil
	default:
		live.Fields = afterWrite(t, x.sent, live.Fields)
	}
	if asPlanned {
		s.countDoc(x.doc)
	} else {
		s.countFields(x.changes)
		var err error
		if x.item.Changes, err = encodeChanges(settled(x.changes)); err != nil {
			return err
		}
	}
	return o.landed(x.item, action, x.doc, live)
}

// compose returns a record after a write as its target puts it together; false if it does not.
func (s *step) compose(x *write, live Live, refs Refs) (Live, bool) {
	if inline, ok := refs.(InlineRefs); ok {
		inline.Learn(s.Step, x.sent, x.answer.Fields)
	}
	c, ok := s.k.target.(Composer)
	if !ok || !c.Composes(x.doc.Doc, x.item.TargetRef) {
		return live, false
	}
	live.Fields, live.Note = x.answer.Fields, x.answer.Note
	live = c.Compose(x.write(refs.Recalled()), x.route.Name, live)
	x.doc.Seen, x.doc.Note = live.Fields, live.Note
	return live, true
}

// compareAnswer compares an answer with what was sent.
func (s *step) compareAnswer(x *write) {
	if x.renamed {
		s.tellRenamed(x)
	}
	t, answer := s.k.target, x.answer.Fields
	if x.partial != "" {
		s.Warn(s.about(x.item, x.doc, flow.Issue{Message: "BigCommerce saved the " + s.k.spec.Singular + " but not all of it: " + x.partial, Cure: tenants.CureStore}))
	}
	for _, field := range Differing(t, x.sent, answer) {
		if t.Blind(field) {
			continue
		}
		s.Warn(s.about(x.item, x.doc, flow.Issue{
			Field: t.TargetOf(field), Message: "BigCommerce keeps another value than the one that was sent: " + expression.Quote(fmt.Sprint(answer[field])),
			Value: fmt.Sprint(x.sent[field]), Cure: tenants.CureMatching,
		}))
	}
	if len(answer) > 0 {
		x.doc.cleaned = x.doc.cleaned.learn(t, x.doc.Fields, x.sent, answer, x.partial != "")
	}
}

// tellRenamed warns about a unique value that was written in another form.
func (s *step) tellRenamed(x *write) {
	r := s.k.target.(Renamer) //nolint:forcetypeassert // renamed says so
	field, value, _ := r.Unique(x.doc.Fields)
	s.Warn(s.about(x.item, x.doc, flow.Issue{Field: field, Message: r.Renamed(x.doc.Unique), Value: value}))
	for i := range x.changes {
		if x.changes[i].Field == field {
			x.changes[i].After = x.doc.Unique
		}
	}
}

// stale forgets what the run refers to after some of it turned out to be gone. The next step loads
// it again and creates what is missing. It notes the try, but of what had only been recalled.
func (s *step) stale(x *write, refs Refs) {
	if !s.staleRefs {
		s.staleRefs = true
		s.k.refs.forget(s.run.ID)
		refs.Forget(s.Step)
	}
	if refs.Recalled() {
		return
	}
	if s.cp.Tries == nil {
		s.cp.Tries = make(map[int64]int)
	}
	s.cp.Tries[x.item.Line]++
}
