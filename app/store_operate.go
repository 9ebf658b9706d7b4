package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"sluice/auth"
	"sluice/tenants"
)

type storeShowCommand struct {
	Store string `arg:"" help:"The store hash."`
	JSON  bool   `name:"json" help:"Print one line of JSON."`
}

// storeFacts is what `store show` tells of a store. It has no secret in it.
type storeFacts struct {
	*tenants.Store
	Users []tenants.User   `json:"users"`
	Keys  []tenants.APIKey `json:"api_keys"`
	Flows []tenants.Flow   `json:"flows"`
	Runs  []tenants.Run    `json:"runs"` // the newest
}

// shownRuns is how many runs `store show` lists.
const shownRuns = 10

// Run looks, and changes nothing.
func (c *storeShowCommand) Run(ctx context.Context) error {
	db, err := openForOperator(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	facts, err := factsOf(ctx, db, c.Store)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(os.Stdout, facts)
	}
	return facts.write(os.Stdout)
}

func factsOf(ctx context.Context, db *tenants.DB, hash string) (f *storeFacts, err error) {
	ctx = tenants.WithStore(ctx, hash)
	f = &storeFacts{}
	if f.Store, err = db.Store(ctx, hash); err != nil {
		return nil, err
	}
	if f.Users, err = db.Users(ctx); err != nil {
		return nil, err
	}
	if f.Keys, err = db.ListAPIKeys(ctx); err != nil {
		return nil, err
	}
	if f.Flows, err = db.Flows(ctx); err != nil {
		return nil, err
	}
	f.Runs, err = db.Runs(ctx, tenants.RunFilter{Limit: shownRuns})
	return f, err
}

func (f *storeFacts) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	line := func(cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")) }
	line("Store", f.Hash)
	line("Name", cmp.Or(f.Name, "not read yet"))
	line("Storefront", f.SecureURL)
	line("Plan", f.PlanName)
	line("Time zone", f.Timezone)
	line("State", strings.TrimSpace(string(f.State)+"  "+f.StateReason))
	line("Came by", string(f.Origin))
	line("Scopes", cmp.Or(f.Scopes, "not told by BigCommerce"))
	line("Installed", day(&f.InstalledAt))
	if f.UninstalledAt != nil {
		line("Uninstalled", day(f.UninstalledAt))
		line("Data deleted", "after "+day(f.DeleteAfter))
	}
	for _, u := range f.Users {
		if u.RemovedAt == nil {
			line("User", fmt.Sprint(u.UserID), u.Email, string(u.Role))
		}
	}
	for _, k := range f.Keys {
		if k.RevokedAt == nil {
			line("API key", k.Name, k.Scopes, cmp.Or(day(k.ExpiresAt), "never expires"))
		}
	}
	for _, flow := range f.Flows {
		schedule := "no schedule"
		if flow.ScheduleEnabled {
			schedule = flow.Schedule
		}
		if flow.CompareEnabled {
			schedule += ", compares " + flow.CompareSchedule
		}
		line("Flow", flow.ID, flow.Name, schedule)
	}
	for _, r := range f.Runs {
		line("Run", r.ID, string(r.State), r.CreatedAt.Format(time.RFC3339), r.Error)
	}
	return w.Flush()
}

func day(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.DateOnly)
}

type storeRefreshCommand struct {
	Store string `arg:"" help:"The store hash."`
}

// Run leaves the work to the workers: it has to go through the store's quota.
func (c *storeRefreshCommand) Run(ctx context.Context) error {
	return withQueue(ctx, func(o *operatorQueue) error {
		if err := o.service.Installed(ctx, c.Store); err != nil {
			return err
		}
		fmt.Printf("The workers will register the webhooks of %s and read its settings. See sluice doctor --store %s in a minute.\n", c.Store, c.Store)
		return nil
	})
}

type storeRemoveCommand struct {
	Store string `arg:"" help:"The store hash."`
	Yes   bool   `help:"Do it. Without this the command only says what it would do."`
	Now   bool   `help:"Delete the store's data at once instead of after a month. There is no way back."`
}

// Run does what an uninstall in the control panel does, for a merchant who cannot, or for a store
// that was added by its credentials. Repeating it is harmless.
func (c *storeRemoveCommand) Run(ctx context.Context) error {
	return withQueue(ctx, func(o *operatorQueue) error {
		store, err := o.db.Store(ctx, c.Store)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("store %s (%s): its access token, sessions and API keys end at once, its runs are cancelled, and its data is deleted ", store.Hash, store.Name)
		if c.Now {
			what += "at once"
		} else {
			what += "on " + time.Now().Add(auth.DefaultRetention).UTC().Format(time.DateOnly) + " unless it is installed again"
		}
		if !c.Yes {
			fmt.Println("This would remove " + what + ".")
			return errors.New("nothing was done: add --yes to do it")
		}
		if err := c.remove(ctx, o); err != nil {
			return err
		}
		fmt.Println("Removed " + what + ".")
		return nil
	})
}

func (c *storeRemoveCommand) remove(ctx context.Context, o *operatorQueue) error {
	// In the store's audit log, for as long as there is one.
	err := o.db.Audit(tenants.WithStore(ctx, c.Store), tenants.AuditEntry{Actor: "operator", Action: "store.removed", Subject: c.Store})
	if err != nil {
		return err
	}
	if err := o.service.Uninstall(ctx, c.Store); err != nil {
		return err
	}
	if !c.Now {
		return nil
	}
	return o.service.PurgeStore(ctx, c.Store)
}
