package limits

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"sluice/internal/problem"
	"sluice/internal/ratelimit"
)

// Limits are the values that the operator chose, and what is held open in this process. It is safe
// for concurrent use; nil has the defaults and tells nobody, which is for commands that serve
// nobody.
type Limits struct {
	values  map[Name]int64
	rates   map[Name]*ratelimit.Limit
	refused func(Name)

	mu   sync.Mutex
	held map[slot]int64
}

// slot is what is counted of what is held open: a limit, of a store; "" is of the whole process.
type slot struct {
	name  Name
	store string
}

// New returns Limits with values in place of defaults. refused is told of every refusal and may be
// nil.
func New(values map[Name]int64, refused func(Name)) *Limits {
	l := &Limits{values: values, refused: refused, rates: map[Name]*ratelimit.Limit{}, held: map[slot]int64{}}
	for _, row := range table {
		if row.Unit == Minute {
			l.rates[row.Name] = perMinute(row.Name, l.Of(row.Name))
		}
	}
	return l
}

// perMinute is the rate of n a minute, a minute's worth of which may come at once.
func perMinute(name Name, n int64) *ratelimit.Limit {
	n = max(1, n)
	return &ratelimit.Limit{Name: strings.ReplaceAll(string(name), "_", "-"), Every: time.Minute / time.Duration(n), Burst: int(n)}
}

// defaults are the Limits of a nil one.
var defaults = sync.OnceValue(func() *Limits { return New(nil, nil) })

// Of returns the value of a limit, in its unit.
func (l *Limits) Of(n Name) int64 {
	if l != nil {
		if v, ok := l.values[n]; ok {
			return v
		}
	}
	return find(n).Default
}

// Rate returns a limit whose unit is Minute for internal/ratelimit, always the same one.
func (l *Limits) Rate(n Name) *ratelimit.Limit {
	if l == nil {
		return defaults().Rate(n)
	}
	return l.rates[n]
}

// Check refuses to go from used by more beyond a limit, with a problem.Error that says what to do.
// What is over the limit already may stay, but not grow: more <= 0 is never refused.
func (l *Limits) Check(n Name, used, more int64) error {
	if more <= 0 || used+more <= l.Of(n) {
		return nil
	}
	return l.Refuse(n)
}

// Refuse returns the problem.Error of somebody who reached a limit, and counts it.
func (l *Limits) Refuse(n Name) error {
	row := find(n)
	if l != nil && l.refused != nil {
		l.refused(n)
	}
	return problem.New(row.code, "%s", fmt.Sprintf(row.refusal, row.Text(l.Of(n))))
}

// Hold takes one of a store's slots of a limit whose unit is AtOnce, and one of the process', until
// release is called. store "" takes one of the process' alone.
//
// Stores are as many as a merchant likes to open, so that a store's own limit leaves no place to
// others when many work together: once half of the process' slots are taken, a store may hold a
// quarter of its own limit, and the last eighth is for stores that hold none. Each is one at least.
func (l *Limits) Hold(n Name, store string) (release func(), err error) {
	if l == nil {
		return defaults().Hold(n, store)
	}
	own, whole := slot{n, store}, find(n).whole
	l.mu.Lock()
	if l.held[own] >= l.Of(n) {
		l.mu.Unlock()
		return nil, l.Refuse(n)
	}
	wanted := []slot{own}
	if whole != "" {
		all := slot{whole, ""}
		if !mayHold(l.held[own], l.Of(n), l.held[all], l.Of(whole)) {
			l.mu.Unlock()
			return nil, l.Refuse(whole)
		}
		wanted = append(wanted, all)
	}
	for _, s := range wanted {
		l.held[s]++
	}
	l.mu.Unlock()
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, s := range wanted {
			if l.held[s]--; l.held[s] == 0 {
				delete(l.held, s)
			}
		}
	}), nil
}

// mayHold reports whether a store that holds own of its limit may have one more of the process', of
// which all are held of a limit.
func mayHold(own, limit, all, allLimit int64) bool {
	switch {
	case own == 0:
		return all < allLimit
	case all >= allLimit-max(1, allLimit/8):
		return false
	case 2*all >= allLimit:
		return own < max(1, limit/4)
	}
	return true
}

// Held returns how much is held open of a limit by the whole process. A limit of stores is asked
// for by that of the process.
func (l *Limits) Held(n Name) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held[slot{n, ""}]
}

// most bounds values, so that no sum of them overflows.
const most = 1 << 50

// Read reads the values that lookup (as os.LookupEnv) has, and says what is wrong with each. Bytes
// may be written with KiB, MiB or GiB.
func Read(lookup func(string) (string, bool)) (values map[Name]int64, problems []error) {
	values = map[Name]int64{}
	for _, row := range table {
		text, ok := lookup(row.Variable)
		if !ok || strings.TrimSpace(text) == "" {
			continue
		}
		n, err := row.parse(strings.TrimSpace(text))
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", row.Variable, err))
			continue
		}
		values[row.Name] = n
	}
	return values, problems
}

func (l Limit) parse(text string) (int64, error) {
	factor, digits := int64(1), text
	if l.Unit == Bytes {
		for name, size := range map[string]int64{"KiB": kib, "MiB": mib, "GiB": gib} {
			if before, ok := strings.CutSuffix(text, name); ok {
				factor, digits = size, strings.TrimSpace(before)
			}
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > most/factor {
		if l.Unit == Bytes {
			return 0, fmt.Errorf("%q is not a size such as 1048576, 512 MiB or 8 GiB", text)
		}
		return 0, fmt.Errorf("%q is not a whole number above 0", text)
	}
	if l.Unit == Minute && n > int64(time.Minute) {
		return 0, fmt.Errorf("%q is too often a minute", text)
	}
	return n * factor, nil
}
