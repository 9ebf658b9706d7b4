package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
)

// Every test that runs on each kind of Redis runs on a three-node cluster as well, which refuses a
// script whose keys are in two slots. Here is what only a cluster with several shards can show.

const clusterShards = 16

// onCluster returns a queue of 16 shards on a cluster of the test's own.
func onCluster(t *testing.T) (*Queue, *redis.ClusterClient, *testenv.RedisCluster, bool) {
	t.Helper()
	c, ok := testenv.RealRedisCluster(t)
	if !ok {
		return nil, nil, nil, false
	}
	rdb := clusterClient(t, c)
	return ready(t, rdb, Options{Shards: clusterShards, StoreCap: 2}), rdb, c, true
}

// TestClusterSlots takes jobs of a hundred stores through everything that can happen to them, and
// then looks where the keys are: all keys of a shard in one slot, and the shards on all three
// nodes.
func TestClusterSlots(t *testing.T) {
	q, rdb, c, ok := onCluster(t)
	if !ok {
		return
	}
	ctx := t.Context()
	stores := make([]string, 100)
	var all []Job
	for i := range stores {
		stores[i] = fmt.Sprintf("store%d", i)
		list := jobs(stores[i], 6)
		list[0].Class, list[1].Coalesce, list[2].RunAt = ClassCustomers, "x", time.Now().Add(time.Hour)
		all = append(all, list...)
		d, err := q.Reserve(ctx, stores[i], call(ClassCustomers))
		must(t, err)
		must(t, q.Observe(ctx, stores[i], d, bigcommerce.Answer{Status: 200, HasQuota: true, Quota: 150, Left: 149, Window: 30 * time.Second, Reset: 20 * time.Second}))
		_, err = q.Reserve(ctx, stores[i], call("")) // stays on its way
		must(t, err)
	}
	must(t, q.Enqueue(ctx, all...))
	done := map[string]bool{}
	for i := range len(all) - len(stores) { // all but the delayed ones
		l := claim(t, q)
		if done[l.ID] {
			t.Fatalf("%s was claimed twice", l.ID)
		}
		done[l.ID] = true
		if lost, err := q.Heartbeat(ctx, []*Lease{l}); err != nil || len(lost) > 0 {
			t.Fatal(lost, err)
		}
		switch i % 5 {
		case 0:
			must(t, q.Dead(ctx, l))
		case 1:
			must(t, q.Fail(ctx, l, time.Now().Add(time.Hour)))
		case 2:
			must(t, q.Snooze(ctx, l, time.Now().Add(time.Hour)))
		default:
			must(t, q.Ack(ctx, l))
		}
	}
	claimNothing(t, q)
	must(t, q.Purge(ctx, stores[0]))
	noAudit(t, q)
	totals, err := q.Totals(ctx)
	must(t, err)
	if totals.Stores != len(stores)-1 || !totals.Complete || totals.InFlight != 0 {
		t.Errorf("totals: %+v", totals)
	}
	if _, err := q.States(ctx, stores...); err != nil {
		t.Error(err)
	}
	if top, whole, err := q.Busiest(ctx, 5); err != nil || !whole || len(top) != 5 {
		t.Error(top, whole, err)
	}

	perNode := map[string]int{}
	for s := range clusterShards {
		slot, err := rdb.ClusterKeySlot(ctx, q.shardKey(s, "epoch")).Result()
		must(t, err)
		n := 0
		for _, k := range keys(t, q) {
			if !strings.HasPrefix(k, q.shardKey(s, "")) {
				continue
			}
			n++
			if got, err := rdb.ClusterKeySlot(ctx, k).Result(); err != nil || got != slot {
				t.Errorf("%s is in slot %d, its shard in %d (%v)", k, got, slot, err)
			}
		}
		if n < 10 {
			t.Errorf("shard %d has only %d keys", s, n)
		}
		node, err := rdb.MasterForKey(ctx, q.shardKey(s, "epoch"))
		must(t, err)
		perNode[node.Options().Addr]++
	}
	for _, addr := range c.Addrs {
		if perNode[addr] == 0 {
			t.Errorf("node %s has no shard: %v", addr, perNode)
		}
	}
}

// TestClusterSlotMoves moves a shard's slot from one node to another while workers run: no job is
// lost and none done twice.
func TestClusterSlotMoves(t *testing.T) {
	q, rdb, c, ok := onCluster(t)
	if !ok {
		return
	}
	ctx := t.Context()
	var all []Job
	for i := range 48 {
		all = append(all, jobs(fmt.Sprintf("store%d", i), 40)...)
	}
	must(t, q.Enqueue(ctx, all...))
	var mu sync.Mutex
	done := map[string]int{}
	third := make(chan struct{})
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for {
				l, err := q.Claim(ctx, 10*time.Second)
				if err != nil || l == nil {
					t.Errorf("claim: %v, %v", l, err)
					return
				}
				must(t, q.Ack(ctx, l))
				mu.Lock()
				done[l.ID]++
				n := len(done)
				mu.Unlock()
				if n == len(all)/3 {
					close(third)
				}
				if l.Kind == "end" {
					return
				}
			}
		})
	}
	<-third
	moveSlot(t, rdb, c, q.shardKey(0, "epoch"))
	testenv.Eventually(t, "all jobs are done", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(done) >= len(all)
	})
	for i := range 4 { // one for each worker, now that there is nothing else
		j := job(fmt.Sprintf("end%d", i), fmt.Sprintf("end%d", i))
		j.Kind = "end"
		must(t, q.Enqueue(ctx, j))
	}
	workers.Wait()
	for id, n := range done {
		if n != 1 {
			t.Errorf("%s was done %d times", id, n)
		}
	}
	noAudit(t, q)
}

// moveSlot moves the slot of key, with all that is in it, to the next node, as redis-cli --cluster
// reshard does.
func moveSlot(t *testing.T, rdb *redis.ClusterClient, c *testenv.RedisCluster, key string) {
	t.Helper()
	ctx := t.Context()
	slot, err := rdb.ClusterKeySlot(ctx, key).Result()
	must(t, err)
	from, err := rdb.MasterForKey(ctx, key)
	must(t, err)
	i := slices.Index(c.Addrs, from.Options().Addr)
	to := redis.NewClient(&redis.Options{Addr: c.Addrs[(i+1)%len(c.Addrs)]})
	defer to.Close()
	id := func(node *redis.Client) string {
		v, err := node.Do(ctx, "cluster", "myid").Text()
		must(t, err)
		return v
	}
	fromID, toID := id(from), id(to)
	must(t, to.Do(ctx, "cluster", "setslot", slot, "importing", fromID).Err())
	must(t, from.Do(ctx, "cluster", "setslot", slot, "migrating", toID).Err())
	host, port, _ := strings.Cut(to.Options().Addr, ":")
	for {
		some, err := from.ClusterGetKeysInSlot(ctx, int(slot), 10).Result()
		must(t, err)
		if len(some) == 0 {
			break
		}
		args := []any{"migrate", host, port, "", 0, 5000, "keys"}
		for _, k := range some {
			args = append(args, k)
		}
		must(t, from.Do(ctx, args...).Err())
	}
	must(t, to.Do(ctx, "cluster", "setslot", slot, "node", toID).Err())
	must(t, from.Do(ctx, "cluster", "setslot", slot, "node", toID).Err())
}

// TestClusterNodeAway stops a node: the stores of its shards fail with errors, the others' jobs go
// on, their leases too.
func TestClusterNodeAway(t *testing.T) {
	q, rdb, c, ok := onCluster(t)
	if !ok {
		return
	}
	ctx := t.Context()
	shardOf := map[string][]int{}
	for s := range clusterShards {
		node, err := rdb.MasterForKey(ctx, q.shardKey(s, "epoch"))
		must(t, err)
		shardOf[node.Options().Addr] = append(shardOf[node.Options().Addr], s)
	}
	away := func(store string) bool { return slices.Contains(shardOf[c.Addrs[2]], q.storeShard(store)) }
	want := map[string]bool{}
	var lease, gone *Lease
	for i := range 64 {
		store := fmt.Sprintf("store%d", i)
		must(t, q.Enqueue(ctx, job(store, store)))
		want[store] = !away(store)
	}
	for lease == nil || gone == nil {
		l := claim(t, q)
		switch {
		case away(l.Store) && gone == nil:
			gone = l
		case !away(l.Store) && lease == nil:
			lease = l
		default:
			must(t, q.GiveBack(ctx, l))
		}
	}
	c.Stop(t, 2)
	got := map[string]bool{}
	for range 1000 {
		l, err := q.Claim(ctx, 0)
		if l == nil {
			if left := missing(want, got, lease.Store); left == 0 {
				break
			}
			if err == nil {
				t.Fatal("nothing to claim, but jobs are left on nodes that are there")
			}
			continue
		}
		got[l.Store] = true
		must(t, q.Ack(ctx, l))
	}
	if n := missing(want, got, lease.Store); n > 0 {
		t.Errorf("%d stores on nodes that are there were not served", n)
	}
	lost, err := q.Heartbeat(ctx, []*Lease{lease, gone})
	var part *HeartbeatError
	if !errors.As(err, &part) || !slices.Equal(part.IDs, []string{gone.ID}) || len(lost) > 0 {
		t.Errorf("heartbeat: lost %v, %v", lost, err)
	}
	if _, err := q.Reap(ctx); err == nil {
		t.Error("reap says nothing of the shards that are away")
	}
	must(t, q.Ack(ctx, lease))
	if err := q.Ack(ctx, gone); err == nil || errors.Is(err, ErrLeaseLost) {
		t.Errorf("ack on a node that is away: %v", err)
	}
}

// missing counts the stores that should have been served and were not.
func missing(want, got map[string]bool, but string) (n int) {
	for store, there := range want {
		if there && !got[store] && store != but {
			n++
		}
	}
	return n
}

// TestClusterRebuild: one process rebuilds an empty cluster, the shards of which all get their
// jobs, and events reach subscribers.
func TestClusterRebuild(t *testing.T) {
	c, ok := testenv.SharedRedisCluster(t)
	if !ok {
		return
	}
	q := New(clusterClient(t, c), Options{Shards: clusterShards, Log: slog.New(slog.DiscardHandler)})
	if _, err := q.Claim(t.Context(), 0); !errors.Is(err, ErrNoEpoch) {
		t.Fatalf("Claim = %v, want ErrNoEpoch", err)
	}
	must(t, q.Rebuild(t.Context(), func(_ context.Context, emit func(Job) error) error {
		for i := range 200 {
			if err := emit(job(fmt.Sprintf("store%d", i), fmt.Sprint(i))); err != nil {
				return err
			}
		}
		return nil
	}))
	for range 200 {
		must(t, q.Ack(t.Context(), claim(t, q)))
	}
	claimNothing(t, q)
	noAudit(t, q)
	for i := range 20 { // wherever the store's channel is
		store := fmt.Sprintf("store%d", i)
		events, stop, err := q.Subscribe(t.Context(), store)
		must(t, err)
		must(t, q.Publish(t.Context(), store, "hello"))
		if e := <-events; e != "hello" {
			t.Errorf("%s got %q", store, e)
		}
		stop()
	}
}
