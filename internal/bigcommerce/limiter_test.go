package bigcommerce

import (
	"math"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestAnswerOf(t *testing.T) {
	all := map[string]string{
		"X-Rate-Limit-Requests-Quota": "450", "X-Rate-Limit-Requests-Left": "449",
		"X-Rate-Limit-Time-Window-Ms": "30000", "X-Rate-Limit-Time-Reset-Ms": "15000",
	}
	with := func(name, value string) map[string]string {
		m := map[string]string{}
		for k, v := range all {
			m[k] = v
		}
		m[name] = value
		return m
	}
	quota := Answer{Status: 200, HasQuota: true, Quota: 450, Left: 449, Window: 30 * time.Second, Reset: 15 * time.Second}
	without := func(change func(*Answer)) Answer {
		a := quota
		change(&a)
		return a
	}
	for name, tc := range map[string]struct {
		headers map[string]string
		want    Answer
	}{
		"all":              {all, quota},
		"none":             {nil, Answer{Status: 200}},
		"spaces":           {with("X-Rate-Limit-Requests-Left", " 449 "), quota},
		"no window":        {with("X-Rate-Limit-Time-Window-Ms", ""), without(func(a *Answer) { a.Window = 0 })},
		"no left":          {with("X-Rate-Limit-Requests-Left", ""), Answer{Status: 200}},
		"no quota":         {with("X-Rate-Limit-Requests-Quota", ""), Answer{Status: 200}},
		"no reset":         {with("X-Rate-Limit-Time-Reset-Ms", ""), Answer{Status: 200}},
		"negative left":    {with("X-Rate-Limit-Requests-Left", "-1"), Answer{Status: 200}},
		"not a number":     {with("X-Rate-Limit-Requests-Left", "many"), Answer{Status: 200}},
		"enterprise":       {with("X-Rate-Limit-Requests-Quota", "7000000"), without(func(a *Answer) { a.Quota = 7_000_000 })},
		"too large":        {with("X-Rate-Limit-Requests-Quota", "99999999999"), Answer{Status: 200}},
		"reset in a month": {with("X-Rate-Limit-Time-Reset-Ms", "2147483647"), without(func(a *Answer) { a.Reset = maxHeaderDuration })},
		"retry after":      {with("X-Retry-After", "12"), without(func(a *Answer) { a.HasRetryAfter, a.RetryAfter = true, 12*time.Second })},
		"retry after 0":    {map[string]string{"X-Retry-After": "0"}, Answer{Status: 200, HasRetryAfter: true}},
		"retry after soon": {map[string]string{"X-Retry-After": "soon"}, Answer{Status: 200}},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			for k, v := range tc.headers {
				h.Set(k, v)
			}
			if diff := cmp.Diff(tc.want, answerOf(200, h)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHeaderNamesInAnyCase(t *testing.T) {
	f := newFixture(t, func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{ // set past Set: the wire has these very letters
			"x-rate-limit-requests-quota": "150", "X-RATE-LIMIT-REQUESTS-LEFT": "149",
			"x-Rate-limit-TIME-window-ms": "30000", "X-rate-Limit-time-Reset-MS": "29000",
		} {
			w.Header()[name] = []string{value}
		}
		answer(200, `{"time":1}`)(w, r)
	})
	if _, err := f.Store.Time(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []Answer{{Status: 200, HasQuota: true, Quota: 150, Left: 149, Window: 30 * time.Second, Reset: 29 * time.Second}}
	for what, got := range map[string][]Answer{"limiter": f.limiter.answers, "OnRequest": f.seen} {
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Answer{}, "Latency")); diff != "" {
			t.Errorf("%s was told: %s", what, diff)
		}
		if got[0].Latency <= 0 {
			t.Errorf("%s was told no latency", what)
		}
	}
}

func FuzzAnswerOf(f *testing.F) {
	f.Add("450", "449", "30000", "15000", "")
	f.Add("", "", "", "", "12")
	f.Add("-1", "1e3", "0x10", "9223372036854775807", "99999999999999999999")
	f.Add(" 150\t", "0", "", "0", "soon")
	f.Fuzz(func(t *testing.T, quota, left, window, reset, after string) {
		h := http.Header{}
		for name, value := range map[string]string{
			"X-Rate-Limit-Requests-Quota": quota, "X-Rate-Limit-Requests-Left": left,
			"X-Rate-Limit-Time-Window-Ms": window, "X-Rate-Limit-Time-Reset-Ms": reset, "X-Retry-After": after,
		} {
			h.Set(name, value)
		}
		a := answerOf(429, h)
		if a.Status != 429 || a.Lost {
			t.Errorf("status or loss changed: %+v", a)
		}
		for _, d := range []time.Duration{a.Window, a.Reset, a.RetryAfter} {
			if d < 0 || d > maxHeaderDuration {
				t.Errorf("a duration out of bounds: %+v", a)
			}
		}
		if a.Quota < 0 || a.Left < 0 || a.Quota > math.MaxInt32 || a.Left > math.MaxInt32 {
			t.Errorf("a count out of bounds: %+v", a)
		}
		if !a.HasQuota && (a.Quota != 0 || a.Left != 0 || a.Window != 0 || a.Reset != 0) {
			t.Errorf("a quota that is not there: %+v", a)
		}
		if !a.HasRetryAfter && a.RetryAfter != 0 {
			t.Errorf("a wait that is not there: %+v", a)
		}
		if n, err := strconv.Atoi(left); err == nil && a.HasQuota && a.Left != n {
			t.Errorf("left %q became %d", left, a.Left)
		}
	})
}
