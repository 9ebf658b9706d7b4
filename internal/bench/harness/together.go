package harness

import (
	"context"
	"fmt"
	"sync"
)

// Together lets contenders be measured at the same time, as parts of one round that Run runs once:
// the first contender that asks for a round runs it, the others are given their part. It is for
// what takes long and disturbs nobody, such as clients that mostly wait for a quota.
type Together[K comparable] struct {
	Run func(ctx context.Context, n int) (map[K]Values, error)

	mu   sync.Mutex
	done map[int]map[K]Values
	errs map[int]error
}

// Part returns the Round of the contender whose part of a round is key.
func (t *Together[K]) Part(key K) func(context.Context, Round) (Values, error) {
	return func(ctx context.Context, r Round) (Values, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if _, ran := t.done[r.N]; !ran {
			if t.done == nil {
				t.done, t.errs = map[int]map[K]Values{}, map[int]error{}
			}
			t.done[r.N], t.errs[r.N] = t.Run(ctx, r.N)
		}
		if err := t.errs[r.N]; err != nil {
			return nil, err
		}
		v, ok := t.done[r.N][key]
		if !ok {
			return nil, fmt.Errorf("round %d measured nothing of %v", r.N, key)
		}
		return v, nil
	}
}
