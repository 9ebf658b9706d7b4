package upsert

import (
	"context"
	"io"
	"log/slog"
	"runtime"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/limits"
	"sluice/jobs/source"
	"sluice/tenants"
)

// Fetcher copies a source's bytes; *source.Fetcher is the real one.
type Fetcher interface {
	Fetch(ctx context.Context, req source.FetchRequest, w io.Writer) (source.FetchResult, error)
}

// Config is what an Engine needs. DB, Client and Fetcher are required.
type Config struct {
	DB *tenants.DB
	// Client returns a client of one store. count must be called with every answer (its Config.OnRequest).
	Client  func(ctx context.Context, storeHash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error)
	Fetcher Fetcher
	// Quota says how many requests a store may make per window; 0 when not known yet. Optional.
	Quota func(ctx context.Context, storeHash string) (perWindow int, window time.Duration)
	Log   *slog.Logger
	// Limits says how many rows a source may have; nil: the defaults.
	Limits *limits.Limits
	// StepBudget is how long a step goes on starting new work. Default 1 s, so that progress is live.
	StepBudget time.Duration
	// Concurrency is the most requests of one run in flight. Default 8.
	Concurrency int
	// WindowRows is the most rows that one plan step reads. Default 2,000.
	WindowRows int
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

const (
	defaultStepBudget  = time.Second
	defaultConcurrency = 8
	defaultWindowRows  = 2000
)

// Engine carries out steps of runs. It is safe for concurrent use by many runs.
type Engine struct {
	cfg  Config
	refs *refCache
}

// New returns an Engine.
func New(cfg Config) *Engine {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.StepBudget <= 0 {
		cfg.StepBudget = defaultStepBudget
	}
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = defaultConcurrency
	}
	if cfg.WindowRows <= 0 {
		cfg.WindowRows = defaultWindowRows
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Quota == nil {
		cfg.Quota = func(context.Context, string) (int, time.Duration) { return 0, 0 }
	}
	return &Engine{cfg: cfg, refs: newRefCache(4 * runtime.GOMAXPROCS(0))}
}

// StepResult says how to go on after a step.
type StepResult struct {
	Done      bool      // the run is final
	NotBefore time.Time // out of quota or backing off: the next step not before; zero: at once
}
