package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/gin-gonic/gin"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/internal/refusals"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// Scopes of the webhooks that Sluice acts on whatever flows a store has (BigCommerce's names).
// Those of kinds of flows are in their Specs.
const (
	scopeAppUninstalled = "store/app/uninstalled"
	scopeStoreUpdated   = "store/information/updated"
	scopeChannelCreated = "store/channel/created"
	scopeChannelUpdated = "store/channel/updated"
)

const (
	// maxWebhookBody is far above what BigCommerce sends: an id and a handful of fields.
	maxWebhookBody = 16 << 10
	// refreshDelay lets several changes of a store's settings or channels become one look at them.
	refreshDelay = 5 * time.Second
)

// webhook is a delivery's body, as far as Sluice reads it.
type webhook struct {
	Scope     string
	StoreHash string
	DataID    int64 // data.id; 0 if it is missing or not a positive number
	CreatedAt int64 // Unix seconds; 0 if it is missing
}

// before reports whether the event happened before t: BigCommerce repeats a delivery for a day, and
// a store may have been installed again by then.
func before(createdAt int64, t time.Time) bool { return createdAt > 0 && createdAt < t.Unix() }

// storableID is a delivery's id as tenants.WebhookEvent.DeliveryID takes it.
var storableID = regexp.MustCompile(`^[\x21-\x7e]{1,128}$`)

var producerPattern = regexp.MustCompile(`^stores/([a-z0-9]{1,32})$`)

// parseWebhook reads a delivery's body.
func parseWebhook(body []byte) (webhook, error) {
	var raw struct {
		Scope     string          `json:"scope"`
		Producer  string          `json:"producer"`
		CreatedAt int64           `json:"created_at"`
		Data      json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return webhook{}, problem.Wrap(err, problem.Invalid, "The body is not a BigCommerce webhook.")
	}
	m := producerPattern.FindStringSubmatch(raw.Producer)
	if m == nil || raw.Scope == "" || len(raw.Scope) > 100 {
		return webhook{}, problem.New(problem.Invalid, "The body is not a BigCommerce webhook: scope and producer are needed.")
	}
	hook := webhook{Scope: raw.Scope, StoreHash: m[1], CreatedAt: raw.CreatedAt}
	var data struct {
		ID json.Number `json:"id"`
	}
	// data differs between scopes; only an id that is a number means anything here.
	if json.Unmarshal(raw.Data, &data) == nil {
		if id, err := data.ID.Int64(); err == nil && id > 0 {
			hook.DataID = id
		}
	}
	return hook, nil
}

// receiveWebhook takes a delivery: verify, row, 200. The work is a job's.
func (s *Service) receiveWebhook(c *gin.Context) {
	ctx := c.Request.Context()
	refusals.Kind(c, refusals.Webhook)
	body, err := readWebhook(c)
	if err == nil {
		err = verifyWith(s.cfg.ClientSecret, body, c.Request.Header)
	}
	// BigCommerce delivers thousands at once from few addresses, so what it signed for the app is not
	// counted. What a store's own API account signed counts against that store, whose merchant has the
	// secret too. Anything else counts against its address, before anything is looked up, logged or
	// stored.
	if err != nil && !s.admitWebhook(c, body) {
		return
	}
	if err != nil && body != nil {
		err = s.verifyByStore(ctx, body, c.Request.Header, err)
	}
	var known *problem.Error
	switch {
	case errors.As(err, &known):
		_ = c.Error(err)
		return
	case err != nil:
		_ = c.Error(problem.Wrap(err, problem.Unauthenticated, "The webhook's signature is not valid."))
		return
	}
	hook, err := parseWebhook(body)
	if err != nil {
		_ = c.Error(err)
		return
	}
	deliveryID := c.GetHeader(standardwebhooks.HeaderWebhookID)
	if !storableID.MatchString(deliveryID) {
		sum := sha256.Sum256([]byte(deliveryID))
		deliveryID = hex.EncodeToString(sum[:])
	}
	if err := s.acceptWebhook(tenants.WithStore(ctx, hook.StoreHash), hook, deliveryID, body); err != nil {
		_ = c.Error(err)
		return
	}
	c.Status(http.StatusOK)
}

// readWebhook reads a delivery's body. One without a signature is not worth reading.
func readWebhook(c *gin.Context) ([]byte, error) {
	if c.GetHeader(standardwebhooks.HeaderWebhookSignature) == "" {
		return nil, errors.New("no signature")
	}
	err := limits.Body(c, maxWebhookBody)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(c.Request.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, limits.TooLarge(tooLarge.Limit)
	case err != nil:
		return nil, problem.Wrap(err, problem.Invalid, "The body could not be read.")
	}
	return body, nil
}

var errNoSecret = errors.New("no client secret: webhooks cannot be verified")

// verifyWith checks the Standard Webhooks signature, whose key is secret, and that the delivery is
// of the last minutes.
func verifyWith(secret string, body []byte, header http.Header) error {
	if secret == "" {
		return errNoSecret
	}
	verifier, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	if err != nil {
		return err
	}
	return verifier.Verify(body, header)
}

// acceptWebhook saves a verified delivery and its job for ctx's store. A delivery seen before, one
// of a scope that Sluice does nothing for, and one of a store that left change nothing.
func (s *Service) acceptWebhook(ctx context.Context, hook webhook, deliveryID string, body []byte) error {
	store, err := s.db.Store(ctx, hook.StoreHash)
	if err != nil {
		return err
	}
	row, handled, err := s.webhookRow(hook, deliveryID)
	if err != nil {
		return err
	}
	log := s.log.With("store", hook.StoreHash, "scope", hook.Scope, "delivery", deliveryID)
	if row == nil || store.State == tenants.StoreUninstalled || (hook.Scope == scopeAppUninstalled && before(hook.CreatedAt, store.InstalledAt)) {
		log.DebugContext(ctx, "webhook ignored", "store_state", store.State)
		return nil
	}
	work := saving{event: &tenants.WebhookEvent{StoreHash: hook.StoreHash, DeliveryID: deliveryID, Scope: hook.Scope,
		Body: tenants.Clean(string(body), maxWebhookBody), ReceivedAt: s.now()}}
	if handled {
		work.event.HandledAt = &work.event.ReceivedAt
	}
	row.StoreHash = hook.StoreHash
	if row.Kind == kindStoreUninstall {
		row.StoreHash = SystemStore
	}
	work.rows = []*tenants.Job{row}
	inserted, err := s.save(ctx, work)
	if err != nil {
		return fmt.Errorf("save webhook: %w", err)
	}
	if len(inserted) > 0 {
		log.DebugContext(ctx, "webhook taken", slog.String("job", row.ID))
	}
	return nil
}

// webhookRow returns the job that a delivery asks for, nil if none. handled says that nothing is
// left to do for the delivery itself once it is saved.
func (s *Service) webhookRow(hook webhook, deliveryID string) (row *tenants.Job, handled bool, err error) {
	now := s.now()
	switch hook.Scope {
	case scopeAppUninstalled:
		row, err = newRow("uninstall:"+hook.StoreHash+":"+tenants.NewID(), kindStoreUninstall, queue.LaneInteractive, now,
			storeUninstall{Store: hook.StoreHash, DeliveryID: deliveryID, CreatedAt: hook.CreatedAt})
		return row, false, err
	case scopeStoreUpdated:
		row, err = newRow("store:"+hook.StoreHash+":"+tenants.NewID(), kindStoreRefresh, queue.LaneBulk, now.Add(refreshDelay), struct{}{})
		if row != nil {
			row.Coalesce = kindStoreRefresh
		}
		return row, true, err
	case scopeChannelCreated, scopeChannelUpdated:
		row, err = newStorefrontRow(hook.StoreHash, kindStorefrontChannels, queue.LaneBulk, now.Add(refreshDelay))
		return row, true, err
	}
	if !s.actsOn(hook.Scope) {
		return nil, false, nil
	}
	// The delivery's id may be longer than a job's; its hash is not.
	sum := sha256.Sum256([]byte(hook.StoreHash + "\x00" + deliveryID))
	row, err = newRow("event:"+hex.EncodeToString(sum[:16]), kindEvent, queue.LaneBulk, now,
		event{DeliveryID: deliveryID, Scope: hook.Scope, ID: hook.DataID})
	return row, false, err
}
