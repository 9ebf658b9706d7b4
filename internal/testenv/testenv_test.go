package testenv

import (
	"os/exec"
	"strings"
	"testing"
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
	run := func(url, statement string) string {
		out, err := exec.Command(Program("psql"), "-X", "-At", "-d", url, "-c", statement).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", statement, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run(a, "CREATE TABLE x (n int)")
	if got := run(b, "SELECT count(*) FROM pg_tables WHERE tablename = 'x'"); got != "0" {
		t.Fatalf("a table of one database is seen in the other: %s", got)
	}
}

func TestRequireTurnsAMissingServerIntoAFailure(t *testing.T) {
	t.Setenv(RequireVariable, "redis,chromium")
	if !required("redis") || !required("chromium") || required("postgres") {
		t.Fatal("the list was not read")
	}
}
