package batch

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Func does a batch. It returns a result for each input, in their order, or an error that all of
// the callers get.
type Func[In, Out any] func(ctx context.Context, in []In) ([]Out, error)

// Batcher merges calls. It is safe for concurrent use.
type Batcher[In, Out any] struct {
	do     Func[In, Out]
	most   int // inputs of a batch
	atOnce int // batches under way
	gather time.Duration

	mu      sync.Mutex
	waiting []*call[In, Out]
	under   int // batches under way
	last    int // inputs of the last one
}

type call[In, Out any] struct {
	in   In
	out  Out
	err  error
	done chan struct{}
}

// New returns a Batcher whose batches have at most so many inputs, and of which at most atOnce are
// under way at a time.
func New[In, Out any](most, atOnce int, do Func[In, Out]) *Batcher[In, Out] {
	return &Batcher[In, Out]{do: do, most: max(1, most), atOnce: max(1, atOnce)}
}

// Gather has a batch wait for so long, after one that had several inputs, before it takes those
// that have come: for what costs much more than that for a batch and little for each input. A call
// that is alone still goes at once. It returns b.
func (b *Batcher[In, Out]) Gather(d time.Duration) *Batcher[In, Out] {
	b.gather = d
	return b
}

// Call has in done in a batch and returns its result. A batch belongs to all of its callers and
// does not end with the ctx of one of them: that one no longer waits, and what becomes of its input
// is not known to it. A ctx that has ended before does nothing.
func (b *Batcher[In, Out]) Call(ctx context.Context, in In) (out Out, err error) {
	if err := ctx.Err(); err != nil {
		return out, err
	}
	c := &call[In, Out]{in: in, done: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, c)
	lead := b.under < b.atOnce
	if lead {
		b.under++
	}
	b.mu.Unlock()
	if lead {
		go b.lead()
	}
	select {
	case <-c.done:
		return c.out, c.err
	case <-ctx.Done():
		return out, ctx.Err()
	}
}

// lead does batches until nobody waits.
func (b *Batcher[In, Out]) lead() {
	for {
		// Whoever is about to call does so first: those that the batch before let go on often come back
		// together.
		runtime.Gosched()
		b.mu.Lock()
		if n := len(b.waiting); b.gather > 0 && b.last > 1 && 0 < n && n < b.most {
			b.mu.Unlock()
			<-time.After(b.gather)
			b.mu.Lock()
		}
		n := min(b.most, len(b.waiting))
		if n == 0 {
			b.under--
			b.mu.Unlock()
			return
		}
		calls := b.waiting[:n:n]
		b.waiting = b.waiting[n:]
		b.last = n
		b.mu.Unlock()
		b.run(calls)
	}
}

func (b *Batcher[In, Out]) run(calls []*call[In, Out]) {
	in := make([]In, len(calls))
	for i, c := range calls {
		in[i] = c.in
	}
	out, err := b.do(context.Background(), in)
	if err == nil && len(out) != len(in) {
		err = fmt.Errorf("batch: %d results for %d inputs", len(out), len(in))
	}
	for i, c := range calls {
		if c.err = err; err == nil {
			c.out = out[i]
		}
		close(c.done)
	}
}
