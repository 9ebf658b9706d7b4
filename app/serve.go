package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"

	"golang.org/x/term"
)

type serveCommand struct {
	Web  bool `help:"Serve the panel and callbacks only; another process works the jobs." xor:"part"`
	Work bool `help:"Work the jobs only; another process serves." xor:"part"`
}

// Run serves until the process is asked to stop.
func (c *serveCommand) Run(ctx context.Context) error {
	cfg, err := loadConfig()
	if err != nil {
		return err
	}
	if (c.Web || c.Work) && cfg.RedisURL == "" {
		return errors.New("REDIS_URL: --web and --work are two processes that share one Redis, and the embedded one lives inside a single process: set REDIS_URL, or leave the flag out")
	}
	log := newLogger(os.Stderr, cfg.level())
	p, err := assemble(ctx, cfg, log)
	if err != nil {
		return unlessStopped(ctx, log, err)
	}
	defer p.close()
	listener, err := c.prepare(ctx, p)
	if err != nil {
		return unlessStopped(ctx, log, err)
	}
	return p.run(ctx, listener, !c.Web)
}

// prepare makes sure that p may run, and returns what it is to serve on: nil with --work.
func (c *serveCommand) prepare(ctx context.Context, p *program) (net.Listener, error) {
	if err := bringUpToDate(ctx, p.db, p.cfg.DatabaseURL); err != nil {
		return nil, err
	}
	if err := p.db.CheckKeys(ctx); err != nil {
		return nil, err
	}
	if n, err := p.db.SealAddresses(ctx); err != nil {
		return nil, err
	} else if n > 0 {
		p.log.InfoContext(ctx, "feed addresses of an older version sealed", "rows", n)
	}
	if c.Work {
		return nil, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", ":"+strconv.Itoa(p.cfg.Port))
	if err != nil {
		return nil, fmt.Errorf("PORT: %w", err)
	}
	p.log.Info("serving", "address", l.Addr().String(), "app_url", p.cfg.AppURL, "version", version)
	return l, nil
}

// unlessStopped is the error of a start, which is none if the process was asked to stop meanwhile:
// an orchestrator may change its mind at once, and what was begun breaks off for that.
func unlessStopped(ctx context.Context, log *slog.Logger, err error) error {
	if ctx.Err() == nil {
		return err
	}
	log.Info("asked to stop before it had started", "error", err)
	return nil
}

// newLogger writes JSON for machines, and text where a person looks on.
func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
