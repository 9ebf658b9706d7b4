package schedule

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// MinInterval is the shortest time between two occurrences of a schedule.
const MinInterval = 5 * time.Minute

// MaxLength bounds an expression, in bytes; it is the size of the column.
const MaxLength = 100

// Cron is a checked expression. The zero value never happens.
type Cron struct {
	expr string    // as the user wrote it, in single spaces
	sets [5]uint64 // of each field, the values it names
	// eitherDay: neither day field begins with "*", so that a day which one of them names will do.
	// Otherwise both have to name it.
	eitherDay bool
}

// String returns the expression with its fields separated by one space.
func (c Cron) String() string { return c.expr }

// field is one of the five, with the values it may have.
type field struct {
	name     string
	min, max int
	names    string // of three letters each, the first is the value min
}

// The fields, as they are written.
const (
	minuteField = iota
	hourField
	dayField
	monthField
	weekdayField
)

var fields = [5]field{
	{name: "minute", max: 59},
	{name: "hour", max: 23},
	{name: "day of the month", min: 1, max: 31},
	{name: "month", min: 1, max: 12, names: "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
	{name: "day of the week", max: 7, names: "SUNMONTUEWEDTHUFRISAT"}, // 0 and 7 are Sunday
}

// Parse checks an expression of five fields: numbers, ranges, lists, steps, and the English names
// of months and days, of three letters. Its error is a sentence for the user that says what is
// wrong.
func Parse(expr string) (Cron, error) {
	if len(expr) > MaxLength {
		return Cron{}, fmt.Errorf("this is %d characters long; the limit is %d", len(expr), MaxLength)
	}
	texts := strings.Fields(expr)
	if len(texts) != len(fields) {
		return Cron{}, fmt.Errorf("write five fields (minute, hour, day of the month, month, day of the week), for example 0 2 * * *; this has %d", len(texts))
	}
	c := Cron{expr: strings.Join(texts, " "), eitherDay: texts[dayField][0] != '*' && texts[weekdayField][0] != '*'}
	for i, text := range texts {
		var err error
		if c.sets[i], err = fields[i].parse(text); err != nil {
			return Cron{}, err
		}
	}
	if err := farApart(c.sets[minuteField], c.sets[hourField]); err != nil {
		return Cron{}, err
	}
	// The longest wait of a date that exists at all is the eight years between 29 February 1896 and
	// 1904.
	if _, ok := c.nextWall(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)); !ok {
		return Cron{}, fmt.Errorf("there is no such date: the days of the month and the months never meet")
	}
	return c, nil
}

// parse reads one field: the set of values that it stands for (7, Sunday, as 0).
func (f field) parse(text string) (set uint64, err error) {
	parts := strings.Split(text, ",")
	for _, part := range parts {
		if part == "*" && len(parts) > 1 {
			return 0, fmt.Errorf("the %s %q: * already means every one, write it alone", f.name, text)
		}
		values, err := f.part(part)
		if err != nil {
			return 0, err
		}
		set |= values
	}
	if f.name == fields[weekdayField].name && set&(1<<7) != 0 {
		set = set&^(1<<7) | 1
	}
	return set, nil
}

// part reads "*", "a", "a-b", and each with "/step". "a/step" goes on to the field's end.
func (f field) part(text string) (set uint64, err error) {
	span, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		if step, err = number(stepText); err != nil || step < 1 || step > f.max {
			return 0, fmt.Errorf("the %s %q: the step after / has to be a number from 1 to %d", f.name, text, f.max)
		}
	}
	last := f.max
	if last == 7 {
		last = 6 // 7 is Sunday once more
	}
	from, to := f.min, last
	if span != "*" {
		first, end, ranged := strings.Cut(span, "-")
		if from, err = f.value(first, text); err != nil {
			return 0, err
		}
		switch {
		case ranged:
			if to, err = f.value(end, text); err != nil {
				return 0, err
			}
			if to == 0 && f.max == 7 && from > 0 {
				to = 7 // FRI-SUN
			}
		case !stepped:
			to = from
		}
		if to < from {
			return 0, fmt.Errorf("the %s %q goes backwards: write the smaller value first", f.name, text)
		}
	}
	for v := from; v <= to; v += step {
		set |= 1 << v
	}
	return set, nil
}

func (f field) value(text, whole string) (int, error) {
	if len(text) == 3 && f.names != "" {
		if at := strings.Index(f.names, strings.ToUpper(text)); at >= 0 && at%3 == 0 {
			return f.min + at/3, nil
		}
	}
	n, err := number(text)
	if err != nil {
		return 0, fmt.Errorf("the %s %q is not understood: use numbers, ranges (1-5), lists (1,3) or steps (*/15)", f.name, whole)
	}
	if n < f.min || n > f.max {
		return 0, fmt.Errorf("the %s %q is outside %d to %d", f.name, whole, f.min, f.max)
	}
	return n, nil
}

// number reads digits only: strconv would take a sign.
func number(text string) (int, error) {
	if len(text) == 0 || len(text) > 3 || strings.Trim(text, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(text)
}

// farApart refuses minutes that are closer together than MinInterval, also across a full hour when
// the next hour is one of hours.
func farApart(minutes, hours uint64) error {
	first, last, prev := -1, -1, -1
	for m := range 60 {
		if minutes&(1<<m) == 0 {
			continue
		}
		if first < 0 {
			first = m
		}
		if prev >= 0 && tooClose(m-prev) {
			return tooOften(m - prev)
		}
		prev, last = m, m
	}
	for h := range 24 {
		if hours&(1<<h) != 0 && hours&(1<<((h+1)%24)) != 0 && tooClose(first+60-last) {
			return tooOften(first + 60 - last)
		}
	}
	return nil
}

func tooClose(minutes int) bool { return time.Duration(minutes)*time.Minute < MinInterval }

func tooOften(minutes int) error {
	unit := "minutes"
	if minutes == 1 {
		unit = "minute"
	}
	return fmt.Errorf("runs would be %d %s apart; at least %d minutes have to lie between two", minutes, unit, int(MinInterval/time.Minute))
}

// everyHour reports whether no hour is left out.
func (c Cron) everyHour() bool { return bits.OnesCount64(c.sets[hourField]) == 24 }

// names reports whether field i names the value v.
func (c Cron) names(i, v int) bool { return c.sets[i]&(1<<v) != 0 }

func (c Cron) namesDay(day time.Time) bool {
	inMonth, inWeek := c.names(dayField, day.Day()), c.names(weekdayField, int(day.Weekday()))
	return inMonth && inWeek || c.eitherDay && (inMonth || inWeek)
}

// mostYears is more than the longest wait for a date: a 29 February that is a Sunday, across a year
// 2100 without one, is 40 years away.
const mostYears = 41

// nextWall returns the first time after from that the expression names, as a wall clock without any
// daylight saving shows it: both are in UTC whatever the zone.
func (c Cron) nextWall(from time.Time) (time.Time, bool) {
	at := from.Truncate(time.Minute).Add(time.Minute)
	for last := at.Year() + mostYears; at.Year() <= last; {
		switch {
		case !c.names(monthField, int(at.Month())):
			at = time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		case !c.namesDay(at):
			at = time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, time.UTC)
		case !c.names(hourField, at.Hour()):
			at = at.Truncate(time.Hour).Add(time.Hour)
		case !c.names(minuteField, at.Minute()):
			at = at.Add(time.Minute)
		default:
			return at, true
		}
	}
	return time.Time{}, false
}
