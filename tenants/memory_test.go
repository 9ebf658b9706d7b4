package tenants_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestRememberedRecords(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ours, theirs := tenants.WithStore(t.Context(), "ours1"), tenants.WithStore(t.Context(), "theirs1")
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		of := func(flow string, keys ...string) map[string]string {
			t.Helper()
			got, err := db.RememberedRecords(ours, flow, keys)
			must(err)
			return got
		}
		many, keys := map[string]string{}, []string{}
		for i := range 1200 { // more than one statement
			key := fmt.Sprintf("k%d", i)
			many[key] = fmt.Sprintf(`{"id":%d,"name":%q}`, i, strings.Repeat("ü", i%50))
			keys = append(keys, key)
		}
		must(db.RememberRecords(ours, "products", "f1", many))
		must(db.RememberRecords(ours, "products", "f2", map[string]string{"k1": "two"}))
		must(db.RememberRecords(theirs, "products", "f1", map[string]string{"k1": "theirs"}))
		if d := cmp.Diff(many, of("f1", append(keys, "none")...)); d != "" {
			t.Error(d)
		}
		must(db.RememberRecords(ours, "products", "f1", map[string]string{"k1": "again"}))
		must(db.ForgetRecords(ours, "f1", []string{"k2", "none"}))
		must(db.ForgetRecords(ours, "f1", nil))
		if d := cmp.Diff(map[string]string{"k1": "again", "k3": many["k3"]}, of("f1", "k1", "k2", "k3")); d != "" {
			t.Error(d)
		}

		// Another flow that knows a product which f1 changed must look at it.
		must(db.UpsertRecords(ours, []tenants.Record{
			{Kind: "products", FlowID: "f1", Key: "k1", TargetID: 7}, {Kind: "products", FlowID: "f2", Key: "k1", TargetID: 7},
			{Kind: "products", FlowID: "f2", Key: "k2", TargetID: 8}, {Kind: "customers", FlowID: "f3", Key: "k1", TargetID: 7},
		}))
		must(db.RememberRecords(ours, "products", "f2", map[string]string{"k2": "two"}))
		must(db.RememberRecords(ours, "customers", "f3", map[string]string{"k1": "a customer"}))
		must(db.ForgetRecordsElsewhere(ours, "products", "f1", []int64{7, 9}))
		must(db.ForgetRecordsElsewhere(ours, "products", "f1", nil))
		if d := cmp.Diff(map[string]string{"k2": "two"}, of("f2", "k1", "k2")); d != "" {
			t.Error(d)
		}
		if got := of("f3", "k1"); got["k1"] != "a customer" {
			t.Errorf("the customer of the same id: %v", got)
		}
		if got := of("f1", "k1"); got["k1"] != "again" {
			t.Errorf("the flow itself has %v", got)
		}
		got, err := db.RememberedRecords(theirs, "f1", keys)
		must(err)
		if d := cmp.Diff(map[string]string{"k1": "theirs"}, got); d != "" {
			t.Errorf("another store: %s", d)
		}
	})
}

func TestDeleteFlowForgetsItsProducts(t *testing.T) {
	db := tenantstest.NewDB(t)
	ctx := tenants.WithStore(t.Context(), "ours1")
	flow := &tenants.Flow{Kind: "products", Name: "Parts"}
	if err := db.CreateFlow(ctx, flow); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{flow.ID, "other"} {
		if err := db.RememberRecords(ctx, "products", id, map[string]string{"a": "{}"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.DeleteFlow(ctx, flow.ID); err != nil {
		t.Fatal(err)
	}
	var left []string
	if err := db.Scoped(ctx).Model(&tenants.RememberedRecord{}).Pluck("flow_id", &left).Error; err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"other"}, left); d != "" {
		t.Error(d)
	}
}

func TestReferences(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ours, theirs := tenants.WithStore(t.Context(), "ours1"), tenants.WithStore(t.Context(), "theirs1")
		loaded := time.Date(2026, 5, 4, 10, 0, 0, 0, time.FixedZone("", 3600))
		for _, data := range []string{"one", "two"} {
			if err := db.SaveReferences(ours, tenants.StoreReferences{Kind: "brand", Data: []byte(data), LoadedAt: loaded}); err != nil {
				t.Fatal(err)
			}
		}
		for name, tt := range map[string]struct {
			found bool
			get   func() (*tenants.StoreReferences, error)
		}{
			"fresh": {true, func() (*tenants.StoreReferences, error) {
				return db.References(ours, "brand", loaded.Add(-time.Second))
			}},
			"too old":       {false, func() (*tenants.StoreReferences, error) { return db.References(ours, "brand", loaded) }},
			"other kind":    {false, func() (*tenants.StoreReferences, error) { return db.References(ours, "category", time.Time{}) }},
			"another store": {false, func() (*tenants.StoreReferences, error) { return db.References(theirs, "brand", time.Time{}) }},
		} {
			got, err := tt.get()
			if err != nil || (got != nil) != tt.found || got != nil && string(got.Data) != "two" {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		if err := db.ForgetReferences(theirs, "brand", "category"); err != nil {
			t.Fatal(err)
		}
		if got, err := db.References(ours, "brand", time.Time{}); err != nil || got == nil {
			t.Errorf("forgotten by another store: %v, %v", got, err)
		}
		if err := db.ForgetReferences(ours, "brand"); err != nil {
			t.Fatal(err)
		}
		if got, err := db.References(ours, "brand", time.Time{}); err != nil || got != nil {
			t.Errorf("not forgotten: %v, %v", got, err)
		}
	})
}
