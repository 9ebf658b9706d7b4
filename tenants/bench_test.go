package tenants_test

import (
	"testing"

	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// BenchmarkUpsertRecords is one step's worth of records, written over existing ones.
func BenchmarkUpsertRecords(b *testing.B) {
	db := tenantstest.NewDB(b)
	ctx := tenants.WithStore(b.Context(), "aaa")
	records := recordsOf("f", 2500)
	for b.Loop() {
		if err := db.UpsertRecords(ctx, records); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkRecordsByKeys looks a step's keys up.
func BenchmarkRecordsByKeys(b *testing.B) {
	db := tenantstest.NewDB(b)
	ctx := tenants.WithStore(b.Context(), "aaa")
	records := recordsOf("f", 2500)
	if err := db.UpsertRecords(ctx, records); err != nil {
		b.Fatal(err)
	}
	keys := make([]string, len(records))
	for i, r := range records {
		keys[i] = r.Key
	}
	for b.Loop() {
		if found, err := db.RecordsByKeys(ctx, "f", keys); err != nil || len(found) != len(keys) {
			b.Fatal(len(found), err)
		}
	}
	b.ReportMetric(float64(b.N*len(keys))/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkRun reads one row by its key: what the guard costs a small statement.
func BenchmarkRun(b *testing.B) {
	db := tenantstest.NewDB(b)
	ctx := tenants.WithStore(b.Context(), "aaa")
	run := &tenants.Run{FlowID: "f"}
	if err := db.CreateRun(ctx, run); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := db.Run(ctx, run.ID); err != nil {
			b.Fatal(err)
		}
	}
}
