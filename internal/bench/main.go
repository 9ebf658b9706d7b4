// Command bench runs Sluice's benchmarks beside what else there is to do the same, prints one table
// and writes BENCHMARKS.md.
//
// It is a module of its own so that the contenders (asynq) are no dependency of the app. `make
// bench` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"runtime"
	"time"

	"sluice/internal/bench/expression"
	"sluice/internal/bench/governor"
	"sluice/internal/bench/harness"
	"sluice/internal/bench/identity"
	"sluice/internal/bench/kinds"
	"sluice/internal/bench/mainjob"
	"sluice/internal/bench/memory"
	"sluice/internal/bench/queue"
	"sluice/internal/bench/stage"
	"sluice/internal/testenv"
)

// benchmarks are all there are, in the order of the report.
func benchmarks() []harness.Benchmark {
	var list []harness.Benchmark
	list = append(list, queue.Benchmarks()...)
	list = append(list, governor.Benchmarks()...)
	list = append(list, mainjob.Benchmarks()...)
	list = append(list, kinds.Benchmarks()...)
	list = append(list, identity.Benchmarks()...)
	list = append(list, memory.Benchmarks()...)
	list = append(list, expression.Benchmarks()...)
	return list
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	rounds := flag.Int("rounds", harness.MinRounds, "interleaved rounds; a report needs at least 5")
	seconds := flag.Float64("seconds", 2, "length of one timed measurement")
	only := flag.String("only", "", "run only the benchmarks whose names start so, comma-separated; writes no report")
	out := flag.String("out", "", "the file of reports; empty: none")
	soak := flag.String("soak", "", "run nothing: put the figures of a soak, from this file, into the reports")
	version := flag.String("version", "unknown", "of Sluice, for the report")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if name := os.Getenv(stage.WorkerVariable); name != "" { // this is a process that a benchmark started
		return stage.Work(ctx, name, governor.Workers())
	}
	o := harness.Options{Rounds: *rounds, Duration: time.Duration(*seconds * float64(time.Second)), Only: *only, Progress: os.Stderr}
	report := harness.Report{Began: time.Now(), Before: harness.ThisMachine(), Versions: versions(*version), Options: o}
	if *soak != "" {
		return reportSoak(*soak, *out, report)
	}
	results, err := harness.Run(ctx, benchmarks(), o)
	if err != nil && !errors.Is(err, harness.ErrInterrupted) {
		return err
	}
	report.Interrupted = err != nil // an hour's figures are worth having all the same
	report.Ended, report.After = time.Now(), harness.ThisMachine()
	fmt.Print("\n" + harness.Text(results) + "\n")
	switch {
	case *out == "":
	case *rounds < harness.MinRounds || report.Interrupted && *only != "":
		fmt.Printf("Not %d whole rounds: %s is left as it is.\n", harness.MinRounds, *out)
	default:
		change := func(d *harness.Document) { d.SetWhole(report.Markdown(results)) }
		if *only != "" {
			change = func(d *harness.Document) { d.SetSince(report.Sections(results)) }
		}
		if err := rewrite(*out, change); err != nil {
			return err
		}
	}
	missed := harness.Missed(results)
	for _, line := range missed {
		fmt.Println("MISSED", line)
	}
	if err != nil {
		return err
	}
	if len(missed) > 0 {
		return errors.New("not every target was met")
	}
	return nil
}

// reportSoak puts the figures of a soak into the file of reports.
func reportSoak(figures, out string, report harness.Report) error {
	f, err := os.Open(figures)
	if err != nil {
		return err
	}
	defer f.Close()
	list, err := harness.Figures(f)
	if err != nil {
		return err
	}
	return rewrite(out, func(d *harness.Document) { d.SetSoak(report.Soak(list)) })
}

// rewrite changes a part of the file of reports, which need not be there yet.
func rewrite(path string, change func(*harness.Document)) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d := harness.ParseDocument(string(old))
	change(&d)
	if err := os.WriteFile(path, []byte(d.String()), 0o644); err != nil {
		return err
	}
	fmt.Println("Written to", path)
	return nil
}

func versions(sluice string) []harness.Version {
	list := []harness.Version{
		{Name: "Sluice", Version: sluice},
		{Name: "Go", Version: runtime.Version()},
		harness.ProgramVersion("Redis", testenv.Program("redis-server", "valkey-server")),
		harness.ProgramVersion("PostgreSQL", testenv.Program("postgres")),
	}
	return append(list, harness.Modules("github.com/hibiken/asynq", "github.com/redis/go-redis/v9")...)
}
