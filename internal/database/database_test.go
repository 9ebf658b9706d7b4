package database_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sluice/internal/database"
	"sluice/internal/problem"
	"sluice/internal/testenv"
)

// thing is a table of these tests' own.
type thing struct {
	ID   string `gorm:"primaryKey;size:36"`
	N    int64
	At   time.Time
	Data []byte
}

// part belongs to a thing.
type part struct {
	ID      int64
	ThingID string `gorm:"not null;size:36"`
	Thing   *thing
	N       int64 `gorm:"uniqueIndex;check:n >= 0"`
}

func eachURL(t *testing.T, fn func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, "sqlite:"+filepath.Join(t.TempDir(), "a b%#.db")) })
	t.Run("postgres", func(t *testing.T) {
		url, ok := testenv.Postgres(t)
		if !ok {
			t.Skip("PostgreSQL is not installed")
		}
		fn(t, url)
	})
}

func open(t testing.TB, url string, log *slog.Logger) *gorm.DB {
	t.Helper()
	g, err := database.Open(t.Context(), url, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Close(g); err != nil {
			t.Error(err)
		}
	})
	return g
}

func TestOpenRefuses(t *testing.T) {
	notSQLite := filepath.Join(t.TempDir(), "text.db")
	if err := os.WriteFile(notSQLite, []byte(strings.Repeat("this is a text file\n", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		url  string
		code problem.Code
	}{
		"nothing":            {"", problem.Invalid},
		"another database":   {"mysql://root:hunter2@localhost/x", problem.Invalid},
		"no file":            {"sqlite:", problem.Invalid},
		"no directory":       {"sqlite:" + filepath.Join(t.TempDir(), "none", "x.db"), problem.Invalid},
		"not a database":     {"sqlite:" + notSQLite, problem.Unavailable},
		"nobody listens":     {"postgres://u:hunter2@127.0.0.1:1/x?sslmode=disable", problem.Unavailable},
		"bad port":           {"postgres://u:hunter2@localhost:port/x", problem.Invalid},
		"unescaped password": {"postgres://u:hunter2%zz@localhost/x", problem.Invalid},
		"bad pool":           {"postgres://u:hunter2@localhost/x?pool_max_conns=none", problem.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := database.Open(t.Context(), tt.url, nil)
			if problem.CodeOf(err) != tt.code || g != nil {
				t.Fatalf("%v, want %s", err, tt.code)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestValuesComeBackAsTheyWere(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := g.Migrator().CreateTable(&thing{}); err != nil {
			t.Fatal(err)
		}
		zone := time.FixedZone("east", 5*3600)
		at := time.Date(2026, 11, 22, 3, 4, 5, 123456000, zone)
		for i, when := range []time.Time{at, at.Add(-time.Second), at.Truncate(time.Second)} {
			row := thing{ID: fmt.Sprint(i), N: 1 << 62, At: when, Data: []byte{0, 1, 255}}
			if err := g.Create(&row).Error; err != nil {
				t.Fatal(err)
			}
		}
		var got thing
		if err := g.Take(&got, "id = '0'").Error; err != nil {
			t.Fatal(err)
		}
		if got.N != 1<<62 || !bytes.Equal(got.Data, []byte{0, 1, 255}) {
			t.Errorf("%+v", got)
		}
		if !got.At.Equal(at) || got.At.Location() != time.UTC {
			t.Errorf("time %v, want %v in UTC", got.At, at)
		}
		var order []string // times compare as times, whatever zone they were written in
		err := g.Model(&thing{}).Where("at <= ?", at.UTC()).Order("at").Pluck("id", &order).Error
		if err != nil || fmt.Sprint(order) != "[1 2 0]" {
			t.Errorf("order %v, %v", order, err)
		}
		if now := g.NowFunc(); now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
			t.Errorf("now %v", now)
		}
	})
}

func TestErrorsAreTranslated(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := g.Migrator().CreateTable(&thing{}); err != nil {
			t.Fatal(err)
		}
		if err := g.Create(&thing{ID: "a"}).Error; err != nil {
			t.Fatal(err)
		}
		if err := g.Create(&thing{ID: "a"}).Error; !errors.Is(err, gorm.ErrDuplicatedKey) {
			t.Errorf("%v, want ErrDuplicatedKey", err)
		}
		if err := errors.Join(g.Migrator().CreateTable(&part{}), g.Migrator().CreateConstraint(&part{}, "Thing")); err != nil {
			t.Fatal(err)
		}
		if err := g.Create(&part{ID: 1, ThingID: "a", N: 1}).Error; err != nil {
			t.Fatal(err)
		}
		if err := g.Create(&part{ID: 1, ThingID: "a", N: 2}).Error; !errors.Is(err, gorm.ErrDuplicatedKey) {
			t.Errorf("a number taken: %v, want ErrDuplicatedKey", err)
		}
		if err := g.Create(&part{ID: 2, ThingID: "a", N: 1}).Error; !errors.Is(err, gorm.ErrDuplicatedKey) {
			t.Errorf("a unique column: %v, want ErrDuplicatedKey", err)
		}
		if err := g.Create(&part{ID: 2, ThingID: "none", N: 2}).Error; !errors.Is(err, gorm.ErrForeignKeyViolated) {
			t.Errorf("a part of nothing: %v, want ErrForeignKeyViolated", err)
		}
		if err := g.Create(&part{ID: 2, ThingID: "a", N: -1}).Error; !errors.Is(err, gorm.ErrCheckConstraintViolated) {
			t.Errorf("a part below 0: %v, want ErrCheckConstraintViolated", err)
		}
		if err := g.Take(&thing{}, "id = 'b'").Error; !errors.Is(err, gorm.ErrRecordNotFound) {
			t.Errorf("%v, want ErrRecordNotFound", err)
		}
		if err := g.Where(`"no_such_column" = 1`).Find(&[]thing{}).Error; err == nil {
			t.Error("a column that does not exist is no error")
		}
	})
}

// TestConcurrentWriters: more writers than connections, single statements and transactions that
// read before they write. None fails, and no increment is lost.
func TestConcurrentWriters(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := g.Migrator().CreateTable(&thing{}); err != nil {
			t.Fatal(err)
		}
		if err := g.Create([]thing{{ID: "tx"}, {ID: "plain"}}).Error; err != nil {
			t.Fatal(err)
		}
		const writers, each = 24, 10
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					err := g.Transaction(func(tx *gorm.DB) error {
						var row thing
						if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Take(&row, "id = 'tx'").Error; err != nil {
							return err
						}
						return tx.Model(&thing{}).Where("id = 'tx'").Update("n", row.N+1).Error
					})
					err = errors.Join(err,
						g.Model(&thing{}).Where("id = 'plain'").Update("n", gorm.Expr("n + 1")).Error,
						g.Create(&thing{ID: fmt.Sprintf("%d-%d", w, i)}).Error)
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		var rows []thing
		if err := g.Where("id IN ('tx','plain')").Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row.N != writers*each {
				t.Errorf("%s: %d, want %d", row.ID, row.N, writers*each)
			}
		}
	})
}

// TestReadersDoNotBlockTheWriter: a query that is still being read does not hold a write up, and
// sees the rows as they were.
func TestReadersDoNotBlockTheWriter(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := g.Migrator().CreateTable(&thing{}); err != nil {
			t.Fatal(err)
		}
		for i := range 300 {
			if err := g.Create(&thing{ID: fmt.Sprintf("%03d", i), Data: make([]byte, 4096)}).Error; err != nil {
				t.Fatal(err)
			}
		}
		rows, err := g.Model(&thing{}).Order("id").Rows()
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		n := 0
		for rows.Next() {
			if n++; n == 2 {
				if err := g.Where("id >= '100'").Delete(&thing{}).Error; err != nil {
					t.Fatal(err)
				}
			}
		}
		if n != 300 || rows.Err() != nil {
			t.Errorf("%d rows, %v", n, rows.Err())
		}
	})
}

func TestMigrate(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		first := open(t, url, nil)
		pending, err := database.Pending(t.Context(), first)
		if err != nil || len(pending) == 0 {
			t.Fatalf("pending %v, %v", pending, err)
		}
		// Several processes start at once.
		var wg sync.WaitGroup
		for range 4 {
			g := open(t, url, nil)
			wg.Go(func() {
				if err := database.Migrate(t.Context(), g); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if pending, err = database.Pending(t.Context(), first); err != nil || len(pending) != 0 {
			t.Fatalf("pending %v, %v", pending, err)
		}
		if err := database.Migrate(t.Context(), first); err != nil {
			t.Fatalf("a repeat: %v", err)
		}
		if err := first.Exec("INSERT INTO migrations (id) VALUES ('9999_from_the_future')").Error; err != nil {
			t.Fatal(err)
		}
		if err := database.Migrate(t.Context(), first); problem.CodeOf(err) != problem.Conflict {
			t.Errorf("a newer database: %v", err)
		}
	})
}

// TestFailedMigrationLeavesNothing: tables that are in the way make the first migration fail.
func TestFailedMigrationLeavesNothing(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := g.Exec("CREATE TABLE audit (x int)").Error; err != nil { // the last of the migration
			t.Fatal(err)
		}
		if err := database.Migrate(t.Context(), g); err == nil {
			t.Fatal("migrated over a table that is in the way")
		}
		if g.Migrator().HasTable("stores") || g.Migrator().HasTable("migrations") {
			t.Error("half of a migration stayed")
		}
		if err := g.Exec("DROP TABLE audit").Error; err != nil {
			t.Fatal(err)
		}
		if err := database.Migrate(t.Context(), g); err != nil {
			t.Errorf("after fixing: %v", err)
		}
	})
}

// TestLogsHaveNoValues: statements are logged, what is in them is not.
func TestLogsHaveNoValues(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		var out bytes.Buffer
		g := open(t, url, slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
		if err := g.Migrator().CreateTable(&thing{}); err != nil {
			t.Fatal(err)
		}
		const secret = "shopper@example.com"
		row := thing{ID: secret, Data: []byte(secret)}
		_ = g.Create(&row).Error
		_ = g.Create(&row).Error
		_ = g.Take(&thing{}, "id = ?", secret).Error
		_ = g.Where("nothing_like_it = ?", secret).Find(&[]thing{}).Error
		_ = g.Exec("UPDATE things SET id = ? WHERE id = ?", secret+"2", secret).Error
		text := out.String()
		if strings.Contains(text, secret) {
			t.Errorf("a value is in the log:\n%s", text)
		}
		if !strings.Contains(text, "INSERT INTO") || !strings.Contains(text, `"sql failed"`) {
			t.Errorf("statements are not in the log:\n%s", text)
		}
	})
}

func TestExpectedErrorsAreNoNoise(t *testing.T) {
	var out bytes.Buffer
	g := open(t, "sqlite::memory:", slog.New(slog.NewTextHandler(&out, nil)))
	if err := g.Migrator().CreateTable(&thing{}); err != nil {
		t.Fatal(err)
	}
	_ = g.Take(&thing{}, "id = 'none'").Error
	_ = errors.Join(g.Create(&thing{ID: "a"}).Error, g.Create(&thing{ID: "a"}).Error)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_ = g.WithContext(ended).Find(&[]thing{}).Error
	if out.Len() > 0 {
		t.Errorf("logged:\n%s", out.String())
	}
}

func TestMemoryIsPrivateAndGoesAway(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	a, err := database.Open(t.Context(), "sqlite::memory:", nil)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "sqlite::memory:", nil)
	if err := a.Migrator().CreateTable(&thing{}); err != nil {
		t.Fatal(err)
	}
	if b.Migrator().HasTable(&thing{}) {
		t.Error("two databases share their tables")
	}
	before, _ := os.ReadDir(os.TempDir())
	if err := database.Close(a); err != nil {
		t.Fatal(err)
	}
	after, _ := os.ReadDir(os.TempDir())
	if len(before) != 2 || len(after) != 1 {
		t.Errorf("%d and %d directories, want 2 and 1", len(before), len(after))
	}
}

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sluice.db")
	g := open(t, "sqlite:"+path, nil)
	if err := g.Migrator().CreateTable(&thing{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(name), info.Mode().Perm())
		}
	}
}
