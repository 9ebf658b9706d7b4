package harness

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Summary is what is reported of a metric over the rounds.
type Summary struct {
	Median, Min, Max float64
	N                int // rounds that measured it
}

// Summarise returns the summary of values; with none, N is 0.
func Summarise(values []float64) Summary {
	if len(values) == 0 {
		return Summary{}
	}
	return Summary{Median: Median(values), Min: slices.Min(values), Max: slices.Max(values), N: len(values)}
}

// Median returns the middle value, or the mean of the two in the middle; NaN of none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// Percentile returns the smallest of values that at least the share p (0 < p ≤ 1) of them do not
// exceed (nearest rank); the zero value of none.
func Percentile[T cmp.Ordered](values []T, p float64) T {
	if len(values) == 0 {
		var zero T
		return zero
	}
	s := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p * float64(len(s))))
	return s[min(max(rank, 1), len(s))-1]
}

// Millis is a duration in the unit in which latencies are reported.
func Millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
