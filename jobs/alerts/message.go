package alerts

import (
	"encoding/json"
	"fmt"
	"time"

	"sluice/jobs/schedule"
	"sluice/tenants"
)

// Problem is what a message tells of one problem. It is kept as JSON: names may be added, and none
// may change its meaning.
type Problem struct {
	ID       string     `json:"id"`
	Cause    string     `json:"cause"`
	Title    string     `json:"title"` // the cause in words
	FlowID   string     `json:"flow_id"`
	FlowName string     `json:"flow_name"` // "" of the store itself
	Message  string     `json:"message"`
	Count    int64      `json:"count"`
	Do       string     `json:"what_to_do"`
	Since    time.Time  `json:"since"`
	HealedAt *time.Time `json:"healed_at,omitempty"`
}

// Day is what a digest tells.
type Day struct {
	Runs     int64     `json:"runs"` // that ended in the last 24 hours
	Failed   int64     `json:"failed_runs"`
	Open     int64     `json:"open"`
	Problems []Problem `json:"problems"` // the newest, dayProblems at most
}

// Encode is what a row of the outbox has of a problem or a day.
func Encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("alerts: %w", err)
	}
	return string(b), nil
}

// message is what one channel is told at once.
type message struct {
	id     string // of the batch
	store  *tenants.Store
	at     time.Time
	opened []Problem
	healed []Problem
	day    *Day
	test   bool
}

// compose reads the rows of a batch.
func compose(b *tenants.AlertBatch, store *tenants.Store, now time.Time) (message, error) {
	m := message{id: b.ID, store: store, at: now}
	for _, row := range b.Messages {
		var err error
		if row.Event == tenants.AlertDigest {
			m.day = &Day{}
			err = json.Unmarshal([]byte(row.Body), m.day)
		} else {
			var p Problem
			err = json.Unmarshal([]byte(row.Body), &p)
			if row.Event == tenants.AlertHealed {
				m.healed = append(m.healed, p)
			} else {
				m.opened = append(m.opened, p)
			}
		}
		if err != nil {
			return m, fmt.Errorf("alerts: message %s: %w", row.ID, err)
		}
	}
	return m, nil
}

// storeName is how people call the store.
func (m message) storeName() string {
	if m.store.Name != "" {
		return m.store.Name
	}
	return "store " + m.store.Hash
}

// when writes a moment as the store's clock shows it.
func (m message) when(t time.Time) string {
	loc, _ := schedule.Zone(m.store.Timezone)
	return t.In(loc).Format("Mon 2 Jan 15:04")
}

// about names what a problem is of.
func about(p Problem) string {
	if p.FlowName == "" {
		return "Your store"
	}
	return p.FlowName
}

// subject is the message in one line.
func (m message) subject() string {
	switch n := len(m.opened); {
	case m.test:
		return "Sluice: a test for " + m.storeName()
	case m.day != nil && m.day.Open == 0 && n == 0:
		return "Sluice: all is well at " + m.storeName()
	case m.day != nil && n == 0:
		return fmt.Sprintf("Sluice: %s at %s", things(m.day.Open), m.storeName())
	case n == 1:
		return fmt.Sprintf("Sluice: %s: %s", about(m.opened[0]), m.opened[0].Title)
	case n > 1:
		return fmt.Sprintf("Sluice: %s at %s", things(int64(n)), m.storeName())
	case len(m.healed) == 1:
		return fmt.Sprintf("Sluice: solved: %s: %s", about(m.healed[0]), m.healed[0].Title)
	default:
		return fmt.Sprintf("Sluice: %d problems are solved at %s", len(m.healed), m.storeName())
	}
}

func things(n int64) string {
	if n == 1 {
		return "1 problem needs you"
	}
	return fmt.Sprintf("%d problems need you", n)
}

// section is a part of a message: a heading, and a line or more for each problem.
type section struct {
	heading string
	lines   []line
}

// line is one problem for people.
type line struct{ title, text, since, do string }

// where says where the rest is.
const where = "Open Sluice in your store's control panel: “Needs attention” has everything that is open. Who is told of what is set there under Settings, Alerts."

// sections is the message in parts that every channel draws in its own way.
func (m message) sections() []section {
	if m.test {
		return []section{{heading: "This is a test.", lines: []line{{text: "Alerts of " + m.storeName() + " arrive here."}}}}
	}
	var parts []section
	add := func(heading string, problems []Problem, healed bool) {
		if len(problems) == 0 {
			return
		}
		s := section{heading: heading}
		for _, p := range problems {
			l := line{title: about(p) + ": " + p.Title, text: p.Message, since: "Since " + m.when(p.Since), do: p.Do}
			if healed {
				l.do, l.text = "", ""
				if p.HealedAt != nil {
					l.since = "From " + m.when(p.Since) + " to " + m.when(*p.HealedAt)
				}
			}
			s.lines = append(s.lines, l)
		}
		parts = append(parts, s)
	}
	add("Needs you", m.opened, false)
	add("Solved", m.healed, true)
	if d := m.day; d != nil {
		day := section{heading: "The last 24 hours", lines: []line{{text: runs(d)}}}
		if d.Open == 0 {
			day.lines = append(day.lines, line{text: "Nothing needs you."})
		}
		parts = append(parts, day)
		heading := "Open"
		if more := d.Open - int64(len(d.Problems)); more > 0 {
			heading = fmt.Sprintf("Open, the newest %d of %d", len(d.Problems), d.Open)
		}
		add(heading, d.Problems, false)
	}
	return parts
}

func runs(d *Day) string {
	ended := fmt.Sprintf("%d runs ended", d.Runs)
	if d.Runs == 1 {
		ended = "1 run ended"
	}
	switch d.Failed {
	case 0:
		return ended + "; none failed."
	case 1:
		return ended + "; 1 failed."
	}
	return fmt.Sprintf("%s; %d failed.", ended, d.Failed)
}
