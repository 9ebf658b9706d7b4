package expression

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
)

// What the expressions over one row (or one set of claims) may cost together.
//
// A step is one byte of a text that is looked at, or what takes about as long at worst, some
// nanoseconds. BENCHMARKS.md has what a whole budget is in time. An ordinary row takes some
// thousand steps, one with a description of 100 KiB a million.
const (
	MaxSteps = 32 << 20
	MaxBytes = 8 << 20 // of texts and lists that are made, not of the row itself
)

// askEvery is how many steps there are at most between two questions whether the context has ended.
const askEvery = 1 << 20

// ErrBudget is what Machine.Run returns when a row takes more steps or bytes than it may.
var ErrBudget error = valueError("the formulas of this row take more work than one row may: use fewer or simpler ones, or shorten the value first, for example with left(…, 1000)")

// Meter is the budget of one row. It is not safe for concurrent use.
type Meter struct {
	steps, bytes int64           // what is left; negative when the budget is used up
	ask          int64           // the steps left at which ctx is asked again
	ctx          context.Context //nolint:containedctx // of the evaluation under way, between Begin and End
}

// begin starts a new budget. ctx is asked at once: many short rows are as long as a long one.
func (m *Meter) begin(ctx context.Context) {
	m.steps, m.bytes, m.ask, m.ctx = MaxSteps, MaxBytes, MaxSteps, ctx
}

// Charge takes steps and bytes from the budget before they are spent. The error is ErrBudget, or
// the context's.
func (m *Meter) Charge(steps, bytes int) error {
	m.steps -= int64(steps)
	m.bytes -= int64(bytes)
	if m.steps > m.ask && m.bytes >= 0 {
		return nil
	}
	return m.look()
}

// look is Charge's slow path. It lets other goroutines have the processor: an expression has no
// other point at which it waits for anything.
func (m *Meter) look() error {
	if m.steps < 0 || m.bytes < 0 {
		m.steps, m.bytes, m.ask = -1, -1, -1 // nothing cheaper may follow
		return ErrBudget
	}
	if err := m.ctx.Err(); err != nil {
		m.ask = m.steps // ask again whatever comes next
		return &stopped{err}
	}
	if m.steps < MaxSteps-askEvery {
		runtime.Gosched()
	}
	m.ask = max(m.steps-askEvery, -1)
	return nil
}

// Spent returns the steps and bytes that were charged since Machine.Begin.
func (m *Meter) Spent() (steps, bytes int64) { return MaxSteps - m.steps, MaxBytes - m.bytes }

// stopped is the end of the context, not a fault of the expression.
type stopped struct{ cause error }

func (e *stopped) Error() string { return e.cause.Error() }
func (e *stopped) Unwrap() error { return e.cause }

// Stopped returns the context's error if that is why Machine.Run failed, else nil: the row is not
// wrong then, it was not evaluated.
func Stopped(err error) error {
	if err == nil { // as it is for nearly every row: without an allocation
		return nil
	}
	var s *stopped
	if errors.As(err, &s) {
		return s.cause
	}
	return nil
}

// weigh charges for looking at a whole value: at each byte of its texts and each item of its lists
// and objects.
func (m *Meter) weigh(v any) error {
	switch v := v.(type) {
	case string:
		return m.Charge(len(v), 0)
	case json.Number:
		return m.Charge(len(v), 0)
	case []string:
		if err := m.Charge(itemSteps*len(v), 0); err != nil {
			return err
		}
		for _, s := range v {
			if err := m.Charge(len(s), 0); err != nil {
				return err
			}
		}
	case []any:
		if err := m.Charge(itemSteps*len(v), 0); err != nil {
			return err
		}
		for _, item := range v {
			if err := m.weigh(item); err != nil {
				return err
			}
		}
	case map[string]any:
		if err := m.Charge(entrySteps*len(v), 0); err != nil {
			return err
		}
		for key, item := range v {
			if err := m.Charge(len(key), 0); err != nil {
				return err
			}
			if err := m.weigh(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// What an operator does beside looking at texts, in steps: reflection, an allocation, a hash.
const (
	callSteps  = 8
	callBytes  = 64 // a boxed text, a slice's header
	itemSteps  = 16
	itemBytes  = 64 // of a list that is made: the item boxed, in one list and in the next
	entrySteps = 32
)
