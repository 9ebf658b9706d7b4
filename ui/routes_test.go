package ui

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/auth"
	"sluice/internal/problem"
	"sluice/tenants"
)

// routeRule is what a route must refuse, and a body that it would take from the right caller.
type routeRule struct {
	access auth.Access
	body   string
}

// rules has every route of /api/v1, written down a second time on purpose: a new route, or one
// whose access changed, has to be thought about here.
var rules = map[string]routeRule{
	"GET /session":                         {auth.AccessRead, ""},
	"POST /session/renew":                  {auth.AccessRead, ""},
	"POST /session/sign-out":               {auth.AccessRead, ""},
	"GET /quota":                           {auth.AccessRead, ""},
	"GET /quota/history":                   {auth.AccessRead, ""},
	"GET /events":                          {auth.AccessRead, ""},
	"GET /kinds":                           {auth.AccessRead, ""},
	"GET /kinds/:kind/fields":              {auth.AccessRead, ""},
	"GET /connectors":                      {auth.AccessRead, ""},
	"GET /expressions":                     {auth.AccessRead, ""},
	"GET /overview":                        {auth.AccessRead, ""},
	"GET /activity":                        {auth.AccessRead, ""},
	"GET /flows":                           {auth.AccessRead, ""},
	"POST /flows":                          {auth.AccessWrite, `{"kind":"products","name":"x"}`},
	"GET /flows/:id":                       {auth.AccessRead, ""},
	"PUT /flows/:id":                       {auth.AccessWrite, `{"version":1,"name":"x","source":{},"format":{},"mapping":{"fields":[]},"options":{}}`},
	"DELETE /flows/:id":                    {auth.AccessWrite, ""},
	"PUT /flows/:id/enabled":               {auth.AccessWrite, `{"enabled":true}`},
	"POST /flows/:id/duplicate":            {auth.AccessWrite, `{}`},
	"POST /flows/:id/runs":                 {auth.AccessWrite, `{"dry_run":true}`},
	"POST /uploads":                        {auth.AccessWrite, "a,b\n1,2\n"},
	"POST /sources/inspect":                {auth.AccessWrite, `{"kind":"products","source":{"kind":"upload","snapshot_id":"SNAPSHOT"},"format":{}}`},
	"POST /mappings/preview":               {auth.AccessWrite, `{"kind":"products","snapshot_id":"SNAPSHOT","format":{},"mapping":{"fields":[]}}`},
	"POST /mappings/check":                 {auth.AccessWrite, `{"kind":"products","snapshot_id":"SNAPSHOT","format":{},"mapping":{"fields":[]}}`},
	"POST /schedules/preview":              {auth.AccessRead, `{"cron":"0 2 * * *"}`},
	"GET /runs":                            {auth.AccessRead, ""},
	"GET /runs/:id":                        {auth.AccessRead, ""},
	"POST /runs/:id/cancel":                {auth.AccessWrite, ""},
	"POST /runs/:id/answer":                {auth.AccessWrite, `{"guard":"lost","answer":"stop"}`},
	"POST /runs/:id/retry":                 {auth.AccessWrite, ""},
	"GET /runs/:id/issues":                 {auth.AccessRead, ""},
	"GET /runs/:id/errors.csv":             {auth.AccessRead, ""},
	"GET /runs/:id/problems":               {auth.AccessRead, ""},
	"GET /runs/:id/changes":                {auth.AccessRead, ""},
	"GET /runs/:id/changes/fields":         {auth.AccessRead, ""},
	"GET /attention":                       {auth.AccessRead, ""},
	"PUT /attention/:id":                   {auth.AccessWrite, `{"muted_until":null}`},
	"GET /alerts":                          {auth.AccessAdmin, ""},
	"PUT /alerts":                          {auth.AccessAdmin, `{"rules":[],"channels":[],"quiet":{"enabled":false,"from":"22:00","to":"07:00"},"digest":{"enabled":false,"at":"08:00"},"version":1}`},
	"POST /alerts/test":                    {auth.AccessAdmin, `{"channel_id":"x"}`},
	"GET /users":                           {auth.AccessRead, ""},
	"PUT /users/:id":                       {auth.AccessAdmin, `{"role":"viewer"}`},
	"GET /api-keys":                        {auth.AccessAdmin, ""},
	"POST /api-keys":                       {auth.AccessAdmin, `{"name":"x","scopes":["flows:read"]}`},
	"DELETE /api-keys/:id":                 {auth.AccessAdmin, ""},
	"POST /api-keys/:id/keep":              {auth.AccessOwner, ""},
	"GET /audit":                           {auth.AccessAdmin, ""},
	"POST /storefront/channels/refresh":    {auth.AccessWrite, ""},
	"PUT /storefront/channels/:id/script":  {auth.AccessAdmin, `{"wanted":true}`},
	"GET /storefront":                      {auth.AccessRead, ""},
	"PUT /storefront":                      {auth.AccessAdmin, `{"card_fields":[],"consent_category":"essential","allow_sign_in":true}`},
	"POST /storefront/preview":             {auth.AccessAdmin, `{"card_fields":[],"email":"` + markerA + `@example.com"}`},
	"GET /storefront/provider":             {auth.AccessRead, ""},
	"PUT /storefront/provider":             {auth.AccessOwner, `{"preset":"google","issuer":"https://accounts.google.com","client_id":"x"}`},
	"DELETE /storefront/provider":          {auth.AccessOwner, ""},
	"GET /storefront/provider/presets":     {auth.AccessRead, ""},
	"POST /storefront/provider/test":       {auth.AccessAdmin, `{}`},
	"GET /storefront/customer-groups":      {auth.AccessRead, ""},
	"GET /storefront/sign-ins":             {auth.AccessAdmin, ""},
	"DELETE /storefront/subject-links/:id": {auth.AccessAdmin, ""},
	"POST /customer-login":                 {auth.AccessLogin, `{"customer_id":1}`},
	"GET /customer-accounts":               {auth.AccessAccounts, ""},
	"PUT /customer-accounts":               {auth.AccessAccounts, `{"accounts":[{"external_id":"x","customer_id":1}]}`},
	"DELETE /customer-accounts/*id":        {auth.AccessAccounts, ""},
}

// markedChannel is a channel of store A.
const markedChannel = 1000471

// linkedCustomer is a customer of store A whom its provider's user is linked to.
const linkedCustomer = 4711

// owned is what store A has, by the routes that take an id.
type owned struct{ flow, run, user, key, snapshot, account, problem string }

func (o owned) id(path string) string {
	switch {
	case strings.HasPrefix(path, "/flows"):
		return o.flow
	case strings.HasPrefix(path, "/runs"):
		return o.run
	case strings.HasPrefix(path, "/users"):
		return o.user
	case strings.HasPrefix(path, "/attention"):
		return o.problem
	case strings.HasPrefix(path, "/api-keys"):
		return o.key
	case strings.HasPrefix(path, "/storefront/channels"):
		return strconv.FormatInt(markedChannel, 10)
	case strings.HasPrefix(path, "/storefront/subject-links"):
		return strconv.FormatInt(linkedCustomer, 10)
	case strings.HasPrefix(path, "/customer-accounts"):
		return o.account
	}
	return ""
}

// fill gives store A one of everything, each with markerA in it.
func fill(t *testing.T, p *panel) owned {
	t.Helper()
	ctx := p.ctx(storeA)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	snap := p.snapshot(storeA)
	flow := &tenants.Flow{Kind: "products", Name: markerA, SnapshotID: snap.ID}
	must(p.db.CreateFlow(ctx, flow))
	run := &tenants.Run{FlowID: flow.ID, Kind: "products", State: tenants.RunRunning, Phase: tenants.PhasePlan, Error: markerA}
	must(p.db.CreateRun(ctx, run))
	_, err := p.db.AddIssues(ctx, []tenants.RunIssue{{RunID: run.ID, Line: 2, Severity: "error", Field: "price", Message: markerA}})
	must(err)
	must(p.db.AddJournal(ctx, []tenants.JournalEntry{{RunID: run.ID, Key: markerA, Action: "create", Changes: "[]"}}))
	user, err := p.db.EnsureUser(ctx, tenants.UserSeen{UserID: 50, Email: markerA + "@example.com"})
	must(err)
	key, _, err := auth.CreateAPIKey(ctx, p.db, "operator", auth.NewAPIKey{Name: markerA, Scopes: auth.KeyScopes()})
	must(err)
	must(p.db.UpsertChannels(ctx, []tenants.Channel{{ChannelID: markedChannel, Name: markerA, Type: tenants.TypeStorefront, Status: "active"}}))
	must(p.db.ReplaceChannelOrigins(ctx, markedChannel, []string{"https://" + markerA + ".example"}))
	must(p.db.PutAccounts(ctx, []tenants.Account{{ExternalID: markerA, Email: markerA + "@example.com", Fields: map[string]string{markerA: markerA}}}))
	must(p.db.PutStorefrontSettings(ctx, tenants.StorefrontSettings{ConsentCategory: "functional", CardFields: []tenants.CardField{{Key: "terms", Label: markerA, Format: "text"}}}))
	must(p.db.SaveIdentityProvider(ctx, &tenants.IdentityProvider{Preset: "custom", Issuer: "https://" + markerA + ".example", ClientID: markerA}, nil))
	_, err = p.db.LinkSubject(ctx, "https://"+markerA+".example", markerA, linkedCustomer, true)
	must(err)
	must(p.db.RecordSignIn(ctx, tenants.SignIn{Method: tenants.MethodSSO, Result: tenants.SignInOK, Email: markerA + "@example.com"}))
	must(p.db.Audit(ctx, tenants.AuditEntry{Actor: "user:x", Action: "x", Detail: markerA}))
	must(p.db.PutAccounts(ctx, []tenants.Account{{ExternalID: "D/1", CustomerID: 5, Fields: map[string]string{"terms": markerA}}}))
	wrong := &tenants.Attention{FlowID: flow.ID, Cause: "run_failed", Message: markerA, Since: time.Now(), LastSeenAt: time.Now()}
	must(p.db.OpenProblem(ctx, wrong))
	must(p.db.SaveAlerts(ctx, tenants.AlertSettings{Version: 1, QuietFrom: "22:00", QuietTo: "07:00", DigestAt: "08:00"},
		[]tenants.AlertChannelChange{{Kind: tenants.ChannelMail, Recipient: markerA + "@example.com"}}))
	return owned{flow.ID, run.ID, user.ID, key.ID, snap.ID, "D%2F1", wrong.ID}
}

// TestEveryRouteRefuses walks the router's own list.
func TestEveryRouteRefuses(t *testing.T) {
	p := newPanel(t)
	a := fill(t, p)
	expired := p.open(storeA, 1)
	p.clock.advance(time.Hour)
	stranger := p.open(storeB, 1) // owner of another store
	p.open(storeA, 60)
	session, err := p.db.Users(p.ctx(storeA))
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range session {
		if u.UserID == 60 {
			if _, err := p.db.SetRole(p.ctx(storeA), u.ID, tenants.RoleViewer, "user:x"); err != nil {
				t.Fatal(err)
			}
		}
	}
	viewer, admin := p.open(storeA, 60), p.open(storeA, 61)
	// A live stream of the stranger's must end by itself.
	close(p.jobs.events)

	walked := 0
	for _, route := range p.router.Routes() {
		path, ok := strings.CutPrefix(route.Path, Prefix)
		if !ok {
			continue
		}
		walked++
		name := route.Method + " " + path
		rule, known := rules[name]
		if !known {
			t.Errorf("%s is not in this test: say who may call it", name)
			continue
		}
		target := Prefix + strings.NewReplacer(":kind", "products", ":id", a.id(path), "*id", a.id(path)).Replace(path)
		body := strings.ReplaceAll(rule.body, "SNAPSHOT", a.snapshot)
		t.Run(name, func(t *testing.T) {
			for who, token := range map[string]string{"nobody": "", "an expired session": expired, "a forged token": "x.y.z"} {
				if w := p.do(route.Method, target, token, body); w.Code != http.StatusUnauthorized {
					t.Errorf("%s: %d %s", who, w.Code, w.Body)
				} else if ct := w.Header().Get("Content-Type"); ct != problem.ContentType {
					t.Errorf("%s: refused as %s", who, ct)
				}
			}
			w := p.do(route.Method, target, stranger, body)
			if strings.Contains(w.Body.String(), markerA) {
				t.Errorf("another store's owner sees what store A has: %s", w.Body)
			}
			if (strings.Contains(path, ":id") || strings.Contains(path, "*id") || strings.Contains(rule.body, "SNAPSHOT")) && w.Code != http.StatusNotFound {
				t.Errorf("another store's owner: %d %s", w.Code, w.Body)
			}
			if rule.access == auth.AccessOwner {
				if w := p.do(route.Method, target, admin, body); w.Code != http.StatusForbidden {
					t.Errorf("an administrator who is not the owner: %d %s", w.Code, w.Body)
				}
			}
			w = p.do(route.Method, target, viewer, body)
			if rule.access == auth.AccessRead && w.Code >= 400 {
				t.Errorf("a viewer may read: %d %s", w.Code, w.Body)
			}
			if rule.access != auth.AccessRead && w.Code != http.StatusForbidden {
				t.Errorf("a viewer: %d %s", w.Code, w.Body)
			}
			if name == "POST /session/sign-out" {
				viewer, stranger = p.open(storeA, 60), p.open(storeB, 1)
			}
		})
	}
	if walked != len(rules) {
		t.Errorf("%d routes, but %d rules: delete the rules of routes that are gone", walked, len(rules))
	}
	// Nothing that was refused had an effect.
	after := p.ctx(storeA)
	if f, err := p.db.Flow(after, a.flow); err != nil || f.Name != markerA {
		t.Errorf("store A's flow: %+v, %v", f, err)
	}
	if r, err := p.db.Run(after, a.run); err != nil || r.State != tenants.RunRunning {
		t.Errorf("store A's run: %+v, %v", r, err)
	}
	if u, err := p.db.UserByID(after, a.user); err != nil || u.Role == tenants.RoleViewer {
		t.Errorf("store A's user: %+v, %v", u, err)
	}
	if link, err := p.db.SubjectLink(after, "https://"+markerA+".example", markerA); err != nil || link == nil {
		t.Errorf("store A's link: %+v, %v", link, err)
	}
	if provider, err := p.db.IdentityProvider(after); err != nil || provider == nil || provider.ClientID != markerA {
		t.Errorf("store A's identity provider: %+v, %v", provider, err)
	}
	if found, err := p.db.Accounts(after, tenants.AccountFilter{ExternalID: "D/1"}); err != nil || len(found) != 1 {
		t.Errorf("store A's account: %+v, %v", found, err)
	}
	if keys, err := p.db.ListAPIKeys(after); err != nil || len(keys) != 1 || keys[0].RevokedAt != nil {
		t.Errorf("store A's keys: %+v, %v", keys, err)
	}
}

func TestCacheHeaders(t *testing.T) {
	p := newPanel(t)
	w := p.do(http.MethodGet, Prefix+"/session", p.open(storeA, 1), "")
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Fatalf("headers %v", w.Header())
	}
}
