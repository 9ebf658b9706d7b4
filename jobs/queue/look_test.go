package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
)

// eachShards is each with one shard and with three.
func eachShards(t *testing.T, test func(t *testing.T, q *Queue, c *clock)) {
	for _, shards := range []int{1, 3} {
		t.Run(fmt.Sprint(shards, " shards"), func(t *testing.T) { each(t, Options{Shards: shards}, test) })
	}
}

// content is everything that Redis holds.
func content(t *testing.T, q *Queue) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, k := range keys(t, q) {
		kind, err := q.rdb.Type(t.Context(), k).Result()
		must(t, err)
		switch kind {
		case "hash":
			all[k], err = q.rdb.HGetAll(t.Context(), k).Result()
		case "zset":
			all[k], err = q.rdb.ZRangeWithScores(t.Context(), k, 0, -1).Result()
		case "set":
			var members []string
			members, err = q.rdb.SMembers(t.Context(), k).Result()
			slices.Sort(members)
			all[k] = members
		default:
			all[k], err = q.rdb.Get(t.Context(), k).Result()
		}
		must(t, err)
	}
	return all
}

// arrange gives a queue one store in every situation.
func arrange(t *testing.T, q *Queue, c *clock) {
	t.Helper()
	ctx := t.Context()
	add := func(store string, n int, change func(*Job)) {
		for i := range n {
			j := job(store, fmt.Sprintf("%s-%d", store, i))
			if change != nil {
				change(&j)
			}
			must(t, q.Enqueue(ctx, j))
		}
	}
	take := func(store string) *Lease {
		t.Helper()
		l := claim(t, q)
		if l.Store != store {
			t.Fatalf("claimed %s of %s, want one of %s", l.ID, l.Store, store)
		}
		return l
	}
	add("dead", 1, nil)
	must(t, q.Dead(ctx, take("dead")))
	add("busy", 1, nil)
	take("busy")
	c.Add(time.Second)
	add("atcap", 5, nil)
	must(t, q.SetCap(ctx, "atcap", 2))
	take("atcap")
	take("atcap")
	add("later", 2, func(j *Job) { j.RunAt = c.Now().Add(time.Minute) })
	add("paused", 7, nil)
	must(t, q.Pause(ctx, "paused"))
	add("spent", 4, nil)
	d, err := q.Reserve(ctx, "spent", call(""))
	must(t, err)
	must(t, q.Observe(ctx, "spent", d, bigcommerce.Answer{Status: 200, HasQuota: true, Quota: 150, Left: 0, Window: 30 * time.Second, Reset: 20 * time.Second}))
	add("ready", 6, func(j *Job) { j.Class = ClassCustomers })
}

func TestLook(t *testing.T) {
	eachShards(t, func(t *testing.T, q *Queue, c *clock) {
		arrange(t, q, c)
		before := content(t, q)

		totals, err := q.Totals(t.Context())
		must(t, err)
		if diff := cmp.Diff(Totals{Complete: true, Stores: 7, Ready: 1, Parked: 2, InFlight: 3, Dead: 1}, totals); diff != "" {
			t.Errorf("totals (-want +got):\n%s", diff)
		}

		top, whole, err := q.Busiest(t.Context(), 10)
		must(t, err)
		var got []string
		for _, s := range top {
			got = append(got, fmt.Sprintf("%s %d+%d+%d", s.Store, s.Waiting, s.Delayed, s.InFlight))
		}
		if diff := cmp.Diff([]string{"ready 6+0+0", "atcap 3+0+2", "spent 4+0+0", "later 0+2+0", "busy 0+0+1"}, got); diff != "" || !whole {
			t.Errorf("busiest, whole %v (-want +got):\n%s", whole, diff)
		}
		if top, _, err = q.Busiest(t.Context(), 2); err != nil || len(top) != 2 || top[1].Store != "atcap" {
			t.Errorf("the busiest two: %v, %v", top, err)
		}

		states, err := q.States(t.Context(), "spent", "paused", "unknown", "ready", "later", "atcap")
		must(t, err)
		want := []StoreState{
			{Store: "spent", Parked: true, Wakes: 20*time.Second + time.Millisecond, Cap: 4, QuotaState: QuotaState{Known: true, Quota: 150, Window: 30 * time.Second, Reset: 20*time.Second + time.Millisecond, Waiting: 4}},
			{Store: "paused", Cap: 4, QuotaState: QuotaState{Waiting: 7, Paused: true}},
			{Store: "unknown", Cap: 4},
			{Store: "ready", Cap: 4, Ready: true, QuotaState: QuotaState{Waiting: 6}},
			{Store: "later", Cap: 4, Parked: true, Wakes: time.Minute, QuotaState: QuotaState{Delayed: 2}},
			{Store: "atcap", Cap: 2, QuotaState: QuotaState{Waiting: 3, InFlight: 2}},
		}
		if diff := cmp.Diff(want, states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}

		leases, err := q.Leases(t.Context(), "", 2)
		must(t, err)
		wantLease := LeaseState{Job: "busy-0", Store: "busy", Kind: "test", Attempt: 1, Expires: c.Now().Add(29 * time.Second)}
		if len(leases) != 2 || leases[1].Store != "atcap" {
			t.Fatalf("leases: %v", leases)
		}
		if diff := cmp.Diff(wantLease, leases[0]); diff != "" {
			t.Errorf("first lease (-want +got):\n%s", diff)
		}
		if leases, err = q.Leases(t.Context(), "atcap", 10); err != nil || len(leases) != 2 {
			t.Errorf("leases of one store: %v, %v", leases, err)
		}
		if diff := cmp.Diff(before, content(t, q)); diff != "" {
			t.Errorf("looking changed the queue (-before +after):\n%s", diff)
		}

		c.Add(time.Hour) // leases and windows are over, and nobody has moved
		if totals, err = q.Totals(t.Context()); err != nil || totals.Overdue != 3 || totals.InFlight != 3 {
			t.Errorf("an hour later: %+v, %v", totals, err)
		}
		if states, err = q.States(t.Context(), "spent"); err != nil || states[0].Left != 150 || states[0].Reset != 0 || states[0].Wakes != 0 {
			t.Errorf("after the window: %+v, %v", states, err)
		}
	})
}

// TestLookAtNothing: an empty Redis is told as such, not as an error.
func TestLookAtNothing(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		q := New(client(t, url), Options{Shards: 2})
		totals, err := q.Totals(t.Context())
		if diff := cmp.Diff(Totals{}, totals); err != nil || diff != "" {
			t.Errorf("totals: %v (-want +got):\n%s", err, diff)
		}
		top, whole, err := q.Busiest(t.Context(), 5)
		if err != nil || len(top) != 0 || !whole {
			t.Errorf("busiest: %v, %v, %v", top, whole, err)
		}
		if leases, err := q.Leases(t.Context(), "", 5); err != nil || len(leases) != 0 {
			t.Errorf("leases: %v, %v", leases, err)
		}
		if k := keys(t, q); len(k) != 0 {
			t.Errorf("looking made keys: %v", k)
		}
	})
}

// TestLookDuringRebuild: who looks sees that the queue is being filled.
func TestLookDuringRebuild(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		q := New(client(t, url), Options{})
		must(t, q.Rebuild(t.Context(), func(ctx context.Context, emit func(Job) error) error {
			for _, j := range jobs("abc", rebuildBatch) { // a whole batch goes to Redis at once
				must(t, emit(j))
			}
			totals, err := q.Totals(ctx)
			if err != nil || totals.Complete || !totals.Rebuilding || totals.Ready != 1 {
				t.Errorf("during the rebuild: %+v, %v", totals, err)
			}
			return err
		}))
		if totals, err := q.Totals(t.Context()); err != nil || !totals.Complete || totals.Rebuilding {
			t.Errorf("after the rebuild: %+v, %v", totals, err)
		}
	})
}

// TestLookIsBounded: with more stores and leases than are looked at, the answer is a part and says
// so.
func TestLookIsBounded(t *testing.T) {
	q := ready(t, client(t, testenv.Redis(t)), Options{})
	pipe := q.rdb.Pipeline()
	for i := range lookScan + 1 {
		pipe.ZAdd(t.Context(), q.shardKey(0, "park"), z(float64(i), fmt.Sprint("store", i)))
		pipe.ZAdd(t.Context(), q.shardKey(0, "lease"), z(float64(i), fmt.Sprint("gone", i)))
	}
	_, err := pipe.Exec(t.Context())
	must(t, err)
	if _, whole, err := q.Busiest(t.Context(), 5); err != nil || whole {
		t.Errorf("whole %v, %v", whole, err)
	}
	if leases, err := q.Leases(t.Context(), "", 5); err != nil || len(leases) != 0 {
		t.Errorf("leases of jobs that are gone: %v, %v", leases, err)
	}
	if totals, err := q.Totals(t.Context()); err != nil || totals.Parked != lookScan+1 {
		t.Errorf("totals: %+v, %v", totals, err)
	}
}

// TestLookOnACluster: a server in cluster mode refuses a script or a pipeline that leaves its slot.
func TestLookOnACluster(t *testing.T) {
	url, ok := testenv.RealRedis(t, "--cluster-enabled", "yes")
	if !ok {
		return
	}
	node := client(t, url)
	must(t, node.Do(t.Context(), "cluster", "addslotsrange", 0, 16383).Err())
	testenv.Eventually(t, "the cluster", func() bool {
		info, err := node.ClusterInfo(t.Context()).Result()
		return err == nil && strings.Contains(info, "cluster_state:ok")
	})
	o, err := redis.ParseURL(url)
	must(t, err)
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{o.Addr}})
	t.Cleanup(func() { _ = rdb.Close() })
	c := newClock()
	q := ready(t, rdb, Options{Shards: 8, Now: c.Now})
	arrange(t, q, c)
	totals, err := q.Totals(t.Context())
	if err != nil || totals.Stores != 7 || totals.InFlight != 3 {
		t.Errorf("totals: %+v, %v", totals, err)
	}
	top, _, err := q.Busiest(t.Context(), 10)
	if err != nil || len(top) != 5 || top[0].Store != "ready" {
		t.Errorf("busiest: %v, %v", top, err)
	}
	leases, err := q.Leases(t.Context(), "", 10)
	if err != nil || len(leases) != 3 || leases[0].Store != "busy" {
		t.Errorf("leases: %v, %v", leases, err)
	}
	// The check itself must be able to fail: two shards have two slots.
	if err := rdb.Watch(t.Context(), func(*redis.Tx) error { return nil }, q.shardKey(0, "ready"), q.shardKey(1, "ready")); err == nil {
		t.Error("two shards share a slot: the test proves nothing")
	}
}
