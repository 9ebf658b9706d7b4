package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"sluice/internal/problem"
	"sluice/internal/sandbox"
	"sluice/tenants"
	"sluice/ui"
)

// merchant does what a merchant's browser does: opens the app from the control panel and uses the
// panel's API with the session that the page carries.
type merchant struct {
	app   string // base URL
	store *sandbox.Store
	user  int64
	http  *http.Client
	token string
}

var sessionElement = regexp.MustCompile(`(?s)<script type="application/json" id="sluice-session"[^>]*>(.*?)</script>`)

// open opens the app as the control panel would: by a signed payload when it is installed, by the
// install otherwise, and by an install again when the app has forgotten the store.
func (m *merchant) open(ctx context.Context) error {
	if installed, needsAuth := m.store.Installed(); installed && !needsAuth {
		u, err := m.store.LoadURL(m.user, sandbox.LoadOptions{})
		if err != nil {
			return err
		}
		err = m.page(ctx, u)
		if !errors.Is(err, errForgotten) {
			return err
		}
	}
	u, err := m.store.InstallURL(m.user)
	if err != nil {
		return err
	}
	return m.page(ctx, u)
}

var errForgotten = errors.New("the app does not know this store")

// page fetches the panel's page and keeps its session.
func (m *merchant) page(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := m.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	switch {
	case res.StatusCode == http.StatusNotFound:
		return errForgotten
	case res.StatusCode == http.StatusServiceUnavailable:
		return errors.New("the panel is not built into this program: build it with `make`")
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("the app answered %s when it was opened", res.Status)
	}
	match := sessionElement.FindSubmatch(body)
	if match == nil {
		return errors.New("the panel's page has no session")
	}
	var session struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(match[1], &session); err != nil {
		return fmt.Errorf("the panel's session: %w", err)
	}
	m.token = session.Token
	return nil
}

// call sends one request of the panel's API. in and out are JSON; nil means no body.
func (m *merchant) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, m.app+ui.Prefix+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	res, err := m.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		var p problem.Body
		if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
			return fmt.Errorf("%s %s: %s", method, path, res.Status)
		}
		return &apiError{p}
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}

// apiError is a problem that the API answered.
type apiError struct{ problem.Body }

func (e *apiError) Error() string {
	text := e.Detail
	for _, f := range e.Errors {
		text += " " + f.Field + ": " + f.Message + "."
	}
	return text
}

// flow is as much of the API's flow as the demo needs.
type flow struct {
	ID      string              `json:"id"`
	Version int                 `json:"version"`
	Name    string              `json:"name"`
	Format  tenants.Format      `json:"format"`
	Mapping tenants.Mapping     `json:"mapping"`
	Options tenants.FlowOptions `json:"options"`
	Source  struct {
		URL string `json:"url"`
	} `json:"source"`
}

// prepareFlow returns the store's products flow, reading from address. A new one gets the mapping
// that Sluice suggests for the feed's header.
func (m *merchant) prepareFlow(ctx context.Context, address string) (*flow, error) {
	var known struct {
		Flows []flow `json:"flows"`
	}
	if err := m.call(ctx, http.MethodGet, "/flows", nil, &known); err != nil {
		return nil, err
	}
	var f flow
	if len(known.Flows) > 0 {
		f = known.Flows[0]
	} else if err := m.call(ctx, http.MethodPost, "/flows", map[string]string{"kind": "products", "name": "Products from the ERP"}, &f); err != nil {
		return nil, err
	}
	if f.Source.URL == address && len(f.Mapping.Fields) > 0 {
		return &f, nil
	}
	source := map[string]string{"kind": "url", "url": address}
	if len(f.Mapping.Fields) == 0 {
		var seen struct {
			SuggestedMapping tenants.Mapping `json:"suggested_mapping"`
		}
		if err := m.call(ctx, http.MethodPost, "/sources/inspect", map[string]any{"flow_id": f.ID, "source": source}, &seen); err != nil {
			return nil, err
		}
		f.Mapping = seen.SuggestedMapping
	}
	change := map[string]any{
		"version": f.Version, "name": f.Name, "source": source, "format": f.Format, "mapping": f.Mapping, "options": f.Options,
	}
	return &f, m.call(ctx, http.MethodPut, "/flows/"+f.ID, change, &f)
}

// demoRun is as much of the API's run as the demo needs.
type demoRun struct {
	tenants.Run
	Progress      float64 `json:"progress"`
	RatePerSecond float64 `json:"rate_per_second"`
}

// startRun starts a run of the flow.
func (m *merchant) startRun(ctx context.Context, flowID string) (*demoRun, error) {
	var r demoRun
	return &r, m.call(ctx, http.MethodPost, "/flows/"+flowID+"/runs", map[string]bool{"dry_run": false}, &r)
}

// unfinishedRun returns the run that an earlier process left unfinished, nil if there is none.
func (m *merchant) unfinishedRun(ctx context.Context) (*demoRun, error) {
	var last struct {
		Runs []demoRun `json:"runs"`
	}
	if err := m.call(ctx, http.MethodGet, "/runs?limit=1", nil, &last); err != nil {
		return nil, err
	}
	if len(last.Runs) == 0 || last.Runs[0].State.Final() {
		return nil, nil
	}
	return &last.Runs[0], nil
}

// runPoll is how often the demo looks at its run: a person sees no more.
const runPoll = 100 * time.Millisecond

// watch calls seen with the run until it is final.
func (m *merchant) watch(ctx context.Context, id string, seen func(*demoRun)) (*demoRun, error) {
	tick := time.NewTicker(runPoll)
	defer tick.Stop()
	for {
		var r demoRun
		if err := m.call(ctx, http.MethodGet, "/runs/"+id, nil, &r); err != nil {
			return nil, err
		}
		seen(&r)
		if r.State.Final() {
			return &r, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// issue is one line of a run's error list.
type issue struct {
	Line     int64  `json:"line,omitempty"`
	Key      string `json:"key"`
	Field    string `json:"field"`
	Message  string `json:"message"`
	Severity string `json:"-"`
}

// errors returns every error of a run.
func (m *merchant) errors(ctx context.Context, runID string) ([]issue, error) {
	all := []issue{}
	for after := ""; ; {
		var page struct {
			Issues []issue `json:"issues"`
			Next   string  `json:"next"`
		}
		if err := m.call(ctx, http.MethodGet, "/runs/"+runID+"/issues?severity=error&limit=250&after="+after, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Issues...)
		if after = page.Next; after == "" {
			return all, nil
		}
	}
}
