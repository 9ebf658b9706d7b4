// Package alerts tells people and programs outside the panel what jobs/attention finds: by mail, by
// incoming webhooks of Slack and Teams, and by signed webhooks.
//
// News is a row of the outbox (tenants.AlertMessage) before it is sent. Outbox.Send claims, for one
// channel at a time, what is due, sends it as one message and notes what became of it:
//
//	problem opens or heals ─▶ row for each channel ─▶ claim (one process) ─▶ Sender ─▶ sent, or again later
//	the day's time comes   ─▶ row for each channel ─┘
//
// A batch keeps its id and its content however often it is tried: it is the Message-ID of a mail and
// the webhook-id of a webhook, so that whoever received it before can tell. Quiet hours and the
// digest go by the store's clock (clock.go).
//
// The package knows no flows and no runs, and connects to merchants' addresses through
// internal/publicnet only. Addresses of channels and their secrets appear in no error and no log.
package alerts
