package attention_test

import (
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/jobs/alerts"
	"sluice/jobs/attention"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func (w *world) fails() {
	w.ran(tenants.Run{State: tenants.RunFailed, Error: "The file was not found (404)."})
}

// told are the subjects of all mails, and the numbers of webhooks.
func (w *world) told() (subjects []string) {
	for _, m := range w.smtp.Mails() {
		subjects = append(subjects, m.Header.Get("Subject"))
	}
	return subjects
}

// TestWhatAnotherProcessLeftIsSentAgainAsItWas: a process that died while it sent.
func TestWhatAnotherProcessLeftIsSentAgainAsItWas(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		w := newWorld(t, db)
		w.fails()
		w.check()
		w.clock.advance(tenants.AlertGroup)
		due, err := db.DueChannels(t.Context(), w.clock.Now(), 10)
		w.must(err)
		left := map[string]bool{}
		for _, d := range due {
			b, err := db.ClaimNews(w.ctx, d.ChannelID, w.clock.Now())
			w.must(err)
			if b == nil {
				t.Fatalf("nothing to claim of %s", d.ChannelID)
			}
			left[b.ID] = true
		}
		w.ran(tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Read: 10}}) // news of later
		w.check()
		w.deliver()
		if n := len(w.smtp.Mails()) + len(w.hook.ids); n != 0 {
			t.Fatalf("%d messages while another process is at it", n)
		}
		w.clock.advance(4 * time.Minute)
		w.deliver()
		if len(w.smtp.Mails()) != 1 || len(w.hook.ids) != 1 {
			t.Fatalf("%d mails, %d webhooks", len(w.smtp.Mails()), len(w.hook.ids))
		}
		id, _, _ := strings.Cut(strings.Trim(w.smtp.Mails()[0].Header.Get("Message-Id"), "<>"), "@")
		if !left[id] || !left[w.hook.ids[0]] {
			t.Errorf("sent as %s and %s, begun as %v", id, w.hook.ids[0], left)
		}
		if e := w.hook.events[0].Data; len(e.Opened) != 1 || len(e.Healed) != 0 {
			t.Errorf("it tells %+v", e)
		}
		w.settle()
		if len(w.smtp.Mails()) != 2 || len(w.hook.events) != 2 {
			t.Errorf("%d mails, %d webhooks in the end", len(w.smtp.Mails()), len(w.hook.events))
		}
	})
}

// TestNewsIsGrouped: what happens within a minute leaves together, and a flow that fails and heals
// all the time sends no more than a message in five minutes.
func TestNewsIsGrouped(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	w.fails()
	w.must(w.db.NoteWebhooks(w.ctx, true))
	w.settle()
	if got := w.told(); len(got) != 1 || got[0] != "Sluice: 2 problems need you at Harbour Supply" {
		t.Fatalf("told %q", got)
	}
	for range 30 { // half an hour
		w.well()
		w.check()
		w.fails()
		w.check()
		w.deliver()
		w.clock.advance(time.Minute)
		w.deliver()
	}
	if n := len(w.told()) - 1; n < 2 || n > 7 {
		t.Errorf("%d mails in half an hour", n)
	}
}

// TestWhatHealedBeforeAnybodyWasToldIsNoNews.
func TestWhatHealedBeforeAnybodyWasToldIsNoNews(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	w.fails()
	w.check()
	w.well()
	w.settle()
	if got := w.told(); len(got) != 0 {
		t.Errorf("told %q", got)
	}
}

// TestQuietHours: nothing leaves in them, by the store's clock, and all of it after.
func TestQuietHours(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	w.change(func(s *tenants.AlertSettings) { s.QuietEnabled, s.QuietFrom, s.QuietTo = true, "22:00", "07:00" })
	zurich, err := time.LoadLocation("Europe/Zurich")
	w.must(err)
	local := w.clock.Now().In(zurich)
	late := time.Date(local.Year(), local.Month(), local.Day()+1, 23, 0, 0, 0, zurich)
	w.clock.advance(late.Sub(w.clock.Now()))
	w.fails()
	w.check()
	for w.clock.Now().Before(late.Add(8 * time.Hour)) {
		w.deliver()
		if n := len(w.told()); n != 0 {
			t.Fatalf("%d mails at %s", n, w.clock.Now().In(zurich))
		}
		w.clock.advance(30 * time.Minute)
	}
	w.settle()
	if n := len(w.told()); n != 1 {
		t.Errorf("%d mails after the quiet hours", n)
	}
}

// TestTheDigestComesOnceADay, by the store's clock, with all that is open and not muted.
func TestTheDigestComesOnceADay(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		w := newWorld(t, db)
		w.fails()
		w.settle()
		w.change(func(s *tenants.AlertSettings) {
			s.DigestEnabled, s.DigestAt, s.DigestNextAt = true, "08:00", new(alerts.NextDigest("08:00", "Europe/Zurich", w.clock.Now()))
		})
		before := len(w.told())
		for range 48 {
			w.clock.advance(time.Hour)
			w.check()
			w.deliver()
		}
		got := w.told()[before:]
		if want := []string{"Sluice: 1 problem needs you at Harbour Supply", "Sluice: 1 problem needs you at Harbour Supply"}; !slices.Equal(got, want) {
			t.Fatalf("told %q in two days", got)
		}
		first := w.smtp.Mails()[before]
		w.reads(first, "The last 24 hours", "Catalogue: the run failed", "The file was not found (404).")
		at, err := first.Header.Date()
		w.must(err)
		if zurich, _ := time.LoadLocation("Europe/Zurich"); at.In(zurich).Hour() != 8 {
			t.Errorf("it came at %s", at.In(zurich))
		}
		if e := w.hook.events[len(w.hook.events)-1]; e.Type != "attention.digest" || e.Data.Day == nil || e.Data.Day.Open != 1 {
			t.Errorf("the webhook tells %+v", e)
		}
	})
}

// TestMutedProblemsAreNotTold, until the mute is over.
func TestMutedProblemsAreNotTold(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	w.ran(tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Read: 100, Failed: 1}}) // too few to be told
	w.settle()
	open, _, err := w.db.AttentionPage(w.ctx, tenants.AttentionFilter{}, w.clock.Now(), tenants.Page{})
	w.must(err)
	if len(open) != 1 || len(w.told()) != 0 {
		t.Fatalf("open %+v, told %q", open, w.told())
	}
	until := new(w.clock.Now().Add(24 * time.Hour))
	_, err = w.db.ChangeAttention(w.ctx, open[0].ID, tenants.AttentionChange{MutedUntil: &until})
	w.must(err)
	w.ran(tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Read: 100, Failed: 90}})
	w.settle()
	if n, err := w.db.CountAttention(w.ctx, w.clock.Now()); err != nil || n != 0 || len(w.told()) != 0 {
		t.Fatalf("%d count, told %q, %v", n, w.told(), err)
	}
	w.clock.advance(24 * time.Hour)
	w.settle()
	if n, err := w.db.CountAttention(w.ctx, w.clock.Now()); err != nil || n != 1 || len(w.told()) != 1 {
		t.Errorf("after the mute: %d count, told %q, %v", n, w.told(), err)
	}
}

// TestARuleThatIsOffTellsNothing, and the problem is shown all the same.
func TestARuleThatIsOffTellsNothing(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	w.change(func(s *tenants.AlertSettings) { s.Rules[attention.CauseRunFailed] = tenants.AlertRule{} })
	w.fails()
	w.settle()
	if n, err := w.db.CountAttention(w.ctx, w.clock.Now()); err != nil || n != 1 || len(w.told()) != 0 {
		t.Errorf("%d are open, told %q, %v", n, w.told(), err)
	}
}

// TestAFlowThatIsSwitchedOffConcernsNobody: what was open goes, and nobody is told that it is
// solved.
func TestAFlowThatIsSwitchedOffConcernsNobody(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	w.fails()
	w.settle()
	w.must(w.db.SwitchFlow(w.ctx, w.flow.ID, new(w.clock.Now())))
	w.settle()
	if n, err := w.db.CountAttention(w.ctx, w.clock.Now()); err != nil || n != 0 || len(w.told()) != 1 {
		t.Errorf("%d are open, told %q, %v", n, w.told(), err)
	}
}

// TestADeletedFlowTakesItsProblemsAlong, and news that nobody was told yet.
func TestADeletedFlowTakesItsProblemsAlong(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	w.fails()
	w.check()
	w.must(w.db.DeleteFlow(w.ctx, w.flow.ID))
	w.settle()
	if n, err := w.db.CountAttention(w.ctx, w.clock.Now()); err != nil || n != 0 || len(w.told()) != 0 {
		t.Errorf("%d are open, told %q, %v", n, w.told(), err)
	}
}

// failure is why the last message by a kind of channel did not arrive.
func (w *world) failure(kind tenants.AlertChannelKind) string {
	w.t.Helper()
	channels, err := w.db.AlertChannels(w.ctx)
	w.must(err)
	for _, c := range channels {
		if c.Kind == kind {
			return c.Failure
		}
	}
	return "no such channel"
}

// TestWhatDidNotArriveIsTriedAgain, as the same message, and said on the channel meanwhile.
func TestWhatDidNotArriveIsTriedAgain(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	w.hook.answer(503)
	w.smtp.Refuse("451 4.3.0 later")
	w.fails()
	w.settle()
	if w.failure(tenants.ChannelWebhook) != "The address answered 503. Sluice tries again." ||
		w.failure(tenants.ChannelMail) != "The mail server could not take the message. Sluice tries again." {
		t.Errorf("%q, %q", w.failure(tenants.ChannelWebhook), w.failure(tenants.ChannelMail))
	}
	w.hook.answer(0)
	w.smtp.Refuse("")
	w.clock.advance(3 * time.Hour)
	w.settle()
	if len(w.hook.events) != 1 || len(w.told()) != 1 {
		t.Errorf("%d webhooks, %d mails", len(w.hook.events), len(w.told()))
	}
	if ids := slices.Compact(slices.Clone(w.hook.ids)); len(ids) != 1 || len(w.hook.ids) < 2 {
		t.Errorf("tried as %v", w.hook.ids)
	}
	if w.failure(tenants.ChannelWebhook) != "" || w.failure(tenants.ChannelMail) != "" {
		t.Errorf("%q, %q", w.failure(tenants.ChannelWebhook), w.failure(tenants.ChannelMail))
	}
}

// TestWhatIsRefusedIsNotTriedAgain: the next message is.
func TestWhatIsRefusedIsNotTriedAgain(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	w.hook.answer(410)
	w.smtp.Refuse("550 5.1.1 unknown")
	w.fails()
	w.settle()
	tries := len(w.hook.ids)
	w.clock.advance(24 * time.Hour)
	w.settle()
	if tries != 1 || len(w.hook.ids) != 1 {
		t.Errorf("tried as %v", w.hook.ids)
	}
	if !strings.Contains(w.failure(tenants.ChannelWebhook), "refused the message (410)") || !strings.Contains(w.failure(tenants.ChannelMail), "refused the message (550)") {
		t.Errorf("%q, %q", w.failure(tenants.ChannelWebhook), w.failure(tenants.ChannelMail))
	}
	w.hook.answer(0)
	w.well()
	w.settle()
	if len(w.hook.events) != 1 {
		t.Errorf("%d webhooks", len(w.hook.events))
	}
}

// TestPrivateAddressesAreRefused, by whichever kind of channel, also in a test.
func TestPrivateAddressesAreRefused(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	for _, private := range [][]netip.Prefix{nil, {netip.MustParsePrefix("10.0.0.0/8")}} {
		s, err := alerts.New(alerts.Config{DB: w.db, AllowPrivate: private, Now: w.clock.Now})
		w.must(err)
		defer s.Close()
		channels, err := w.db.AlertChannels(w.ctx)
		w.must(err)
		for _, kind := range []tenants.AlertChannelKind{tenants.ChannelSlack, tenants.ChannelTeams, tenants.ChannelWebhook} {
			c := channels[1]
			c.Kind = kind
			delivered, words, err := s.Test(w.ctx, &c)
			if err != nil || delivered || !strings.Contains(words, "private network") || strings.Contains(words, "secret-path") {
				t.Errorf("%s: %v, %q, %v", kind, delivered, words, err)
			}
		}
	}
	if len(w.hook.ids) != 0 {
		t.Error("something arrived")
	}
}

// TestOnByDefaultForWhoInstalled: whose channel stays as it is once they chose, and goes with them.
func TestOnByDefaultForWhoInstalled(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	other := tenants.WithStore(t.Context(), "other")
	_, err := w.db.UpsertInstalledStore(other, tenants.Install{StoreHash: "other", AccessToken: "t", OwnerID: 1, OwnerEmail: "owner@other.example"})
	w.must(err)
	w.must(w.db.EnsureAlerts(other, ""))
	w.must(w.db.EnsureAlerts(other, "second@other.example"))
	channels, err := w.db.AlertChannels(other)
	w.must(err)
	if len(channels) != 1 || channels[0].Kind != tenants.ChannelMail || channels[0].Recipient != "owner@other.example" || !channels[0].Enabled {
		t.Fatalf("%+v", channels)
	}
	w.must(w.db.RemoveUser(other, 1, time.Now(), "bigcommerce"))
	if channels, err = w.db.AlertChannels(other); err != nil || channels[0].Recipient != "" || channels[0].Enabled {
		t.Errorf("whoever left is still told: %+v, %v", channels, err)
	}
	stale := w.db.SaveAlerts(other, tenants.AlertSettings{Version: 7}, nil)
	if problem.CodeOf(stale) != problem.Conflict {
		t.Errorf("a stale change: %v", stale)
	}
}

// TestAStoreThatLeftIsToldNothing: news of before is deleted, and not sent.
func TestAStoreThatLeftIsToldNothing(t *testing.T) {
	w := newWorld(t, tenantstest.NewDB(t))
	w.fails()
	w.check()
	w.must(w.db.MarkUninstalled(w.ctx, storeHash, time.Now()))
	w.settle()
	if err := w.senders[0].Deliver(t.Context(), slog.New(slog.DiscardHandler)); err != nil || len(w.told()) != 0 {
		t.Errorf("told %q, %v", w.told(), err)
	}
}
