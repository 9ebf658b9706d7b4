package ui

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/cause"
	"sluice/tenants"
)

// TestProblemsOfARun: issues are counted by cause, the most frequent first, each with what to do.
func TestProblemsOfARun(t *testing.T) {
	p := newPanel(t)
	a := fill(t, p)
	token := p.open(storeA, 1)
	ctx := p.ctx(storeA)
	if err := p.db.Scoped(ctx).Where("run_id = ?", a.run).Delete(&tenants.RunIssue{}).Error; err != nil {
		t.Fatal(err)
	}
	var issues []tenants.RunIssue
	note := func(n int, severity, field string, cure tenants.Cure, message func(i int) string) {
		for i := range n {
			line := int64(2*len(issues) + 2)
			issues = append(issues, tenants.RunIssue{
				RunID: a.run, Line: line, Row: line / 2, Severity: severity, Field: field, Key: fmt.Sprintf("SKU-%d", i), Value: "v",
				Message: message(i), Cause: cause.ID(severity, field, message(i)), Cure: cure,
			})
		}
	}
	note(2, "error", "sku", tenants.CureFile, func(i int) string { return fmt.Sprintf("is already in row %d", i) })
	note(7, "error", "price", tenants.CureMatching, func(i int) string { return fmt.Sprintf("%q is not a number", fmt.Sprint("v", i)) })
	note(3, "warning", "", tenants.CureNone, func(int) string { return "is odd" })
	note(1, "error", "column Z", tenants.CureStore, func(int) string { return "was refused" })
	if _, err := p.db.AddIssues(ctx, issues); err != nil {
		t.Fatal(err)
	}
	var got struct{ Problems []problemView }
	p.call("GET", "/runs/"+a.run+"/problems", token, nil, http.StatusOK, &got)
	var lines []string
	for _, v := range got.Problems {
		lines = append(lines, fmt.Sprintf("%d %s %s (%s) %s; %d, row %d; %s %s: %s", v.Count, v.Severity, v.Field, v.Label, v.Message,
			len(v.Examples), v.Examples[0].Row, v.Remedy.Action, v.Remedy.Field, v.Remedy.Text))
	}
	want := []string{
		"7 error price (Default price) … is not a number; 3, row 3; matching price: Change what Default price comes from, or correct these rows in the file.",
		"3 warning  () is odd; 3, row 10;  : ",
		"2 error sku (SKU) is already in row …; 2, row 1; file : Correct these rows in the file, then start the sync again.",
		"1 error column Z (column Z) was refused; 1, row 13; retry : Put it right in BigCommerce or in the file, then try these records again.",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}

	var rows struct {
		Issues []issueView
		Next   string
	}
	p.call("GET", "/runs/"+a.run+"/issues?limit=5&cause="+got.Problems[0].Cause, token, nil, http.StatusOK, &rows)
	if len(rows.Issues) != 5 || rows.Next == "" || rows.Issues[0].Label != "Default price" || rows.Issues[0].Row != 3 {
		t.Errorf("issues of the cause: %+v", rows)
	}
	p.call("GET", "/runs/"+a.run+"/issues?cause="+got.Problems[0].Cause+"&after="+rows.Next, token, nil, http.StatusOK, &rows)
	if len(rows.Issues) != 2 || rows.Next != "" {
		t.Errorf("the rest: %+v", rows)
	}
	p.call("GET", "/runs/"+a.run+"/issues?severity=error&q=sku-1", token, nil, http.StatusOK, &rows)
	if len(rows.Issues) != 2 || rows.Issues[0].Key != "SKU-1" {
		t.Errorf("issues of a key: %+v", rows)
	}
	p.call("GET", "/runs/"+a.run+"/issues?q=%25", token, nil, http.StatusOK, &rows)
	if len(rows.Issues) != 0 {
		t.Errorf("a sign of patterns finds %d", len(rows.Issues))
	}
}
