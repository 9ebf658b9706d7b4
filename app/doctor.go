package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// level is how a finding of the doctor stands.
type level string

const (
	levelOK      level = "ok"
	levelWarning level = "warning" // works, and an operator should know
	levelFault   level = "fault"   // something does not work, or will not
	levelSkipped level = "skipped" // could not be looked at
)

// diagnosis is one line of the doctor's report.
type diagnosis struct {
	Check string `json:"check"`           // configuration, panel, database, migrations, keys, redis, shards, clock, address, mail, token, scopes, webhooks or redirect
	Store string `json:"store,omitempty"` // the store hash, for the last four
	Level level  `json:"level"`
	Says  string `json:"says"`         // what was found
	Do    string `json:"do,omitempty"` // what to do about it
}

// doctorCommand looks at everything that an installation needs, and changes nothing.
type doctorCommand struct {
	Stores []string `name:"store" help:"Look at these stores only; by default at the newest installs." placeholder:"HASH"`
	Limit  int      `help:"How many stores at most. Each costs two API requests." default:"25"`
	JSON   bool     `name:"json" help:"Print one line of JSON a finding."`
}

// doctorTime bounds one check: nobody waits for a server that does not answer.
const doctorTime = 10 * time.Second

// doctor carries what the checks find out on the way.
type doctor struct {
	cfg      *Config
	limit    int
	stores   []string
	http     *http.Client
	now      func() time.Time
	findings []diagnosis
}

// Run prints a line for each finding. It fails, so that the exit code is 1, if there is a fault.
func (c *doctorCommand) Run(ctx context.Context) error {
	if err := atLeastOne(c.Limit); err != nil {
		return err
	}
	d := newDoctor(c.Stores, c.Limit)
	d.examine(ctx)
	if err := d.print(os.Stdout, c.JSON); err != nil {
		return err
	}
	switch n := d.faults(); n {
	case 0:
		return nil
	case 1:
		return errors.New("there is 1 fault")
	default:
		return fmt.Errorf("there are %d faults", n)
	}
}

func newDoctor(stores []string, limit int) *doctor {
	return &doctor{stores: stores, limit: limit, now: time.Now, http: &http.Client{
		Timeout: doctorTime,
		// BigCommerce's servers follow no redirect to a callback either.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// examine goes from the inside out, and leaves out what cannot be asked because something before it
// is missing.
func (d *doctor) examine(ctx context.Context) {
	if !d.configuration() {
		return
	}
	d.panel()
	log := slog.New(slog.DiscardHandler) // what is wrong becomes a finding
	db := d.database(ctx, log)
	if db != nil {
		defer func() { _ = db.Close() }()
	}
	rdb, closeRedis := d.redis(ctx, log)
	if rdb != nil {
		defer closeRedis()
	}
	d.clocks(ctx, db, rdb)
	d.address(ctx)
	d.mail(ctx)
	if db != nil {
		d.examineStores(ctx, db)
	}
}

func (d *doctor) add(f diagnosis) { d.findings = append(d.findings, f) }

func (d *doctor) ok(check, says string, args ...any) {
	d.add(diagnosis{Check: check, Level: levelOK, Says: fmt.Sprintf(says, args...)})
}

// fault records err, by its words for a person.
func (d *doctor) fault(check string, err error, do string) {
	d.add(diagnosis{Check: check, Level: levelFault, Says: forPerson(err), Do: do})
}

func (d *doctor) warn(check, says, do string) {
	d.add(diagnosis{Check: check, Level: levelWarning, Says: says, Do: do})
}

func (d *doctor) skip(check, says string) {
	d.add(diagnosis{Check: check, Level: levelSkipped, Says: says})
}

func (d *doctor) faults() int {
	n := 0
	for _, f := range d.findings {
		if f.Level == levelFault {
			n++
		}
	}
	return n
}

func (d *doctor) print(w io.Writer, asJSON bool) error {
	for _, f := range d.findings {
		if asJSON {
			if err := printJSON(w, f); err != nil {
				return err
			}
			continue
		}
		subject := f.Check
		if f.Store != "" {
			subject += " of " + f.Store
		}
		line := fmt.Sprintf("%-8s %-24s %s\n", f.Level, subject, indent(f.Says))
		if f.Do != "" {
			line += strings.Repeat(" ", 34) + "→ " + indent(f.Do) + "\n"
		}
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
	}
	return nil
}

// indent keeps a text of several lines in its column.
func indent(s string) string {
	return strings.Join(strings.Split(strings.TrimSpace(s), "\n"), "\n"+strings.Repeat(" ", 34))
}

// has reports whether a finding of a check has a level.
func (d *doctor) has(check string, l level) bool {
	return slices.ContainsFunc(d.findings, func(f diagnosis) bool { return f.Check == check && f.Level == l })
}
