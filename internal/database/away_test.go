package database_test

import (
	"testing"

	"gorm.io/gorm"

	"sluice/internal/database"
	"sluice/internal/problem"
	"sluice/internal/testenv"
)

// TestAwayIsUnavailable: while PostgreSQL is away every form of query says so, and works again
// afterwards on the same pool.
func TestAwayIsUnavailable(t *testing.T) {
	server, ok := testenv.RestartablePostgres(t)
	if !ok {
		return
	}
	g := open(t, server.URL, nil)
	if err := g.Migrator().CreateTable(&thing{}); err != nil {
		t.Fatal(err)
	}
	queries := map[string]func() error{
		"pending":     func() error { _, err := database.Pending(t.Context(), g); return err },
		"query":       func() error { return g.Find(&[]thing{}).Error },
		"write":       func() error { return g.Model(&thing{}).Where("id = 'x'").Update("n", 1).Error },
		"transaction": func() error { return g.Transaction(func(*gorm.DB) error { return nil }) },
	}
	for mode, stop := range map[string]func(){"fast": server.StopFast, "immediate": server.StopImmediate} {
		stop()
		for name, query := range queries {
			for range 3 { // the first meets a connection that was open, the others none
				if err := query(); problem.CodeOf(err) != problem.Unavailable {
					t.Errorf("%s, stopped in %s mode: %v", name, mode, err)
				}
			}
		}
		server.Start()
		for name, query := range queries {
			testenv.Eventually(t, name+" after the restart", func() bool { return query() == nil })
		}
	}
}
