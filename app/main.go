package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"sluice/internal/problem"
)

// version is stamped by the Makefile.
var version = "dev"

type commands struct {
	Serve   serveCommand   `cmd:"" help:"Serve the panel and callbacks, and work the stores' jobs."`
	Demo    demoCommand    `cmd:"" help:"Install Sluice on a sandbox store and sync a catalogue, on this machine alone."`
	Sandbox sandboxCommand `cmd:"" help:"Run a simulated BigCommerce."`
	Migrate migrateCommand `cmd:"" help:"Bring the database to this version's schema."`
	Store   storeCommand   `cmd:"" help:"Add and look at stores."`
	Queue   queueCommand   `cmd:"" help:"Look at the stores' jobs; retry or drop dead ones."`
	Key     keyCommand     `cmd:"" help:"Make and rotate encryption keys."`
	Doctor  doctorCommand  `cmd:"" help:"Look for what is wrong with this installation and say what to do."`
	Health  healthCommand  `cmd:"" help:"Ask the server of this machine whether it is well."`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sluice:", forPerson(err))
		os.Exit(exitCode(err))
	}
}

// exitCode is 1 for what failed, and 2 for a run that waits for an answer.
func exitCode(err error) int {
	if errors.Is(err, errAsks) {
		return 2
	}
	return 1
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	var cli commands
	k := kong.Parse(&cli,
		kong.Name("sluice"),
		kong.Description("Sluice moves records between BigCommerce stores and the systems that run the merchants' businesses."),
		kong.Vars{"version": version},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.UsageOnError(),
	)
	return k.Run()
}

// forPerson is err as an operator reads it: what to do, and why, without codes.
func forPerson(err error) string {
	var p *problem.Error
	if !errors.As(err, &p) {
		return err.Error()
	}
	text := p.Message
	for _, f := range p.Fields {
		text += "\n  " + f.Field + ": " + f.Message
	}
	if p.Err != nil {
		text += "\n  (" + p.Err.Error() + ")"
	}
	return text
}
