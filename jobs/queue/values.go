package queue

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// millis is a time as scripts take it; zero stays 0, which is long ago.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(0, t.UnixMilli())
}

// fromMillis undoes millis.
func fromMillis(ms int64) time.Time {
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// texts reads a script's list answer. Numbers that scripts return as integers are written out.
func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		switch e := e.(type) {
		case string:
			out = append(out, e)
		case int64:
			out = append(out, strconv.FormatInt(e, 10))
		default:
			out = append(out, "")
		}
	}
	return out
}

// integer reads a whole number that a script wrote; scripts write nothing else.
func integer(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

func randomInt(n int) int { return rand.IntN(n) }

// randomText tells one reservation from another within a store; it guards nothing.
func randomText() string { return strconv.FormatUint(rand.Uint64(), 36) }
