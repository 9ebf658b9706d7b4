package schedule

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ expr, want string }{
		{"0 2 * * *", "0 2 * * *"},
		{" */5  *\t* * * ", "*/5 * * * *"},
		{"0,30 8-18 * * mon-FRI", "0,30 8-18 * * mon-FRI"},
		{"0 0 29 FEB *", "0 0 29 FEB *"},
		{"5/15 * * * *", "5/15 * * * *"},
		{"0 9 * * fri-sun", "0 9 * * fri-sun"},
		{"0 9 1 * 7", "0 9 1 * 7"},
		{"57 1,3 * * *", "57 1,3 * * *"},
		{"0,58 */2 * * *", ""}, // 58 and 0 are of hours that do not follow each other, but 0 and 58 are 58 apart
	} {
		c, err := Parse(tt.expr)
		if tt.want == "" {
			tt.want = tt.expr
		}
		if err != nil || c.String() != tt.want {
			t.Errorf("Parse(%q) = %q, %v", tt.expr, c, err)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for expr, want := range map[string]string{
		"":                       "this has 0",
		"0 2 * *":                "this has 4",
		"0 0 2 * * *":            "this has 6",
		"@daily":                 "this has 1",
		"60 2 * * *":             `the minute "60" is outside 0 to 59`,
		"0 24 * * *":             `the hour "24" is outside 0 to 23`,
		"0 2 0 * *":              `the day of the month "0" is outside 1 to 31`,
		"0 2 * 13 *":             `the month "13" is outside 1 to 12`,
		"0 2 * * 8":              `the day of the week "8" is outside 0 to 7`,
		"0 2 * * MO":             `the day of the week "MO" is not understood`,
		"0 2 L * *":              `the day of the month "L" is not understood`,
		"-5 2 * * *":             "not understood",
		"+5 2 * * *":             "not understood",
		"0 5-2 * * *":            `the hour "5-2" goes backwards`,
		"*/0 * * * *":            "the step after /",
		"*/60 * * * *":           "the step after /",
		"0 2 * * *,1":            "write it alone",
		"0 2 , * *":              "not understood",
		"* * * * *":              "runs would be 1 minute apart; at least 5 minutes",
		"*/4 * * * *":            "4 minutes apart",
		"*/7 * * * *":            "4 minutes apart", // 56 and 0
		"58,2 * * * *":           "4 minutes apart",
		"58,2 23,0 * * *":        "4 minutes apart",
		"0 0 31 2 *":             "no such date",
		"0 0 30 FEB *":           "no such date",
		"0 0 31 4,6,9,11 *":      "no such date",
		strings.Repeat("1,", 60): "the limit is 100",
	} {
		if _, err := Parse(expr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want %q", expr, err, want)
		}
	}
}

// oracle is cron over wall-clock times, written down a second time and as plainly as possible: it
// walks through the days and the minutes.
type oracle struct {
	sets             [5]uint64
	anyDay, anyWeekd bool
}

func newOracle(t *testing.T, expr string) oracle {
	t.Helper()
	var o oracle
	for i, text := range strings.Fields(expr) {
		var err error
		if o.sets[i], err = fields[i].parse(text); err != nil {
			t.Fatal(err)
		}
		o.anyDay = o.anyDay || i == 2 && text[0] == '*'
		o.anyWeekd = o.anyWeekd || i == 4 && text[0] == '*'
	}
	return o
}

func (o oracle) day(d time.Time) bool {
	has := func(i, v int) bool { return o.sets[i]&(1<<v) != 0 }
	day, weekday := has(2, d.Day()), has(4, int(d.Weekday()))
	if o.anyDay || o.anyWeekd {
		day = day && weekday
	} else {
		day = day || weekday
	}
	return day && has(3, int(d.Month()))
}

func (o oracle) next(after time.Time, days int) (time.Time, bool) {
	first := time.Date(after.Year(), after.Month(), after.Day(), 0, 0, 0, 0, time.UTC)
	for i := range days {
		d := first.AddDate(0, 0, i)
		if !o.day(d) {
			continue
		}
		for m := range 24 * 60 {
			at := d.Add(time.Duration(m) * time.Minute)
			if at.After(after) && o.sets[1]&(1<<(m/60)) != 0 && o.sets[0]&(1<<(m%60)) != 0 {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

var expressions = []string{
	"0 2 * * *", "*/5 * * * *", "5/15 * * * *", "0 * * * *", "0,30 8-18 * * MON-FRI", "30 4 1,15 * 5", "0 0 29 2 *", "0 9 * * FRI-SUN",
	"15 3 */2 * *", "0 0 13 * 5", "0 6 31 * *", "10 1-23/2 * JAN,JUL 0-7/3", "0 0 * * 7", "0 12 */5 * */2", "0 0 1 1 *", "59 23 31 12 *", "0 0 29 2 1-5/2",
}

// FuzzParse: nothing that is parsed panics or runs more often than allowed, and what nextWall makes
// of an accepted expression is what the oracle makes of it.
func FuzzParse(f *testing.F) {
	for i, expr := range append(expressions, "", "* * * * *", "@hourly", "0 0 31 2 *", "1-2-3 * * * *", "*/a * * * *", "0 0 ? * *", "\x00 0 0 0 0", "0 0 1W * 5#2") {
		f.Add(expr, int64(1_700_000_000+i*7_654_321))
	}
	f.Fuzz(func(t *testing.T, expr string, unix int64) {
		c, err := Parse(expr)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("no message")
			}
			return
		}
		again, err := Parse(c.String())
		if err != nil || again != c {
			t.Fatalf("%q is %q, which is %q, %v", expr, c, again, err)
		}
		if unix < 0 || unix > 4_000_000_000 { // until 2096
			return
		}
		after := time.Unix(unix, 0).UTC()
		o := newOracle(t, c.String())
		for range 3 {
			want, found := o.next(after, 9*366)
			got, ok := c.nextWall(after)
			if ok != found && found || found && !got.Equal(want) {
				t.Fatalf("%q after %v: %v %v, want %v %v", c, after, got, ok, want, found)
			}
			if !ok {
				return
			}
			if next, ok := c.nextWall(got); ok && next.Sub(got) < MinInterval {
				t.Fatalf("%q runs at %v and %v", c, got, next)
			}
			after = got
		}
	})
}

func TestFarDates(t *testing.T) {
	for expr, test := range map[string]struct{ after, want time.Time }{
		// 2100 is no leap year.
		"0 0 29 2 *":   {time.Date(2096, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2104, 2, 29, 0, 0, 0, 0, time.UTC)},
		"0 0 29 2 */7": {time.Date(2088, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2128, 2, 29, 0, 0, 0, 0, time.UTC)},
	} {
		next, ok := parse(t, expr).Next(test.after, time.UTC)
		if !ok || !next.Equal(test.want) {
			t.Errorf("%s: %v %v, want %v", expr, next, ok, test.want)
		}
	}
}
