package ui

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/auth"
	"sluice/auth/customer"
	"sluice/auth/customer/signin"
	"sluice/auth/customer/sso"
	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/jobs"
	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// Jobs is what the panel asks of the service that does the work. The store is the context's.
type Jobs interface {
	StartRun(ctx context.Context, start jobs.StartRun) (*tenants.Run, error)
	CancelRun(ctx context.Context, runID string) error
	AnswerRun(ctx context.Context, runID, guard string, proceed bool) error
	RetryRun(ctx context.Context, runID, trigger, startedBy string) (*tenants.Run, error)
	// FlowsChanged is told when a flow of a kind was made or deleted.
	FlowsChanged(ctx context.Context, kind string) error
	SaveStorefront(ctx context.Context, settings tenants.StorefrontSettings) error
	RefreshStorefront(ctx context.Context) error
	WantScript(ctx context.Context, channelID int64, wanted bool) error
	RenewScripts(ctx context.Context) error
	Watch(ctx context.Context, store string) (events <-chan string, stop func(), err error)
	Quota(ctx context.Context, store string) (queue.QuotaState, error)
	AccessChanged(ctx context.Context, store string)
	// AttentionChanged tells open panels that problems of ctx's store are others.
	AttentionChanged(ctx context.Context)
	// Pictures returns addresses of small pictures of records of run's kind in ctx's store.
	Pictures(ctx context.Context, run *tenants.Run, of []flow.Record) map[flow.Record]string
}

// Kinds are the kinds of flows; *flow.Engine has them.
type Kinds interface {
	Kinds() []flow.Kind
	// Kind returns one by its name. Fails with a Conflict if there is none.
	Kind(name string) (flow.Kind, error)
}

// Config is what the API needs.
type Config struct {
	DB      *tenants.DB
	Auth    *auth.Auth
	Jobs    Jobs
	Kinds   Kinds
	Sources *connector.Sources
	SignIn  *signin.Service
	SSO     *sso.Service
	// ScriptTag returns the storefront script of a store's channel.
	ScriptTag func(storeHash string, channelID int64, settings tenants.StorefrontSettings) customer.ScriptTag
	AppURL    string   // public base URL, without a trailing slash
	Scopes    []string // that the app asks for
	Version   string
	// SupportURL is where the panel sends who needs help; "" shows nothing.
	SupportURL string
	Sandbox    bool // the app talks to a sandbox: the panel says so
	Log        *slog.Logger
	Now        func() time.Time // time.Now unless a test says otherwise

	// Stopping is closed when the server is asked to stop: live streams end then. nil: never.
	Stopping <-chan struct{}
	// Alerts sends tests of alerts; nil: none leave.
	Alerts AlertSender
	// Limiter counts tests of alerts; nil: nobody does.
	Limiter *ratelimit.Limiter
	// Limits bound what a store keeps and holds open; nil: the defaults.
	Limits *limits.Limits
}

const (
	// maxBody bounds a JSON body. The largest is a mapping of every field.
	maxBody = 1 << 20
	// pageDefault and pageMost are how many rows a list answers with.
	pageDefault, pageMost = 50, 250
)

// API is /api/v1.
type API struct {
	cfg   Config
	now   func() time.Time
	known knownProblems
}

// New returns the API.
func New(cfg Config) *API {
	if cfg.Limits == nil {
		cfg.Limits = limits.New(nil, nil)
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	return &API{cfg: cfg, now: now}
}

// caller is who makes the request; Require put it there.
func caller(c *gin.Context) auth.Principal {
	p, _ := auth.PrincipalFrom(c.Request.Context())
	return p
}

// bind reads a JSON body into v. Unknown fields are refused: they are misspelt ones.
func bind(c *gin.Context, v any) error {
	if err := limits.Body(c, maxBody); err != nil {
		return err
	}
	d := json.NewDecoder(c.Request.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.New("more than one JSON value")
	}
	var tooLarge *http.MaxBytesError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge):
		return limits.TooLarge(tooLarge.Limit)
	case errors.As(err, &wrongType):
		return problem.New(problem.Invalid, "The request has a field of the wrong type.").WithField(wrongType.Field, "has to be %s", wrongType.Type)
	case errors.Is(err, io.EOF):
		return problem.New(problem.Invalid, "The request has no body; it takes JSON.")
	default:
		return problem.Wrap(err, problem.Invalid, "The request's body is not the JSON that this address takes: %s.", err)
	}
}

// limit reads the limit parameter.
func limit(c *gin.Context) (int, error) {
	text := c.Query("limit")
	if text == "" {
		return pageDefault, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > pageMost {
		return 0, problem.New(problem.Invalid, "The list cannot be that long.").WithField("limit", "choose 1 to %d", pageMost)
	}
	return n, nil
}

// page reads the limit parameter and where the page begins, of a list that goes by after or by
// before.
func page(c *gin.Context) (tenants.Page, error) {
	n, err := limit(c)
	return tenants.Page{After: c.Query("after"), Before: c.Query("before"), Limit: n}, err
}

// list answers {name: rows, "next": cursor}; rows is never null.
func list[T any](c *gin.Context, name string, rows []T, next string) {
	if rows == nil {
		rows = []T{}
	}
	c.JSON(http.StatusOK, gin.H{name: rows, "next": next})
}

// answer ends a handler with status and body, or with the error that problem.Middleware writes.
func answer(c *gin.Context, status int, body any, err error) {
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.JSON(status, body)
}
