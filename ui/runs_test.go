package ui

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/auth"
	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"
)

func TestErrorsAsCSVAreSafeToOpen(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	a := fill(t, p)
	_, err := p.db.AddIssues(p.ctx(storeA), []tenants.RunIssue{
		{RunID: a.run, Line: 3, Row: 2, Severity: "error", Field: "price", Key: `=HYPERLINK("http://evil.example")`, Message: "a \"quoted\"\nmessage", Value: "-1+1"},
		{RunID: a.run, Line: 4, Severity: "error", Field: "name", Key: "a;=cmd", Message: "＝cmd", Value: "b\n@cmd\tc"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := p.do("GET", Prefix+"/runs/"+a.run+"/errors.csv", token, "")
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.Body.String(), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v %v", rows, err)
	}
	if got := strings.Join(rows[0], ","); got != "row,line,key,field,label,message,value,severity" {
		t.Fatalf("header %s", got)
	}
	if row := rows[2]; row[0] != "2" || row[1] != "3" || row[2][0] != '\'' || row[4] != "Default price" || row[6] != "'-1+1" || row[5] != "a \"quoted\"\nmessage" {
		t.Fatalf("row %q", row)
	}
	if row := rows[3]; row[0] != "" || row[2] != "a;'=cmd" || row[5] != "'＝cmd" || row[6] != "b\n'@cmd\tc" {
		t.Fatalf("row %q", row)
	}
}

// TestAnswer: who may start runs answers their questions, and a wrong answer says what is wrong
// with it.
func TestAnswer(t *testing.T) {
	p := newPanel(t)
	a := fill(t, p)
	asked := tenants.Question{Guard: "lost", Message: "Records are missing.", Count: 3, Of: 4, Limit: 20, Examples: []string{"A-1"}, AskedAt: p.clock.Now()}
	ask := func() {
		t.Helper()
		err := p.db.Scoped(p.ctx(storeA)).Model(&tenants.Run{}).Where("id = ?", a.run).Select("state", "question").
			Updates(&tenants.Run{State: tenants.RunAsking, Question: &asked}).Error
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.db.EnsureUser(p.ctx(storeA), tenants.UserSeen{UserID: 9}); err != nil {
		t.Fatal(err)
	}
	users, err := p.db.Users(p.ctx(storeA))
	if err == nil {
		_, err = p.db.SetRole(p.ctx(storeA), users[len(users)-1].ID, tenants.RoleViewer, "test")
	}
	if err != nil {
		t.Fatal(err)
	}
	owner := p.open(storeA, 1)
	path := "/runs/" + a.run + "/answer"
	for name, test := range map[string]struct {
		token string
		body  map[string]any
		want  int
		state tenants.RunState
	}{
		"go on":               {owner, map[string]any{"guard": "lost", "answer": "proceed"}, 200, tenants.RunRunning},
		"stop":                {owner, map[string]any{"guard": "lost", "answer": "stop"}, 200, tenants.RunCancelled},
		"a key":               {p.key(storeA, auth.ScopeFlowsWrite), map[string]any{"guard": "lost", "answer": "proceed"}, 200, tenants.RunRunning},
		"a key that reads":    {p.key(storeA, auth.ScopeFlowsRead), map[string]any{"guard": "lost", "answer": "proceed"}, 403, tenants.RunAsking},
		"a viewer":            {p.open(storeA, 9), map[string]any{"guard": "lost", "answer": "proceed"}, 403, tenants.RunAsking},
		"no guard":            {owner, map[string]any{"answer": "proceed"}, 422, tenants.RunAsking},
		"another answer":      {owner, map[string]any{"guard": "lost", "answer": "yes"}, 422, tenants.RunAsking},
		"a field that is not": {owner, map[string]any{"guard": "lost", "answer": "stop", "force": true}, 422, tenants.RunAsking},
	} {
		t.Run(name, func(t *testing.T) {
			ask()
			p.jobs.answered = nil
			var got runView
			into := any(&got)
			if test.want != 200 {
				into = nil
			}
			p.call("POST", path, test.token, test.body, test.want, into)
			r, err := p.db.Run(p.ctx(storeA), a.run)
			if err != nil || r.State != test.state || len(p.jobs.answered) > 0 != (test.want == 200) {
				t.Fatalf("%s, answered %v, %v", r.State, p.jobs.answered, err)
			}
			if test.want == 200 && (got.Run == nil || got.State != test.state || p.jobs.answered[0] != "lost") {
				t.Errorf("%+v, %v", got.Run, p.jobs.answered)
			}
		})
		if err := p.db.Scoped(p.ctx(storeA)).Model(&tenants.Run{}).Where("id = ?", a.run).Update("finished_at", nil).Error; err != nil {
			t.Fatal(err)
		}
	}
	ask()
	var shown runView
	p.call("GET", "/runs/"+a.run, owner, nil, 200, &shown)
	if diff := cmp.Diff(&asked, shown.Question); diff != "" {
		t.Errorf("the question (-want +got):\n%s", diff)
	}
}

func TestListsPage(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	a := fill(t, p)
	var issues []tenants.RunIssue
	for line := range int64(5) {
		issues = append(issues, tenants.RunIssue{RunID: a.run, Line: 10 + line, Severity: "warning", Field: "name", Message: "m"})
	}
	if _, err := p.db.AddIssues(p.ctx(storeA), issues); err != nil {
		t.Fatal(err)
	}
	seen, after := 0, ""
	for range 5 {
		var page struct {
			Issues []tenants.RunIssue `json:"issues"`
			Next   string             `json:"next"`
		}
		p.call("GET", "/runs/"+a.run+"/issues?severity=warning&limit=2&after="+after, token, nil, 200, &page)
		seen += len(page.Issues)
		if after = page.Next; after == "" {
			break
		}
	}
	if seen != 5 {
		t.Fatalf("%d warnings in all", seen)
	}
	p.call("GET", "/runs/"+a.run+"/issues?severity=fatal", token, nil, 422, nil)
	p.call("GET", "/runs?limit=0", token, nil, 422, nil)
	p.call("GET", "/runs?limit=9999", token, nil, 422, nil)
}

func TestProgress(t *testing.T) {
	p := newPanel(t)
	last := -1.0
	for _, r := range []tenants.Run{
		{State: tenants.RunQueued},
		{State: tenants.RunRunning, Phase: tenants.PhasePlan, BytesTotal: 100},
		{State: tenants.RunRunning, Phase: tenants.PhasePlan, BytesTotal: 100, BytesRead: 50, Counts: tenants.Counts{Read: 44000}},
		{State: tenants.RunRunning, Phase: tenants.PhaseMatch},
		{State: tenants.RunRunning, Phase: tenants.PhaseWrite, Counts: tenants.Counts{ToCreate: 100}},
		{State: tenants.RunRunning, Phase: tenants.PhaseWrite, Counts: tenants.Counts{ToCreate: 100, Created: 40}},
		{State: tenants.RunCancelled, Phase: tenants.PhaseWrite, Counts: tenants.Counts{ToCreate: 100, Created: 40}},
		{State: tenants.RunCancelled, Phase: tenants.PhaseFinish, Counts: tenants.Counts{ToCreate: 100, Created: 40}},
		{State: tenants.RunDone, Phase: tenants.PhaseFinish},
	} {
		r.Kind = "products"
		got := p.api.progress(&r)
		if got < last || got > 1 || got == 1 && r.State != tenants.RunDone {
			t.Fatalf("%s/%s: %v after %v", r.State, r.Phase, got, last)
		}
		last = got
	}
	if last != 1 {
		t.Fatalf("a run that is done is at %v", last)
	}
	for name, c := range map[string]struct {
		run  tenants.Run
		want float64
	}{
		"half of the file is read":         {tenants.Run{Phase: tenants.PhasePlan, BytesTotal: 1000, BytesRead: 500}, 0.06},
		"the same of a run without writes": {tenants.Run{DryRun: true, Phase: tenants.PhasePlan, BytesTotal: 1000, BytesRead: 500}, 0.4},
		"it looks records up":              {tenants.Run{DryRun: true, Phase: tenants.PhaseMatch}, 10.0 / 15},
	} {
		c.run.Kind, c.run.State = "products", tenants.RunRunning
		if got := p.api.progress(&c.run); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestStartOfACompareRun: what kind of run the caller wants is what starts, and the list tells it.
func TestStartOfACompareRun(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	for body, want := range map[string][2]bool{ // dry, compare
		`{}`:                               {false, false},
		`{"compare":true}`:                 {false, true},
		`{"dry_run":true,"compare":true}`:  {true, true},
		`{"dry_run":true,"compare":false}`: {true, false},
	} {
		var f flowView
		p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "Parts"}, http.StatusCreated, &f)
		w := p.do("POST", Prefix+"/flows/"+f.ID+"/runs", token, body)
		if w.Code != http.StatusCreated {
			t.Fatalf("%s: %d %s", body, w.Code, w.Body)
		}
		var list struct {
			Runs []struct {
				DryRun  bool `json:"dry_run"`
				Compare bool `json:"compare"`
			}
		}
		p.call("GET", "/runs?flow_id="+f.ID, token, nil, http.StatusOK, &list)
		if len(list.Runs) != 1 || list.Runs[0].DryRun != want[0] || list.Runs[0].Compare != want[1] {
			t.Errorf("%s: %+v", body, list.Runs)
		}
	}
}

// TestTimeLeft: a burst at the beginning of the quota's window is not taken for the pace of the rest.
func TestTimeLeft(t *testing.T) {
	p := newPanel(t)
	started := p.clock.Now().Add(-100 * time.Second)
	quota := queue.QuotaState{Known: true, Quota: 150, Window: 30 * time.Second} // 5 a second
	for name, c := range map[string]struct {
		took           time.Duration // since writing began
		before, made   int64         // requests until then, and since
		quota          queue.QuotaState
		plannedSeconds int64
		want           int64 // of 1,000 requests in all; -1: not known
	}{
		"just begun":            {0, 100, 0, quota, 0, 180},
		"a burst":               {2 * time.Second, 0, 100, quota, 0, 180},
		"a burst and a wait":    {30 * time.Second, 0, 150, quota, 0, 170},
		"slow":                  {50 * time.Second, 0, 100, quota, 0, 450},
		"two bursts":            {31 * time.Second, 0, 300, quota, 0, 140},
		"slow at the beginning": {2 * time.Second, 10, 4, quota, 0, 198},
		"a large quota":         {40 * time.Second, 0, 400, queue.QuotaState{Known: true, Quota: 20000, Window: 30 * time.Second}, 0, 60},
		"as it was planned":     {0, 0, 0, queue.QuotaState{}, 500, 500},
		"not known":             {0, 0, 0, queue.QuotaState{}, 0, -1},
		"more than was planned": {40 * time.Second, 0, 1100, quota, 0, 0},
	} {
		at := p.clock.Now().Add(-c.took)
		v := p.api.runView(&tenants.Run{
			Kind: "products", State: tenants.RunRunning, Phase: tenants.PhaseWrite, StartedAt: &started, PhaseAt: &at,
			PhaseRequests: c.before, Requests: c.before + c.made, PlannedRequests: 1000, PlannedSeconds: c.plannedSeconds,
		}, nil, c.quota)
		got := int64(-1)
		if v.SecondsLeft != nil {
			got = *v.SecondsLeft
		}
		if got != c.want || v.RatePerSecond != float64(c.before+c.made)/100 {
			t.Errorf("%s: %d seconds left, want %d; %v a second", name, got, c.want, v.RatePerSecond)
		}
	}
}

func TestRunViewNamesWhoStartedIt(t *testing.T) {
	p := newPanel(t)
	for want, r := range map[string]tenants.Run{
		"":        {Trigger: "schedule"},
		"user:u1": {Trigger: "manual", StartedBy: "u1"},
		"key:k1":  {Trigger: "api", StartedBy: "k1"},
	} {
		body, err := json.Marshal(p.api.runView(&r, nil, queue.QuotaState{}))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			StartedBy string `json:"started_by"`
		}
		if err := json.Unmarshal(body, &got); err != nil || got.StartedBy != want {
			t.Errorf("%q, %v; want %q", got.StartedBy, err, want)
		}
	}
}

// TestEvents reads the live stream as the panel does.
func TestEvents(t *testing.T) {
	p := newPanel(t)
	p.clock.now = time.Now()
	p.jobs.quota = queue.QuotaState{Known: true, Quota: 450, Left: 400, Window: 30 * time.Second}
	a := fill(t, p)
	token := p.open(storeA, 1)
	server := httptest.NewServer(p.router)
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", server.URL+Prefix+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if ct := res.Header.Get("Content-Type"); ct != "text/event-stream" {
		t.Fatalf("content type %s", ct)
	}
	p.jobs.events <- jobs.EventRun + a.run
	p.jobs.events <- jobs.EventRun + tenants.NewID() // a run of nobody: left out
	p.jobs.events <- jobs.EventAttention
	lines := bufio.NewScanner(res.Body)
	var quota, run, attention bool
	event := ""
	for (!quota || !run || !attention) && lines.Scan() {
		name, isEvent := strings.CutPrefix(lines.Text(), "event:")
		if isEvent {
			event = name
		}
		data, isData := strings.CutPrefix(lines.Text(), "data:")
		if !isData {
			continue
		}
		quota = quota || event == "quota" && strings.Contains(data, `"left":400`)
		run = run || event == "run" && strings.Contains(data, a.run)
		attention = attention || event == "attention" && strings.Contains(data, `"open":`)
	}
	if !quota || !run || !attention {
		t.Fatalf("quota %v, run %v, attention %v, %v", quota, run, attention, lines.Err())
	}
	close(p.jobs.events) // the subscription was lost: the stream ends and the panel comes back
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
