package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/tenants"
)

// dueAtOnce is how many channels, or stores, are looked at together.
const dueAtOnce = 100

// dayProblems is how many problems a digest lists.
const dayProblems = 20

// mostAttempts is after how many failures a batch is given up: with the waits of retryAfter, a day.
const mostAttempts = 12

// retryAfter is the wait after a batch's n-th failure.
func retryAfter(n int) time.Duration {
	return min(time.Minute<<min(n-1, 8), 3*time.Hour)
}

// Deliver puts out the daily messages that are due, and sends what is due of the outbox, of all
// stores. Any number of processes may do this at once. What fails is logged and comes again.
func (s *Sender) Deliver(ctx context.Context, log *slog.Logger) error {
	stores, err := s.db.DueDigests(ctx, s.now(), dueAtOnce)
	if err != nil {
		return err
	}
	var errs []error
	for _, hash := range stores {
		if err := s.putDigest(tenants.WithStore(ctx, hash)); err != nil {
			errs = append(errs, fmt.Errorf("digest of store %s: %w", hash, err))
		}
	}
	due, err := s.db.DueChannels(ctx, s.now(), dueAtOnce)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, d := range due {
		if ctx.Err() != nil {
			break
		}
		if err := s.deliver(tenants.WithStore(ctx, d.StoreHash), d.ChannelID, log); err != nil {
			errs = append(errs, fmt.Errorf("channel %s of store %s: %w", d.ChannelID, d.StoreHash, err))
		}
	}
	return errors.Join(errs...)
}

// deliver sends what is due of one channel of ctx's store, as one message.
func (s *Sender) deliver(ctx context.Context, channelID string, log *slog.Logger) error {
	batch, err := s.db.ClaimNews(ctx, channelID, s.now())
	if err != nil || batch == nil {
		return err
	}
	// Begun is finished: whoever stops the process waits for this.
	ctx = context.WithoutCancel(ctx)
	store, err := s.db.Store(ctx, tenants.StoreHash(ctx))
	if err != nil {
		return err
	}
	m, err := compose(batch, store, s.now())
	if err == nil {
		err = s.send(ctx, &batch.Channel, m)
	}
	now := s.now()
	if err == nil {
		log.InfoContext(ctx, "alert sent", "store", store.Hash, "channel", channelID, "kind", batch.Channel.Kind, "messages", len(batch.Messages))
		return s.db.NewsSent(ctx, batch, now)
	}
	words := wordsOf(err)
	if words == "" {
		words = "Sluice could not send the message. Tell whoever runs Sluice."
	}
	var again *time.Time
	var failed *deliveryError
	if final := errors.As(err, &failed) && failed.final; !final && batch.Attempts+1 < mostAttempts {
		at := now.Add(retryAfter(batch.Attempts + 1))
		again = &at
	}
	log.WarnContext(ctx, "alert not sent", "store", store.Hash, "channel", channelID, "kind", batch.Channel.Kind,
		"attempt", batch.Attempts+1, "given_up", again == nil, "error", err)
	return s.db.NewsFailed(ctx, batch, words, now, again)
}

// putDigest leaves the daily message of ctx's store in the outbox, once a day whoever tries.
func (s *Sender) putDigest(ctx context.Context) error {
	return s.db.Tx(ctx, func(tx *tenants.DB) error {
		now := s.now()
		settings, err := tx.AlertSettings(ctx)
		if err != nil {
			return err
		}
		store, err := tx.Store(ctx, tenants.StoreHash(ctx))
		if err != nil {
			return err
		}
		mine, err := tx.ClaimDigest(ctx, now, NextDigest(settings.DigestAt, store.Timezone, now))
		if err != nil || !mine || store.State == tenants.StoreUninstalled {
			return err
		}
		day, err := digest(ctx, tx, now)
		if err != nil {
			return err
		}
		body, err := Encode(day)
		if err != nil {
			return err
		}
		return tx.PutNews(ctx, tenants.News{Event: tenants.AlertDigest, Body: body, NotBefore: now}, s.Reaches)
	})
}

// digest tells the last 24 hours of ctx's store.
func digest(ctx context.Context, tx *tenants.DB, now time.Time) (Day, error) {
	day := Day{Problems: []Problem{}}
	var err error
	if day.Runs, day.Failed, err = tx.EndedRuns(ctx, now.Add(-24*time.Hour)); err != nil {
		return day, err
	}
	if day.Open, err = tx.CountAttention(ctx, now); err != nil {
		return day, err
	}
	loud := false
	problems, _, err := tx.AttentionPage(ctx, tenants.AttentionFilter{Muted: &loud}, now, tenants.Page{Limit: dayProblems})
	if err != nil {
		return day, err
	}
	ids := make([]string, len(problems))
	for i, p := range problems {
		ids[i] = p.FlowID
	}
	names, err := tx.FlowNames(ctx, ids...)
	for i := range problems {
		day.Problems = append(day.Problems, Tell(&problems[i], names[problems[i].FlowID]))
	}
	return day, err
}

// Tell is an open problem as messages tell it.
func Tell(p *tenants.Attention, flowName string) Problem {
	return Problem{
		ID: p.ID, Cause: p.Cause, Title: Title(p.Cause), FlowID: p.FlowID, FlowName: flowName,
		Message: p.Message, Count: p.Count, Do: p.Remedy.Text, Since: p.Since.UTC(),
	}
}

// Title is a cause in words.
func Title(cause string) string {
	if t, ok := titles[cause]; ok {
		return t
	}
	return "A problem"
}

// titles of the causes of jobs/attention, for subjects and headings.
var titles = map[string]string{
	"run_failed":  "the run failed",
	"problems":    "records were left out",
	"late":        "the sync is late",
	"no_data":     "no new data",
	"shrank":      "the file shrank",
	"secret_age":  "a password is old",
	"webhook_off": "BigCommerce's notices were off",
	"reinstall":   "Sluice must be installed again",
	"permission":  "a permission is missing",
	"asking":      "a run asks you",
}
