package values

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// longestDate is the longest text that may be a date, in bytes.
const longestDate = 64

// Dates as they are written: a year first, numbers with the year last, a month by its name.
var (
	yearFirst = regexp.MustCompile(`^(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.)(\d{1,2})$`)
	yearOnly  = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	yearLast  = regexp.MustCompile(`^(\d{1,2})(?:/(\d{1,2})/|-(\d{1,2})-|\.\s?(\d{1,2})\.\s?)(\d{4})$`)
	dayMonth  = regexp.MustCompile(`^(?:[a-z]{3,9},? )?(\d{1,2})(?:st|nd|rd|th)?[ .-]+([a-z]{3,9})\.?,?[ -]+(\d{4})$`)
	monthDay  = regexp.MustCompile(`^(?:[a-z]{3,9},? )?([a-z]{3,9})\.?[ -]+(\d{1,2})(?:st|nd|rd|th)?,?[ -]+(\d{4})$`)
	timeOfDay = regexp.MustCompile(`^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)? ?([ap]m)?(?: ?(z|utc|gmt|[+-]\d{2}:?\d{2}))?$`)
	splitTime = regexp.MustCompile(`[t ] ?(\d{1,2}:\d{2}.*)$`)
)

// ReadDate reads a date, with a time of day or without, in UTC if it has no zone. A date such as
// 3/4/2026 is another one when its month comes first than when its day does; one that cannot be is
// the zero time. ok is false if s is no date at all.
func ReadDate(s string) (monthFirst, dayFirst time.Time, ok bool) {
	s = strings.ToLower(Line(s))
	if len(s) > longestDate {
		return time.Time{}, time.Time{}, false
	}
	clock, zone := time.Duration(0), time.UTC
	if at := splitTime.FindStringSubmatchIndex(s); at != nil {
		if clock, zone, ok = readTime(s[at[2]:at[3]]); !ok {
			return time.Time{}, time.Time{}, false
		}
		s = strings.TrimRight(s[:at[0]], " ,")
	}
	day := func(year, month, day string) time.Time {
		y, _ := strconv.Atoi(year)
		m, _ := strconv.Atoi(month)
		d, _ := strconv.Atoi(day)
		t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, zone)
		if y < 1000 || t.Year() != y || int(t.Month()) != m || t.Day() != d {
			return time.Time{}
		}
		return t.Add(clock)
	}
	both := func(t time.Time) (time.Time, time.Time, bool) { return t, t, !t.IsZero() }
	if m := yearFirst.FindStringSubmatch(s); m != nil {
		return both(day(m[1], m[2]+m[3]+m[4], m[5]))
	}
	if m := yearOnly.FindStringSubmatch(s); m != nil {
		return both(day(m[1], m[2], m[3]))
	}
	if m := yearLast.FindStringSubmatch(s); m != nil {
		second := m[2] + m[3] + m[4]
		dayFirst = day(m[5], second, m[1])
		if m[4] != "" {
			return both(dayFirst) // 31.12.2026
		}
		monthFirst = day(m[5], m[1], second)
		return monthFirst, dayFirst, !monthFirst.IsZero() || !dayFirst.IsZero()
	}
	if m := dayMonth.FindStringSubmatch(s); m != nil {
		return both(day(m[3], monthNamed(m[2]), m[1]))
	}
	if m := monthDay.FindStringSubmatch(s); m != nil {
		return both(day(m[3], monthNamed(m[1]), m[2]))
	}
	return time.Time{}, time.Time{}, false
}

// readTime reads a time of day.
func readTime(s string) (clock time.Duration, zone *time.Location, ok bool) {
	m := timeOfDay.FindStringSubmatch(s)
	if m == nil {
		return 0, nil, false
	}
	hour, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2])
	second, _ := strconv.Atoi(m[3])
	switch {
	case m[4] != "" && (hour < 1 || hour > 12):
		return 0, nil, false
	case m[4] == "pm" && hour < 12:
		hour += 12
	case m[4] == "am" && hour == 12:
		hour = 0
	}
	if hour > 23 || minute > 59 || second > 59 {
		return 0, nil, false
	}
	zone = time.UTC
	if offset := strings.ReplaceAll(m[5], ":", ""); len(offset) == 5 {
		hours, _ := strconv.Atoi(offset[1:3])
		minutes, _ := strconv.Atoi(offset[3:])
		if hours > 14 || minutes > 59 {
			return 0, nil, false
		}
		east := hours*3600 + minutes*60
		if offset[0] == '-' {
			east = -east
		}
		zone = time.FixedZone("", east)
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second, zone, true
}

// monthNamed is the number of a month by its English name or the beginning of it.
func monthNamed(name string) string {
	for m := time.January; m <= time.December; m++ {
		full := strings.ToLower(m.String())
		if strings.HasPrefix(full, name) || name == "sept" && m == time.September {
			return strconv.Itoa(int(m))
		}
	}
	return ""
}
