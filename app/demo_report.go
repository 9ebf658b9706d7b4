package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows a run in the terminal.
type progress struct{ bar *progressbar.ProgressBar }

// barSteps is the resolution of the bar.
const barSteps = 1000

func newProgress(w io.Writer) *progress {
	return &progress{progressbar.NewOptions(barSteps,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetWidth(36),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetDescription("starting"),
	)}
}

func (p *progress) show(r *demoRun) {
	p.bar.Describe(fmt.Sprintf("%-7s read %d, created %d, updated %d, unchanged %d, failed %d, %.0f requests/s",
		r.Phase, r.Read, r.Created, r.Updated, r.Unchanged, r.Failed, r.RatePerSecond))
	_ = p.bar.Set(int(r.Progress * barSteps))
}

func (p *progress) done() { _ = p.bar.Finish() }

// shownErrors is how many errors a person is shown in the terminal; the panel has them all.
const shownErrors = 10

func (r *demoResult) write(w io.Writer) {
	fmt.Fprintf(w, "\n\nRun %s: %d records read, %d created, %d updated, %d unchanged, %d failed (%d warnings).\n",
		r.State, r.Read, r.Created, r.Updated, r.Unchanged, r.Failed, r.Warnings)
	fmt.Fprintf(w, "%d API requests in %.1f s, %d of them refused for the quota (429).\n", r.APIRequests, r.Seconds, r.HTTP429)
	if q := r.Question; q != nil {
		fmt.Fprintf(w, "Before it writes, the run asks: %s %d of %d.\n", q.Message, q.Count, q.Of)
		for _, example := range q.Examples {
			fmt.Fprintf(w, "  %s\n", example)
		}
	}
	for i, e := range r.Errors {
		if i == shownErrors {
			fmt.Fprintf(w, "  … and %d more: see the run in the panel.\n", len(r.Errors)-shownErrors)
			break
		}
		fmt.Fprintf(w, "  line %d, %s, %s: %s\n", e.Line, e.Key, e.Field, e.Message)
	}
}
