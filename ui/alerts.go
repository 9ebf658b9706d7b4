package ui

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"

	"github.com/gin-gonic/gin"

	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/jobs/alerts"
	"sluice/jobs/attention"
	"sluice/tenants"
)

// AlertSender sends messages outside the panel.
type AlertSender interface {
	// Test sends a message that says nothing but that it arrived, and says what happened.
	Test(ctx context.Context, c *tenants.AlertChannel) (delivered bool, words string, err error)
	// Reaches reports whether messages leave by channels of a kind at all.
	Reaches(kind tenants.AlertChannelKind) bool
}

// ruleView is a rule with the store's choice.
type ruleView struct {
	Name    string            `json:"name"`
	Label   string            `json:"label"`
	Help    string            `json:"help"`
	Enabled bool              `json:"enabled"`
	Params  map[string]int64  `json:"params"`
	Fields  []attention.Param `json:"fields"`
}

type alertChannelView struct {
	ID        string                   `json:"id"`
	Kind      tenants.AlertChannelKind `json:"kind"`
	To        string                   `json:"to"`
	Enabled   bool                     `json:"enabled"`
	HasSecret bool                     `json:"has_secret"`
	Failure   string                   `json:"failure"`
	Secret    string                   `json:"secret,omitempty"` // of one that this request made
}

type quietHours struct {
	Enabled bool   `json:"enabled"`
	From    string `json:"from"`
	To      string `json:"to"`
}

type digestTime struct {
	Enabled bool   `json:"enabled"`
	At      string `json:"at"`
}

type alertsView struct {
	Rules         []ruleView         `json:"rules"`
	Channels      []alertChannelView `json:"channels"`
	Quiet         quietHours         `json:"quiet"`
	Digest        digestTime         `json:"digest"`
	MailAvailable bool               `json:"mail_available"`
	TimeZone      string             `json:"time_zone"`
	Version       int                `json:"version"`
}

// alertsView shows the alerts of ctx's store; secrets are those that were made now, in the order of
// the channels that have them.
func (a *API) alertsView(ctx context.Context, made map[string]string) (*alertsView, error) {
	if err := a.cfg.DB.EnsureAlerts(ctx, ""); err != nil {
		return nil, err
	}
	s, err := a.cfg.DB.AlertSettings(ctx)
	if err != nil {
		return nil, err
	}
	channels, err := a.cfg.DB.AlertChannels(ctx)
	if err != nil {
		return nil, err
	}
	_, zoneName, err := zone(ctx, a.cfg.DB)
	if err != nil {
		return nil, err
	}
	v := &alertsView{
		Channels: []alertChannelView{}, Quiet: quietHours{s.QuietEnabled, s.QuietFrom, s.QuietTo}, Digest: digestTime{s.DigestEnabled, s.DigestAt},
		MailAvailable: a.cfg.Alerts != nil && a.cfg.Alerts.Reaches(tenants.ChannelMail), TimeZone: zoneName, Version: s.Version,
	}
	for _, r := range attention.Rules {
		own := r.Chosen(s)
		fields := r.Params
		if fields == nil {
			fields = []attention.Param{}
		}
		v.Rules = append(v.Rules, ruleView{r.Name, r.Label, r.Help, own.Enabled, own.Params, fields})
	}
	for _, c := range channels {
		v.Channels = append(v.Channels, alertChannelView{
			ID: c.ID, Kind: c.Kind, To: c.Recipient, Enabled: c.Enabled, HasSecret: len(c.Secret) > 0, Failure: c.Failure, Secret: made[string(c.Secret)],
		})
	}
	return v, nil
}

func (a *API) alerts(c *gin.Context) {
	v, err := a.alertsView(c.Request.Context(), nil)
	answer(c, http.StatusOK, v, err)
}

// alertsChange is what a request wants of a store's alerts.
type alertsChange struct {
	Rules []struct {
		Name string `json:"name"`
		tenants.AlertRule
	} `json:"rules"`
	Channels []alertChannelChange `json:"channels"`
	Quiet    quietHours           `json:"quiet"`
	Digest   digestTime           `json:"digest"`
	Version  int                  `json:"version"`
}

type alertChannelChange struct {
	ID        string                   `json:"id"`
	Kind      tenants.AlertChannelKind `json:"kind"`
	To        string                   `json:"to"`
	Enabled   bool                     `json:"enabled"`
	NewSecret bool                     `json:"new_secret"`
}

func (a *API) saveAlerts(c *gin.Context) {
	var want alertsChange
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	made := map[int]string{} // secrets, by the channel's place
	err := a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		s, channels, err := a.readAlerts(ctx, tx, want, made)
		if err != nil {
			return err
		}
		if err := tx.SaveAlerts(ctx, s, channels); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: "alerts.changed", Subject: "alerts",
			Detail: fmt.Sprintf("%d channels", len(channels))})
	})
	if err != nil {
		_ = c.Error(err)
		return
	}
	shown, err := a.secretsOf(ctx, made)
	if err != nil {
		_ = c.Error(err)
		return
	}
	v, err := a.alertsView(ctx, shown)
	answer(c, http.StatusOK, v, err)
}

// secretsOf returns the secrets that were made, by how they are sealed in the channels.
func (a *API) secretsOf(ctx context.Context, made map[int]string) (map[string]string, error) {
	if len(made) == 0 {
		return nil, nil
	}
	fresh := map[string]bool{}
	for _, secret := range made {
		fresh[secret] = true
	}
	channels, err := a.cfg.DB.AlertChannels(ctx)
	if err != nil {
		return nil, err
	}
	shown := map[string]string{}
	for i := range channels {
		_, secret, err := a.cfg.DB.OpenChannel(ctx, &channels[i])
		if err != nil {
			return nil, err
		}
		if fresh[secret] {
			shown[string(channels[i].Secret)] = secret
		}
	}
	return shown, nil
}

// readAlerts checks what a request wants and returns it as it is kept.
func (a *API) readAlerts(ctx context.Context, tx *tenants.DB, want alertsChange, made map[int]string) (s tenants.AlertSettings, channels []tenants.AlertChannelChange, err error) {
	refuse, wrong := problem.New(problem.Invalid, "The alerts could not be saved."), false
	note := func(field, message string) {
		refuse, wrong = refuse.WithField(field, "%s", message), true
	}
	if s, err = tx.AlertSettings(ctx); err != nil {
		return s, nil, err
	}
	s.Version = want.Version
	for i, rule := range want.Rules {
		kept, param, message := attention.Check(rule.Name, rule.AlertRule)
		if message != "" {
			field := "rules." + strconv.Itoa(i) + ".name"
			if param != "" {
				field = "rules." + strconv.Itoa(i) + ".params." + param
			}
			note(field, message)
			continue
		}
		s.Rules[rule.Name] = kept
	}
	for field, clock := range map[string]string{"quiet.from": want.Quiet.From, "quiet.to": want.Quiet.To, "digest.at": want.Digest.At} {
		if !alerts.ValidClock(clock) {
			note(field, "write a time of day such as 08:00")
		}
	}
	if want.Quiet.Enabled && want.Quiet.From == want.Quiet.To {
		note("quiet.to", "choose another time than the one at which quiet hours begin")
	}
	s.QuietEnabled, s.QuietFrom, s.QuietTo = want.Quiet.Enabled, want.Quiet.From, want.Quiet.To
	old, err := tx.AlertChannels(ctx)
	if err != nil {
		return s, nil, err
	}
	known := map[string]*tenants.AlertChannel{}
	for i := range old {
		known[old[i].ID] = &old[i]
	}
	for i, w := range want.Channels {
		change, field, message := w.read(known[w.ID])
		if message != "" {
			note("channels."+strconv.Itoa(i)+"."+field, message)
			continue
		}
		if change.Secret != "" {
			made[i] = change.Secret
		}
		channels = append(channels, change)
	}
	if wrong {
		return s, nil, refuse
	}
	_, zoneName, err := zone(ctx, tx)
	if err != nil {
		return s, nil, err
	}
	if !want.Digest.Enabled {
		s.DigestNextAt = nil
	} else if !s.DigestEnabled || s.DigestAt != want.Digest.At || s.DigestNextAt == nil {
		at := alerts.NextDigest(want.Digest.At, zoneName, a.now())
		s.DigestNextAt = &at
	}
	s.DigestEnabled, s.DigestAt = want.Digest.Enabled, want.Digest.At
	return s, channels, nil
}

// read checks a channel beside the one that it changes, nil for a new one.
func (w alertChannelChange) read(old *tenants.AlertChannel) (change tenants.AlertChannelChange, field, wrong string) {
	change = tenants.AlertChannelChange{ID: w.ID, Kind: w.Kind, Enabled: w.Enabled}
	switch w.Kind {
	case tenants.ChannelMail:
		change.Recipient, wrong = alerts.CheckRecipients(w.To)
		if w.To == "" && !w.Enabled && old != nil { // the last address left with its owner
			wrong = ""
		}
		return change, "to", wrong
	case tenants.ChannelSlack, tenants.ChannelTeams, tenants.ChannelWebhook:
	default:
		return change, "kind", "choose mail, slack, teams or webhook"
	}
	if alerts.Masked(old, w.To) {
		change.Recipient = old.Recipient
	} else {
		if wrong = alerts.CheckAddress(w.To); wrong != "" {
			return change, "to", wrong
		}
		change.Recipient, change.Address = alerts.MaskAddress(w.To), w.To
	}
	if w.Kind == tenants.ChannelWebhook && (old == nil || w.NewSecret) {
		change.Secret = alerts.NewSecret()
	}
	return change, "", ""
}

// testAlerts sends a test by one channel. Whoever may do so could send mail to anybody: a store has
// a few tests a minute.
func (a *API) testAlerts(c *gin.Context) {
	var want struct {
		ChannelID string `json:"channel_id"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	channel, err := a.cfg.DB.AlertChannel(ctx, want.ChannelID)
	if err != nil {
		_ = c.Error(err)
		return
	}
	if l := a.cfg.Limiter; l != nil {
		if wait := l.Wait(a.cfg.Limits.Rate(limits.AlertTestRate), caller(c).StoreHash, netip.Addr{}); wait > 0 {
			c.Header("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
			_ = c.Error(problem.New(problem.RateLimited, "These are many tests in a short time. Wait a minute, then send the next."))
			return
		}
	}
	delivered, words := false, "Sluice does not send alerts here. Ask whoever runs it."
	if a.cfg.Alerts != nil {
		if delivered, words, err = a.cfg.Alerts.Test(ctx, channel); err != nil {
			_ = c.Error(err)
			return
		}
	}
	c.JSON(http.StatusOK, gin.H{"delivered": delivered, "message": words})
}
