package main

import (
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sluice/internal/testenv"
	"sluice/jobs/alerts"
	"sluice/tenants"
)

// TestKilledWhileItTells kills the app with SIGKILL after it claimed an alert and before the mail
// server took it. The next process sends it, once, and nobody sends it again.
func TestKilledWhileItTells(t *testing.T) {
	t.Parallel() // it waits more than it works
	smtp := testenv.NewSMTP(t)
	door := newDoor(t, smtp.Addr)
	database := "sqlite:" + filepath.Join(t.TempDir(), "app.db")
	i := install(t, stack{database: database}, 1, "SMTP_URL=smtp://"+door.address+"?tls=none", "ALERT_FROM=alerts@sluice.example")
	db, err := tenants.Open(t.Context(), database, i.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := tenants.WithStore(t.Context(), i.sandbox.Stores[0].Hash)
	body, err := alerts.Encode(alerts.Problem{ID: "p1", Cause: "late", Title: "the sync is late", FlowName: "ERP", Since: time.Now().UTC()})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.EnsureAlerts(ctx, "merchant@example.com"); err != nil {
		t.Fatal(err)
	}
	all := func(tenants.AlertChannelKind) bool { return true }
	if err := db.PutNews(ctx, tenants.News{AttentionID: "p1", Event: tenants.AlertOpened, Body: body, NotBefore: time.Now().UTC()}, all); err != nil {
		t.Fatal(err)
	}

	app := i.startWeb("serve")
	<-door.knocked
	app.kill()
	door.open()
	if n := len(smtp.Mails()); n != 0 {
		t.Fatalf("%d mails arrived before the kill", n)
	}
	// The claim of a process that died ends by the clock, after minutes: they pass now.
	if err := db.Scoped(ctx).Model(&tenants.AlertChannel{}).Where("held_until IS NOT NULL").UpdateColumn("held_until", time.Now().UTC()).Error; err != nil {
		t.Fatal(err)
	}
	i.startWeb("serve")
	testenv.Eventually(t, "the alert to be sent", func() bool {
		var left int64
		err := db.Scoped(ctx).Model(&tenants.AlertMessage{}).Where("state = ?", tenants.AlertPending).Count(&left).Error
		return err == nil && left == 0
	})
	if mails := smtp.Mails(); len(mails) != 1 || mails[0].To[0] != "merchant@example.com" {
		t.Errorf("%d mails: %+v", len(mails), mails)
	}
}

// door stands before a mail server: it lets nobody in until it is opened.
type door struct {
	address string
	knocked chan struct{} // closed when somebody stands before it
	open    func()
}

func newDoor(t *testing.T, to string) *door {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	opened, knocked := make(chan struct{}), make(chan struct{})
	d := &door{address: l.Addr().String(), knocked: knocked, open: sync.OnceFunc(func() { close(opened) })}
	knock := sync.OnceFunc(func() { close(knocked) })
	var talks sync.WaitGroup
	talks.Go(func() {
		for {
			guest, err := l.Accept()
			if err != nil {
				return
			}
			knock()
			talks.Go(func() {
				defer guest.Close()
				<-opened
				host, err := net.Dial("tcp", to) //nolint:noctx // it ends with the guest
				if err != nil {
					return
				}
				defer host.Close()
				talks.Go(func() { _, _ = io.Copy(host, guest); _ = host.Close() })
				_, _ = io.Copy(guest, host)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		d.open()
		talks.Wait()
	})
	return d
}
