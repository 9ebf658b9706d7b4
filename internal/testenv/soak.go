package testenv

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// The variables of a soak, which `make soak` sets.
const (
	SoakVariable = "SLUICE_SOAK"      // a file that figures are added to, one JSON object a line; set: scenarios are whole
	SizeVariable = "SLUICE_SOAK_SIZE" // how many times as large as usual whole scenarios are, 1 by default
	SeedVariable = "SLUICE_TEST_SEED" // of random choices, so that they can be repeated
)

// Figure is something that a whole scenario measured.
type Figure struct {
	Scenario string  `json:"scenario"` // name of the test
	Name     string  `json:"name"`
	Value    float64 `json:"value"`
	Unit     string  `json:"unit"`
	Seed     uint64  `json:"seed"`
}

// Soak is a scenario that is timed, large or cruel: small in `make test`, whole in `make soak`.
// Tests that use one are called TestSoak…, by which make soak finds them.
type Soak struct {
	t     testing.TB
	seed  uint64
	whole bool
	size  float64
}

// NewSoak tells how large the scenario of t is. A small one makes the same choices each time,
// unless SLUICE_TEST_SEED says otherwise.
func NewSoak(t testing.TB) *Soak {
	t.Helper()
	s := &Soak{t: t, seed: 1, whole: os.Getenv(SoakVariable) != "", size: 1}
	if s.whole || os.Getenv(SeedVariable) != "" {
		s.seed = Seed(t)
	}
	var err error
	if text := os.Getenv(SizeVariable); text != "" && s.whole {
		if s.size, err = strconv.ParseFloat(text, 64); err != nil || s.size <= 0 || math.IsInf(s.size, 0) {
			t.Fatalf("%s=%s is not a factor such as 0.5 or 10", SizeVariable, text)
		}
	}
	t.Logf("whole: %v, seed: %d", s.whole, s.seed)
	return s
}

// Seed is that of the test's random choices, which it logs.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(SeedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", SeedVariable, err)
		}
	}
	t.Logf("%s=%d repeats these choices", SeedVariable, seed)
	return seed
}

// Whole reports whether the scenario has its full size. Only then may time be judged.
func (s *Soak) Whole() bool { return s.whole }

// Size is small in make test, and whole times SLUICE_SOAK_SIZE, at least 1, in make soak.
func (s *Soak) Size(small, whole int) int {
	if !s.whole {
		return small
	}
	return max(1, int(math.Round(float64(whole)*s.size)))
}

// Seed is that of the scenario's random choices.
func (s *Soak) Seed() uint64 { return s.seed }

// Rand returns a source of random numbers of the scenario's seed.
func (s *Soak) Rand() *rand.Rand { return rand.New(rand.NewPCG(s.seed, 0)) }

var figures sync.Mutex

// Figure logs what was measured; of a whole scenario it goes into the report too.
func (s *Soak) Figure(name string, value float64, unit string) {
	s.t.Helper()
	s.t.Logf("%s: %s %s", name, strconv.FormatFloat(value, 'f', -1, 64), unit)
	if !s.whole {
		return
	}
	line, err := json.Marshal(Figure{Scenario: s.t.Name(), Name: name, Value: value, Unit: unit, Seed: s.seed})
	if err != nil {
		s.t.Fatal(err)
	}
	figures.Lock()
	defer figures.Unlock()
	f, err := os.OpenFile(os.Getenv(SoakVariable), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil {
		s.t.Fatal(err)
	}
}
