package attention

import (
	"fmt"
	"time"

	"sluice/jobs/schedule"
	"sluice/tenants"
)

// GuardShrank is the guard of a run that asks because its source has far fewer rows than before.
const GuardShrank = "shrank"

// finding is something that is wrong.
type finding struct {
	cause   string
	runID   string
	message string
	count   int64
	since   time.Time
	remedy  tenants.Remedy
	quiet   bool // below what its rule tells of
}

// facts are what is known of a flow.
type facts struct {
	now        time.Time
	store      *tenants.Store
	flow       *tenants.Flow
	connection *tenants.Connection // nil: none
	runs       []tenants.Run       // tenants.LastRuns
	singular   string              // of a record
	plural     string
	granted    error // what keeps the kind's flows from running; nil: nothing does
	rules      chosen
}

// found is what facts come to.
type found struct {
	list []finding
	held map[string]bool // causes of which nothing is known now: they neither open nor heal
	next time.Time       // when the clock alone may change the answer; zero: never
}

func (f *found) add(x finding) { f.list = append(f.list, x) }

// at says that the answer may change at a time.
func (f *found) at(now, t time.Time) {
	if t.After(now) && (f.next.IsZero() || t.Before(f.next)) {
		f.next = t
	}
}

// findings says what is wrong with a flow.
func findings(a facts) found {
	f := found{held: map[string]bool{}}
	active, ended := split(a.runs)
	if active != nil && active.State == tenants.RunAsking && active.Question != nil {
		f.add(asks(active))
	}
	if a.flow.OffAt != nil {
		return f // somebody wants it so
	}
	a.ended(&f, ended)
	if a.store.State != tenants.StoreActive {
		f.held[CauseLate], f.held[CauseNoData], f.held[CausePermission] = true, true, true
	} else {
		a.byClock(&f, active, ended)
	}
	a.secretAge(&f)
	return f
}

// split tells the run that is not over from those that are.
func split(runs []tenants.Run) (active *tenants.Run, ended []tenants.Run) {
	for i := range runs {
		if !runs[i].State.Final() {
			active = &runs[i]
			continue
		}
		ended = append(ended, runs[i])
	}
	return active, ended
}

func asks(run *tenants.Run) finding {
	x := finding{cause: CauseAsking, runID: run.ID, message: run.Question.Message, count: run.Question.Count, since: run.Question.AskedAt,
		remedy: tenants.Remedy{Action: "answer", Text: "Open the run, see what it is about, and let it go on or stop it. Without an answer it ends after 24 hours."}}
	if run.Question.Guard == GuardShrank {
		x.cause = CauseShrank
	}
	return x
}

// unanswered reports whether a run ended because nobody answered it.
func unanswered(run *tenants.Run) bool {
	return run.State == tenants.RunCancelled && run.Question != nil && run.FinishedAt != nil &&
		run.FinishedAt.Sub(run.Question.AskedAt) >= tenants.QuestionKept
}

// ended adds what is wrong with how the last runs ended. What a person stopped says nothing.
func (a facts) ended(f *found, ended []tenants.Run) {
	var failed []tenants.Run // in a row, the newest first
	for _, run := range ended {
		if run.State == tenants.RunFailed || unanswered(&run) {
			failed = append(failed, run)
		} else if run.State == tenants.RunDone {
			break
		}
	}
	if len(failed) > 0 {
		f.add(a.failed(failed))
	}
	done := lastDone(ended)
	if done == nil {
		return
	}
	if done.Failed > 0 {
		f.add(a.leftOut(done))
	}
	if done.RetryOf == "" {
		if x, is := a.shrank(done); is {
			f.add(x)
		}
	}
}

// lastDone returns the last run of all records that was done, or the newest of the runs that tried
// again what it left out.
func lastDone(ended []tenants.Run) *tenants.Run {
	retries := map[string]*tenants.Run{} // by the run that they retry; the newest first
	for i := range ended {
		run := &ended[i]
		if run.State != tenants.RunDone {
			continue
		}
		if run.RetryOf != "" {
			if retries[run.RetryOf] == nil {
				retries[run.RetryOf] = run
			}
			continue
		}
		for retries[run.ID] != nil {
			run = retries[run.ID]
		}
		return run
	}
	return nil
}

func (a facts) failed(runs []tenants.Run) finding {
	last, first := runs[0], runs[len(runs)-1]
	x := finding{cause: CauseRunFailed, runID: last.ID, message: last.Error, count: int64(len(runs)), since: endOf(&first),
		remedy: tenants.Remedy{Action: "run", Text: "Open the run to see how far it came, then start the sync again."}}
	if x.message == "" {
		x.message = "The run could not go on."
	}
	if last.Phase == tenants.PhaseFetch && last.State == tenants.RunFailed {
		x.remedy = tenants.Remedy{Action: "source", Text: "Check where the file comes from, then start the sync again."}
	}
	return x
}

func endOf(run *tenants.Run) time.Time {
	if run.FinishedAt != nil {
		return *run.FinishedAt
	}
	return run.CreatedAt
}

func (a facts) leftOut(run *tenants.Run) finding {
	rule := a.rules[CauseProblems]
	few := run.Failed <= rule.Params["count"]
	small := run.Failed*100 <= rule.Params["percent"]*max(run.Read, 1)
	noun := a.plural
	if run.Failed == 1 {
		noun = a.singular
	}
	return finding{cause: CauseProblems, runID: run.ID, count: run.Failed, since: endOf(run), quiet: few && small,
		message: fmt.Sprintf("%d %s of %d in the file could not be written.", run.Failed, noun, max(run.Read, run.Failed)),
		remedy:  tenants.Remedy{Action: "run", Text: "Open the run to see why, then correct the file or the matching."}}
}

// shrank says whether a run's source had nothing, or not all.
func (a facts) shrank(run *tenants.Run) (finding, bool) {
	x := finding{cause: CauseShrank, runID: run.ID, since: endOf(run)}
	switch {
	case run.Read == 0:
		x.message = "The file had no records in the last run, so nothing was changed."
		x.remedy = tenants.Remedy{Action: "source", Text: "Check that the file is the right one and that your system fills it."}
	case run.Incomplete:
		x.message = "The file stopped before its end in the last run. What came was written."
		x.remedy = tenants.Remedy{Action: "source", Text: "Check that your system makes the whole file, and that it is not replaced while it is read."}
	default:
		return x, false
	}
	return x, true
}

// byClock adds what is wrong because time passed.
func (a facts) byClock(f *found, active *tenants.Run, ended []tenants.Run) {
	if a.granted != nil {
		f.add(finding{cause: CausePermission, message: "This sync is paused: your store has not given Sluice a permission that it needs.", since: a.now,
			remedy: tenants.Remedy{Action: "permissions", Text: "Open Sluice from the control panel's app list and accept the new permissions."}})
		f.held[CauseLate], f.held[CauseNoData] = true, true
		return
	}
	a.late(f, active, ended)
	a.noData(f, ended)
}

// late adds the first run that a schedule asked for and that has not ended.
func (a facts) late(f *found, active *tenants.Run, ended []tenants.Run) {
	if !a.rules.looks(CauseLate) {
		return
	}
	if active != nil && (active.State == tenants.RunAsking || active.State == tenants.RunPaused) {
		return // that is said already
	}
	patience := time.Duration(a.rules[CauseLate].Params["minutes"]) * time.Minute
	for _, t := range tenants.Timetables {
		s := a.flow.Timetable(t)
		if !s.Enabled || s.Since == nil {
			continue
		}
		from := *s.Since
		for _, run := range ended {
			if run.RetryOf == "" && (t == tenants.TimetableRuns || run.Compare) {
				from = later(from, run.CreatedAt)
				break
			}
		}
		due, err := schedule.Due(s.Cron, a.store.Timezone, a.store.Hash, a.flow.ID, from)
		if err != nil {
			continue
		}
		if !due.Add(patience).After(a.now) {
			f.add(a.lateBy(due, active))
			return
		}
		f.at(a.now, due.Add(patience))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (a facts) lateBy(due time.Time, active *tenants.Run) finding {
	loc, _ := schedule.Zone(a.store.Timezone)
	x := finding{cause: CauseLate, since: due, message: "The run that was due on " + due.In(loc).Format("Monday, 2 January at 15:04") + " has not ended.",
		remedy: tenants.Remedy{Action: "schedule", Text: "Look at the schedule and the history, or start the sync by hand."}}
	if active != nil {
		x.runID = active.ID
		x.remedy = tenants.Remedy{Action: "run", Text: "A run is still under way: open it to see how far it is."}
	}
	return x
}

// noData adds that no run brought in records for long.
func (a facts) noData(f *found, ended []tenants.Run) {
	if !a.rules.looks(CauseNoData) {
		return
	}
	var from time.Time
	for _, t := range tenants.Timetables {
		if s := a.flow.Timetable(t); s.Enabled && s.Since != nil {
			from = later(from, *s.Since)
		}
	}
	for _, run := range ended {
		if run.State == tenants.RunDone && run.RetryOf == "" && run.Read > 0 {
			from = endOf(&run)
			break
		}
	}
	if from.IsZero() {
		return // it never ran, and nobody said that it should
	}
	hours := a.rules[CauseNoData].Params["hours"]
	end := from.Add(time.Duration(hours) * time.Hour)
	if end.After(a.now) {
		f.at(a.now, end)
		return
	}
	unit := "hours"
	if hours == 1 {
		unit = "hour"
	}
	f.add(finding{cause: CauseNoData, since: from, message: fmt.Sprintf("No run has brought in records for more than %d %s.", hours, unit),
		remedy: tenants.Remedy{Action: "source", Text: "Check that your system still fills the file, and that the sync has a schedule."}})
}

// secretAge adds that a source's secret is old.
func (a facts) secretAge(f *found) {
	c := a.connection
	if !a.rules.looks(CauseSecretAge) || c == nil || !c.HasSecret || c.SecretSetAt == nil {
		return
	}
	days := a.rules[CauseSecretAge].Params["days"]
	end := c.SecretSetAt.AddDate(0, 0, int(days))
	if end.After(a.now) {
		f.at(a.now, end)
		return
	}
	unit := "days"
	if days == 1 {
		unit = "day"
	}
	f.add(finding{cause: CauseSecretAge, since: end, message: fmt.Sprintf("The password or key of this sync's source is older than %d %s.", days, unit),
		remedy: tenants.Remedy{Action: "source", Text: "Have a new one made where the file comes from, and enter it here.", Field: "secret"}})
}

// findingsOfStore says what is wrong with the store as a whole.
func findingsOfStore(store *tenants.Store, now time.Time) found {
	f := found{held: map[string]bool{}}
	if store.State == tenants.StoreNeedsReinstall {
		message := store.StateReason
		if message == "" {
			message = "BigCommerce no longer accepts Sluice's access to this store."
		}
		f.add(finding{cause: CauseReinstall, message: message, since: now,
			remedy: tenants.Remedy{Action: "reinstall", Text: "Open Sluice from the control panel's app list to install it again; paused runs then go on."}})
		f.held[CauseWebhookOff] = true
		return f
	}
	if store.WebhooksOffAt != nil {
		f.add(finding{cause: CauseWebhookOff, since: *store.WebhooksOffAt,
			message: "BigCommerce had stopped telling Sluice of changes in your store. Sluice has asked for it again and is catching up.",
			remedy:  tenants.Remedy{Text: "There is nothing to do yet. If this stays for more than a day, tell whoever runs Sluice."}})
	}
	return f
}
