package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"sluice/internal/bigcommerce"
	"sluice/internal/database"
	"sluice/internal/testenv"
	"sluice/tenants"
	"sluice/tenants/vault"
)

// upgrade is a deployment whose database the first release wrote, while its processes were stopped
// with work left to do: a run of an uploaded file and one of a fetched file that have yet to begin,
// and a webhook that was acknowledged.
type upgrade struct {
	*installation
	store  sandboxStoreInfo
	vault  *vault.Vault
	key    string // API key
	feed   string // address of the fetched file
	body   atomic.Pointer[string]
	oldID  int64     // product that the last run of the first release wrote
	goneID int64     // product that was deleted in the store, as the webhook says
	at     time.Time // of everything in the database
}

const (
	feedAuthorization = "Basic ZXJwOnRoZS1maXJzdC1yZWxlYXNl"
	feedOfFirst       = "PartNum,PartDescription,ListPrice,OnHand\n"
	fetchedRows       = "F-1,Fetched one,10.00,1\nF-2,Fetched two,20.00,2\n"
	uploadedRows      = "U-1,Uploaded one,3.00,3\nOLD-1,Old one,7.50,4\nGONE-1,Gone one,5.00,5\n"
)

// TestUpgradeFromTheFirstRelease takes a database of the first migration through a backup, its
// restore, all migrations, a backup of the running program and its restore. Data stays as it was,
// what was left to do is done, and the program goes on from each.
func TestUpgradeFromTheFirstRelease(t *testing.T) {
	buildSluice(t)
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		testUpgrade(t, stack{database: "sqlite:" + filepath.Join(dir, "first.db")}, func(t *testing.T, from string) string {
			to := filepath.Join(dir, fmt.Sprintf("backup-%s", tenants.NewID()))
			eachStatement(t, from, statement{"VACUUM INTO ?", []any{to}})
			return "sqlite:" + to
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		from, ok := testenv.Postgres(t)
		dump, ok2 := testenv.PostgresTool(t, "pg_dump")
		restore, ok3 := testenv.PostgresTool(t, "pg_restore")
		redis, ok4 := testenv.RealRedis(t)
		if !ok || !ok2 || !ok3 || !ok4 {
			t.Log("covered with SQLite and the embedded Redis only")
			return
		}
		testUpgrade(t, stack{from, redis}, func(t *testing.T, from string) string {
			file := filepath.Join(t.TempDir(), "sluice.dump")
			to, _ := testenv.Postgres(t)
			for _, args := range [][]string{
				{dump, "--format=custom", "--file=" + file, from},
				{restore, "--clean", "--if-exists", "--no-owner", "--exit-on-error", "--dbname=" + to, file},
			} {
				if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", filepath.Base(args[0]), err, out)
				}
			}
			return to
		})
	})
}

// testUpgrade does it on one kind of database. copied makes a backup of a database and restores it
// to a new one.
func testUpgrade(t *testing.T, s stack, copied func(t *testing.T, from string) (to string)) {
	u := &upgrade{installation: prepare(t, s, 1, "LOG_LEVEL=debug"), at: time.Now().UTC().Add(-time.Hour).Truncate(time.Millisecond), key: "sluice_" + strings.Repeat("K", 26)}
	u.store = u.sandbox.Stores[0]
	var err error
	if u.vault, err = vault.New(u.installation.key); err != nil {
		t.Fatal(err)
	}
	u.merchants = []*merchant{withKey(u.address, u.key)}
	u.serveFeed()
	client := u.client(u.store)
	product, err := client.Products.Create(t.Context(), bigcommerce.Fields{"name": "Old one", "sku": "OLD-1", "type": "physical", "weight": 0, "price": 7})
	if err != nil {
		t.Fatal(err)
	}
	if u.oldID, err = strconv.ParseInt(fmt.Sprint(product["id"]), 10, 64); err != nil {
		t.Fatal(err)
	}
	u.goneID = u.oldID + 1000

	u.writeFirst(s.database)
	restored := copied(t, s.database)
	u.use(restored)
	if err := u.refused("migrate"); !strings.Contains(err, "--old-stopped") {
		t.Fatalf("a migration that breaks older processes: %s", err)
	}
	u.command("", "migrate", "--old-stopped")
	if out := u.command("", "migrate", "--dry-run"); !strings.Contains(out, "up to date") {
		t.Fatalf("after migrate: %s", out)
	}
	u.wantKept(restored)

	p := u.startWeb("serve")
	u.wantWorkDone(restored)
	live := copied(t, restored) // the program runs
	p.terminate(t)

	u.use(live)
	u.wantKeptAfterWork(live)
	p = u.startWeb("serve")
	u.wantGoesOn()
	p.terminate(t)
}

// use has the commands and processes that start from now on use a database, with a Redis that knows
// nothing of it.
func (u *upgrade) use(databaseURL string) {
	u.t.Helper()
	u.env = append(u.env, "DATABASE_URL="+databaseURL)
	if redisURL := variableOf(u.env, "REDIS_URL"); redisURL != "" {
		fresh, ok := testenv.RealRedis(u.t)
		if !ok {
			u.t.Fatal("a Redis was there a moment ago")
		}
		u.env = append(u.env, "REDIS_URL="+fresh)
	}
}

// variableOf returns the value that a process gets for a variable: its last.
func variableOf(env []string, name string) (value string) {
	for _, v := range env {
		if text, ok := strings.CutPrefix(v, name+"="); ok {
			value = text
		}
	}
	return value
}

// serveFeed starts the back office, which wants to know who asks.
func (u *upgrade) serveFeed() {
	first := feedOfFirst + fetchedRows
	u.body.Store(&first)
	office := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != feedAuthorization {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/csv")
		_, _ = w.Write([]byte(*u.body.Load()))
	}))
	u.t.Cleanup(office.Close)
	u.feed = office.URL + "/parts.csv"
}

type statement struct {
	sql    string
	values []any
}

func eachStatement(t *testing.T, databaseURL string, list ...statement) {
	t.Helper()
	withDatabase(t, databaseURL, func(g *gorm.DB) {
		for _, s := range list {
			if err := g.Exec(s.sql, s.values...).Error; err != nil {
				t.Fatalf("%s: %v", s.sql, err)
			}
		}
	})
}

func withDatabase(t *testing.T, databaseURL string, do func(*gorm.DB)) {
	t.Helper()
	g, err := database.Open(t.Context(), databaseURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := database.Close(g); err != nil {
			t.Error(err)
		}
	}()
	do(g)
}

// mappingOfFirst, and the JSON in the rows below, are as the first release wrote them.
const mappingOfFirst = `{"fields":[{"target":"sku","expression":"PartNum"},{"target":"name","expression":"PartDescription"},` +
	`{"target":"price","expression":"number(ListPrice)"},{"target":"inventory_level","expression":"number(OnHand)"},` +
	`{"target":"type","expression":"\"physical\""},{"target":"weight","expression":"0"}]}`

// Identifiers of the rows, version 7 UUIDs in the order of their creation.
const (
	flowUploaded     = "01900000-0000-7000-8000-000000000001"
	flowFetched      = "01900000-0000-7000-8000-000000000002"
	connectionID     = "01900000-0000-7000-8000-000000000003"
	snapshotID       = "01900000-0000-7000-8000-000000000004"
	runEnded         = "01900000-0000-7000-8000-000000000005"
	runUploaded      = "01900000-0000-7000-8000-000000000006"
	runFetched       = "01900000-0000-7000-8000-000000000007"
	ownerID          = "01900000-0000-7000-8000-000000000008"
	connectionOfFile = "01900000-0000-7000-8000-00000000000e"
	deliveryID       = "msg_of_the_first_release"
)

// row is what is inserted into a table, by column.
type row struct {
	table   string
	columns map[string]any
}

// writeFirst makes the database of the first release and fills it, with SQL alone: today's models
// would write what today's program understands.
func (u *upgrade) writeFirst(databaseURL string) {
	t := u.t
	t.Helper()
	withDatabase(t, databaseURL, func(g *gorm.DB) {
		if err := database.MigrateTo(t.Context(), g, "0001_initial"); err != nil {
			t.Fatal(err)
		}
		for _, r := range u.rowsOfFirst() {
			if err := g.Table(r.table).Create(r.columns).Error; err != nil {
				t.Fatalf("%s: %v", r.table, err)
			}
		}
		pending, err := database.Pending(t.Context(), g)
		if err != nil || len(pending) < 5 || pending[0] != "0002_schedules" {
			t.Fatalf("pending %v, %v: this is not the first release's", pending, err)
		}
	})
}

func (u *upgrade) seal(store, column, plain string) []byte {
	u.t.Helper()
	sealed, err := u.vault.Seal(store, column, []byte(plain))
	if err != nil {
		u.t.Fatal(err)
	}
	return sealed
}

func (u *upgrade) rowsOfFirst() []row {
	hash, at := u.store.Hash, u.at
	secret := sha256.Sum256([]byte(u.key))
	uploaded := feedOfFirst + uploadedRows
	sum := sha256.Sum256([]byte(uploaded))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(uploaded)) // neither fails: memory
	_ = z.Close()

	store := func(hash, name, state string, token []byte) row {
		return row{"stores", map[string]any{
			"hash": hash, "name": name, "domain": name + ".example", "secure_url": "https://" + name + ".example", "plan_name": "Pro", "timezone": "Europe/Berlin",
			"currency": "EUR", "state": state, "state_reason": "", "origin": "credentials", "scopes": "store_v2_products store_v2_information_read_only",
			"account_uuid": "", "owner_id": 7, "access_token": token, "installed_at": at, "created_at": at, "updated_at": at,
		}}
	}
	user := func(id string, userID int, email, role string) row {
		return row{"users", map[string]any{"id": id, "store_hash": hash, "user_id": userID, "email": email, "role": role, "locale": "de", "created_at": at, "updated_at": at}}
	}
	flow := func(id, name, connection, snapshot string) row {
		return row{"flows", map[string]any{
			"id": id, "store_hash": hash, "kind": "products", "name": name, "connection_id": connection, "snapshot_id": snapshot, "format": `{"type":"csv"}`,
			"mapping": mappingOfFirst, "options": `{"repeated_names":"append_sku"}`, "version": 3, "created_at": at, "updated_at": at,
		}}
	}
	run := func(id, flow, state, phase, snapshot string, more map[string]any) row {
		columns := map[string]any{
			"id": id, "store_hash": hash, "flow_id": flow, "kind": "products", "state": state, "phase": phase, "dry_run": false, "retry_of": "", "trigger": "manual",
			"started_by": ownerID, "snapshot_id": snapshot, "step": 0, "checkpoint": "", "format": `{"type":"csv"}`, "mapping": mappingOfFirst,
			"options": `{"repeated_names":"append_sku"}`, "error": "", "incomplete": false, "cancel_requested": false, "total": 0, "read": 0, "to_create": 0,
			"to_update": 0, "created": 0, "updated": 0, "unchanged": 0, "failed": 0, "warnings": 0, "requests": 0, "throttled": 0, "planned_requests": 0,
			"planned_seconds": 0, "created_at": at, "updated_at": at,
		}
		for k, v := range more {
			columns[k] = v
		}
		return row{"runs", columns}
	}
	job := func(id, kind, payload string) row {
		return row{"jobs", map[string]any{
			"id": id, "store_hash": hash, "kind": kind, "state": "pending", "payload": payload, "lane": "bulk", "class": "", "cost": 1, "coalesce": "", "run_at": at,
			"attempts": 0, "last_error": "", "created_at": at, "updated_at": at,
		}}
	}
	record := func(key string, target int64) row {
		return row{"records", map[string]any{
			"flow_id": flowUploaded, "key": key, "store_hash": hash, "target_id": target, "source_hash": strings.Repeat("a", 64), "name_key": "", "state": "ok",
			"error": "", "seen_run_id": runEnded, "seen_line": 2, "updated_at": at,
		}}
	}
	return []row{
		store(hash, "old-shop", "active", u.seal(hash, "stores.access_token", u.store.Token)),
		store("second1", "second-shop", "needs_reinstall", u.seal("second1", "stores.access_token", "a token that is no longer accepted")),
		user(ownerID, 7, "owner@old-shop.example", "owner"),
		user("01900000-0000-7000-8000-000000000009", 8, "clerk@old-shop.example", "viewer"),
		{"api_keys", map[string]any{
			"id": "01900000-0000-7000-8000-00000000000a", "store_hash": hash, "name": "ERP", "prefix": u.key[:11], "secret_hash": hex.EncodeToString(secret[:]),
			"scopes": "flows:read flows:write", "created_by": ownerID, "created_at": at,
		}},
		{"connections", map[string]any{
			"id": connectionOfFile, "store_hash": hash, "name": "Uploaded parts", "kind": "upload", "url": "", "has_secret": false, "created_at": at, "updated_at": at,
		}},
		{"connections", map[string]any{
			"id": connectionID, "store_hash": hash, "name": "ERP", "kind": "url", "url": u.feed, "secret": u.seal(hash, "connections.secret", feedAuthorization),
			"has_secret": true, "created_at": at, "updated_at": at,
		}},
		flow(flowUploaded, "Uploaded parts", connectionOfFile, snapshotID),
		flow(flowFetched, "Fetched parts", connectionID, ""),
		{"snapshots", map[string]any{
			"id": snapshotID, "store_hash": hash, "flow_id": flowUploaded, "filename": "parts.csv", "content_type": "text/csv", "e_tag": "", "last_modified": "",
			"url": "", "sha256": hex.EncodeToString(sum[:]), "size": len(uploaded), "complete": true, "created_at": at, "committed_at": at,
		}},
		{"snapshot_chunks", map[string]any{"snapshot_id": snapshotID, "offset": 0, "store_hash": hash, "length": len(uploaded), "data": packed.Bytes()}},
		run(runEnded, flowUploaded, "done", "finish", snapshotID, map[string]any{
			"step": 5, "total": 2, "read": 2, "updated": 1, "failed": 1, "warnings": 1, "requests": 4, "started_at": at, "finished_at": at,
		}),
		record("old-1", u.oldID), record("gone-1", u.goneID),
		{"run_issues", map[string]any{
			"id": "01900000-0000-7000-8000-00000000000b", "store_hash": hash, "run_id": runEnded, "line": 3, "severity": "error", "field": "price", "key": "BAD-1",
			"message": "is not a number", "value": "1,5",
		}},
		{"journal", map[string]any{
			"id": "01900000-0000-7000-8000-00000000000c", "store_hash": hash, "run_id": runEnded, "key": "OLD-1", "target_id": u.oldID, "action": "update",
			"changes": `[{"field":"price","before":6,"after":7}]`, "created_at": at,
		}},
		{"audit", map[string]any{
			"id": "01900000-0000-7000-8000-00000000000d", "store_hash": hash, "actor": "user:" + ownerID, "action": "run.started", "subject": "run:" + runEnded,
			"detail": "run, trigger manual", "created_at": at,
		}},
		run(runUploaded, flowUploaded, "queued", "fetch", "", nil),
		job("run:"+runUploaded+":0", "run.step", `{"run_id":"`+runUploaded+`","step":0}`),
		run(runFetched, flowFetched, "queued", "fetch", "", nil),
		job("run:"+runFetched+":0", "run.step", `{"run_id":"`+runFetched+`","step":0}`),
		{"webhook_events", map[string]any{
			"store_hash": hash, "delivery_id": deliveryID, "scope": "store/product/deleted",
			"body":        fmt.Sprintf(`{"scope":"store/product/deleted","producer":"stores/%s","data":{"type":"product","id":%d}}`, hash, u.goneID),
			"received_at": at,
		}},
		job("forget:0123456789abcdef0123456789abcdef", "record.forget", fmt.Sprintf(`{"delivery_id":"%s","product_id":%d}`, deliveryID, u.goneID)),
	}
}

// wantKept reads, as the program does, what the first release wrote.
func (u *upgrade) wantKept(databaseURL string) {
	t := u.t
	t.Helper()
	u.open(databaseURL, func(db *tenants.DB) {
		u.wantHouse(db)
		ctx := tenants.WithStore(t.Context(), u.store.Hash)
		for id, want := range map[string]tenants.RunState{runEnded: tenants.RunDone, runUploaded: tenants.RunQueued, runFetched: tenants.RunQueued} {
			if r, err := db.Run(ctx, id); err != nil || r.State != want || len(r.Mapping.Fields) != 6 || !r.CreatedAt.Equal(u.at) {
				t.Errorf("run %s: %+v, %v", id, r, err)
			}
		}
		records, err := db.RecordsByKeys(ctx, flowUploaded, []string{"old-1", "gone-1"})
		if err != nil || records["old-1"].TargetID != u.oldID || records["gone-1"].TargetID != u.goneID || records["old-1"].State != "ok" ||
			records["old-1"].Kind != "products" {
			t.Errorf("records %+v, %v", records, err)
		}
		var pending int64
		if err := db.Scoped(ctx).Model(&tenants.Job{}).Where("state = ?", tenants.JobPending).Count(&pending).Error; err != nil || pending != 3 {
			t.Errorf("%d jobs are pending, want 3: %v", pending, err)
		}
	})
}

func (u *upgrade) open(databaseURL string, do func(*tenants.DB)) {
	u.t.Helper()
	db, err := tenants.Open(u.t.Context(), databaseURL, u.installation.key, nil)
	if err != nil {
		u.t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			u.t.Error(err)
		}
	}()
	do(db)
}

// wantHouse checks what neither an upgrade nor work changes.
func (u *upgrade) wantHouse(db *tenants.DB) {
	t := u.t
	t.Helper()
	ctx := tenants.WithStore(t.Context(), u.store.Hash)
	stores, err := db.Stores(t.Context())
	if err != nil || len(stores) != 2 {
		t.Fatalf("%d stores, %v", len(stores), err)
	}
	if err := db.CheckKeys(ctx); err != nil {
		t.Error(err)
	}
	for hash, want := range map[string]string{u.store.Hash: u.store.Token, "second1": "a token that is no longer accepted"} {
		store, err := db.Store(tenants.WithStore(t.Context(), hash), hash)
		if err != nil || store.OwnerID != 7 || !store.InstalledAt.Equal(u.at) {
			t.Errorf("store %s: %+v, %v", hash, store, err)
		}
		token, err := db.AccessToken(tenants.WithStore(t.Context(), hash), hash)
		if store.State == tenants.StoreActive && (err != nil || token != want) {
			t.Errorf("the token of store %s does not open to what it was: %v", hash, err)
		}
	}
	users, err := db.Users(ctx)
	if err != nil || len(users) != 2 || users[0].Email != "owner@old-shop.example" && users[1].Email != "owner@old-shop.example" {
		t.Errorf("users %+v, %v", users, err)
	}
	flows, err := db.Flows(ctx)
	if err != nil || len(flows) != 2 {
		t.Fatalf("flows %+v, %v", flows, err)
	}
	for _, f := range flows {
		if f.Version != 3 || f.Format.Type != "csv" || len(f.Mapping.Fields) != 6 || f.Mapping.Fields[4].Expression != `"physical"` ||
			f.Options.Text("repeated_names") != "append_sku" || f.Schedule != "" || f.ScheduleEnabled || f.NextRunAt != nil {
			t.Errorf("flow %+v", f)
		}
	}
	if secret, err := db.ConnectionSecret(ctx, connectionID); err != nil || secret != feedAuthorization {
		t.Errorf("the connection's secret does not open to what it was: %v", err)
	}
	var issue tenants.RunIssue
	var entry tenants.JournalEntry
	if err := errors.Join(
		db.Scoped(ctx).Where("run_id = ?", runEnded).Take(&issue).Error, db.Scoped(ctx).Where("run_id = ?", runEnded).Take(&entry).Error,
	); err != nil || issue.Value != "1,5" || issue.Line != 3 || entry.TargetID != u.oldID || entry.Changes != `[{"field":"price","before":6,"after":7}]` {
		t.Errorf("issue %+v, journal %+v: %v", issue, entry, err)
	}
	ended, err := db.Run(ctx, runEnded)
	if err != nil || ended.Updated != 1 || ended.Failed != 1 || ended.Requests != 4 || !ended.FinishedAt.Equal(u.at) {
		t.Errorf("the run that had ended: %+v, %v", ended, err)
	}
	log, _, err := db.AuditLog(ctx, tenants.Page{Limit: 250})
	if err != nil || log[len(log)-1].Action != "run.started" || log[len(log)-1].Subject != "run:"+runEnded {
		t.Errorf("audit %+v, %v", log, err)
	}
}

// wantWorkDone waits for what the first release left to do, and checks what became of it.
func (u *upgrade) wantWorkDone(databaseURL string) {
	t := u.t
	t.Helper()
	for id, want := range map[string]tenants.Counts{
		runUploaded: {Total: 3, Created: 2, Updated: 1}, // GONE-1 is known to be gone, or found to be
		runFetched:  {Total: 2, Created: 2},
	} {
		r, err := u.merchants[0].watch(t.Context(), id, func(*demoRun) {})
		if err != nil {
			t.Fatal(err)
		}
		if r.State != tenants.RunDone || r.Total != want.Total || r.Created != want.Created || r.Updated != want.Updated || r.Failed != 0 {
			t.Errorf("run %s: %+v, want %+v", id, r.Run, want)
		}
	}
	u.wantProducts(u.store, []product{
		{sku: "OLD-1", cents: 750}, {sku: "U-1", cents: 300}, {sku: "GONE-1", cents: 500}, {sku: "F-1", cents: 1000}, {sku: "F-2", cents: 2000},
	})
	u.wantHandled(databaseURL, u.store, 1)
}

// wantKeptAfterWork checks a backup that was made beside the running program.
func (u *upgrade) wantKeptAfterWork(databaseURL string) {
	t := u.t
	t.Helper()
	u.open(databaseURL, func(db *tenants.DB) {
		u.wantHouse(db)
		ctx := tenants.WithStore(t.Context(), u.store.Hash)
		records, err := db.RecordsByKeys(ctx, flowUploaded, []string{"old-1", "gone-1", "u-1"})
		if err != nil || len(records) != 3 || records["old-1"].TargetID != u.oldID || records["gone-1"].TargetID == u.goneID {
			t.Errorf("records %+v, %v", records, err)
		}
	})
}

// wantGoesOn changes the fetched file and has the restored program carry it over.
func (u *upgrade) wantGoesOn() {
	t := u.t
	t.Helper()
	changed := feedOfFirst + strings.Replace(fetchedRows, "20.00", "21.00", 1) + "F-3,Fetched three,30.00,3\n"
	u.body.Store(&changed)
	started, err := u.merchants[0].startRun(t.Context(), flowFetched)
	if err != nil {
		t.Fatal(err)
	}
	r, err := u.merchants[0].watch(t.Context(), started.ID, func(*demoRun) {})
	if err != nil {
		t.Fatal(err)
	}
	if r.State != tenants.RunDone || r.Created != 1 || r.Updated != 1 || r.Unchanged != 1 {
		got, _ := json.Marshal(r.Run)
		t.Errorf("the next run: %s", got)
	}
	u.wantProducts(u.store, []product{
		{sku: "OLD-1", cents: 750}, {sku: "U-1", cents: 300}, {sku: "GONE-1", cents: 500}, {sku: "F-1", cents: 1000}, {sku: "F-2", cents: 2100}, {sku: "F-3", cents: 3000},
	})
}
