package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/ui"
)

// merchant does what the store's owner does in a browser: opens the control panel, installs the app
// or opens it, and uses the panel's API with the session that the app's page carries.
type merchant struct {
	app     string // the app's base URL
	panel   string // where the control panel shows the app of the store
	http    *http.Client
	token   string
	renewAt time.Time
}

var (
	sessionElement = regexp.MustCompile(`(?s)<script type="application/json" id="sluice-session"[^>]*>(.*?)</script>`)
	frameElement   = regexp.MustCompile(`<iframe[^>]* src="([^"]+)"`)
)

// maxPage bounds a page that the demo reads.
const maxPage = 1 << 20

// open opens the app from the control panel: when it is installed, its frame; otherwise through the
// consent page, whose answer has the frame of the install. An app that has forgotten the store is
// uninstalled and installed again.
func (m *merchant) open(ctx context.Context) error {
	page, err := m.fetch(ctx, http.MethodGet, m.panel)
	if err != nil {
		return err
	}
	if frame := frameElement.FindSubmatch(page); frame != nil {
		err := m.openFrame(ctx, string(frame[1]))
		if !errors.Is(err, errForgotten) {
			return err
		}
		// The control panel tells the app, which knows nothing to do, and forgets it in turn.
		if _, err := m.fetch(ctx, http.MethodPost, m.panel+"/uninstall"); err != nil {
			return err
		}
	}
	page, err = m.fetch(ctx, http.MethodPost, m.panel+"/install")
	if err != nil {
		return err
	}
	frame := frameElement.FindSubmatch(page)
	if frame == nil {
		return errors.New("the control panel shows no frame of the app after its installation")
	}
	return m.openFrame(ctx, string(frame[1]))
}

var errForgotten = errors.New("the app does not know this store")

// fetch requests a page, following redirects as a browser does.
func (m *merchant) fetch(ctx context.Context, method, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := m.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
		return io.ReadAll(io.LimitReader(res.Body, maxPage))
	case http.StatusNotFound:
		return nil, errForgotten
	case http.StatusServiceUnavailable:
		return nil, errors.New("the panel is not built into this program: build it with `make`")
	}
	return nil, fmt.Errorf("%s %s was answered with %s", method, req.URL.Path, res.Status)
}

// openFrame loads the address of the app's frame, as the control panel's page gives it, and keeps
// the session of the page.
func (m *merchant) openFrame(ctx context.Context, src string) error {
	page, err := m.fetch(ctx, http.MethodGet, html.UnescapeString(src))
	if err != nil {
		return err
	}
	match := sessionElement.FindSubmatch(page)
	if match == nil {
		return errors.New("the panel's page has no session")
	}
	return m.keepSession(match[1])
}

func (m *merchant) keepSession(data []byte) error {
	var session struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal(data, &session); err != nil {
		return fmt.Errorf("the panel's session: %w", err)
	}
	m.token = session.Token
	m.renewAt = time.Now().Add(time.Until(session.ExpiresAt) / 2)
	return nil
}

// call sends one request of the panel's API. in and out are JSON; nil means no body.
func (m *merchant) call(ctx context.Context, method, path string, in, out any) error {
	if time.Now().After(m.renewAt) {
		m.renewAt = time.Now().Add(time.Hour) // until the answer says otherwise
		var session json.RawMessage
		if err := m.call(ctx, http.MethodPost, "/session/renew", nil, &session); err != nil {
			return err
		}
		if err := m.keepSession(session); err != nil {
			return err
		}
	}
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

// demoFlow is as much of the API's flow as the demo needs.
type demoFlow struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"`
	Version int             `json:"version"`
	Name    string          `json:"name"`
	Format  tenants.Format  `json:"format"`
	Mapping tenants.Mapping `json:"mapping"`
	Options tenants.Options `json:"options"`
	Source  struct {
		URL string `json:"url"`
	} `json:"source"`
}

// prepareFlow returns the flow of a spec, reading from its source's address. One that is not there
// yet is made.
func (m *merchant) prepareFlow(ctx context.Context, spec flowSpec) (*demoFlow, error) {
	f, err := m.findFlow(ctx, spec)
	if err != nil {
		return nil, err
	}
	if f == nil {
		name := spec.Name
		if name == "" {
			name = strings.ToUpper(spec.Kind[:1]) + spec.Kind[1:] + " from the ERP"
		}
		f = &demoFlow{}
		if err := m.call(ctx, http.MethodPost, "/flows", map[string]string{"kind": spec.Kind, "name": name}, f); err != nil {
			return nil, err
		}
	}
	asIs := f.Source.URL == spec.Source.URL && len(f.Mapping.Fields) > 0
	if asIs && spec.Format == nil && spec.Mapping == nil && spec.Options == nil {
		return f, nil
	}
	if spec.Format != nil {
		f.Format = *spec.Format
	}
	if spec.Mapping != nil {
		f.Mapping = *spec.Mapping
	}
	if spec.Options != nil {
		f.Options = spec.Options
	}
	return f, m.pointFlow(ctx, f, spec.Source, spec.Options != nil)
}

// findFlow returns the flow of a spec, nil if the store has none.
func (m *merchant) findFlow(ctx context.Context, spec flowSpec) (*demoFlow, error) {
	for after := ""; ; {
		var page struct {
			Flows []demoFlow `json:"flows"`
			Next  string     `json:"next"`
		}
		if err := m.call(ctx, http.MethodGet, "/flows?limit=250&after="+after, nil, &page); err != nil {
			return nil, err
		}
		for _, f := range page.Flows {
			if f.Kind == spec.Kind && (spec.Name == "" || f.Name == spec.Name) {
				return &f, nil
			}
		}
		if after = page.Next; after == "" {
			return nil, nil
		}
	}
}

// pointFlow saves a flow that reads from source. One without a mapping gets the one that Sluice
// suggests, and the options that go with it unless its own were chosen.
func (m *merchant) pointFlow(ctx context.Context, f *demoFlow, source demoSource, chosen bool) error {
	if len(f.Mapping.Fields) == 0 {
		var seen struct {
			SuggestedMapping struct {
				tenants.Mapping
				Options tenants.Options `json:"options"`
			} `json:"suggested_mapping"`
		}
		look := map[string]any{"flow_id": f.ID, "source": source, "format": f.Format}
		if err := m.call(ctx, http.MethodPost, "/sources/inspect", look, &seen); err != nil {
			return err
		}
		f.Mapping = seen.SuggestedMapping.Mapping
		if !chosen && seen.SuggestedMapping.Options != nil {
			f.Options = seen.SuggestedMapping.Options
		}
	}
	change := map[string]any{
		"version": f.Version, "name": f.Name, "source": source, "format": f.Format, "mapping": f.Mapping, "options": f.Options,
	}
	return m.call(ctx, http.MethodPut, "/flows/"+f.ID, change, f)
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

// unfinishedRun returns the run of a flow that an earlier process left unfinished, nil if there is
// none.
func (m *merchant) unfinishedRun(ctx context.Context, flowID string) (*demoRun, error) {
	var last struct {
		Runs []demoRun `json:"runs"`
	}
	if err := m.call(ctx, http.MethodGet, "/runs?limit=1&flow_id="+flowID, nil, &last); err != nil {
		return nil, err
	}
	if len(last.Runs) == 0 || last.Runs[0].State.Final() {
		return nil, nil
	}
	return &last.Runs[0], nil
}

// runPoll is how often the demo looks at its run: a person sees no more.
const runPoll = 100 * time.Millisecond

// watch calls seen with the run until it is final or asks.
func (m *merchant) watch(ctx context.Context, id string, seen func(*demoRun)) (*demoRun, error) {
	tick := time.NewTicker(runPoll)
	defer tick.Stop()
	for {
		var r demoRun
		if err := m.call(ctx, http.MethodGet, "/runs/"+id, nil, &r); err != nil {
			return nil, err
		}
		seen(&r)
		if r.State.Final() || r.State == tenants.RunAsking {
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
