package harness

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Machine describes where a run took place.
type Machine struct {
	CPU    string
	Cores  int
	Memory string
	Kernel string
	Load   string // load averages over 1, 5 and 15 minutes
}

// ThisMachine asks the system; what it does not tell stays "unknown".
func ThisMachine() Machine {
	m := Machine{CPU: "unknown", Cores: runtime.NumCPU(), Memory: "unknown", Kernel: "unknown", Load: "unknown"}
	if v := field("/proc/cpuinfo", "model name"); v != "" {
		m.CPU = v
	}
	var kb float64
	if _, err := fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%f kB", &kb); err == nil {
		m.Memory = fmt.Sprintf("%.1f GiB", kb/(1<<20))
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = runtime.GOOS + " " + strings.TrimSpace(string(b)) + " " + runtime.GOARCH
	}
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		if f := strings.Fields(string(b)); len(f) >= 3 {
			m.Load = strings.Join(f[:3], ", ")
		}
	}
	return m
}

// shared says that other work went on when a measurement began, "" where none is to be seen.
func (m Machine) shared() string {
	var load float64
	if _, err := fmt.Sscanf(m.Load, "%f,", &load); err != nil || load <= float64(m.Cores) {
		return ""
	}
	return " The machine was shared with other work: counts are exact, times are not the best there are."
}

// field returns the first "name : value" of a file in /proc.
func field(path, name string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Version is a program or library that took part.
type Version struct{ Name, Version string }

// Modules returns the versions of those of the given modules that are linked into this program.
func Modules(paths ...string) []Version {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var list []Version
	for _, path := range paths {
		for _, dep := range info.Deps {
			if dep.Path == path {
				list = append(list, Version{path, dep.Version})
			}
		}
	}
	return list
}

// ProgramVersion returns the first line that a program prints with --version, or "not installed".
func ProgramVersion(name, path string) Version {
	out, err := exec.CommandContext(context.Background(), path, "--version").Output()
	if err != nil {
		return Version{name, "not installed"}
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return Version{name, strings.TrimSpace(first)}
}

// Report is what BENCHMARKS.md tells besides the results.
type Report struct {
	Began, Ended  time.Time
	Before, After Machine
	Versions      []Version
	Options       Options
	Interrupted   bool // before its end: some benchmarks were not run
}

// Markdown returns the whole report.
func (r Report) Markdown(results []Result) string {
	var out strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&out, format, args...) }
	p("%s\n\n", PartWhole)
	p("Written by `make bench`; do not edit. Every contender was run %d times, interleaved: all of them once, then all of them in\n", r.Options.Rounds)
	p("another order; what takes many minutes once (\"one round\"). A figure is the median of its rounds; beside it stand the lowest and the highest. A target that compares two\n")
	p("contenders is judged by the median of the ratios within each round, any other by the median.\n\n")
	if r.Interrupted {
		p("**The run was interrupted**: what has no figures here was not measured.\n\n")
	}
	if missed := Missed(results); len(missed) > 0 {
		p("**%d missed:**\n\n", len(missed))
		for _, line := range missed {
			p("- %s\n", strings.ReplaceAll(line, "\n", " "))
		}
		p("\n")
	} else {
		p("All targets were met.\n\n")
	}
	p("%s\n", markdown(results))
	p("## Machine and versions\n\n")
	p("| | |\n|---|---|\n")
	p("| processor | %s, %d cores |\n| memory | %s |\n| kernel | %s |\n", r.Before.CPU, r.Before.Cores, r.Before.Memory, r.Before.Kernel)
	p("| load average before | %s |\n| load average after | %s (the benchmarks' own included) |\n", r.Before.Load, r.After.Load)
	p("| date | %s, %s |\n", r.Began.UTC().Format("2006-01-02 15:04 MST"), r.Ended.Sub(r.Began).Round(time.Second))
	for _, v := range r.Versions {
		p("| %s | %s |\n", v.Name, v.Version)
	}
	p("\n## How to repeat\n\n")
	p("    make bench                         # all of it, and this file\n")
	p("    make bench ONLY=queue ROUNDS=1     # some of it, quickly; prints the table only\n")
	p("    make bench ONLY=identity           # some of it, in whole rounds; goes below this as “Measured since”\n")
	p("    make bench SECONDS=5               # longer measurements (default 2)\n\n")
	p("It needs `redis-server` and PostgreSQL on the machine and starts its own. It ends with an error if a target is missed.\n\n")
	p("## What the rows mean\n")
	for i := range results {
		b := results[i].Benchmark
		p("\n### %s\n\n%s\n\n", b.Name, b.About)
		for _, m := range b.Metrics {
			p("- **%s**%s: %s\n", m.Name, better(m.Better), m.Means)
		}
		for _, c := range b.Contenders {
			if c.About != "" {
				p("- *%s*: %s\n", c.Name, c.About)
			}
		}
	}
	return out.String()
}

func better(d Direction) string {
	switch d {
	case Higher:
		return " (more is better)"
	case Lower:
		return " (less is better)"
	default:
		return ""
	}
}
