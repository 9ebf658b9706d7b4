package alerts

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sluice/tenants"
)

func TestCheckMail(t *testing.T) {
	for _, good := range [][2]string{
		{"", ""},
		{"smtp://user:pass%2Fword@mail.example.com:587", "Sluice <alerts@example.com>"},
		{"smtps://mail.example.com", "alerts@example.com"},
		{"smtp://10.0.0.3:25?tls=none", "alerts@example.com"},
	} {
		if err := CheckMail(good[0], good[1]); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range [][3]string{
		{"", "alerts@example.com", "SMTP_URL: is missing"},
		{"smtp://mail.example.com", "", "ALERT_FROM: is missing"},
		{"smtp://mail.example.com", "nobody", "ALERT_FROM:"},
		{"https://mail.example.com", "alerts@example.com", "SMTP_URL:"},
		{"smtp://user:S3CRET%zz@mail.example.com", "alerts@example.com", "SMTP_URL:"},
		{"smtp://user:S3CRET@mail.example.com?tls=maybe", "alerts@example.com", "SMTP_URL:"},
		{"smtp://user:S3CRET@mail.example.com/inbox", "alerts@example.com", "SMTP_URL:"},
		{"smtp://user:S3CRET@mail.example.com:70000", "alerts@example.com", "port"},
	} {
		err := CheckMail(bad[0], bad[1])
		if err == nil || !strings.Contains(err.Error(), bad[2]) || strings.Contains(err.Error(), "S3CRET") {
			t.Errorf("%q: %v", bad[:2], err)
		}
	}
}

func TestAddressesOfChannels(t *testing.T) {
	if got := MaskAddress("https://hooks.slack.example/services/T0/B0/abc?x=y"); got != "https://hooks.slack.example/•••" {
		t.Errorf("shown as %q", got)
	}
	for address, good := range map[string]bool{
		"https://hooks.slack.example/services/T0/B0/abc": true, "https://hooks.slack.example/•••": false, "https://user:word@x.example/": false,
		"ftp://x.example/": false, "x.example": false, "": false, "https://x.example/" + strings.Repeat("y", maxAddress): false,
	} {
		if wrong := CheckAddress(address); (wrong == "") != good {
			t.Errorf("%.60q: %q", address, wrong)
		}
	}
	for text, want := range map[string]string{
		"pat@merchant.example": "pat@merchant.example", "Pat <pat@merchant.example>,sam@merchant.example": "pat@merchant.example, sam@merchant.example",
		"pat": "", "": "", "pat@merchant.example\r\nBcc: x@y.example": "", `"a, b"@merchant.example`: "",
		strings.TrimSuffix(strings.Repeat("pat@merchant.example,", mostRecipients+1), ","): "",
	} {
		if got, wrong := CheckRecipients(text); got != want || (wrong == "") != (want != "") {
			t.Errorf("%.60q: %q, %q", text, got, wrong)
		}
	}
}

func TestNotBefore(t *testing.T) {
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed.UTC()
	}
	night := tenants.AlertSettings{QuietEnabled: true, QuietFrom: "22:00", QuietTo: "07:00"}
	noon := tenants.AlertSettings{QuietEnabled: true, QuietFrom: "12:00", QuietTo: "13:30"}
	off := night
	off.QuietEnabled = false
	for _, test := range []struct {
		s         tenants.AlertSettings
		now, want string
	}{
		{night, "2026-11-25T20:58:00+01:00", "2026-11-25T20:59:00+01:00"},
		{night, "2026-11-25T21:59:00+01:00", "2026-11-26T07:00:00+01:00"},
		{night, "2026-11-26T03:00:00+01:00", "2026-11-26T07:00:00+01:00"},
		{night, "2026-11-26T06:59:00+01:00", "2026-11-26T07:00:00+01:00"},
		{night, "2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"}, // summer time begins
		{noon, "2026-11-25T12:10:00+01:00", "2026-11-25T13:30:00+01:00"},
		{noon, "2026-11-25T14:00:00+01:00", "2026-11-25T14:01:00+01:00"},
		{off, "2026-11-26T03:00:00+01:00", "2026-11-26T03:01:00+01:00"},
	} {
		if got := NotBefore(test.s, "Europe/Zurich", at(test.now)); !got.Equal(at(test.want)) {
			t.Errorf("at %s: %s, want %s", test.now, got, test.want)
		}
	}
	if got := NextDigest("08:00", "Europe/Zurich", at("2026-03-28T08:00:00+01:00")); !got.Equal(at("2026-03-29T08:00:00+02:00")) {
		t.Errorf("the next digest is at %s", got)
	}
	if got := NextDigest("08:00", "", at("2026-03-28T07:00:00Z")); !got.Equal(at("2026-03-28T08:00:00Z")) {
		t.Errorf("without a zone at %s", got)
	}
	for text, good := range map[string]bool{"08:00": true, "8:00": false, "24:00": false, "": false, "08:00:00": false} {
		if ValidClock(text) != good {
			t.Errorf("%q", text)
		}
	}
}

// TestTextsOfMerchantsAreOnlyText: a flow may be called anything.
func TestTextsOfMerchantsAreOnlyText(t *testing.T) {
	m := message{id: "b1", store: &tenants.Store{Hash: "abc123", Name: "Shop <b>"}, at: time.Now(), opened: []Problem{{
		FlowName: "<!channel> [x](https://evil.example) <script>\r\nBcc: x@y.example", Title: "the run failed", Message: "a & b *c*", Since: time.Now(),
	}}}
	text, page, err := written(m)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "a & b *c*") || strings.Contains(page, "<script>") || !strings.Contains(page, "a &amp; b *c*") {
		t.Errorf("%s\n%s", text, page)
	}
	if got := oneLine(m.subject()); strings.ContainsAny(got, "\r\n") {
		t.Errorf("subject %q", got)
	}
	body := func(kind tenants.AlertChannelKind) string {
		b := new(strings.Builder)
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		if err := e.Encode(m.payload(kind)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got := body(tenants.ChannelSlack); strings.Contains(got, "<!channel>") || !strings.Contains(got, "&lt;!channel&gt;") || !strings.Contains(got, `"type":"mrkdwn"`) {
		t.Errorf("slack: %s", got)
	}
	if got := body(tenants.ChannelTeams); strings.Contains(got, "[x](") || !strings.Contains(got, `\\[x\\](`) || !strings.Contains(got, "application/vnd.microsoft.card.adaptive") {
		t.Errorf("teams: %s", got)
	}
}

// TestManyProblemsStayOneMessage that Slack and Teams take.
func TestManyProblemsStayOneMessage(t *testing.T) {
	m := message{store: &tenants.Store{Hash: "abc123"}}
	for range 100 {
		m.opened = append(m.opened, Problem{FlowName: "x", Message: strings.Repeat("y", 1000)})
	}
	b, err := json.Marshal(m.payload(tenants.ChannelSlack))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), `"section"`); n > 50 {
		t.Errorf("%d parts", n)
	}
	if b, err = json.Marshal(m.payload(tenants.ChannelTeams)); err != nil || len(b) > 28<<10 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}
