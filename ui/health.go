package ui

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// healthView is how a flow is, in a word and in a sentence.
type healthView struct {
	State   healthState `json:"state"`
	Since   *time.Time  `json:"since"`
	Message string      `json:"message"`
}

type healthState string

// The states of a flow's health.
const (
	healthDraft     healthState = "draft"     // it cannot run yet
	healthOff       healthState = "off"       // a person switched it off
	healthNever     healthState = "never"     // it can run and did not yet
	healthOK        healthState = "ok"        // its last run left nothing out
	healthAttention healthState = "attention" // its last run left something out, or was stopped
	healthFailing   healthState = "failing"   // its last run failed as a whole
	healthAsking    healthState = "asking"
	healthRunning   healthState = "running"
	healthPaused    healthState = "paused"
)

// problems returns why a flow cannot run; never nil.
func (a *API) problems(ctx context.Context, f *tenants.Flow, parts *tenants.FlowParts) ([]flow.Problem, error) {
	out := a.sourceProblems(f, parts)
	kind, err := a.cfg.Kinds.Kind(f.Kind)
	if err != nil { // of a newer version of Sluice, which knows
		return out, nil //nolint:nilerr // and a list of flows shows the others
	}
	found, err := a.known.of(ctx, kind, f)
	return append(out, found...), err
}

// knownProblems remembers the problems of flows' mappings: to find them, each formula is compiled,
// and lists of flows are asked for again and again.
type knownProblems struct {
	mu   sync.Mutex
	rows map[[sha256.Size]byte][]flow.Problem
}

// maxKnown is after how many mappings all are forgotten.
const maxKnown = 2000

// of returns what kind.Problems does.
func (k *knownProblems) of(ctx context.Context, kind flow.Kind, f *tenants.Flow) ([]flow.Problem, error) {
	text, err := json.Marshal([]any{tenants.StoreHash(ctx), f.Kind, f.Mapping, f.Options, f.Header, f.Questions})
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(text)
	k.mu.Lock()
	found, ok := k.rows[key]
	k.mu.Unlock()
	if ok {
		return found, nil
	}
	if found, err = kind.Problems(ctx, f); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rows == nil || len(k.rows) >= maxKnown {
		k.rows = make(map[[sha256.Size]byte][]flow.Problem)
	}
	k.rows[key] = found
	return found, nil
}

// sourceProblems returns why a flow has nothing to read; never nil.
func (a *API) sourceProblems(f *tenants.Flow, parts *tenants.FlowParts) []flow.Problem {
	none := []flow.Problem{}
	problem := func(message string) []flow.Problem {
		return []flow.Problem{{Part: flow.PartSource, Message: message}}
	}
	conn, ok := parts.Connections[f.ConnectionID]
	if !ok {
		if f.SnapshotID == "" { // else of before flows had connections
			return problem("It has no file yet: upload one, or give the address of one.")
		}
		return none
	}
	source, err := a.cfg.Sources.Source(conn.Kind)
	if err != nil {
		return problem("This version of Sluice does not know where its file comes from. Ask who runs Sluice to update it, or choose another source.")
	}
	switch spec := source.Spec(); {
	case spec.Has(connector.File) && f.SnapshotID == "":
		return problem("It has no file yet: upload one.")
	case spec.Has(connector.File) && parts.Snapshots[f.SnapshotID].ID == "":
		return problem("Its file is no longer kept: upload it again.")
	}
	return none
}

// health says how a flow is, of whose view all else is filled. What is going on comes before how
// it went, and what keeps it from running before both.
func health(f *tenants.Flow, v *flowView, store *tenants.Store, parts *tenants.FlowParts) healthView {
	if run, ok := parts.LastRuns[f.ID]; ok && !run.State.Final() {
		return healthOfRun(&run)
	}
	ended, ran := parts.LastEnded[f.ID]
	switch {
	case f.OffAt != nil:
		return healthView{healthOff, f.OffAt, "Switched off: it runs neither by itself nor by hand."}
	case store.State != tenants.StoreActive:
		return healthView{healthPaused, nil, "Paused: BigCommerce no longer accepts Sluice's access to this store. Open Sluice from the control panel's app list to install it again."}
	case v.Paused != "":
		return healthView{healthPaused, nil, v.Paused}
	case !v.Ready:
		return healthView{healthDraft, &f.UpdatedAt, draftMessage(v.Problems)}
	case !ran:
		return healthView{healthNever, nil, "Ready. It has not run yet."}
	}
	return healthOfEnd(f, &ended, parts)
}

func draftMessage(problems []flow.Problem) string {
	message := "It cannot run yet. " + problems[0].Message
	switch more := len(problems) - 1; more {
	case 0:
	case 1:
		message += " One more thing is missing."
	default:
		message += fmt.Sprintf(" %d more things are missing.", more)
	}
	return message
}

// healthOfRun is the health of a flow with a run that is not over.
func healthOfRun(run *tenants.Run) healthView {
	what := "A run"
	if run.DryRun {
		what = "A preview"
	}
	v := healthView{healthRunning, run.StartedAt, what + " is under way."}
	switch run.State {
	case tenants.RunAsking:
		v = healthView{healthAsking, nil, what + " waits for your answer."}
		if run.Question != nil {
			v.Since = &run.Question.AskedAt
		}
	case tenants.RunPaused:
		v = healthView{healthPaused, &run.UpdatedAt, what + " is paused. " + run.Error}
	case tenants.RunQueued:
		v = healthView{healthRunning, &run.CreatedAt, what + " is about to start."}
	}
	return v
}

// healthOfEnd is the health of a flow by the end of its last run that wrote.
func healthOfEnd(f *tenants.Flow, run *tenants.Run, parts *tenants.FlowParts) healthView {
	since := run.FinishedAt
	if from, ok := parts.TroubleFrom[f.ID]; ok {
		since = &from
	}
	switch {
	case run.State == tenants.RunFailed:
		return healthView{healthFailing, since, "The last run failed. " + run.Error}
	case run.State == tenants.RunCancelled:
		return healthView{healthAttention, since, "The last run was stopped before its end."}
	case run.Failed == 1:
		return healthView{healthAttention, since, "The last run left out 1 record."}
	case run.Failed > 0:
		return healthView{healthAttention, since, fmt.Sprintf("The last run left out %d records.", run.Failed)}
	case run.Incomplete:
		return healthView{healthAttention, since, "The file stopped before its end in the last run."}
	case run.Read == 0:
		return healthView{healthAttention, since, "The file had no records in the last run."}
	}
	return healthView{healthOK, run.FinishedAt, "In step since the last run."}
}
