package alerts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/internal/publicnet"
	"sluice/tenants"
)

// postTime bounds the sending of one message over HTTP.
const postTime = 15 * time.Second

// post sends m to a web address, in the form that the kind of channel reads.
func (s *Sender) post(ctx context.Context, kind tenants.AlertChannelKind, address, secret string, m message) error {
	body, err := json.Marshal(m.payload(kind))
	if err != nil {
		return fmt.Errorf("alerts: payload: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, postTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil { // its text repeats the address
		return &deliveryError{words: "The address is not valid. Enter it again.", final: true}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", s.agent)
	if kind == tenants.ChannelWebhook {
		if err := sign(req, secret, m.id, s.now(), body); err != nil {
			return err
		}
	}
	answer, err := s.http.Do(req)
	if err != nil {
		return postFailure(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return &deliveryError{words: fmt.Sprintf("The address answers with a redirect (%d). Enter the address that it leads to.", code), final: true}
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		return &deliveryError{words: fmt.Sprintf("The address answered %d. Sluice tries again.", code)}
	default:
		return &deliveryError{words: fmt.Sprintf("The address refused the message (%d). Check that it is still in use, and enter it again.", code), final: true}
	}
}

// sign adds the headers of Standard Webhooks.
func sign(req *http.Request, secret, id string, at time.Time, body []byte) error {
	hook, err := webhooks.NewWebhook(secret)
	if err != nil {
		return fmt.Errorf("alerts: secret of a webhook: %w", err)
	}
	signature, err := hook.Sign(id, at, body)
	if err != nil {
		return fmt.Errorf("alerts: sign: %w", err)
	}
	req.Header.Set(webhooks.HeaderWebhookID, id)
	req.Header.Set(webhooks.HeaderWebhookTimestamp, fmt.Sprint(at.Unix()))
	req.Header.Set(webhooks.HeaderWebhookSignature, signature)
	return nil
}

// postFailure says why no answer came. net/http's errors repeat the address, which is a secret.
func postFailure(err error) error {
	var blocked *publicnet.BlockedError
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &blocked) && blocked.Plain:
		return &deliveryError{words: "The address must begin with https://.", final: true}
	case errors.As(err, &blocked):
		return &deliveryError{words: "The address leads into a private network, where Sluice sends nothing. Enter one on the internet.", final: true}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &deliveryError{words: "There is no server of that name. Check the address."}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &deliveryError{words: "The address did not answer in time. Sluice tries again."}
	}
	return &deliveryError{words: "The address could not be reached. Sluice tries again."}
}

// payload is the body of a message for a kind of channel.
func (m message) payload(kind tenants.AlertChannelKind) any {
	switch kind {
	case tenants.ChannelSlack:
		return m.slack()
	case tenants.ChannelTeams:
		return m.teams()
	}
	return m.event()
}

// slackText keeps what a text has from being read as a mention or a link.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// slackMost is how long one part of a message may be; Slack refuses 3,000 characters.
const slackMost = 2800

// slackBlocks is how many parts a message may have; Slack refuses 51.
const slackBlocks = 45

func (m message) slack() any {
	type text struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	type block struct {
		Type string `json:"type"`
		Text text   `json:"text"`
	}
	subject := slackText.Replace(m.subject())
	var blocks []block
	add := func(s string) {
		if len(blocks) < slackBlocks {
			blocks = append(blocks, block{"section", text{"mrkdwn", tenants.Clean(s, slackMost)}})
		}
	}
	for _, s := range m.sections() {
		add("*" + slackText.Replace(s.heading) + "*")
		for _, l := range s.lines {
			add(slackText.Replace(strings.Join(l.parts(), "\n")))
		}
	}
	blocks = append(blocks, block{"section", text{"mrkdwn", slackText.Replace(where)}})
	return struct {
		Text   string  `json:"text"` // of notifications
		Blocks []block `json:"blocks"`
	}{subject, blocks}
}

// parts are the texts of a line that it has.
func (l line) parts() (parts []string) {
	for _, t := range []string{l.title, l.text, l.do, l.since} {
		if t != "" {
			parts = append(parts, t)
		}
	}
	return parts
}

// teamsText keeps what a text has from being read as Markdown.
var teamsText = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "`", "\\`", "#", `\#`)

// Teams refuses messages of more than 28 KB.
const (
	teamsLines = 25
	teamsMost  = 600
)

// teams is an Adaptive Card, as the workflows of Teams take it.
func (m message) teams() any {
	type block struct {
		Type   string `json:"type"`
		Text   string `json:"text"`
		Wrap   bool   `json:"wrap"`
		Weight string `json:"weight,omitempty"`
		Subtle bool   `json:"isSubtle,omitempty"`
	}
	body := []block{{Type: "TextBlock", Text: teamsText.Replace(m.subject()), Wrap: true, Weight: "Bolder"}}
	left := teamsLines
	for _, s := range m.sections() {
		body = append(body, block{Type: "TextBlock", Text: teamsText.Replace(s.heading), Wrap: true, Weight: "Bolder"})
		for _, l := range s.lines {
			if left--; left >= 0 {
				text := tenants.Clean(strings.Join(l.parts(), "\n\n"), teamsMost)
				body = append(body, block{Type: "TextBlock", Text: teamsText.Replace(text), Wrap: true})
			}
		}
	}
	body = append(body, block{Type: "TextBlock", Text: teamsText.Replace(where), Wrap: true, Subtle: true})
	card := map[string]any{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body}
	return map[string]any{"type": "message", "attachments": []any{
		map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card},
	}}
}

// Event is the body of a webhook. docs/operators.md describes it; names may be added.
type Event struct {
	Type      string    `json:"type"` // attention.changed, attention.digest or attention.test
	Timestamp time.Time `json:"timestamp"`
	Data      EventData `json:"data"`
}

// EventData is what a webhook tells.
type EventData struct {
	StoreHash string    `json:"store_hash"`
	Opened    []Problem `json:"opened"`
	Healed    []Problem `json:"healed"`
	Day       *Day      `json:"day,omitempty"`
}

func (m message) event() Event {
	e := Event{Type: "attention.changed", Timestamp: m.at.UTC(), Data: EventData{StoreHash: m.store.Hash, Opened: m.opened, Healed: m.healed, Day: m.day}}
	if e.Data.Opened == nil {
		e.Data.Opened = []Problem{}
	}
	if e.Data.Healed == nil {
		e.Data.Healed = []Problem{}
	}
	switch {
	case m.test:
		e.Type = "attention.test"
	case m.day != nil:
		e.Type = "attention.digest"
	}
	return e
}
