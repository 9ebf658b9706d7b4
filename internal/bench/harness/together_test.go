package harness

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestTogetherRunsARoundOnce(t *testing.T) {
	ran := 0
	together := Together[string]{Run: func(_ context.Context, n int) (map[string]Values, error) {
		ran++
		if n == 3 {
			return nil, errors.New("no luck")
		}
		return map[string]Values{"a": {"x": float64(n)}, "b": {"x": float64(10 * n)}}, nil
	}}
	a, b, other := together.Part("a"), together.Part("b"), together.Part("other")
	for n := 1; n <= 2; n++ {
		va, err1 := a(t.Context(), Round{N: n})
		vb, err2 := b(t.Context(), Round{N: n})
		if err := errors.Join(err1, err2); err != nil || va["x"] != float64(n) || vb["x"] != float64(10*n) {
			t.Errorf("round %d: %v, %v, %v", n, va, vb, err)
		}
	}
	if _, err := other(t.Context(), Round{N: 1}); err == nil {
		t.Error("a part that was not measured is no error")
	}
	for _, part := range []func(context.Context, Round) (Values, error){a, b} {
		if _, err := part(t.Context(), Round{N: 3}); err == nil || !strings.Contains(err.Error(), "no luck") {
			t.Errorf("the round's error is not the part's: %v", err)
		}
	}
	if ran != 3 {
		t.Errorf("three rounds were run %d times", ran)
	}
}

func TestABenchmarkMayHaveFewerRounds(t *testing.T) {
	b := Benchmark{Name: "long", Metrics: []Metric{{Name: "jobs"}}, Rounds: 1, Contenders: []Contender{fake("one", 7, 8)}}
	results, err := Run(t.Context(), []Benchmark{b}, Options{Rounds: 5})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(results[0].Rounds["one"]); n != 1 {
		t.Errorf("%d rounds", n)
	}
	if text := Text(results); !strings.Contains(text, "one round") {
		t.Errorf("the table does not say that there was one round:\n%s", text)
	}
}
