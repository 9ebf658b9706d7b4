package queue

import (
	"fmt"
	"testing"
)

// TestJump: stores are spread evenly, and adding a shard moves only the stores that go to it.
func TestJump(t *testing.T) {
	const n = 10_000
	for shards := 1; shards <= 8; shards++ {
		count := make([]int, shards)
		for i := range n {
			store := fmt.Sprintf("store%d", i)
			s := jump(store, shards)
			count[s]++
			if before := jump(store, shards-1); shards > 1 && before != s && s != shards-1 {
				t.Fatalf("shard %d moved %s from %d to %d", shards, store, before, s)
			}
		}
		for s, c := range count {
			if want := n / shards; c < want*9/10 || c > want*11/10 {
				t.Errorf("shard %d of %d has %d of %d stores", s, shards, c, n)
			}
		}
	}
}

// TestLanes: a lane survives its way through a score.
func TestLanes(t *testing.T) {
	for _, l := range []Lane{LaneInteractive, LaneOrders, LaneBulk} {
		for _, seq := range []int64{1, 99_999_999_999_999} {
			if got := laneOf(int64(l.priority())*1e14 + seq); got != l {
				t.Errorf("%s came back as %s", l, got)
			}
		}
	}
}
