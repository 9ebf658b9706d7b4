package schedule

import (
	"errors"
	"hash/fnv"
	"time"
	_ "time/tzdata" // a container without zone files must not make every store's zone UTC
)

// MaxJitter bounds how long after its time a run starts.
const MaxJitter = 10 * time.Minute

// jitterShare is the share of the time between two occurrences within which a run starts: small
// enough that a run never comes near the next one's time.
const jitterShare = 10

// Zone returns the time zone of that IANA name, and its name. No name, and one that nobody knows,
// is UTC.
func Zone(name string) (*time.Location, string) {
	if name == "" || name == "Local" { // Local would be the server's
		return time.UTC, "UTC"
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, "UTC"
	}
	return loc, name
}

// mostPeriods bounds how many changes of the clock Next looks across; most zones have two a year.
const mostPeriods = 200

// Next returns the first occurrence after a moment, in UTC; see the package's doc for how it treats
// changes of the clock. It returns false if there is none.
func (c Cron) Next(after time.Time, loc *time.Location) (time.Time, bool) {
	at := after.In(loc)
	from := wall(at)
	for range mostPeriods {
		start, end := at.ZoneBounds()
		_, offset := at.Zone()
		w, ok := c.nextWall(from)
		if !ok {
			return time.Time{}, false
		}
		if again := shownBefore(start, loc); !c.everyHour() && w.Before(again) {
			from = again.Add(-time.Minute)
			if w, ok = c.nextWall(from); !ok {
				return time.Time{}, false
			}
		}
		moment := w.Add(-time.Duration(offset) * time.Second)
		if end.IsZero() || moment.Before(end) {
			return moment, true
		}
		first := wall(end)
		if w.Before(first) { // the clock skips it
			return end.UTC(), true
		}
		at, from = end, first.Add(-time.Minute)
	}
	return time.Time{}, false
}

// wall is what the clock shows at t, as a time in UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// shownBefore returns the end of the wall-clock times that the clock showed before it was changed
// at start and shows again afterwards; a time before start's own if there are none.
func shownBefore(start time.Time, loc *time.Location) time.Time {
	if start.IsZero() {
		return time.Time{}
	}
	_, offset := start.Add(-time.Nanosecond).In(loc).Zone()
	return start.UTC().Add(time.Duration(offset) * time.Second)
}

// Upcoming returns the next n occurrences after a moment.
func (c Cron) Upcoming(after time.Time, loc *time.Location, n int) []time.Time {
	times := make([]time.Time, 0, n)
	for range n {
		next, ok := c.Next(after, loc)
		if !ok {
			break
		}
		times = append(times, next)
		after = next
	}
	return times
}

// NextDue is Next with a flow's jitter.
func (c Cron) NextDue(after time.Time, loc *time.Location, storeHash, flowID string) (time.Time, bool) {
	next := c.Upcoming(after, loc, 2)
	switch len(next) {
	case 0:
		return time.Time{}, false
	case 1:
		return next[0].Add(Jitter(storeHash, flowID, MaxJitter*jitterShare)), true
	}
	return next[0].Add(Jitter(storeHash, flowID, next[1].Sub(next[0]))), true
}

// Jitter returns how long after its time a flow's run starts, when its next one is interval later:
// in whole seconds, always the same for a flow, less than a tenth of interval and less than
// MaxJitter.
func Jitter(storeHash, flowID string, interval time.Duration) time.Duration {
	most := uint64(min(interval/jitterShare, MaxJitter) / time.Second)
	if interval <= 0 || most == 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(storeHash + "\x00" + flowID))
	return time.Duration(h.Sum64()%most) * time.Second
}

// Due returns when a flow with that schedule starts next after a moment. zone is the store's. Its
// error is Parse's.
func Due(expr, zone, storeHash, flowID string, after time.Time) (time.Time, error) {
	c, err := Parse(expr)
	if err != nil {
		return time.Time{}, err
	}
	loc, _ := Zone(zone)
	next, ok := c.NextDue(after, loc, storeHash, flowID)
	if !ok {
		return time.Time{}, errors.New("there is no such date")
	}
	return next, nil
}
