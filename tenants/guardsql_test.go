package tenants

import (
	"errors"
	"strings"
	"testing"
)

func runsCheck(op operation) check {
	return check{
		guarded: guarded{table: "runs", column: "store_hash"},
		names:   map[string]bool{"runs": true, "users": true, "stores": true},
		op:      op,
	}
}

func TestCheckSQL(t *testing.T) {
	const query = `SELECT * FROM "runs" WHERE "runs"."store_hash" = $1`
	for _, tt := range []struct {
		op   operation
		sql  string
		want error
	}{
		{opQuery, query, nil},
		{opQuery, "SELECT * FROM `runs` WHERE +`runs`.`store_hash` = ? AND (`name` = 'users' AND \"offset\" > 1)", nil},
		{opQuery, query + ` AND (x = 'it''s -- fine; [really] /* yes */ SELECT')`, nil},
		{opQuery, query + ` FOR UPDATE SKIP LOCKED`, nil},
		{opUpdate, `UPDATE "runs" SET "error"=$1 WHERE "runs"."store_hash" = $2`, nil},
		{opDelete, `DELETE FROM "runs" WHERE "runs"."store_hash" = $1`, nil},
		{opCreate, `INSERT INTO "runs" ("id","store_hash") VALUES ($1,$2) ON CONFLICT ("id") DO UPDATE SET "store_hash"="excluded"."store_hash" WHERE "runs"."store_hash" = $3`, nil},

		{opQuery, `SELECT * FROM "runs"`, ErrScopeForm},
		{opQuery, query + ` AND ("users"."id" = 1)`, ErrScopeForm},
		{opQuery, query + ` AND (USERS.id = 1)`, ErrScopeForm},
		{opQuery, strings.Replace(query, `"runs"`, `"runs", users`, 1), ErrScopeForm},
		{opQuery, query + ` AND (SELECT 1)`, ErrScopeForm},
		{opQuery, query + ` UNION ALL TABLE runs`, ErrScopeForm},
		{opQuery, `WITH x AS (DELETE FROM runs) ` + query, ErrScopeForm},
		{opQuery, strings.Replace(query, `"runs"`, `"runs" JOIN "runs" r`, 1), ErrScopeForm},
		{opQuery, query + `; DELETE FROM runs`, ErrScopeForm},
		{opQuery, query + ` -- `, ErrScopeForm},
		{opQuery, query + ` /* `, ErrScopeForm},
		{opQuery, query + ` AND x = $$users$$`, ErrScopeForm},
		{opQuery, query + ` AND x = $a$users$a$`, ErrScopeForm},
		{opQuery, query + ` AND x = E'\' OR 1 = 1`, ErrScopeForm},
		{opQuery, query + ` AND x = 'open`, ErrScopeForm},
		{opQuery, query + ` AND [users].x = 1`, ErrScopeForm},
		{opUpdate, `UPDATE "runs" SET "store_hash"=$1 WHERE "runs"."store_hash" = $2`, ErrOtherStore},
		{opUpdate, `UPDATE "runs" SET x=(SELECT 1) WHERE "runs"."store_hash" = $2`, ErrScopeForm},
		{opDelete, `DELETE FROM "runs" USING users WHERE "runs"."store_hash" = $1`, ErrScopeForm},
		{opCreate, `INSERT INTO "runs" ("id") VALUES ($1) RETURNING "store_hash"`, ErrScopeForm},
		{opCreate, `INSERT INTO "users" ("id","store_hash") VALUES ($1,$2)`, ErrScopeForm},
		{opCreate, `INSERT INTO "runs" ("id","store_hash") SELECT 1, 2`, ErrScopeForm},
	} {
		if err := runsCheck(tt.op).sql(tt.sql); !errors.Is(err, tt.want) {
			t.Errorf("%s\n\tgives %v, want %v", tt.sql, err, tt.want)
		}
	}
	saved := runsCheck(opUpdate)
	saved.setsStore = true
	if err := saved.sql(`UPDATE "runs" SET "store_hash"=$1 WHERE "runs"."store_hash" = $2`); err != nil {
		t.Errorf("a save of the store's own row: %v", err)
	}
}

func TestBalanced(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "a = 1": true, "(a) OR (b)": true, "f(g(1), ')')": true, `")"`: true, "a = ':)'": true,
		")": false, "(": false, "a) OR (b": false, "a = ')": false, "')' )(": false, "(a": false, "a -- (": false,
	} {
		if got := balanced(text); got != want {
			t.Errorf("balanced(%q) = %v", text, got)
		}
	}
}

// FuzzBalanced: a condition that is let through cannot leave the parentheses around it.
func FuzzBalanced(f *testing.F) {
	for _, seed := range []string{"a = 1", "x) OR (1=1", "'", `"a"")"`, "a--", "$1", "$x$)$x$", "(((", "é)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !balanced(text) {
			return
		}
		// Read again by the simplest rules: outside quotes, depth never falls below zero.
		depth, in := 0, byte(0)
		for i := range len(text) {
			c := text[i]
			switch {
			case in != 0:
				if c == in {
					in = 0
				}
			case c == '\'' || c == '"' || c == '`':
				in = c
			case c == '(':
				depth++
			case c == ')':
				depth--
			}
			if depth < 0 {
				t.Fatalf("%q leaves its parentheses at %d", text, i)
			}
		}
		if depth != 0 || in != 0 {
			t.Fatalf("%q stays open", text)
		}
		_ = runsCheck(opQuery).sql("SELECT " + text)
	})
}
