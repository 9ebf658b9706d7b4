// Package stage gives benchmarks processes of their own: the bench program starts itself again as a
// worker, which reads one JSON value from standard input and writes one or more to standard output.
// A worker ends when its standard input is closed, and so when the benchmark that started it ends,
// however that ends.
package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// WorkerVariable names the worker that a process is to be; unset in the benchmark itself.
const WorkerVariable = "SLUICE_BENCH_WORKER"

// Worker is what a worker process does: in is its task, each value that it tells goes through say.
// ctx ends when the process should.
type Worker func(ctx context.Context, in json.RawMessage, say func(any) error) error

// Work carries out the named one of workers in this process.
func Work(ctx context.Context, name string, workers map[string]Worker) error {
	work, ok := workers[name]
	if !ok {
		return fmt.Errorf("stage: there is no worker %q", name)
	}
	dec := json.NewDecoder(os.Stdin)
	var in json.RawMessage
	if err := dec.Decode(&in); err != nil {
		return fmt.Errorf("stage: task of %s: %w", name, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is closed
		cancel()
	}()
	return work(ctx, in, json.NewEncoder(os.Stdout).Encode)
}

// Process is a worker that was started.
type Process struct {
	name string
	cmd  *exec.Cmd
	in   io.Closer
	out  *json.Decoder
}

// Start starts a worker of this very program and gives it its task.
func Start(ctx context.Context, name string, task any) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), WorkerVariable+"="+name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("stage: start %s: %w", name, err)
	}
	p := &Process{name: name, cmd: cmd, in: in, out: json.NewDecoder(out)}
	if err := json.NewEncoder(in).Encode(task); err != nil {
		return nil, errors.Join(fmt.Errorf("stage: task of %s: %w", name, err), p.Stop())
	}
	return p, nil
}

// Hear waits for the next value that the worker tells.
func (p *Process) Hear(v any) error {
	if err := p.out.Decode(v); err != nil {
		return fmt.Errorf("stage: %s told nothing: %w", p.name, err)
	}
	return nil
}

// Stop asks the worker to end and waits until it has. Its error is the worker's.
func (p *Process) Stop() error {
	_ = p.in.Close() // closed already, if the worker ended by itself
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("stage: %s: %w", p.name, err)
	}
	return nil
}
