package products

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs/flow"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// TestWebhooks: a deleted product is forgotten in its store, by flows of products; a changed
// category is read again.
func TestWebhooks(t *testing.T) {
	db := tenantstest.NewDB(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fill := func() {
		for _, store := range []string{"aaa", "bbb"} {
			ctx := tenants.WithStore(t.Context(), store)
			must(db.UpsertRecords(ctx, []tenants.Record{
				{Kind: Name, FlowID: "f-" + store, Key: "7", TargetID: 7, SourceHash: "h", State: "ok"},
				{Kind: Name, FlowID: "f-" + store, Key: "8", TargetID: 8, SourceHash: "h", State: "ok"},
				{Kind: Name, FlowID: "f-" + store, Key: "new", SourceHash: "h", State: "ok"},
				{Kind: "customers", FlowID: "c-" + store, Key: "7", TargetID: 7, SourceHash: "h", State: "ok"},
			}))
			for _, kind := range []string{ReferenceCategory, ReferenceBrand} {
				must(db.SaveReferences(ctx, tenants.StoreReferences{Kind: kind, Data: []byte("x"), LoadedAt: time.Now()}))
			}
		}
	}
	for scope, test := range map[string]struct {
		events []flow.Event
		gone   []string
	}{
		"store/product/deleted": {
			[]flow.Event{{StoreHash: "aaa", ID: 7}, {StoreHash: "aaa", ID: 7}, {StoreHash: "bbb", ID: 8}, {StoreHash: "bbb"}},
			[]string{"f-aaa 7", "f-bbb 8"},
		},
		"store/category/updated": {[]flow.Event{{StoreHash: "bbb", ID: 1}, {StoreHash: "bbb", ID: 2}}, []string{"bbb category"}},
		"store/category/deleted": {[]flow.Event{{StoreHash: "bbb", ID: 1}, {StoreHash: "aaa", ID: 2}}, []string{"aaa category", "bbb category"}},
	} {
		fill()
		i := slices.IndexFunc(spec.Webhooks, func(w flow.Webhook) bool { return w.Scope == scope })
		if i < 0 {
			t.Fatalf("no webhook %s", scope)
		}
		must(db.Tx(t.Context(), func(tx *tenants.DB) error { return spec.Webhooks[i].Handle(t.Context(), tx, test.events) }))
		var gone []string
		for _, store := range []string{"aaa", "bbb"} {
			ctx := tenants.WithStore(t.Context(), store)
			var records []tenants.Record
			must(db.Scoped(ctx).Where("target_id = 0 AND source_hash = ''").Find(&records).Error)
			for _, r := range records {
				gone = append(gone, r.FlowID+" "+r.Key)
			}
			for _, kind := range []string{ReferenceCategory, ReferenceBrand} {
				refs, err := db.References(ctx, kind, time.Now().Add(-time.Hour))
				must(err)
				if refs == nil {
					gone = append(gone, store+" "+kind)
				}
			}
		}
		slices.Sort(gone)
		if diff := cmp.Diff(test.gone, gone); diff != "" {
			t.Errorf("%s (-want +got):\n%s", scope, diff)
		}
	}
	if len(spec.Webhooks) != 3 {
		t.Errorf("%d webhooks", len(spec.Webhooks))
	}
}

// TestCatchUp: what events may have told is not believed any more, in one store and of products
// only.
func TestCatchUp(t *testing.T) {
	db := tenantstest.NewDB(t)
	doubted := []string{}
	for _, store := range []string{"aaa", "bbb"} {
		ctx := tenants.WithStore(t.Context(), store)
		for _, kind := range []string{Name, "customers"} {
			f := &tenants.Flow{Kind: kind, Name: kind}
			if err := db.CreateFlow(ctx, f); err != nil {
				t.Fatal(err)
			}
			if err := db.UpsertRecords(ctx, []tenants.Record{{Kind: kind, FlowID: f.ID, Key: store + " " + kind, TargetID: 7, SourceHash: "h", State: "ok"}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx := tenants.WithStore(t.Context(), "bbb")
	if err := spec.CatchUp(ctx, db); err != nil {
		t.Fatal(err)
	}
	if err := db.AcrossStores(ctx).Model(&tenants.Record{}).Where("source_hash = '' AND target_id = 7").Pluck("key", &doubted).Error; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bbb " + Name}, doubted); diff != "" {
		t.Errorf("doubted (-want +got):\n%s", diff)
	}
}
