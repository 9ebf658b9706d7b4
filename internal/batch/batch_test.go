package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What comes while a batch is under way is the next one, up to its size; each caller gets its own
// result.
func TestCallsGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := make(chan struct{})
		var sizes []int
		b := New(3, 1, func(_ context.Context, in []int) ([]string, error) {
			sizes = append(sizes, len(in)) // one batch at a time
			<-begin
			out := make([]string, len(in))
			for i, n := range in {
				out[i] = strconv.Itoa(n)
			}
			return out, nil
		})
		var group sync.WaitGroup
		call := func(n int) {
			group.Go(func() {
				got, err := b.Call(t.Context(), n)
				if err != nil || got != strconv.Itoa(n) {
					t.Errorf("call %d = %q, %v", n, got, err)
				}
			})
		}
		call(0)
		synctest.Wait()
		for n := 1; n <= 5; n++ {
			call(n)
		}
		synctest.Wait()
		close(begin)
		group.Wait()
		if diff := cmp.Diff([]int{1, 3, 2}, sizes); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
	})
}

// So many batches are under way at once, and no more.
func TestBatchesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := make(chan struct{})
		var mu sync.Mutex
		under, most := 0, 0
		b := New(1, 2, func(_ context.Context, in []int) ([]int, error) {
			mu.Lock()
			under++
			most = max(most, under)
			mu.Unlock()
			<-begin
			mu.Lock()
			under--
			mu.Unlock()
			return in, nil
		})
		var group sync.WaitGroup
		for n := range 5 {
			group.Go(func() { _, _ = b.Call(t.Context(), n) })
		}
		synctest.Wait()
		if under != 2 {
			t.Errorf("%d batches under way, want 2", under)
		}
		close(begin)
		group.Wait()
		if most != 2 {
			t.Errorf("%d batches at once, want 2", most)
		}
	})
}

// After a batch of several the next one waits for more; after a batch of one it does not.
func TestGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := make(chan struct{})
		var sizes []int
		b := New(9, 1, func(_ context.Context, in []int) ([]int, error) {
			sizes = append(sizes, len(in))
			<-begin
			return in, nil
		}).Gather(time.Second)
		var group sync.WaitGroup
		call := func() { group.Go(func() { _, _ = b.Call(t.Context(), 0) }) }
		start := time.Now()
		call()
		synctest.Wait()
		call()
		call()
		synctest.Wait()
		begin <- struct{}{} // alone: the two behind it go at once
		begin <- struct{}{} // several: the next waits
		call()
		synctest.Wait()
		call()
		begin <- struct{}{}
		group.Wait()
		if diff := cmp.Diff([]int{1, 2, 2}, sizes); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want one second of gathering", took)
		}
	})
}

// A caller whose context ends is let go; its batch goes on for the others.
func TestCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := make(chan struct{})
		var done []int
		b := New(9, 1, func(_ context.Context, in []int) ([]int, error) {
			<-begin
			done = append(done, in...)
			return in, nil
		})
		ctx, leave := context.WithCancel(t.Context())
		left, stayed := make(chan error, 1), make(chan error, 1)
		go func() { _, err := b.Call(ctx, 1); left <- err }()
		go func() { _, err := b.Call(t.Context(), 2); stayed <- err }()
		synctest.Wait()
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the one that left got %v", err)
		}
		if _, err := b.Call(ctx, 3); !errors.Is(err, context.Canceled) {
			t.Errorf("one that had ended before got %v", err)
		}
		close(begin)
		if err := <-stayed; err != nil {
			t.Errorf("the one that stayed got %v", err)
		}
		slices.Sort(done)
		if diff := cmp.Diff([]int{1, 2}, done); diff != "" {
			t.Errorf("done (-want +got):\n%s", diff)
		}
	})
}

// A batch that fails fails for each of its callers, and so does one that forgets a result.
func TestFailures(t *testing.T) {
	broken := errors.New("broken")
	tests := map[string]Func[int, int]{
		"an error":         func(context.Context, []int) ([]int, error) { return nil, broken },
		"results too few":  func(context.Context, []int) ([]int, error) { return nil, nil },
		"results too many": func(context.Context, []int) ([]int, error) { return []int{1, 2}, nil },
	}
	for name, do := range tests {
		t.Run(name, func(t *testing.T) {
			if out, err := New(1, 1, do).Call(t.Context(), 7); err == nil || out != 0 {
				t.Errorf("Call = %d, %v, want an error and no result", out, err)
			}
		})
	}
}

// BenchmarkCall is what merging costs, with as many callers at once as its name says.
func BenchmarkCall(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			m := New(128, 1, func(_ context.Context, in []int) ([]int, error) { return in, nil })
			b.ReportAllocs()
			b.SetParallelism(callers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := m.Call(b.Context(), 1); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
