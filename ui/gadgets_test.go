package ui

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"sluice/internal/sandbox"
	"sluice/internal/testenv"
	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// TestAKindThatIsNowhereElse: a kind of flow that only this test lists goes all the way through the
// panel's API: its fields, a flow, a preview, a dry run, a run, its errors and changes, and a
// retry.
func TestAKindThatIsNowhereElse(t *testing.T) {
	p := newPanel(t)
	shop := upserttest.NewWorkshop()
	w := upserttest.NewWorld(t, upserttest.PlatformOn(t, p.db, sandbox.Choices{}), upserttest.Setup{
		Target:  func() upsert.Target { return upserttest.Gadgets(upserttest.GadgetOptions{Blind: true}) },
		Mapping: upserttest.GadgetMapping,
		API:     func() http.Handler { return shop },
	})
	store := w.Store.Hash
	p.reinstall(store, loginScopes, tenants.OriginMarketplace)
	o, err := redis.ParseURL(testenv.EmbeddedRedis(t))
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	t.Cleanup(func() { _ = rdb.Close() })
	p.api.cfg.Kinds = w.Engine()
	q, log := queue.New(rdb, queue.Options{}), slog.New(slog.DiscardHandler)
	p.api.cfg.Jobs = jobs.NewService(jobs.Config{DB: p.db, Queue: q, Engine: w.Engine(), Clients: jobs.NewClients(p.db, q, "http://127.0.0.1:1", "test", log), Log: log, Now: p.clock.Now})
	token := p.open(store, 1)

	var fields struct {
		Fields []struct {
			Name     string `json:"name"`
			Required bool   `json:"required"`
		} `json:"fields"`
	}
	p.call("GET", "/kinds/gadgets/fields", token, nil, http.StatusOK, &fields)
	if len(fields.Fields) != 4 || fields.Fields[0].Name != "code" || !fields.Fields[0].Required {
		t.Errorf("fields %+v", fields)
	}

	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "gadgets", "name": "Gadgets"}, http.StatusCreated, &f)
	snap := p.upload(store, "Code,Title,Size,Parts\nA,First,1,bolt nut\nB,Second,large,bolt\nC,Third,3,"+upserttest.RefusedPart+"\nD,Fourth,4,\n")
	source := map[string]any{"kind": "upload", "snapshot_id": snap}
	var seen upsert.Inspection
	p.call("POST", "/sources/inspect", token, map[string]any{"flow_id": f.ID, "source": source}, http.StatusOK, &seen)
	if len(seen.SuggestedMapping.Fields) != 4 { // one "large" does not hide the sizes
		t.Errorf("suggested %+v", seen.SuggestedMapping)
	}
	var shown upsert.Preview
	p.call("POST", "/mappings/preview", token, map[string]any{"flow_id": f.ID, "snapshot_id": snap, "format": seen.Format, "mapping": upserttest.Strict(upserttest.GadgetMapping)},
		http.StatusOK, &shown)
	if len(shown.Rows) != 4 || shown.Rows[1].Key != "A" || len(shown.Rows[0].Errors) != 1 || shown.Rows[0].Errors[0].Field != "size" {
		t.Errorf("preview %+v", shown)
	}
	save := func() {
		t.Helper()
		p.call("PUT", "/flows/"+f.ID, token, map[string]any{"version": f.Version, "name": f.Name, "source": source, "format": seen.Format,
			"mapping": upserttest.Strict(upserttest.GadgetMapping), "options": map[string]string{"finish": "matt"}}, http.StatusOK, &f)
	}
	save()

	type runAnswer struct {
		ID, Kind, State                           string
		Read, Created, Updated, Unchanged, Failed int64
	}
	// run does what a worker does with a run that was started by a request to path.
	run := func(path string, body any) (out runAnswer) {
		t.Helper()
		p.call("POST", path, token, body, http.StatusCreated, &out)
		r, err := w.DB.Run(w.Ctx, out.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.Finish(r)
		p.call("GET", "/runs/"+out.ID, token, nil, http.StatusOK, &out)
		return out
	}
	changes := func(id string) (out []string) {
		t.Helper()
		var list struct {
			Changes []struct {
				Key, Action string
				Changes     []struct{ Field string }
			}
		}
		// Not by call: openapitest takes no null for a value that may be anything.
		r := httptest.NewRequestWithContext(w.Ctx, http.MethodGet, Prefix+"/runs/"+id+"/changes", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		answer := httptest.NewRecorder()
		p.router.ServeHTTP(answer, r)
		if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil || answer.Code != http.StatusOK {
			t.Fatalf("changes: %d %s, %v", answer.Code, answer.Body, err)
		}
		for _, c := range list.Changes {
			var fields []string
			for _, f := range c.Changes {
				fields = append(fields, f.Field)
			}
			out = append(out, fmt.Sprint(c.Key, " ", c.Action, " ", strings.Join(fields, " ")))
		}
		slices.Sort(out)
		return out
	}
	want := runAnswer{Kind: "gadgets", State: "done", Read: 4, Created: 3, Failed: 1}
	dry := run("/flows/"+f.ID+"/runs", map[string]bool{"dry_run": true})
	if want.ID = dry.ID; dry != want || len(shop.Gadgets()) != 0 {
		t.Errorf("dry run %+v, %d gadgets", dry, len(shop.Gadgets()))
	}
	if d := cmp.Diff([]string{"A create code parts size title", "C create code parts size title", "D create code size title"}, changes(dry.ID)); d != "" {
		t.Errorf("a dry run's changes: %s", d)
	}
	first := run("/flows/"+f.ID+"/runs", map[string]bool{})
	want.ID, want.Created, want.Failed = first.ID, 2, 2
	if first != want || len(shop.Gadgets()) != 3 {
		t.Errorf("run %+v, %d gadgets", first, len(shop.Gadgets()))
	}
	var issues struct {
		Issues []struct {
			Line       int64
			Key, Field string
		}
	}
	p.call("GET", "/runs/"+first.ID+"/issues?severity=error", token, nil, http.StatusOK, &issues)
	if len(issues.Issues) != 2 || issues.Issues[0].Field != "size" || issues.Issues[1].Key != "C" || issues.Issues[1].Field != "parts" {
		t.Errorf("issues %+v", issues.Issues)
	}

	snap = p.upload(store, "Code,Title,Size,Parts\nA,First,9,bolt nut\nB,Second,2,bolt\nC,Third,3,nut\nD,Fourth,4,\n")
	source["snapshot_id"] = snap
	save()
	retry := run("/runs/"+first.ID+"/retry", nil)
	if retry != (runAnswer{ID: retry.ID, Kind: "gadgets", State: "done", Read: 2, Created: 1, Updated: 1}) {
		t.Errorf("retry %+v", retry)
	}
	if d := cmp.Diff([]string{"B create code size title parts", "C update parts"}, changes(retry.ID)); d != "" {
		t.Errorf("the retry's changes: %s", d)
	}
	var got []string
	for _, g := range shop.Gadgets() {
		got = append(got, fmt.Sprint(g.Code, g.Size, g.Parts))
	}
	slices.Sort(got)
	if d := cmp.Diff([]string{"A1 [bolt nut]", "B2 [bolt]", "C3 [nut]", "D4 []"}, got); d != "" {
		t.Error(d)
	}
}
