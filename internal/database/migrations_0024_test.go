package database_test

import (
	"fmt"
	"testing"

	"sluice/internal/cause"
	"sluice/internal/database"
)

// TestMigrateCauses: issues of before get their causes, in more than one batch, and rows that
// nothing is known of say so.
func TestMigrateCauses(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := database.MigrateTo(t.Context(), g, "0023_compare"); err != nil {
			t.Fatal(err)
		}
		const n = 1500
		for i := range n {
			message := fmt.Sprintf("row %d is wrong", i)
			if i%3 == 0 {
				message = "is empty"
			}
			err := g.Exec(`INSERT INTO run_issues (id, store_hash, run_id, line, severity, field, key, message, value) VALUES (?, 'aaa', 'r', ?, 'error', 'price', '', ?, '')`,
				fmt.Sprintf("%036d", i), i, message).Error
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := database.Migrate(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		var counts []struct {
			Cause string
			N     int
		}
		if err := g.Raw("SELECT cause, count(*) AS n FROM run_issues GROUP BY cause ORDER BY n").Scan(&counts).Error; err != nil {
			t.Fatal(err)
		}
		if len(counts) != 2 || counts[0].N != n/3 || counts[0].Cause != cause.ID("error", "price", "is empty") || counts[1].Cause != cause.ID("error", "price", "row 7 is wrong") {
			t.Errorf("%+v", counts)
		}
		var rows int
		if err := g.Raw("SELECT count(*) FROM run_issues WHERE sheet_row = 0 AND cure = ''").Scan(&rows).Error; err != nil || rows != n {
			t.Errorf("%d rows are as they were, %v", rows, err)
		}
	})
}
