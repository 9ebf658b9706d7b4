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
	p, listener, err := c.start(ctx, cfg, log)
	if err != nil {
		if ctx.Err() != nil { // an orchestrator may change its mind at once; what was begun breaks off for that
			log.Info("asked to stop before it had started", "error", err)
			return nil
		}
		return err
	}
	defer p.close()
	return p.run(ctx, listener, !c.Web)
}

// start returns the program, ready to run, and what it is to serve on: nil with --work.
func (c *serveCommand) start(ctx context.Context, cfg *Config, log *slog.Logger) (p *program, l net.Listener, err error) {
	if p, err = assemble(ctx, cfg, log); err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if err = bringUpToDate(ctx, p.db, cfg.DatabaseURL); err != nil {
		return nil, nil, err
	}
	if err = p.db.CheckKeys(ctx); err != nil {
		return nil, nil, err
	}
	if c.Work {
		return p, nil, nil
	}
	var lc net.ListenConfig
	if l, err = lc.Listen(ctx, "tcp", ":"+strconv.Itoa(cfg.Port)); err != nil {
		return nil, nil, fmt.Errorf("PORT: %w", err)
	}
	log.Info("serving", "address", l.Addr().String(), "app_url", cfg.AppURL, "version", version)
	return p, l, nil
}

// newLogger writes JSON for machines, and text where a person looks on.
func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
