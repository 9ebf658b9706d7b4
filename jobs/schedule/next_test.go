package schedule

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, got := Zone(name)
	if got != name {
		t.Fatalf("%s is not known", name)
	}
	return loc
}

func parse(t testing.TB, expr string) Cron {
	t.Helper()
	c, err := Parse(expr)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestClockChanges: what the store's clock shows at the occurrences, and how far it is off UTC
// then. Clocks: Berlin skips 02:00–03:00 on 29 March 2026 and repeats it on 25 October; New York on
// 8 March and repeats 01:00–02:00 on 1 November; Lord Howe, half an hour, skips 02:00–02:30 on 4
// October and repeats 01:30–02:00 on 5 April; India changes nothing; Samoa had no 30 December 2011
// at all.
func TestClockChanges(t *testing.T) {
	for _, tt := range []struct {
		name, zone, expr, after string
		want                    []string
	}{
		{"spring, inside the gap", "Europe/Berlin", "30 2 * * *", "2026-03-27T12:00:00Z",
			[]string{"28 02:30 +01", "29 03:00 +02", "30 02:30 +02"}},
		{"spring, start of the gap", "Europe/Berlin", "0 2 * * *", "2026-03-28T12:00:00Z",
			[]string{"29 03:00 +02", "30 02:00 +02"}},
		{"spring, end of the gap", "Europe/Berlin", "0 3 * * *", "2026-03-28T12:00:00Z",
			[]string{"29 03:00 +02", "30 03:00 +02"}},
		{"spring, several in the gap are one", "Europe/Berlin", "*/20 2,3 * * *", "2026-03-28T12:00:00Z",
			[]string{"29 03:00 +02", "29 03:20 +02", "29 03:40 +02", "30 02:00 +02"}},
		{"spring, every hour", "Europe/Berlin", "0 * * * *", "2026-03-29T00:00:00Z",
			[]string{"29 03:00 +02", "29 04:00 +02", "29 05:00 +02"}},
		{"spring, the rest of the day", "Europe/Berlin", "0 0 * * *", "2026-03-28T12:00:00Z",
			[]string{"29 00:00 +01", "30 00:00 +02"}},
		{"autumn, inside the repeated hour", "Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z",
			[]string{"25 02:30 +02", "26 02:30 +01"}},
		{"autumn, asked between the two", "Europe/Berlin", "30 2 * * *", "2026-10-25T00:45:00Z",
			[]string{"26 02:30 +01"}},
		{"autumn, asked in the second", "Europe/Berlin", "30 2 * * *", "2026-10-25T01:15:00Z",
			[]string{"26 02:30 +01"}},
		{"autumn, the end of the repeated hour", "Europe/Berlin", "0 2,3 * * *", "2026-10-24T12:00:00Z",
			[]string{"25 02:00 +02", "25 03:00 +01", "26 02:00 +01"}},
		{"autumn, every hour goes on", "Europe/Berlin", "0 * * * *", "2026-10-24T23:30:00Z",
			[]string{"25 02:00 +02", "25 02:00 +01", "25 03:00 +01"}},
		{"autumn, every 20 minutes goes on", "Europe/Berlin", "*/20 * * * *", "2026-10-25T00:30:00Z",
			[]string{"25 02:40 +02", "25 02:00 +01", "25 02:20 +01", "25 02:40 +01", "25 03:00 +01"}},
		{"weekly on the day of the change", "Europe/Berlin", "30 2 * * 0", "2026-03-23T00:00:00Z",
			[]string{"29 03:00 +02", "05 02:30 +02"}},

		{"spring", "America/New_York", "15 2 * * *", "2026-03-07T12:00:00Z",
			[]string{"08 03:00 -04", "09 02:15 -04"}},
		{"autumn", "America/New_York", "15 1 * * *", "2026-10-31T12:00:00Z",
			[]string{"01 01:15 -04", "02 01:15 -05"}},
		{"autumn, weekdays", "America/New_York", "0 6 * * MON-FRI", "2026-10-30T12:00:00Z",
			[]string{"02 06:00 -05", "03 06:00 -05"}},

		{"spring, half an hour", "Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z",
			[]string{"04 02:30 +11", "05 02:15 +11"}},
		{"spring, after the half hour", "Australia/Lord_Howe", "45 2 * * *", "2026-10-03T00:00:00Z",
			[]string{"04 02:45 +11", "05 02:45 +11"}},
		{"autumn, half an hour", "Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00:00Z",
			[]string{"05 01:45 +11", "06 01:45 +1030"}},
		{"autumn, before the half hour", "Australia/Lord_Howe", "15 1 * * *", "2026-04-04T00:00:00Z",
			[]string{"05 01:15 +11", "06 01:15 +1030"}},
		{"autumn, every hour", "Australia/Lord_Howe", "0 * * * *", "2026-04-04T13:30:00Z",
			[]string{"05 01:00 +11", "05 02:00 +1030", "05 03:00 +1030"}},
		{"autumn, every half hour", "Australia/Lord_Howe", "*/30 * * * *", "2026-04-04T14:00:00Z",
			[]string{"05 01:30 +11", "05 01:30 +1030", "05 02:00 +1030"}},

		{"no change, half an hour off", "Asia/Kolkata", "0 2 * * *", "2026-03-28T12:00:00Z",
			[]string{"29 02:00 +0530", "30 02:00 +0530"}},
		{"a day that does not exist", "Pacific/Apia", "0 12 * * *", "2011-12-29T12:00:00Z",
			[]string{"29 12:00 -10", "31 00:00 +14", "31 12:00 +14"}},
		{"UTC", "UTC", "30 2 * * *", "2026-03-29T02:30:00Z", []string{"30 02:30 UTC"}},
		{"in the middle of a minute", "UTC", "30 2 * * *", "2026-03-29T02:29:59Z", []string{"29 02:30 UTC"}},
	} {
		t.Run(tt.zone+"/"+tt.name, func(t *testing.T) {
			loc := zone(t, tt.zone)
			after, err := time.Parse(time.RFC3339, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, at := range parse(t, tt.expr).Upcoming(after, loc, len(tt.want)) {
				if at.Location() != time.UTC {
					t.Errorf("%v is not in UTC", at)
				}
				got = append(got, shown(at.In(loc)))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

func shown(at time.Time) string {
	if at.Location() == time.UTC {
		return at.Format("02 15:04 UTC")
	}
	if _, offset := at.Zone(); offset%3600 == 0 {
		return at.Format("02 15:04 -07")
	}
	return at.Format("02 15:04 -0700")
}

// TestYearOfOccurrences: over a year in zones with and without changes, each local day has its run,
// at its time or right after the gap, and never two; and no moment is missed or repeated by asking
// in steps.
func TestYearOfOccurrences(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago", "Africa/Casablanca", "UTC"} {
		for _, expr := range []string{"30 2 * * *", "45 1 * * *", "0 0 * * *"} {
			loc, c := zone(t, name), parse(t, expr)
			at := time.Date(2026, 1, 1, 0, 0, 0, 0, loc).Add(-time.Nanosecond)
			days := map[string]int{}
			for {
				next, ok := c.Next(at, loc)
				if !ok || !next.After(at) {
					t.Fatalf("%s %s after %v: %v", name, expr, at, next)
				}
				if next.In(loc).Year() > 2026 {
					break
				}
				days[next.In(loc).Format(time.DateOnly)]++
				if asked, _ := c.Next(next.Add(-time.Second), loc); !asked.Equal(next) {
					t.Fatalf("%s %s: %v, asked a second before: %v", name, expr, next, asked)
				}
				at = next
			}
			if len(days) != 365 {
				t.Errorf("%s %s: %d days have a run", name, expr, len(days))
			}
			for day, n := range days {
				if n != 1 {
					t.Errorf("%s %s: %d runs on %s", name, expr, n, day)
				}
			}
		}
	}
}

func TestZone(t *testing.T) {
	for name, want := range map[string]string{"": "UTC", "UTC": "UTC", "Local": "UTC", "Mars/Olympus": "UTC", "../../etc/passwd": "UTC", "Europe/Berlin": "Europe/Berlin"} {
		loc, got := Zone(name)
		if got != want || loc.String() != want {
			t.Errorf("Zone(%q) = %v, %q", name, loc, got)
		}
	}
}

func TestJitter(t *testing.T) {
	for _, tt := range []struct{ interval, below time.Duration }{
		{5 * time.Minute, 30 * time.Second}, {time.Hour, 6 * time.Minute}, {24 * time.Hour, MaxJitter}, {366 * 24 * time.Hour, MaxJitter},
	} {
		const flows = 2000
		var slots [10]int
		for i := range flows {
			flow := fmt.Sprintf("0194-%d", i)
			j := Jitter("abc123", flow, tt.interval)
			if j < 0 || j >= tt.below || j%time.Second != 0 {
				t.Fatalf("flow %s every %v: %v", flow, tt.interval, j)
			}
			if j != Jitter("abc123", flow, tt.interval) {
				t.Fatal("not the same twice")
			}
			slots[j*10/tt.below]++
		}
		for i, n := range slots {
			if n < flows/20 || n > flows/5 {
				t.Errorf("every %v: %d of %d flows start in tenth %d", tt.interval, n, flows, i)
			}
		}
	}
	if Jitter("s1", "f", time.Hour) == Jitter("s2", "f", time.Hour) && Jitter("s1", "g", time.Hour) == Jitter("s2", "g", time.Hour) {
		t.Error("two stores start at the same second")
	}
	for _, none := range []time.Duration{0, -time.Hour, 9 * time.Second} {
		if j := Jitter("s", "f", none); j != 0 {
			t.Errorf("interval %v: %v", none, j)
		}
	}
}

func TestDue(t *testing.T) {
	after := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	due, err := Due("0 2 * * *", "Europe/Berlin", "abc123", "f1", after)
	nominal := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)
	if want := nominal.Add(Jitter("abc123", "f1", 24*time.Hour)); err != nil || !due.Equal(want) {
		t.Errorf("%v, %v, want %v", due, err, want)
	}
	if _, err := Due("nonsense", "UTC", "abc123", "f1", after); err == nil {
		t.Error("nonsense is due")
	}
	// Asked when the run starts, the next one is the next day's: none is skipped, none repeated.
	next, err := Due("0 2 * * *", "Europe/Berlin", "abc123", "f1", due)
	if err != nil || !next.Equal(due.AddDate(0, 0, 1)) {
		t.Errorf("then %v, %v", next, err)
	}
}

func BenchmarkDue(b *testing.B) {
	after := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for b.Loop() {
		if _, err := Due("30 2 * * MON", "America/New_York", "abc123", "f1", after); err != nil {
			b.Fatal(err)
		}
	}
}
