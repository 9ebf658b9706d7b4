package main

import (
	"context"
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
	log := newLogger(os.Stderr, cfg.level())
	p, err := assemble(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer p.close()
	pending, err := p.db.Pending(ctx)
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		// SQLite has one process: it may as well migrate. A shared database is migrated by whoever deploys.
		if !cfg.usesSQLite() {
			return fmt.Errorf("the database is %d migrations behind: run `sluice migrate` first", len(pending))
		}
		if err := p.migrate(ctx); err != nil {
			return err
		}
	}
	var listener net.Listener
	if !c.Work {
		var lc net.ListenConfig
		if listener, err = lc.Listen(ctx, "tcp", ":"+strconv.Itoa(cfg.Port)); err != nil {
			return fmt.Errorf("PORT: %w", err)
		}
		log.Info("serving", "address", listener.Addr().String(), "app_url", cfg.AppURL, "version", version)
	}
	return p.run(ctx, listener, !c.Web)
}

// newLogger writes JSON for machines, and text where a person looks on.
func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
