package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// queueView is what `queue show` tells. Times are milliseconds from now.
type queueView struct {
	Embedded bool           `json:"embedded_redis"` // the live state is in another process: Redis and stores' live are left out
	SQL      jobs.JobTotals `json:"sql"`
	Redis    *queue.Totals  `json:"redis,omitempty"`
	Whole    bool           `json:"whole"` // false: too many stores to look at each in Redis; SQL's order still covers all
	Stores   []storeView    `json:"stores"`
}

type storeView struct {
	jobs.Backlog
	Live *liveView `json:"live,omitempty"`
	Held string    `json:"held,omitempty"` // why nothing more of it starts now
}

// liveView is a store's state in Redis.
type liveView struct {
	Waiting  int   `json:"waiting"`
	Delayed  int   `json:"delayed"`
	InFlight int   `json:"in_flight"`
	Ready    bool  `json:"ready"`
	Parked   bool  `json:"parked"`
	WakesMS  int64 `json:"wakes_ms"`
	Paused   bool  `json:"paused"`
	Known    bool  `json:"quota_known"`
	Quota    int   `json:"quota"`
	Left     int   `json:"left"`
	Out      int   `json:"out"`
	Margin   int   `json:"margin"`
	WindowMS int64 `json:"window_ms"`
	ResetMS  int64 `json:"reset_ms"`
	CoolMS   int64 `json:"cooling_ms"`
}

// view gathers the limit stores with the most work: by SQL, which has every job, and by Redis,
// which has what is in flight.
func (o *operatorQueue) view(ctx context.Context, limit int) (*queueView, error) {
	v := &queueView{Embedded: o.queue == nil, Whole: true, Stores: []storeView{}}
	var err error
	if v.SQL, err = o.service.Totals(ctx); err != nil {
		return nil, err
	}
	var busiest []queue.StoreState
	var also []string
	if o.queue != nil {
		totals, err := o.queue.Totals(ctx)
		if err != nil {
			return nil, err
		}
		v.Redis = &totals
		if busiest, v.Whole, err = o.queue.Busiest(ctx, limit); err != nil {
			return nil, err
		}
		for _, s := range busiest {
			also = append(also, s.Store)
		}
	}
	backlogs, err := o.service.Backlogs(ctx, limit, also...)
	if err != nil {
		return nil, err
	}
	for _, b := range backlogs {
		v.Stores = append(v.Stores, storeView{Backlog: b})
	}
	if o.queue != nil {
		if err := v.addLive(ctx, o.queue); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(v.Stores, func(a, b storeView) int {
		return cmp.Or(cmp.Compare(b.Due+b.Later, a.Due+a.Later), cmp.Compare(b.Dead, a.Dead), cmp.Compare(a.Store, b.Store))
	})
	v.Stores = v.Stores[:min(len(v.Stores), limit)]
	for i := range v.Stores {
		v.Stores[i].Held = v.Stores[i].held()
	}
	return v, nil
}

func (v *queueView) addLive(ctx context.Context, q *queue.Queue) error {
	hashes := make([]string, len(v.Stores))
	for i, s := range v.Stores {
		hashes[i] = s.Store
	}
	states, err := q.States(ctx, hashes...)
	if err != nil {
		return err
	}
	for i, s := range states {
		v.Stores[i].Live = &liveView{
			Waiting: s.Waiting, Delayed: s.Delayed, InFlight: s.InFlight, Ready: s.Ready, Parked: s.Parked,
			WakesMS: s.Wakes.Milliseconds(), Paused: s.Paused, Known: s.Known, Quota: s.Quota, Left: s.Left, Out: s.Out,
			Margin: s.Margin, WindowMS: s.Window.Milliseconds(), ResetMS: s.Reset.Milliseconds(), CoolMS: s.Cooling.Milliseconds(),
		}
		if s.InFlight >= s.Cap && s.Waiting > 0 && !s.Paused {
			v.Stores[i].Held = fmt.Sprintf("%d jobs at once is its cap", s.Cap)
		}
	}
	return nil
}

// held says why nothing more of a store starts now; "" if something may, or there is nothing.
func (s *storeView) held() string {
	if s.State != "" && s.State != string(tenants.StoreActive) {
		return strings.TrimSuffix("paused, "+s.State+": "+s.Why, ": ")
	}
	l := s.Live
	if l == nil {
		return s.Held
	}
	in := func(ms int64) string {
		return (time.Duration(ms) * time.Millisecond).Round(100 * time.Millisecond).String()
	}
	switch {
	case l.Paused:
		return "paused in Redis, and not in SQL"
	case s.Held != "":
		return s.Held
	case !l.Parked:
		return ""
	case l.CoolMS > 0:
		return "BigCommerce asked for a pause, " + in(l.CoolMS)
	case l.Waiting > 0 && l.Known:
		return "no quota for " + in(l.WakesMS)
	default:
		return "its next job is due in " + in(l.WakesMS)
	}
}

func (v *queueView) write(w io.Writer) error {
	if v.Embedded {
		fmt.Fprintln(w, embeddedNote)
	}
	fmt.Fprintf(w, "Jobs in SQL: %d due, %d later, %d dead, of %d stores.\n", v.SQL.Due, v.SQL.Later, v.SQL.Dead, v.SQL.Stores)
	if r := v.Redis; r != nil {
		fmt.Fprintf(w, "Redis: %s; %d jobs in flight (%d beyond their lease); %d stores ready, %d parked.\n", epochOf(r), r.InFlight, r.Overdue, r.Ready, r.Parked)
	}
	if !v.Whole {
		fmt.Fprintln(w, "There are too many stores in Redis to look at each; the order goes by SQL.")
	}
	if len(v.Stores) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if v.Embedded {
		fmt.Fprintln(t, "STORE\tDUE\tLATER\tDEAD\tHELD")
		for _, s := range v.Stores {
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\n", s.Store, s.Due, s.Later, s.Dead, s.Held)
		}
		return t.Flush()
	}
	fmt.Fprintln(t, "STORE\tDUE\tLATER\tDEAD\tWAITING\tDELAYED\tIN FLIGHT\tQUOTA LEFT\tWINDOW\tHELD")
	for _, s := range v.Stores {
		quota, window := "unknown", ""
		if l := s.Live; l.Known {
			quota = fmt.Sprintf("%d of %d", l.Left, l.Quota)
			window = fmt.Sprintf("%.1fs of %.0fs left", float64(l.ResetMS)/1000, float64(l.WindowMS)/1000)
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n", s.Store, s.Due, s.Later, s.Dead,
			s.Live.Waiting, s.Live.Delayed, s.Live.InFlight, quota, window, s.Held)
	}
	return t.Flush()
}

func epochOf(r *queue.Totals) string {
	switch {
	case r.Complete:
		return "complete"
	case r.Rebuilding:
		return "being rebuilt from SQL now"
	}
	return "empty; the next worker rebuilds it from SQL"
}

func (v leasesView) write(w io.Writer, now time.Time) error {
	if v.Embedded {
		fmt.Fprintln(w, "REDIS_URL is not set: leases are inside the serving process, and SQL does not know them.")
		return nil
	}
	if len(v.Leases) == 0 {
		fmt.Fprintln(w, "No job is in flight.")
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "JOB\tSTORE\tKIND\tATTEMPT\tEXPIRES")
	for _, l := range v.Leases {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\tin %s\n", l.Job, l.Store, l.Kind, l.Attempt, l.Expires.Sub(now).Round(100*time.Millisecond))
	}
	return t.Flush()
}

func writeDead(w io.Writer, dead []jobs.DeadJob) error {
	if len(dead) == 0 {
		fmt.Fprintln(w, "No job is dead.")
		return nil
	}
	for _, d := range dead {
		fmt.Fprintf(w, "%s  %s of store %s, dead since %s after %d attempts: %s\n", d.ID, d.Kind, d.Store, d.Died.Format(time.RFC3339), d.Attempts, d.Error)
		for _, a := range d.History {
			fmt.Fprintf(w, "    %s  attempt %d: %s\n", a.At.Format(time.RFC3339), a.Attempt, a.Error)
		}
	}
	return nil
}
