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

// TestCausesOfManyIssues: twenty thousand issues are counted from the index alone, and a page of
// those of one cause does not read the others.
func TestCausesOfManyIssues(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		const n = 20_000
		issues := make([]tenants.RunIssue, n)
		for i := range issues {
			issues[i] = tenants.RunIssue{RunID: "r", Line: int64(i + 2), Severity: "error", Field: "price", Cause: "often", Message: "is not a number"}
			if i%1000 == 999 {
				issues[i].Cause, issues[i].Key = "seldom", fmt.Sprint("SKU-", i)
			}
		}
		if _, err := db.AddIssues(ctx, issues); err != nil {
			t.Fatal(err)
		}
		other := []tenants.RunIssue{{RunID: "r", Line: 2, Severity: "error", Field: "price", Cause: "often"}, {RunID: "r2", Line: 2, Severity: "error", Field: "name", Cause: "other"}}
		for _, store := range []string{"aaa", "bbb"} {
			if _, err := db.AddIssues(tenants.WithStore(t.Context(), store), other[1:]); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.GatherStatistics(ctx, int64(n), &tenants.RunIssue{}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		counts, err := db.CountCauses(ctx, "r", 100)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		want := []tenants.CauseCount{{Cause: "often", N: int64(n - n/1000)}, {Cause: "seldom", N: int64(n / 1000)}}
		if diff := cmp.Diff(want, counts); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		began = time.Now()
		page, next, err := db.RunIssues(ctx, "r", tenants.IssueFilter{Cause: "seldom", Limit: 7})
		if err != nil || len(page) != 7 || next == "" || page[0].Key != "SKU-999" {
			t.Errorf("%d issues, %q, %v", len(page), next, err)
		}
		t.Logf("%d issues: counted in %v, a page of one cause in %v", n, took, time.Since(began))
		if found, _, err := db.RunIssues(ctx, "r", tenants.IssueFilter{Text: fmt.Sprint("ku-", n-1)}); err != nil || len(found) != 1 {
			t.Errorf("%d issues of a key, %v", len(found), err)
		}
		if counts, err := db.CountCauses(tenants.WithStore(t.Context(), "bbb"), "r", 100); err != nil || len(counts) != 0 {
			t.Errorf("another store counts %v, %v", counts, err)
		}
		if db.AcrossStores(ctx).Name() == "postgres" {
			return // which plans by what is in the table, and here all of it is one run
		}
		for query, index := range map[string]string{
			"SELECT cause, count(*) AS n FROM run_issues WHERE run_id = 'r' AND store_hash = 'aaa' GROUP BY cause ORDER BY n DESC, cause LIMIT 100": "COVERING INDEX run_issues_cause",
			"SELECT * FROM run_issues WHERE run_id = 'r' AND cause = 'seldom' AND store_hash = 'aaa' ORDER BY line, id LIMIT 8":                     "run_issues_cause (run_id=? AND cause=?)",
		} {
			var plan []string
			rows, err := db.AcrossStores(ctx).Raw("EXPLAIN QUERY PLAN " + query).Rows()
			if err != nil {
				t.Fatal(err)
			}
			columns, _ := rows.Columns()
			for rows.Next() {
				values := make([]any, len(columns))
				for i := range values {
					values[i] = new(any)
				}
				if err := rows.Scan(values...); err != nil {
					t.Fatal(err)
				}
				plan = append(plan, fmt.Sprint(*values[len(values)-1].(*any)))
			}
			_ = rows.Close()
			if text := strings.Join(plan, "\n"); !strings.Contains(text, index) {
				t.Errorf("%s is not answered from %s:\n%s", query, index, text)
			}
		}
	})
}
