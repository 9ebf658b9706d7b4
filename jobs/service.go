package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluice/internal/batch"
	"sluice/internal/bigcommerce"
	"sluice/internal/ratelimit"
	"sluice/jobs/alerts"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/jobs/storefront"
	"sluice/tenants"
)

// SystemStore is the store hash under which work is queued that belongs to no live store. It cannot
// be a real one: BigCommerce's hashes are letters and digits.
const SystemStore = "_system"

// Engine carries out the steps of runs. *flow.Engine does.
type Engine interface {
	// Kinds returns every kind of flow.
	Kinds() []flow.Kind
	// Kind returns a kind of flow by its name. Fails with a Conflict that is flow.ErrUnknownKind.
	Kind(name string) (flow.Kind, error)
	// Step does one bounded step of run. Before it returns it saves the step's effects, the checkpoint
	// and Step+1 in one transaction that fails if run.Step moved on meanwhile, and calls inTx inside
	// it; an error of inTx undoes the step. A run whose CancelRequested is set ends as cancelled. A
	// reason of the run's own (no such file, a mapping that does not compile) is no error: the run is
	// saved as failed. After an error nothing was saved. It is flow.ErrStepLost when the run moved on.
	Step(ctx context.Context, run *tenants.Run, inTx func(tx *tenants.DB, run *tenants.Run) error) (flow.StepResult, error)
	// Fail ends a run that jobs gave up on, in one transaction with inTx. message is for the merchant.
	Fail(ctx context.Context, run *tenants.Run, message string, inTx func(tx *tenants.DB, run *tenants.Run) error) error
}

var _ Engine = (*flow.Engine)(nil)

// ClientFactory makes the API client of a store; count is told each answer and may be nil.
type ClientFactory interface {
	Client(ctx context.Context, storeHash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error)
	// Accepted asks BigCommerce whether it accepts the token that store has, in whatever state the
	// store is.
	Accepted(ctx context.Context, store *tenants.Store) (bool, error)
}

// DefaultConcurrency is how many jobs Workers carry out at once unless Config.Concurrency says
// otherwise: jobs mostly wait for BigCommerce's answers, so that a process has time for many more
// of them than it has CPUs.
const DefaultConcurrency = 32

// Config is what Service and Workers need. Zero durations and numbers take the defaults below.
type Config struct {
	DB      *tenants.DB
	Queue   *queue.Queue
	Engine  Engine
	Clients ClientFactory
	Log     *slog.Logger

	AppURL       string // public base URL: webhooks are sent to AppURL + WebhookPath
	ClientSecret string // of the app: signs webhooks
	// Gate counts deliveries that BigCommerce did not sign against their address; nil: nobody counts.
	Gate *ratelimit.Gate
	// Limiter counts deliveries that a store's own API account signed against the store, by StoreRate;
	// nil: nobody does.
	Limiter   *ratelimit.Limiter
	StoreRate *ratelimit.Limit

	// ScriptTag returns the storefront script of a store's channel. Only workers call it.
	ScriptTag func(storeHash string, channelID int64, settings tenants.StorefrontSettings) storefront.ScriptTag

	// AnnouncesIssuer asks the provider of ctx's store whether its answers name it (RFC 9207). Only
	// workers call it; nil: what was recorded last holds.
	AnnouncesIssuer func(ctx context.Context, issuer string) (bool, error)

	// PurgeAfter is how long a store's data is kept after it uninstalled, in case it comes back.
	PurgeAfter time.Duration
	// KeepFinished is how long finished job rows, handled webhooks and unused snapshots are kept.
	KeepFinished time.Duration

	// The rest is for Workers.

	Meter Meter // nil: nobody is told
	// Alerts sends what stores want to be told; nil: they are told nothing outside the panel.
	Alerts *alerts.Sender

	Concurrency int           // jobs at a time in this process; default DefaultConcurrency
	Grace       time.Duration // how long running jobs may go on once Run's context has ended
	MaxAttempts int           // failures after which a job is dead
	// Backoff is the wait after a job's n-th failure. Default: 1 s doubled each time up to 5 min, half
	// of it random.
	Backoff func(n int) time.Duration

	ClaimWait      time.Duration // how long one claim sleeps when there is nothing to do
	HeartbeatEvery time.Duration // well below the queue's lease
	ReapEvery      time.Duration
	// PageEvery is how often stores are looked for whose backlog in SQL has room in Redis now.
	PageEvery  time.Duration
	SweepEvery time.Duration
	// SweepAge is how old a row must be before the sweeper takes it for one that Redis does not know.
	SweepAge       time.Duration
	AuditEvery     time.Duration // how often Redis' counters are checked against what they count
	HousekeepEvery time.Duration
	ScheduleEvery  time.Duration // how often flows are looked for whose scheduled time has come
	// AttendEvery is how often flows are looked for whose problems may be others, and alerts that are
	// due.
	AttendEvery time.Duration
	// FlushEvery is how often the quota history is moved from Redis to the database. Redis holds no
	// more of it than this and the minute that goes on: that is what a lost Redis loses.
	FlushEvery time.Duration

	Now func() time.Time // nil: time.Now
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	num := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	def(&c.PurgeAfter, 30*24*time.Hour)
	def(&c.KeepFinished, 14*24*time.Hour)
	num(&c.Concurrency, DefaultConcurrency)
	// A step begins nothing new after a second (flow.Config.StepBudget), and one request may take half
	// a minute at worst; hosts give a process 30 s between SIGTERM and SIGKILL.
	def(&c.Grace, 15*time.Second)
	num(&c.MaxAttempts, 8)
	def(&c.ClaimWait, 5*time.Second)
	def(&c.HeartbeatEvery, 7*time.Second)
	def(&c.ReapEvery, 5*time.Second)
	def(&c.PageEvery, time.Second)
	def(&c.SweepEvery, 30*time.Second)
	def(&c.SweepAge, 30*time.Second)
	def(&c.AuditEvery, 10*time.Minute)
	def(&c.HousekeepEvery, time.Hour)
	def(&c.ScheduleEvery, 5*time.Second)
	def(&c.AttendEvery, 5*time.Second)
	def(&c.FlushEvery, 15*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Meter == nil {
		c.Meter = noMeter{}
	}
	if c.Backoff == nil {
		c.Backoff = backoff
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Service is what the web side asks of jobs. All methods are safe for concurrent use. Methods that
// take no store hash act for the store of their context.
type Service struct {
	cfg   Config
	db    *tenants.DB
	queue *queue.Queue
	log   *slog.Logger

	saves *batch.Batcher[saving, saved]
	loads *batch.Batcher[*queue.Lease, loaded]

	accounts accounts
	pictures pictureMemory
}

// NewService returns a Service; it starts nothing.
func NewService(cfg Config) *Service {
	cfg = cfg.withDefaults()
	s := &Service{cfg: cfg, db: cfg.DB, queue: cfg.Queue, log: cfg.Log}
	s.saves, s.loads = s.newSaves(), s.newLoads()
	return s
}

// kinds says what every kind of flow is.
func (s *Service) kinds() []flow.Spec {
	kinds := s.cfg.Engine.Kinds()
	specs := make([]flow.Spec, len(kinds))
	for i, k := range kinds {
		specs[i] = k.Spec()
	}
	return specs
}

func (s *Service) now() time.Time { return s.cfg.Now().UTC() }

// enqueue puts rows that SQL already has into the queue. It never fails: a row that does not get
// into Redis now is brought there by the sweeper or the rebuild. So is one whose time is far off.
func (s *Service) enqueue(ctx context.Context, rows ...*tenants.Job) {
	list := make([]queue.Job, 0, len(rows))
	for _, r := range rows {
		if r.RunAt.Before(s.now().Add(horizon)) {
			list = append(list, queueJob(r))
		}
	}
	if len(list) == 0 {
		return
	}
	err := s.queue.Enqueue(ctx, list...)
	switch {
	case err == nil:
	case errors.Is(err, queue.ErrFull):
		s.log.DebugContext(ctx, "the store's queue is full; the job waits in SQL", "store", rows[0].StoreHash, "job", rows[0].ID)
	case errors.Is(err, queue.ErrNoEpoch):
		s.log.InfoContext(ctx, "queue is empty and waits for its rebuild; the job is in SQL", "store", rows[0].StoreHash, "job", rows[0].ID)
	default:
		s.log.WarnContext(ctx, "job not queued yet; the sweeper will do it", "store", rows[0].StoreHash, "job", rows[0].ID, "error", err)
	}
}

// Events that Watch delivers; a run's is EventRun + its id.
const (
	EventRun   = "run:"  // a run changed
	EventStore = "store" // the store's state or name changed
	// EventAccess: somebody's session or API key ended. It is for streams, which ask whether theirs
	// did.
	EventAccess = "access"
)

// publish tells live pages of a change. Losing one is harmless: pages also ask from time to time.
func (s *Service) publish(ctx context.Context, store, event string) {
	if err := s.queue.Publish(ctx, store, event); err != nil {
		s.log.DebugContext(ctx, "event not published", "store", store, "event", event, "error", err)
	}
}

// Watch returns the events of a store from now on. stop must be called.
func (s *Service) Watch(ctx context.Context, store string) (events <-chan string, stop func(), err error) {
	return s.queue.Subscribe(ctx, store)
}

// Quota returns what is known of a store's API quota and of its queue.
func (s *Service) Quota(ctx context.Context, store string) (queue.QuotaState, error) {
	return s.queue.Quota(ctx, store)
}

// audit records an entry for the store of ctx; a failure to do so is logged, never returned: the
// deed is done.
func (s *Service) audit(ctx context.Context, actor, action, subject, detail string) {
	err := s.db.Audit(ctx, tenants.AuditEntry{Actor: actor, Action: action, Subject: subject, Detail: detail})
	if err != nil {
		s.log.ErrorContext(ctx, "audit entry not written", "store", tenants.StoreHash(ctx), "action", action, "subject", subject, "error", err)
	}
}

const actorSystem = "system"

type actorKey struct{}

// WithActor says who acts in ctx, for the audit log: "user:<id>", "key:<id>", "operator".
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

func actorFrom(ctx context.Context) string {
	if actor, ok := ctx.Value(actorKey{}).(string); ok {
		return actor
	}
	return actorSystem
}

// actorOf names who started a run in audit terms, if ctx does not. Ids of users and keys are UUIDs,
// told apart by the run's trigger.
func actorOf(ctx context.Context, trigger, id string) string {
	switch {
	case actorFrom(ctx) != actorSystem || id == "":
		return actorFrom(ctx)
	case trigger == "api":
		return "key:" + id
	}
	return "user:" + id
}
