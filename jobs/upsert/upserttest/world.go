package upserttest

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// Platform is a sandbox and a database that the tests of a function share; each test has its own
// store.
type Platform struct {
	Sandbox *sandbox.Sandbox
	DB      *tenants.DB
}

// NewPlatform returns a Platform on an SQLite database of its own.
func NewPlatform(t testing.TB) *Platform {
	t.Helper()
	return PlatformOn(t, tenantstest.AnyDB(t), sandbox.Choices{})
}

// PlatformOn returns a Platform on db, whose sandbox makes these choices.
func PlatformOn(t testing.TB, db *tenants.DB, choices sandbox.Choices) *Platform {
	t.Helper()
	sb, err := sandbox.New(sandbox.Options{Plan: "enterprise", Choices: choices, InventoryDelay: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := sb.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Platform{Sandbox: sb, DB: db}
}

// Setup is the flow of a World.
type Setup struct {
	Target  func() upsert.Target // a new one for each process
	Mapping tenants.Mapping
	Options tenants.Options
	// API stands for BigCommerce; nil is the sandbox. It has a store of its own for each World.
	API func() http.Handler
}

// World is one store with one flow, and an engine that works for it.
type World struct {
	testing.TB
	*Platform
	Ctx   context.Context
	Store *sandbox.Store
	Token string // of the engine's client
	Flow  *tenants.Flow
	Feed  *Feed
	API   http.Handler // what stands for BigCommerce, nil for the sandbox

	Config upsert.Config
	Flows  flow.Config
	Limit  bigcommerce.Limiter // of the engine's client, nil for none
	// Wrap goes around the transport of the engine's client; nil for nothing.
	Wrap func(http.RoundTripper) http.RoundTripper

	target func() upsert.Target
	kind   string
	seeded *world // of a suite

	mu    sync.Mutex
	ahead time.Duration // how far the engine's clock is ahead
	sent  []string      // requests of the engine that arrived, as "METHOD path"
}

// FeedURL is the address of a World's feed.
const FeedURL = "https://erp.example/feed.csv"

// NewWorld returns a World with a new store.
func NewWorld(t testing.TB, p *Platform, s Setup) *World {
	t.Helper()
	st := p.Sandbox.AddStore(sandbox.StoreSpec{})
	w := &World{TB: t, Platform: p, Store: st, Token: st.Token(), Feed: &Feed{Complete: true}, target: s.Target, kind: s.Target().Spec().Name}
	w.Ctx = tenants.WithStore(t.Context(), st.Hash)
	if s.API != nil {
		w.API = s.API()
	}
	w.Config = upsert.Config{DB: p.DB, Sources: connector.NewSources(w.Feed, connector.NewUpload())}
	w.Flows = flow.Config{DB: p.DB, Client: w.client, Now: w.Now}
	w.Flow = w.AddFlow("First", s.Mapping, s.Options)
	return w
}

// AddFlow makes another flow of the store, with a connection of its own.
func (w *World) AddFlow(name string, m tenants.Mapping, o tenants.Options) *tenants.Flow {
	w.Helper()
	conn := &tenants.Connection{Name: name, Kind: "url", URL: FeedURL}
	if err := w.DB.SaveConnection(w.Ctx, conn, nil); err != nil {
		w.Fatal(err)
	}
	f := &tenants.Flow{Kind: w.kind, Name: name, ConnectionID: conn.ID, Mapping: Strict(m), Options: o}
	if err := w.DB.CreateFlow(w.Ctx, f); err != nil {
		w.Fatal(err)
	}
	return f
}

// Kind is the kind of flow of a process which has just begun.
func (w *World) Kind() *upsert.Kind { return upsert.New(w.Config, w.target()) }

// Engine is that of a process which has just begun.
func (w *World) Engine() *flow.Engine { return flow.New(w.Flows, w.Kind()) }

// Now is the engine's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

// WaitUntil moves the engine's clock.
func (w *World) WaitUntil(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := time.Until(at); d > w.ahead {
		w.ahead = d
	}
}

// Tripper is a RoundTripper made of a function.
type Tripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f Tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// handled serves requests without a network.
func handled(h http.Handler) http.RoundTripper {
	return Tripper(func(r *http.Request) (*http.Response, error) {
		connected(r)
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		return answer.Result(), nil
	})
}

// transport leads to what stands for BigCommerce.
func (w *World) transport() http.RoundTripper {
	if w.API != nil {
		return handled(w.API)
	}
	return http.DefaultTransport
}

func (w *World) client(_ context.Context, hash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error) {
	next := w.transport()
	transport := http.RoundTripper(Tripper(func(r *http.Request) (*http.Response, error) {
		w.mu.Lock()
		w.sent = append(w.sent, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/stores/"+hash))
		w.mu.Unlock()
		return next.RoundTrip(r)
	}))
	if w.Wrap != nil {
		transport = w.Wrap(transport)
	}
	return bigcommerce.New(bigcommerce.Config{
		APIURL: w.Sandbox.URLs().API, StoreHash: hash, AccessToken: w.Token, OnRequest: count, Limiter: w.Limit,
		HTTP:  &http.Client{Transport: transport},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
}

// Hand is a client of somebody else, whose requests are not counted.
func (w *World) Hand() *bigcommerce.Client {
	w.Helper()
	c, err := bigcommerce.New(bigcommerce.Config{
		APIURL: w.Sandbox.URLs().API, StoreHash: w.Store.Hash, AccessToken: w.Store.Token(), HTTP: &http.Client{Transport: w.transport()},
	})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// Call sends a request by another hand and returns its answer's data.
func (w *World) Call(method, path string, in any) json.RawMessage {
	w.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		w.Fatal(err)
	}
	r, err := http.NewRequestWithContext(w.Ctx, method, w.Sandbox.URLs().API+"/stores/"+w.Store.Hash+path, bytes.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", w.Store.Token())
	r.Header.Set("Content-Type", "application/json")
	res, err := w.transport().RoundTrip(r)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		w.Fatalf("%s %s: %s %s, %v", method, path, res.Status, answer, err)
	}
	var out struct {
		Data json.RawMessage `json:"data"`
	}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &out); err != nil {
			w.Fatal(err)
		}
	}
	return out.Data
}

// Start makes a run of the flow as it now is.
func (w *World) Start(change ...func(*tenants.Run)) *tenants.Run {
	w.Helper()
	r := &tenants.Run{FlowID: w.Flow.ID, Kind: w.kind, Trigger: "manual", Format: w.Flow.Format, Mapping: w.Flow.Mapping, Options: w.Flow.Options}
	for _, c := range change {
		c(r)
	}
	if err := w.DB.CreateRun(w.Ctx, r); err != nil {
		w.Fatal(err)
	}
	return r
}

// maxSteps is how many steps a run may take in a test.
const maxSteps = 2000

// Finish steps a run to its end, or until it asks.
func (w *World) Finish(r *tenants.Run) *tenants.Run {
	w.Helper()
	e := w.Engine()
	for range maxSteps {
		res, err := e.Step(w.Ctx, r, nil)
		if err != nil {
			w.Fatalf("step %d (%s): %v", r.Step, r.Phase, err)
		}
		if res.Done || res.Asking {
			return w.Saved(r)
		}
		w.WaitUntil(res.NotBefore)
	}
	w.Fatalf("the run goes on for ever, in phase %s with checkpoint %s", r.Phase, r.Checkpoint)
	return nil
}

// Run carries out a run of the flow as it now is.
func (w *World) Run(change ...func(*tenants.Run)) *tenants.Run {
	w.Helper()
	return w.Finish(w.Start(change...))
}

// StepTo steps a run until it is in the middle of a phase: some rows were read, or some records
// written.
func (w *World) StepTo(r *tenants.Run, phase tenants.Phase) {
	w.Helper()
	e := w.Engine()
	for r.Phase != phase || r.Read == 0 || (phase == tenants.PhaseWrite && r.Created+r.Updated == 0) {
		res, err := e.Step(w.Ctx, r, nil)
		if err != nil || res.Done {
			w.Fatalf("the run never got to the middle of %s: %+v, %v", phase, res, err)
		}
		w.WaitUntil(res.NotBefore)
	}
}

// Saved returns the run as SQL has it.
func (w *World) Saved(r *tenants.Run) *tenants.Run {
	w.Helper()
	out, err := w.DB.Run(w.Ctx, r.ID)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// DryRun makes a run a dry one.
func DryRun(r *tenants.Run) { r.DryRun = true }

// RetryOf makes a run a retry of another.
func RetryOf(first *tenants.Run) func(*tenants.Run) {
	return func(r *tenants.Run) { r.RetryOf = first.ID }
}

// Answer lets a run go on, as jobs does, so long after its question.
func (w *World) Answer(r *tenants.Run, after time.Duration) {
	w.Helper()
	q := r.Question
	if r.State != tenants.RunAsking || q == nil {
		w.Fatalf("the run is %s and asks %+v", r.State, q)
	}
	w.WaitUntil(q.AskedAt.Add(after))
	r.Answers = append(r.Answers, tenants.Answer{Guard: q.Guard, Count: q.Count, AskedAt: q.AskedAt, At: q.AskedAt.Add(after)})
	r.State, r.Question = tenants.RunRunning, nil
	if err := w.DB.Scoped(w.Ctx).Model(r).Select("state", "question", "answers").Updates(r).Error; err != nil {
		w.Fatal(err)
	}
}

// Requests counts the API requests that the engine makes in fn.
func (w *World) Requests(fn func()) int { return len(w.sentIn(fn)) }

// Routes counts what the engine sends in fn, as "METHOD/last part of the path".
func (w *World) Routes(fn func()) map[string]int {
	out := make(map[string]int)
	for _, request := range w.sentIn(fn) {
		method, path, _ := strings.Cut(request, " ")
		out[method+path[strings.LastIndex(path, "/"):]]++
	}
	return out
}

// sentIn lists the requests that the engine makes in fn, as "METHOD path".
func (w *World) sentIn(fn func()) []string {
	w.mu.Lock()
	mark := len(w.sent)
	w.mu.Unlock()
	fn()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent[mark:len(w.sent):len(w.sent)]
}

// Issues returns a run's issues as "line key field", sorted, with their messages.
func (w *World) Issues(r *tenants.Run, severity string) (kinds []string, messages map[string]string) {
	w.Helper()
	messages = make(map[string]string)
	err := w.DB.EachRunIssue(w.Ctx, r.ID, severity, func(i tenants.RunIssue) error {
		kind := fmt.Sprintf("%d %s %s", i.Line, i.Key, i.Field)
		kinds = append(kinds, kind)
		messages[kind] = i.Message
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	sort.Strings(kinds)
	return kinds, messages
}

// Entries returns a run's journal.
func (w *World) Entries(r *tenants.Run) []tenants.JournalEntry {
	w.Helper()
	var rows []tenants.JournalEntry
	if err := w.DB.Scoped(w.Ctx).Where("run_id = ?", r.ID).Find(&rows).Error; err != nil {
		w.Fatal(err)
	}
	return rows
}

// Journal returns a run's journal as folded key → action.
func (w *World) Journal(r *tenants.Run) map[string]string {
	w.Helper()
	out := make(map[string]string)
	for _, e := range w.Entries(r) {
		out[upsert.Fold(e.Key)] = e.Action
	}
	return out
}

// Items returns a run's items, by line.
func (w *World) Items(r *tenants.Run) []tenants.RunItem {
	w.Helper()
	var rows []tenants.RunItem
	if err := w.DB.Scoped(w.Ctx).Where("run_id = ?", r.ID).Order("line").Find(&rows).Error; err != nil {
		w.Fatal(err)
	}
	return rows
}

// Changes decodes what an item or an entry of the journal says would change or changed.
func (w *World) Changes(text string) []upsert.Change {
	w.Helper()
	var out []upsert.Change
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil {
		w.Fatalf("changes %q: %v", text, err)
	}
	return out
}

// ItemChanges returns what a run's items say would change or changed, by key.
func (w *World) ItemChanges(r *tenants.Run) map[string][]upsert.Change {
	w.Helper()
	out := make(map[string][]upsert.Change)
	for _, item := range w.Items(r) {
		if item.Changes != "" {
			out[item.Key] = w.Changes(item.Changes)
		}
	}
	return out
}

// Journalled returns what a run's journal says of a key, as "field: before → after".
func (w *World) Journalled(r *tenants.Run, key string) []string {
	w.Helper()
	var e tenants.JournalEntry
	if err := w.DB.Scoped(w.Ctx).Where("run_id = ? AND key = ?", r.ID, key).Take(&e).Error; err != nil {
		w.Fatalf("journal of %s: %v", key, err)
	}
	changes := w.Changes(e.Changes)
	out := make([]string, len(changes))
	for i, c := range changes {
		out[i] = fmt.Sprintf("%s: %v → %v", c.Field, c.Before, c.After)
	}
	return out
}

// Counts is the part of a run that tests compare.
type Counts struct{ Read, Created, Updated, Unchanged, Failed int64 }

// CountsOf returns a run's counts.
func CountsOf(r *tenants.Run) Counts {
	return Counts{r.Read, r.Created, r.Updated, r.Unchanged, r.Failed}
}

// Want fails the test unless the run came to its end, with these counts.
func (w *World) Want(r *tenants.Run, want Counts) {
	w.Helper()
	if r.Outcome() != tenants.OutcomeNone && (r.State != tenants.RunDone || r.Error != "") {
		w.Fatalf("state %s, error %q", r.State, r.Error)
	}
	if got := CountsOf(r); got != want {
		_, messages := w.Issues(r, "")
		w.Fatalf("counts %+v, want %+v; issues %v", got, want, messages)
	}
	if r.FinishedAt == nil || r.StartedAt == nil {
		w.Error("a finished run has both times")
	}
}

// Feed stands for the source of files at web addresses, in memory.
type Feed struct {
	Body     string
	ETag     string // answered, and honoured when it comes back
	Complete bool
	Err      error
	Fetches  int
	Bodies   []string // of cut attempts, one after the other; then Body
}

var addresses = connector.NewURL(connector.URLOptions{})

// Spec is that of web addresses.
func (f *Feed) Spec() connector.Spec { return addresses.Spec() }

// Check is that of web addresses.
func (f *Feed) Check(s connector.Settings) error { return addresses.Check(s) }

// Fetch copies the feed.
func (f *Feed) Fetch(_ context.Context, _ connector.Settings, _ string, have connector.Have, w io.Writer) (connector.Got, error) {
	f.Fetches++
	if f.Err != nil {
		return connector.Got{}, f.Err
	}
	if f.ETag != "" && have.ETag == f.ETag {
		return connector.Got{Unchanged: true}, nil
	}
	body, complete := f.Body, f.Complete
	if len(f.Bodies) > 0 {
		body, f.Bodies, complete = f.Bodies[0], f.Bodies[1:], false
	}
	_, err := io.WriteString(w, body)
	return connector.Got{Have: connector.Have{ETag: f.ETag}, ContentType: "text/csv", Filename: "feed.csv", Complete: complete}, err
}

// CSV is a file of rows under a header.
func CSV(header []string, rows ...[]string) string {
	var b strings.Builder
	out := csv.NewWriter(&b)
	_ = out.Write(header) // a Builder takes everything
	_ = out.WriteAll(rows)
	return b.String()
}

var (
	errDead = errors.New("the process was killed")
	errCut  = errors.New("the connection was cut")
)

// Strict is a mapping of which each value that cannot be used fails its row.
func Strict(m tenants.Mapping) tenants.Mapping {
	m.Fields = slices.Clone(m.Fields)
	for i := range m.Fields {
		m.Fields[i].Bad = tenants.BadFails
	}
	return m
}
