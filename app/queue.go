package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"sluice/auth"
	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"
)

type queueCommand struct {
	Show   queueShowCommand   `cmd:"" help:"Show the stores with the most work: what waits, runs and is dead, quotas, what is held and why."`
	Leases queueLeasesCommand `cmd:"" help:"Show the jobs that workers hold."`
	Dead   queueDeadCommand   `cmd:"" help:"Show the jobs that were given up, with every failure."`
	Retry  queueRetryCommand  `cmd:"" help:"Try a dead job again; a run that failed because of it goes on."`
	Drop   queueDropCommand   `cmd:"" help:"Take a dead job off the list for good."`
}

// embeddedNote is why an operator's command shows no live state: with an embedded Redis it is in
// the memory of another process.
const embeddedNote = "REDIS_URL is not set: the live state is inside the serving process. This is what SQL knows, which is every job."

// operatorQueue is what the queue commands work with.
type operatorQueue struct {
	db      *tenants.DB
	service *jobs.Service
	queue   *queue.Queue // nil with an embedded Redis
	closers []func()
}

func openOperatorQueue(ctx context.Context) (*operatorQueue, error) {
	cfg, err := loadRedisConfig()
	if err != nil {
		return nil, err
	}
	db, err := openForOperator(ctx)
	if err != nil {
		return nil, err
	}
	o := &operatorQueue{db: db, closers: []func(){func() { _ = db.Close() }}}
	// What is enqueued into an embedded Redis of our own is lost on purpose: the serving process finds
	// the row in SQL. Its complaints would only confuse.
	log := newLogger(os.Stderr, 8)
	rdb, closeRedis, err := openRedis(ctx, cfg, log)
	if err != nil {
		o.close()
		return nil, err
	}
	o.closers = append(o.closers, closeRedis)
	q := queue.New(rdb, queue.Options{Shards: cfg.RedisShards, Log: log})
	if cfg.RedisURL != "" {
		o.queue = q
	}
	o.service = jobs.NewService(jobs.Config{DB: db, Queue: q, Log: log, PurgeAfter: auth.DefaultRetention})
	return o, nil
}

func (o *operatorQueue) close() {
	for _, c := range slices.Backward(o.closers) {
		c()
	}
}

// withQueue opens what a queue command needs, for as long as fn takes.
func withQueue(ctx context.Context, fn func(o *operatorQueue) error) error {
	o, err := openOperatorQueue(ctx)
	if err != nil {
		return err
	}
	defer o.close()
	return fn(o)
}

// atLeastOne refuses a --limit that would show nothing.
func atLeastOne(limit int) error {
	if limit < 1 {
		return errors.New("--limit must be 1 or more")
	}
	return nil
}

// printJSON writes one line.
func printJSON(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }

type queueShowCommand struct {
	Limit int  `help:"How many stores." default:"20"`
	JSON  bool `name:"json" help:"Print one line of JSON."`
}

// Run looks, and changes nothing.
func (c *queueShowCommand) Run(ctx context.Context) error {
	if err := atLeastOne(c.Limit); err != nil {
		return err
	}
	return withQueue(ctx, func(o *operatorQueue) error {
		view, err := o.view(ctx, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(os.Stdout, view)
		}
		return view.write(os.Stdout)
	})
}

type queueLeasesCommand struct {
	Store string `help:"Only this store's." placeholder:"HASH"`
	Limit int    `help:"How many, those that end first." default:"100"`
	JSON  bool   `name:"json" help:"Print one line of JSON."`
}

// leasesView is what `queue leases --json` prints.
type leasesView struct {
	Embedded bool               `json:"embedded_redis"`
	Leases   []queue.LeaseState `json:"leases"`
}

// Run looks, and changes nothing.
func (c *queueLeasesCommand) Run(ctx context.Context) error {
	if err := atLeastOne(c.Limit); err != nil {
		return err
	}
	return withQueue(ctx, func(o *operatorQueue) error {
		view := leasesView{Embedded: o.queue == nil, Leases: []queue.LeaseState{}}
		if o.queue != nil {
			found, err := o.queue.Leases(ctx, c.Store, c.Limit)
			if err != nil {
				return err
			}
			view.Leases = append(view.Leases, found...)
		}
		if c.JSON {
			return printJSON(os.Stdout, view)
		}
		return view.write(os.Stdout, time.Now())
	})
}

type queueDeadCommand struct {
	Store string `help:"Only this store's." placeholder:"HASH"`
	Limit int    `help:"How many, those that died last." default:"50"`
	JSON  bool   `name:"json" help:"Print one line of JSON."`
}

// Run looks, and changes nothing. Dead jobs are in SQL, whatever Redis there is.
func (c *queueDeadCommand) Run(ctx context.Context) error {
	if err := atLeastOne(c.Limit); err != nil {
		return err
	}
	return withQueue(ctx, func(o *operatorQueue) error {
		dead, err := o.service.DeadJobs(ctx, c.Store, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(os.Stdout, map[string]any{"dead": dead})
		}
		return writeDead(os.Stdout, dead)
	})
}

type queueRetryCommand struct {
	ID   string `arg:"" help:"The job's id, as queue dead shows it."`
	JSON bool   `name:"json" help:"Print one line of JSON."`
}

// Run may be repeated.
func (c *queueRetryCommand) Run(ctx context.Context) error {
	return withQueue(ctx, func(o *operatorQueue) error {
		out, err := o.service.RetryDead(jobs.WithActor(ctx, "operator"), c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(os.Stdout, out)
		}
		switch {
		case !out.Changed && out.State == tenants.JobDone:
			fmt.Printf("Job %s has been done already; nothing to retry.\n", out.ID)
		case !out.Changed:
			fmt.Printf("Job %s of store %s waits or runs already.\n", out.ID, out.Store)
		case out.Run != "":
			fmt.Printf("Job %s of store %s will be tried again; run %s goes on.\n", out.ID, out.Store, out.Run)
		default:
			fmt.Printf("Job %s of store %s will be tried again.\n", out.ID, out.Store)
		}
		if out.Changed && o.queue == nil {
			fmt.Println("REDIS_URL is not set: the serving process finds it in the database within a minute.")
		}
		return nil
	})
}

type queueDropCommand struct {
	ID   string `arg:"" help:"The job's id, as queue dead shows it."`
	JSON bool   `name:"json" help:"Print one line of JSON."`
}

// Run may be repeated.
func (c *queueDropCommand) Run(ctx context.Context) error {
	return withQueue(ctx, func(o *operatorQueue) error {
		out, err := o.service.DropDead(jobs.WithActor(ctx, "operator"), c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(os.Stdout, out)
		}
		if out.Changed {
			fmt.Printf("Job %s of store %s is dropped.\n", out.ID, out.Store)
		} else {
			fmt.Printf("Job %s of store %s was dropped before.\n", out.ID, out.Store)
		}
		return nil
	})
}
