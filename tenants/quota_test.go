package tenants_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

var quotaDay = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// minute is store's minute n of quotaDay with used requests, all else derived from them.
func minute(store string, n int, used int64) tenants.QuotaMinute {
	m := tenants.NewQuotaMinute(store, quotaDay.Add(time.Duration(n)*time.Minute))
	left := 150 - used
	m.Used, m.Others, m.LeftMin, m.Quota, m.WindowMS = used, used/2, &left, 150, 30_000
	m.ThrottledQuota, m.ThrottledConcurrency, m.ThrottledLoad = used%2, used%3, used%5
	return m
}

func installed(t *testing.T, db *tenants.DB, hashes ...string) {
	t.Helper()
	for _, hash := range hashes {
		if _, err := db.UpsertInstalledStore(tenants.WithStore(t.Context(), hash), tenants.Install{StoreHash: hash, AccessToken: "t"}); err != nil {
			t.Fatal(err)
		}
	}
}

func history(t *testing.T, db *tenants.DB, store string, from, to, step int) []tenants.QuotaPoint {
	t.Helper()
	at := func(n int) time.Time { return quotaDay.Add(time.Duration(n) * time.Minute) }
	points, err := db.QuotaHistory(tenants.WithStore(t.Context(), store), at(from), at(to), step)
	if err != nil {
		t.Fatal(err)
	}
	return points
}

func TestQuotaHistory(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		installed(t, db, "aaa", "bbb")
		silent := tenants.NewQuotaMinute("aaa", quotaDay.Add(7*time.Minute)) // no answer had headers
		silent.Used = 1
		save := func(minutes ...tenants.QuotaMinute) {
			t.Helper()
			if err := db.SaveQuotaMinutes(t.Context(), minutes); err != nil {
				t.Fatal(err)
			}
		}
		save(minute("aaa", 0, 10), minute("bbb", 0, 99), minute("aaa", 1, 21), minute("aaa", 4, 7), silent, minute("aaa", 61, 3))
		upgraded := minute("aaa", 4, 7)
		upgraded.Quota = 450
		save(upgraded, minute("aaa", 1, 20), minute("bbb", 0, 99)) // a repeat, with one that has changed

		point := func(n int, used, others int64, left *int64, quota, window, q, c, l int64) tenants.QuotaPoint {
			return tenants.QuotaPoint{At: quotaDay.Add(time.Duration(n) * time.Minute), Used: used, Others: others, LeftMin: left,
				Quota: quota, WindowMS: window, ThrottledQuota: q, ThrottledConcurrency: c, ThrottledLoad: l}
		}
		left := func(n int64) *int64 { return &n }
		for _, tt := range []struct {
			name           string
			store          string
			from, to, step int
			want           []tenants.QuotaPoint
		}{
			{"minutes", "aaa", 0, 5, 1, []tenants.QuotaPoint{
				point(0, 10, 5, left(140), 150, 30_000, 0, 1, 0), point(1, 20, 10, left(130), 150, 30_000, 0, 2, 0), point(4, 7, 3, left(143), 450, 30_000, 1, 1, 2),
			}},
			{"five minutes", "aaa", 0, 10, 5, []tenants.QuotaPoint{
				point(0, 37, 18, left(130), 450, 30_000, 1, 4, 2), point(5, 1, 0, nil, 0, 0, 0, 0, 0),
			}},
			{"hours", "aaa", 0, 120, 60, []tenants.QuotaPoint{
				point(0, 38, 18, left(130), 450, 30_000, 1, 4, 2), point(60, 3, 1, left(147), 150, 30_000, 1, 0, 3),
			}},
			{"the end is not included", "aaa", 1, 4, 1, []tenants.QuotaPoint{point(1, 20, 10, left(130), 150, 30_000, 0, 2, 0)}},
			{"another store", "bbb", 0, 120, 60, []tenants.QuotaPoint{point(0, 99, 49, left(51), 150, 30_000, 1, 0, 4)}},
			{"nothing", "aaa", 200, 300, 5, []tenants.QuotaPoint{}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				if diff := cmp.Diff(tt.want, history(t, db, tt.store, tt.from, tt.to, tt.step)); diff != "" {
					t.Errorf("points (-want +got):\n%s", diff)
				}
			})
		}
		if _, err := db.QuotaHistory(tenants.WithStore(t.Context(), "aaa"), quotaDay, quotaDay, 0); err == nil {
			t.Error("a step of no minutes was taken")
		}
	})
}

// TestQuotaMinutesOfLeftStores: minutes that arrive late must not outlive their store.
func TestQuotaMinutesOfLeftStores(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		installed(t, db, "aaa", "bbb", "aab")
		ctx := context.Background()
		if err := db.SaveQuotaMinutes(ctx, []tenants.QuotaMinute{minute("aaa", 0, 1)}); err != nil {
			t.Fatal(err)
		}
		if err := db.MarkUninstalled(tenants.WithStore(ctx, "aaa"), "aaa", quotaDay); err != nil {
			t.Fatal(err)
		}
		err := db.SaveQuotaMinutes(ctx, []tenants.QuotaMinute{minute("aaa", 1, 1), minute("bbb", 1, 1), minute("aab", 1, 1), minute("zzz", 1, 1)})
		if err != nil {
			t.Fatal(err)
		}
		rows := func() map[string]int64 {
			found := map[string]int64{}
			var all []tenants.QuotaMinute
			if err := db.AcrossStores(ctx).Find(&all).Error; err != nil {
				t.Fatal(err)
			}
			for _, m := range all {
				found[m.StoreHash]++
			}
			return found
		}
		if diff := cmp.Diff(map[string]int64{"aaa": 1, "bbb": 1, "aab": 1}, rows()); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		if err := db.PurgeStore(ctx, "aaa"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int64{"bbb": 1, "aab": 1}, rows()); diff != "" {
			t.Errorf("rows after the purge (-want +got):\n%s", diff)
		}
	})
}

// TestSweepQuotaMinutes has more rows than one DELETE takes.
func TestSweepQuotaMinutes(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		installed(t, db, "aaa", "bbb")
		var minutes []tenants.QuotaMinute
		for n := range 3000 {
			minutes = append(minutes, minute("aaa", n, 1), minute("bbb", n, 1))
		}
		if err := db.SaveQuotaMinutes(t.Context(), minutes); err != nil {
			t.Fatal(err)
		}
		n, err := db.SweepQuotaMinutes(t.Context(), quotaDay.Add(2999*time.Minute))
		if err != nil || n != 2*2999 {
			t.Errorf("%d rows deleted, %v; want all but the last minute", n, err)
		}
		for _, store := range []string{"aaa", "bbb"} {
			if left := history(t, db, store, 0, 4000, 1); len(left) != 1 || !left[0].At.Equal(quotaDay.Add(2999*time.Minute)) {
				t.Errorf("store %s has %v left", store, left)
			}
		}
	})
}
