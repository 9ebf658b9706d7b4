package tenants

import (
	"context"
	"errors"
	"reflect"

	"github.com/google/uuid"
	"gorm.io/gorm"

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

// ErrNoScope is the failure of a query on a store's table that did not go through Scoped or AcrossStores.
var ErrNoScope = errors.New("tenants: query without a store")

const (
	scopedSetting = "tenants:scoped" // value: the store hash
	acrossSetting = "tenants:across"
)

// DB is the database as the rest of Sluice sees it: every query belongs to a store.
type DB struct {
	gorm  *gorm.DB
	vault *vault.Vault
}

// New installs the scope guard on g and returns it as a DB. Call it once per *gorm.DB.
func New(g *gorm.DB, v *vault.Vault) (*DB, error) {
	if err := installGuard(g); err != nil {
		return nil, err
	}
	return &DB{gorm: g, vault: v}, nil
}

// Vault returns the vault that seals this database's secrets.
func (d *DB) Vault() *vault.Vault { return d.vault }

// Scoped returns a query builder that only sees and only writes rows of ctx's store. It panics when
// ctx has none: that is a bug of the caller and must not reach production.
func (d *DB) Scoped(ctx context.Context) *gorm.DB {
	hash := StoreHash(ctx)
	if hash == "" {
		panic(ErrNoScope)
	}
	return d.gorm.WithContext(ctx).Set(scopedSetting, hash)
}

// AcrossStores returns a query builder that sees every store, for what an operator or the process as
// a whole does: sweeps, rebuilds, lists of stores. Never use it to answer a merchant.
func (d *DB) AcrossStores(ctx context.Context) *gorm.DB {
	return d.gorm.WithContext(ctx).Set(acrossSetting, true)
}

// Tx runs fn in one transaction; the DB it gets has the same guard.
func (d *DB) Tx(ctx context.Context, fn func(tx *DB) error) error {
	return d.gorm.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		return fn(&DB{gorm: g, vault: d.vault})
	})
}

// NewID returns a new UUIDv7.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// installGuard makes every statement on a table with a store_hash column either scoped or refused.
// Reads, updates and deletes get a WHERE; creates get the column set, and fail if it names another store.
func installGuard(g *gorm.DB) error {
	where := func(db *gorm.DB) {
		hash, refused := scopeOf(db)
		if refused {
			_ = db.AddError(ErrNoScope)
			return
		}
		if hash != "" {
			db.Statement.Where(db.Statement.Schema.Table+".store_hash = ?", hash)
		}
	}
	set := func(db *gorm.DB) {
		hash, refused := scopeOf(db)
		if refused {
			_ = db.AddError(ErrNoScope)
			return
		}
		if hash != "" {
			setStore(db, hash)
		}
	}
	cb := g.Callback()
	return errors.Join(
		cb.Query().Before("gorm:query").Register("tenants:guard", where),
		cb.Update().Before("gorm:before_update").Register("tenants:guard", where),
		cb.Delete().Before("gorm:before_delete").Register("tenants:guard", where),
		cb.Row().Before("gorm:row").Register("tenants:guard", where),
		cb.Create().Before("gorm:before_create").Register("tenants:guard", set),
	)
}

// scopeOf returns the store that a statement is limited to; "" when it needs no limit. refused is
// true for a statement on a store's table that names neither a store nor AcrossStores.
func scopeOf(db *gorm.DB) (hash string, refused bool) {
	if db.Statement.Schema == nil || db.Statement.Schema.LookUpField("store_hash") == nil {
		return "", false
	}
	if v, ok := db.Get(scopedSetting); ok {
		return v.(string), false
	}
	if _, ok := db.Get(acrossSetting); ok {
		return "", false
	}
	return "", true
}

func setStore(db *gorm.DB, hash string) {
	field := db.Statement.Schema.LookUpField("store_hash")
	each := func(v reflect.Value) {
		have, zero := field.ValueOf(db.Statement.Context, v)
		if !zero && have != hash {
			_ = db.AddError(errors.New("tenants: row of another store"))
			return
		}
		_ = db.AddError(field.Set(db.Statement.Context, v, hash))
	}
	switch rv := reflect.Indirect(db.Statement.ReflectValue); rv.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range rv.Len() {
			each(reflect.Indirect(rv.Index(i)))
		}
	case reflect.Struct:
		each(rv)
	default: // a map: the caller's own columns
		_ = db.AddError(errors.New("tenants: create rows from structs, not maps"))
	}
}
