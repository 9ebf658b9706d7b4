package tenants

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"sluice/internal/database"
	"sluice/internal/limits"
	"sluice/tenants/vault"
)

type storeKey struct{}

// WithStore returns a context whose queries, keys and log lines belong to one store.
func WithStore(ctx context.Context, storeHash string) context.Context {
	return context.WithValue(ctx, storeKey{}, storeHash)
}

// StoreHash returns the store that ctx belongs to, or "" if none.
func StoreHash(ctx context.Context) string {
	s, _ := ctx.Value(storeKey{}).(string)
	return s
}

// Failures of the scope guard. All but ErrOtherStore are bugs of the caller: they panic in tests.
var (
	// ErrNoScope: a query that went through neither Scoped (with a store in the context) nor
	// AcrossStores.
	ErrNoScope = errors.New("tenants: query without a store")
	// ErrScopeForm: a scoped query in a form whose limits cannot be proved: SQL text, a join, a
	// subquery, a table that is not the model's own.
	ErrScopeForm = errors.New("tenants: this form of query needs AcrossStores")
	// ErrOtherStore: a write that names another store, or would overwrite another store's row.
	ErrOtherStore = errors.New("tenants: row of another store")
)

// panicOnMisuse turns the guard's refusals into panics where a developer sees them.
var panicOnMisuse = testing.Testing()

// grant is what a statement may touch. Its type is not exported, so that only Scoped and
// AcrossStores can give one.
type grant struct {
	store  string // the one store; "" only with across
	across bool
}

const grantSetting = "tenants:grant"

// DB is the database as the rest of Sluice sees it: every query belongs to a store.
type DB struct {
	gorm   *gorm.DB
	vault  *vault.Vault
	limits *limits.Limits
}

// Open opens the database that databaseURL names (see database.Open) with the guard and the vault.
// It does not migrate: see Migrate.
func Open(ctx context.Context, databaseURL, encryptionKeys string, log *slog.Logger) (*DB, error) {
	v, err := vault.New(encryptionKeys)
	if err != nil {
		return nil, err
	}
	g, err := database.Open(ctx, databaseURL, log)
	if err != nil {
		return nil, err
	}
	d, err := New(g, v)
	if err != nil {
		return nil, errors.Join(err, database.Close(g))
	}
	return d, nil
}

// New installs the scope guard on g and returns it as a DB. Call it once per *gorm.DB.
func New(g *gorm.DB, v *vault.Vault) (*DB, error) {
	if err := installGuard(g); err != nil {
		return nil, err
	}
	return &DB{gorm: g, vault: v}, nil
}

// SetLimits says how much of what a store may keep; the defaults unless called. Call it before the
// DB is used.
func (d *DB) SetLimits(l *limits.Limits) { d.limits = l }

// Close ends all connections.
func (d *DB) Close() error { return database.Close(d.gorm) }

// Ping checks that the database answers.
func (d *DB) Ping(ctx context.Context) error {
	pool, err := d.gorm.DB()
	if err == nil {
		err = pool.PingContext(ctx)
	}
	if err != nil {
		return fmt.Errorf("tenants: database: %w", err)
	}
	return nil
}

// ServerTime returns the database server's clock; SQLite has none but ours.
func (d *DB) ServerTime(ctx context.Context) (time.Time, error) {
	if !d.postgres() {
		return time.Now(), nil
	}
	pool, err := d.gorm.DB()
	if err != nil {
		return time.Time{}, fmt.Errorf("tenants: database: %w", err)
	}
	var t time.Time
	if err := pool.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&t); err != nil {
		return time.Time{}, fmt.Errorf("tenants: database's time: %w", err)
	}
	return t, nil
}

// Migrate brings the schema up to date.
func (d *DB) Migrate(ctx context.Context) error { return database.Migrate(ctx, d.AcrossStores(ctx)) }

// Pending returns the ids of migrations that did not run yet.
func (d *DB) Pending(ctx context.Context) ([]string, error) {
	return database.Pending(ctx, d.AcrossStores(ctx))
}

// Vault returns the vault that seals this database's secrets.
func (d *DB) Vault() *vault.Vault { return d.vault }

// Scoped returns a query builder that only sees and only writes rows of ctx's store; of table
// stores, the store's own row. Queries name their model (Model, Find, Create …) and have no SQL
// text, joins or subqueries. A ctx without a store is a bug of the caller: it panics in tests, and
// elsewhere every use of the builder fails with ErrNoScope.
func (d *DB) Scoped(ctx context.Context) *gorm.DB {
	hash := StoreHash(ctx)
	if hash == "" {
		if panicOnMisuse {
			panic(ErrNoScope)
		}
		g := d.gorm.WithContext(ctx)
		_ = g.AddError(ErrNoScope)
		return g
	}
	return d.gorm.WithContext(ctx).Set(grantSetting, grant{store: hash}).Session(&gorm.Session{})
}

// AcrossStores returns a query builder that sees every store, for what an operator or the process
// as a whole does: sweeps, rebuilds, lists of stores. Never use it to answer a merchant.
func (d *DB) AcrossStores(ctx context.Context) *gorm.DB {
	return d.gorm.WithContext(ctx).Set(grantSetting, grant{across: true}).Session(&gorm.Session{})
}

// Tx runs fn in one transaction; the DB it gets has the same guard. Inside fn use only tx: another
// DB would wait for this transaction's locks. A nested Tx is a savepoint. fn may run only once;
// what it did is undone when it returns an error or panics.
func (d *DB) Tx(ctx context.Context, fn func(tx *DB) error) error {
	return d.gorm.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		return fn(&DB{gorm: g, vault: d.vault, limits: d.limits})
	})
}

// postgres reports whether the database is PostgreSQL; else it is SQLite.
func (d *DB) postgres() bool { return d.gorm.Name() == "postgres" }

// NewID returns a new UUIDv7.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }
