package attention_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"sluice/internal/testenv"
	"sluice/jobs/alerts"
	"sluice/jobs/attention"
	"sluice/jobs/flow"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const storeHash = "abc123"

// goods is a kind of flow that says only what it is.
type goods struct{ flow.Kind }

func (goods) Spec() flow.Spec {
	return flow.Spec{Name: "goods", Singular: "good", Plural: "goods", Scopes: []string{"store_v2_products"}}
}

// clock is the time of the world, which goes on when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// hook is a receiver of webhooks. It takes what is signed.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	status int // instead of 200, if not 0
	ids    []string
	events []alerts.Event
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	verify, err := webhooks.NewWebhook(h.secret)
	if err == nil {
		err = verify.VerifyIgnoringTimestamp(body, r.Header)
	}
	var e alerts.Event
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	h.ids = append(h.ids, r.Header.Get("webhook-id"))
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case h.status != 0:
		w.WriteHeader(h.status)
	default:
		h.events = append(h.events, e)
	}
}

func (h *hook) answer(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

// world is a store with a flow, whose alerts go to a mail server and to a receiver of webhooks. Two
// processes look after it.
type world struct {
	t       *testing.T
	db      *tenants.DB
	ctx     context.Context
	clock   *clock
	smtp    *testenv.SMTP
	hook    *hook
	flow    *tenants.Flow
	keepers [2]*attention.Keeper
	senders [2]*alerts.Sender
}

func newWorld(t *testing.T, db *tenants.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, ctx: tenants.WithStore(t.Context(), storeHash), clock: &clock{now: time.Now().UTC()}, smtp: testenv.NewSMTP(t)}
	w.hook = &hook{secret: alerts.NewSecret()}
	w.hook.Server = httptest.NewTLSServer(w.hook)
	t.Cleanup(w.hook.Close)
	w.install()
	w.must(db.SetStoreInfo(w.ctx, storeHash, tenants.StoreInfo{Name: "Harbour Supply", Timezone: "Europe/Zurich"}))
	for i := range w.senders {
		s, err := alerts.New(alerts.Config{
			DB: db, SMTPURL: w.smtp.URL(), From: "alerts@sluice.example", AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
			RootCAs: w.hook.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, UserAgent: "test", Now: w.clock.Now,
		})
		w.must(err)
		t.Cleanup(s.Close)
		w.senders[i] = s
		w.keepers[i] = attention.New(attention.Config{DB: db, Now: w.clock.Now, Reaches: s.Reaches,
			Kind: func(string) (flow.Kind, error) { return goods{}, nil }})
	}
	w.must(db.EnsureAlerts(w.ctx, "pat@merchant.example"))
	w.change(nil)
	w.flow = &tenants.Flow{Kind: "goods", Name: "Catalogue"}
	w.must(db.CreateFlow(w.ctx, w.flow))
	w.must(db.LookAgainAtAll(w.ctx))
	w.settle()
	if n := len(w.smtp.Mails()) + len(w.hook.events); n != 0 {
		t.Fatalf("%d messages before anything happened", n)
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) install() {
	w.t.Helper()
	_, err := w.db.UpsertInstalledStore(w.ctx, tenants.Install{
		StoreHash: storeHash, AccessToken: "t" + tenants.NewID(), Scopes: "store_v2_products", Origin: tenants.OriginMarketplace, OwnerID: 1, OwnerEmail: "owner@merchant.example",
	})
	w.must(err)
}

// change changes the settings; the mail channel of whoever installed stays, and there is a webhook.
func (w *world) change(settings func(*tenants.AlertSettings)) {
	w.t.Helper()
	s, err := w.db.AlertSettings(w.ctx)
	w.must(err)
	if settings != nil {
		settings(&s)
	}
	channels, err := w.db.AlertChannels(w.ctx)
	w.must(err)
	var list []tenants.AlertChannelChange
	for _, c := range channels {
		list = append(list, tenants.AlertChannelChange{ID: c.ID, Kind: c.Kind, Recipient: c.Recipient, Enabled: c.Enabled})
	}
	if len(list) == 1 {
		list = append(list, tenants.AlertChannelChange{Kind: tenants.ChannelWebhook, Recipient: alerts.MaskAddress(w.hook.URL), Address: w.hook.URL + "/secret-path",
			Secret: w.hook.secret, Enabled: true})
	}
	w.must(w.db.SaveAlerts(w.ctx, s, list))
}

// check has both processes look at what is due, at the same time.
func (w *world) check() {
	w.t.Helper()
	due, err := w.db.DueChecks(w.t.Context(), w.clock.Now(), 100)
	w.must(err)
	var both sync.WaitGroup
	for _, k := range w.keepers {
		both.Go(func() {
			for _, d := range due {
				if _, err := k.Check(tenants.WithStore(w.t.Context(), d.StoreHash), d.FlowID); err != nil {
					w.t.Error(err)
				}
			}
		})
	}
	both.Wait()
}

// deliver has both processes send what is due, at the same time.
func (w *world) deliver() {
	w.t.Helper()
	var both sync.WaitGroup
	for _, s := range w.senders {
		both.Go(func() {
			if err := s.Deliver(w.t.Context(), slog.New(slog.DiscardHandler)); err != nil {
				w.t.Error(err)
			}
		})
	}
	both.Wait()
}

// settle goes on until all that may be told is.
func (w *world) settle() {
	w.t.Helper()
	for range 3 {
		w.check()
		w.deliver()
		w.clock.advance(tenants.AlertSpacing + tenants.AlertGroup)
	}
	w.check()
	w.deliver()
}

// ran notes a run of the world's flow that ended now.
func (w *world) ran(run tenants.Run) *tenants.Run {
	w.t.Helper()
	now := w.clock.Now()
	run.FlowID, run.Kind, run.CreatedAt = w.flow.ID, "goods", now
	if run.State.Final() {
		run.FinishedAt = &now
	}
	w.must(w.db.CreateRun(w.ctx, &run))
	w.must(w.db.LookAgain(w.ctx, w.flow.ID))
	return &run
}

// well notes a run that left nothing out.
func (w *world) well() { w.ran(tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Read: 100}}) }

// ends ends the run that is not over.
func (w *world) ends(run *tenants.Run) {
	w.t.Helper()
	now := w.clock.Now()
	w.must(w.db.Scoped(w.ctx).Model(&tenants.Run{}).Where("id = ?", run.ID).
		Updates(map[string]any{"state": tenants.RunDone, "finished_at": now, "read": 100}).Error)
	w.must(w.db.LookAgain(w.ctx, w.flow.ID))
}

// event is what the world does to open a problem, and to heal it.
type event struct {
	cause      string
	title      string // in the mail
	open, heal func(w *world)
}

// everyRule has one event for each rule, and one for each further cause.
func everyRule() []event {
	var asking *tenants.Run
	asks := func(guard string) func(w *world) {
		return func(w *world) {
			asking = w.ran(tenants.Run{State: tenants.RunAsking, Question: &tenants.Question{Guard: guard, Message: "The file has 10 rows; the last had 100.", AskedAt: w.clock.Now()}})
		}
	}
	answered := func(w *world) { w.ends(asking) }
	return []event{
		{attention.CauseRunFailed, "the run failed", func(w *world) { w.ran(tenants.Run{State: tenants.RunFailed, Error: "The file was not found (404)."}) }, (*world).well},
		{attention.CauseProblems, "records were left out", func(w *world) {
			w.ran(tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Read: 100, Failed: 40}})
		}, (*world).well},
		{attention.CauseAsking, "a run asks you", asks("lost"), answered},
		{attention.CauseShrank, "the file shrank", asks(attention.GuardShrank), answered},
		{attention.CauseLate, "the sync is late", func(w *world) {
			w.must(w.db.SetSchedule(w.ctx, tenants.TimetableRuns, w.flow.ID, "0 * * * *", true, new(w.clock.Now().Add(time.Hour))))
			w.check()
			w.clock.advance(2*time.Hour + time.Minute)
		}, func(w *world) {
			w.well()
			w.must(w.db.SetSchedule(w.ctx, tenants.TimetableRuns, w.flow.ID, "0 * * * *", false, nil))
		}},
		{attention.CauseNoData, "no new data", func(w *world) {
			w.change(func(s *tenants.AlertSettings) {
				s.Rules[attention.CauseNoData] = tenants.AlertRule{Enabled: true, Params: map[string]int64{"hours": 5}}
			})
			w.well()
			w.check()
			w.clock.advance(5*time.Hour + time.Minute)
		}, (*world).well},
		{attention.CauseSecretAge, "a password is old", func(w *world) {
			secret := "old"
			c := &tenants.Connection{Kind: "url", URL: "https://feeds.example/x.csv"}
			w.must(w.db.SaveConnection(w.ctx, c, &secret))
			w.flow.ConnectionID = c.ID
			w.must(w.db.UpdateFlow(w.ctx, w.flow))
			w.check()
			w.clock.advance(365*24*time.Hour + time.Minute)
		}, func(w *world) {
			// The database's own clock gives the new secret its time.
			w.must(w.db.Scoped(w.ctx).Model(&tenants.Connection{}).Where("id = ?", w.flow.ConnectionID).UpdateColumn("secret_set_at", w.clock.Now()).Error)
			w.must(w.db.LookAgain(w.ctx, w.flow.ID))
		}},
		{attention.CauseWebhookOff, "BigCommerce's notices were off", func(w *world) { w.must(w.db.NoteWebhooks(w.ctx, true)) },
			func(w *world) { w.must(w.db.NoteWebhooks(w.ctx, false)) }},
		{attention.CauseReinstall, "Sluice must be installed again", func(w *world) {
			_, err := w.db.MarkNeedsReinstall(w.ctx, storeHash, "BigCommerce no longer accepts Sluice's access to this store.")
			w.must(err)
			w.must(w.db.LookAgainAtAll(w.ctx))
		}, func(w *world) { w.install(); w.must(w.db.LookAgainAtAll(w.ctx)) }},
		{attention.CausePermission, "a permission is missing", func(w *world) { w.grant("") }, func(w *world) { w.grant("store_v2_products") }},
	}
}

func (w *world) grant(scopes string) {
	w.t.Helper()
	w.must(w.db.Scoped(w.ctx).Model(&tenants.Store{}).Where("hash = ?", storeHash).Update("scopes", scopes).Error)
	w.must(w.db.LookAgainAtAll(w.ctx))
}

// TestAnAlertOfEachRuleArrivesOnce: at a mail server and at a receiver of webhooks, with two
// processes that both look and send; and so does that it has healed.
func TestAnAlertOfEachRuleArrivesOnce(t *testing.T) {
	tested := map[string]bool{}
	for _, e := range everyRule() {
		tested[e.cause] = true
	}
	for _, r := range attention.Rules {
		for _, cause := range r.Causes {
			if !tested[cause] {
				t.Errorf("%s is not tested", cause)
			}
		}
	}
	for i, rule := range everyRule() {
		t.Run(rule.cause, func(t *testing.T) {
			tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) { arrives(t, db, everyRule()[i]) })
		})
	}
}

func arrives(t *testing.T, db *tenants.DB, e event) {
	w := newWorld(t, db)
	e.open(w)
	w.settle()
	open, _, err := db.AttentionPage(w.ctx, tenants.AttentionFilter{}, w.clock.Now(), tenants.Page{})
	w.must(err)
	if len(open) != 1 || open[0].Cause != e.cause || open[0].Message == "" || open[0].Remedy.Text == "" {
		t.Fatalf("open: %+v", open)
	}
	mails, events := w.smtp.Mails(), w.hook.events
	if len(mails) != 1 || len(events) != 1 {
		t.Fatalf("%d mails and %d webhooks, want one each", len(mails), len(events))
	}
	w.reads(mails[0], e.title, open[0].Message, open[0].Remedy.Text)
	if d := events[0].Data; events[0].Type != "attention.changed" || len(d.Opened) != 1 || len(d.Healed) != 0 ||
		d.Opened[0].ID != open[0].ID || d.Opened[0].Cause != e.cause || d.StoreHash != storeHash {
		t.Errorf("the webhook tells %+v", events[0])
	}
	e.heal(w)
	w.settle()
	if n, err := db.CountAttention(w.ctx, w.clock.Now()); err != nil || n != 0 {
		t.Fatalf("%d are open, %v", n, err)
	}
	mails, events = w.smtp.Mails(), w.hook.events
	if len(mails) != 2 || len(events) != 2 {
		t.Fatalf("%d mails and %d webhooks, want one more each", len(mails), len(events))
	}
	w.reads(mails[1], "solved", e.title)
	if d := events[1].Data; len(d.Opened) != 0 || len(d.Healed) != 1 || d.Healed[0].ID != open[0].ID || d.Healed[0].HealedAt == nil {
		t.Errorf("the webhook tells %+v", events[1])
	}
}

// reads holds a mail against what it has to say, in its subject or in both of its forms.
func (w *world) reads(m testenv.Mail, want ...string) {
	w.t.Helper()
	if m.From != "alerts@sluice.example" || len(m.To) != 1 || m.To[0] != "pat@merchant.example" {
		w.t.Errorf("from %s to %v", m.From, m.To)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	w.must(err)
	for _, form := range []string{"text/plain", "text/html"} {
		body := html(part(w.t, m, form))
		for _, text := range want {
			if !strings.Contains(subject+"\n"+body, text) {
				w.t.Errorf("the mail's %s lacks %q: %s\n%s", form, text, subject, body)
			}
		}
	}
}

// html undoes what HTML writes in another way.
func html(text string) string {
	return strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&").Replace(text)
}

// part returns a mail's text in one of its forms.
func part(t *testing.T, m testenv.Mail, form string) string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%q, %v", kind, err)
	}
	r := multipart.NewReader(strings.NewReader(m.Body), params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err != nil {
			t.Fatalf("no %s: %v", form, err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), form) {
			text, err := io.ReadAll(quotedprintable.NewReader(p))
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
	}
}
