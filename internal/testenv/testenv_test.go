package testenv

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestEachRedisAnswers(t *testing.T) {
	EachRedis(t, func(t *testing.T, url string) {
		if err := pingRedis(strings.TrimPrefix(url, "redis://")); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPostgresDatabasesAreSeparate(t *testing.T) {
	a, ok := Postgres(t)
	if !ok {
		return
	}
	b, _ := Postgres(t)
	if a == b {
		t.Fatalf("two calls gave one database: %s", a)
	}
	value(t, a, "CREATE TABLE x (n int)")
	if got := value(t, b, "SELECT count(*)::text FROM pg_tables WHERE tablename = 'x'"); got != "0" {
		t.Fatalf("a table of one database is seen in the other: %s", got)
	}
}

func TestPostgresTemplateIsFilledOnceAndCopied(t *testing.T) {
	filled := 0
	template := PostgresTemplate{Fill: func(url string) error {
		filled++
		value(t, url, "CREATE TABLE x AS SELECT 1 AS n")
		return nil
	}}
	a, ok := template.Copy(t)
	if !ok {
		return
	}
	value(t, a, "INSERT INTO x VALUES (2)")
	b, _ := template.Copy(t)
	if got := value(t, b, "SELECT string_agg(n::text, ',') FROM x"); got != "1" {
		t.Errorf("the second copy holds %s, want 1: what the template holds and nothing of the first copy", got)
	}
	if filled != 1 {
		t.Errorf("filled %d times", filled)
	}
}

// value returns the one value that the statement answers, as text, or "".
func value(t *testing.T, url, statement string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var s string
	if err := conn.QueryRow(t.Context(), statement).Scan(&s); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatalf("%s: %v", statement, err)
	}
	return s
}

func TestRequireTurnsAMissingServerIntoAFailure(t *testing.T) {
	t.Setenv(RequireVariable, "redis,chromium")
	if !required("redis") || !required("chromium") || required("postgres") {
		t.Fatal("the list was not read")
	}
}
