package alerts

import (
	"fmt"
	"time"

	"sluice/jobs/schedule"
	"sluice/tenants"
)

// clockTime is how a time of day is written.
const clockTime = "15:04"

// ValidClock reports whether text is a time of day.
func ValidClock(text string) bool {
	t, err := time.Parse(clockTime, text)
	return err == nil && t.Format(clockTime) == text
}

// NotBefore returns when news of this moment may leave: after it has waited for more of its kind,
// and not in a store's quiet hours.
func NotBefore(s tenants.AlertSettings, zone string, now time.Time) time.Time {
	at := now.Add(tenants.AlertGroup)
	if !s.QuietEnabled {
		return at
	}
	loc, _ := schedule.Zone(zone)
	local := at.In(loc)
	clock := local.Format(clockTime)
	quiet := s.QuietFrom <= clock && clock < s.QuietTo
	if s.QuietFrom > s.QuietTo { // over midnight
		quiet = clock >= s.QuietFrom || clock < s.QuietTo
	}
	if !quiet {
		return at
	}
	return next(s.QuietTo, local)
}

// NextDigest returns the next time of a store's daily message after now.
func NextDigest(at, zone string, now time.Time) time.Time {
	loc, _ := schedule.Zone(zone)
	return next(at, now.In(loc))
}

// next returns the first moment after from that a clock of from's zone shows as text. A time that
// the clock jumps over in spring is an hour later that day.
func next(text string, from time.Time) time.Time {
	var hour, minute int
	_, _ = fmt.Sscanf(text, "%d:%d", &hour, &minute) // 0:00 if nobody checked it
	for day := 0; ; day++ {
		at := time.Date(from.Year(), from.Month(), from.Day()+day, hour, minute, 0, 0, from.Location())
		if at.After(from) {
			return at.UTC()
		}
	}
}
