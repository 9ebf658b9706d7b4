package tenants

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
)

// The guard stands before every statement that gorm sends:
//
//  1. no grant (neither Scoped nor AcrossStores): refused;
//  2. AcrossStores: not touched;
//  3. Scoped: the statement must be on one of our models and its own table. Conditions become
//     "table.store_hash = ? AND ( … )", rows to be written get the store (or are refused if they name
//     another), an upsert overwrites rows of the store only, and the finished SQL is read once more
//     (check.sql) before it is sent.
type guard struct {
	tables map[reflect.Type]guarded
	names  map[string]bool // of every guarded table
}

// guarded is a table and the column of it that says whose a row is.
type guarded struct {
	table  string
	column string // "store_hash", or "hash" for table stores
	plus   bool   // see keyed
}

// keyed are the tables that grow with a store's catalogue and whose rows are always looked up by a
// flow, a run or a snapshot. SQLite, which keeps no statistics of its own accord, takes the index
// on store_hash for the better one and reads every row of the store each time; a + before the
// column, which means nothing else, keeps it from that. PostgreSQL counts, and knows better.
var keyed = map[string]bool{"records": true, "run_items": true, "run_issues": true, "journal": true, "snapshot_chunks": true}

type operation int

const (
	opQuery operation = iota
	opUpdate
	opDelete
	opCreate
	opRaw
)

const (
	poolSetting   = "tenants:pool"
	expectSetting = "tenants:expect"
)

// savepoint is the only SQL text allowed without AcrossStores: gorm's nested transactions.
var savepoint = regexp.MustCompile(`^(ROLLBACK TO )?SAVEPOINT sp\d+$`)

func installGuard(db *gorm.DB) error {
	g := &guard{tables: map[reflect.Type]guarded{}, names: map[string]bool{}}
	for _, model := range AllModels() {
		stmt := &gorm.Statement{DB: db}
		if err := stmt.Parse(model); err != nil {
			return fmt.Errorf("tenants: guard: %w", err)
		}
		t := guarded{table: stmt.Schema.Table, column: "store_hash", plus: db.Name() == "sqlite" && keyed[stmt.Schema.Table]}
		if stmt.Schema.ModelType == reflect.TypeFor[Store]() {
			t.column = "hash"
		}
		if stmt.Schema.LookUpField(t.column) == nil {
			return fmt.Errorf("tenants: guard: table %s has no column %s", t.table, t.column)
		}
		g.tables[stmt.Schema.ModelType] = t
		g.names[t.table] = true
	}
	cb := db.Callback()
	return errors.Join(
		cb.Query().Before("gorm:query").Register("tenants:guard", g.before(opQuery)),
		cb.Query().After("gorm:query").Register("tenants:unguard", g.after),
		cb.Row().Before("gorm:row").Register("tenants:guard", g.before(opQuery)),
		cb.Row().After("gorm:row").Register("tenants:unguard", g.after),
		cb.Update().Before("gorm:update").Register("tenants:guard", g.before(opUpdate)),
		cb.Update().After("gorm:update").Register("tenants:unguard", g.after),
		cb.Delete().Before("gorm:delete").Register("tenants:guard", g.before(opDelete)),
		cb.Delete().After("gorm:delete").Register("tenants:unguard", g.after),
		cb.Create().Before("gorm:create").Register("tenants:guard", g.before(opCreate)),
		cb.Create().After("gorm:create").Register("tenants:unguard", g.after),
		cb.Raw().Before("gorm:raw").Register("tenants:guard", g.before(opRaw)),
	)
}

// before returns the callback that limits or refuses a statement.
func (g *guard) before(op operation) func(*gorm.DB) {
	return func(db *gorm.DB) {
		if db.Error != nil {
			return
		}
		if err := g.limit(db, op); err != nil {
			if panicOnMisuse && !errors.Is(err, ErrOtherStore) && !errors.Is(err, gorm.ErrMissingWhereClause) {
				panic(err)
			}
			_ = db.AddError(err)
		}
	}
}

func (g *guard) limit(db *gorm.DB, op operation) error {
	stmt := db.Statement
	if stmt.SQL.Len() > 0 && len(stmt.Vars) == 0 && savepoint.MatchString(stmt.SQL.String()) {
		return nil
	}
	v, _ := db.Get(grantSetting)
	may, ok := v.(grant)
	if !ok {
		return ErrNoScope
	}
	if may.across {
		return nil
	}
	if stmt.SQL.Len() > 0 || op == opRaw {
		return fmt.Errorf("%w: SQL text", ErrScopeForm)
	}
	t, err := g.tableOf(stmt)
	if err != nil {
		return err
	}
	c := check{guarded: t, names: g.names, op: op}
	switch op {
	case opCreate:
		err = limitCreate(db, t, may.store)
	case opUpdate:
		if c.setsStore, err = ownAssignments(stmt, t, may.store); err == nil {
			err = limitWhere(db, t, may.store, true)
		}
	case opDelete:
		err = limitWhere(db, t, may.store, true)
	default:
		err = limitWhere(db, t, may.store, false)
	}
	if err != nil {
		return err
	}
	db.InstanceSet(poolSetting, stmt.ConnPool)
	stmt.ConnPool = &checkedPool{ConnPool: stmt.ConnPool, db: db, check: c}
	return nil
}

// after undoes what before left on the statement, which its caller may go on using, and notices
// upserts that met another store's row.
func (g *guard) after(db *gorm.DB) {
	if pool, ok := db.InstanceGet(poolSetting); ok {
		if p, ok := pool.(gorm.ConnPool); ok {
			db.Statement.ConnPool = p
		}
		db.Statement.Settings.Delete(instanceKey(db, poolSetting))
	}
	if n, ok := db.InstanceGet(expectSetting); ok {
		db.Statement.Settings.Delete(instanceKey(db, expectSetting))
		if db.Error == nil && !db.DryRun && db.RowsAffected < n.(int64) {
			_ = db.AddError(ErrOtherStore)
		}
	}
}

// instanceKey is the key under which gorm's InstanceSet keeps a setting.
func instanceKey(db *gorm.DB, key string) string { return fmt.Sprintf("%p", db.Statement) + key }

// tableOf returns the guarded table of a statement that is on one of our models and nothing else.
func (g *guard) tableOf(stmt *gorm.Statement) (guarded, error) {
	if stmt.Schema == nil {
		return guarded{}, fmt.Errorf("%w: no model: use Model", ErrScopeForm)
	}
	t, ok := g.tables[stmt.Schema.ModelType]
	if !ok {
		return guarded{}, fmt.Errorf("%w: %s is not a model: use Model", ErrScopeForm, stmt.Schema.ModelType)
	}
	if stmt.Table != t.table || (stmt.TableExpr != nil && stmt.TableExpr.SQL != stmt.Quote(t.table)) {
		return guarded{}, fmt.Errorf("%w: table %q for the model of %q", ErrScopeForm, stmt.Table, t.table)
	}
	if len(stmt.Joins) > 0 {
		return guarded{}, fmt.Errorf("%w: join", ErrScopeForm)
	}
	for _, name := range []string{"FROM", "UPDATE", "DELETE", "SET", "VALUES"} {
		if c, ok := stmt.Clauses[name]; ok && !generated(c) {
			return guarded{}, fmt.Errorf("%w: a %s clause of one's own", ErrScopeForm, name)
		}
	}
	if insert, ok := stmt.Clauses["INSERT"].Expression.(clause.Insert); ok && insert.Table.Name != "" {
		return guarded{}, fmt.Errorf("%w: an INSERT clause of one's own", ErrScopeForm)
	}
	return t, nil
}

// generated reports whether c is what gorm itself leaves on a statement that is run a second time.
func generated(c clause.Clause) bool {
	if c.Builder != nil || c.BeforeExpression != nil || c.AfterNameExpression != nil || c.AfterExpression != nil {
		return false
	}
	switch e := c.Expression.(type) {
	case clause.From:
		return len(e.Tables) == 0 && len(e.Joins) == 0
	case clause.Update:
		return e.Table.Name == "" && e.Modifier == ""
	case clause.Delete:
		return e.Modifier == ""
	}
	return false
}

// limitWhere makes the statement's conditions "store_hash = ? AND ( … )". With needed it refuses,
// as gorm would without our condition, a statement that would change every row of the store by
// accident.
func limitWhere(db *gorm.DB, t guarded, store string, needed bool) error {
	stmt := db.Statement
	var inner []clause.Expression
	if c, ok := stmt.Clauses["WHERE"]; ok {
		where, plain := c.Expression.(clause.Where)
		if !plain || c.Builder != nil || c.BeforeExpression != nil || c.AfterNameExpression != nil || c.AfterExpression != nil {
			return fmt.Errorf("%w: a WHERE clause of one's own", ErrScopeForm)
		}
		inner = where.Exprs
	}
	if needed && len(inner) == 0 && !db.AllowGlobalUpdate && !hasPrimaryKey(stmt, stmt.Model) && !hasPrimaryKey(stmt, stmt.Dest) {
		return gorm.ErrMissingWhereClause
	}
	stmt.Clauses["WHERE"] = clause.Clause{Name: "WHERE", Expression: clause.Where{
		Exprs: []clause.Expression{ofStore{guarded: t, store: store, inner: inner}},
	}}
	return nil
}

// hasPrimaryKey reports whether value is a row, or rows, of the statement's model with their keys.
func hasPrimaryKey(stmt *gorm.Statement, value any) bool {
	rv := reflect.ValueOf(value)
	for rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	switch rv.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range rv.Len() {
			if !hasPrimaryKey(stmt, rv.Index(i).Interface()) {
				return false
			}
		}
		return rv.Len() > 0
	case reflect.Struct:
		if rv.Type() != stmt.Schema.ModelType {
			return false
		}
		for _, f := range stmt.Schema.PrimaryFields {
			if _, zero := f.ValueOf(stmt.Context, rv); zero {
				return false
			}
		}
		return true
	}
	return false
}

// ofStore is the condition that a row is the store's, and inner holds.
type ofStore struct {
	guarded
	store string
	inner []clause.Expression
}

// Build is part of clause.Expression.
func (o ofStore) Build(b clause.Builder) {
	if o.plus {
		_ = b.WriteByte('+')
	}
	b.WriteQuoted(clause.Column{Table: o.table, Name: o.column})
	_, _ = b.WriteString(" = ")
	b.AddVar(b, o.store)
	if len(o.inner) == 0 {
		return
	}
	_, _ = b.WriteString(" AND (")
	stmt, _ := b.(*gorm.Statement)
	start := 0
	if stmt != nil {
		start = stmt.SQL.Len()
	}
	clause.Where{Exprs: append([]clause.Expression(nil), o.inner...)}.Build(b)
	if stmt != nil && !balanced(stmt.SQL.String()[start:]) {
		_ = stmt.AddError(fmt.Errorf("%w: condition with unbalanced parentheses", ErrScopeForm))
	}
	_ = b.WriteByte(')')
}

// ownAssignments refuses an update that would give rows to another store. setsStore says that the
// column may be among what is set, because its value was checked.
func ownAssignments(stmt *gorm.Statement, t guarded, store string) (setsStore bool, err error) {
	field := stmt.Schema.LookUpField(t.column)
	rv := reflect.ValueOf(stmt.Dest)
	for rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	switch {
	case rv.Kind() == reflect.Map:
		for _, k := range rv.MapKeys() {
			if f := stmt.Schema.LookUpField(fmt.Sprint(k.Interface())); f == field {
				return false, ErrOtherStore
			}
		}
		return false, nil
	case rv.Kind() == reflect.Struct && rv.Type() == stmt.Schema.ModelType:
		if err := own(stmt, field, rv, store); err != nil {
			return false, err
		}
		_, zero := field.ValueOf(stmt.Context, rv)
		return !zero, nil
	}
	return false, fmt.Errorf("%w: update from a %T: use a map or the model", ErrScopeForm, stmt.Dest)
}

// limitCreate gives the rows to the store and keeps an upsert from overwriting another store's row.
func limitCreate(db *gorm.DB, t guarded, store string) error {
	stmt := db.Statement
	field := stmt.Schema.LookUpField(t.column)
	rows := int64(1)
	switch rv := reflect.Indirect(stmt.ReflectValue); rv.Kind() {
	case reflect.Slice, reflect.Array:
		rows = int64(rv.Len())
		for i := range rv.Len() {
			row := reflect.Indirect(rv.Index(i))
			if row.Kind() != reflect.Struct {
				return fmt.Errorf("%w: create rows from structs", ErrScopeForm)
			}
			if err := own(stmt, field, row, store); err != nil {
				return err
			}
		}
	case reflect.Struct:
		if err := own(stmt, field, rv, store); err != nil {
			return err
		}
	default: // a map: the caller's own columns
		return fmt.Errorf("%w: create rows from structs, not maps", ErrScopeForm)
	}

	c, ok := stmt.Clauses["ON CONFLICT"]
	if !ok {
		return nil
	}
	conflict, ok := c.Expression.(clause.OnConflict)
	if !ok || c.Builder != nil || c.AfterExpression != nil || c.AfterNameExpression != nil || c.BeforeExpression != nil {
		return fmt.Errorf("%w: an ON CONFLICT clause of one's own", ErrScopeForm)
	}
	if conflict.DoNothing {
		return nil
	}
	for _, set := range conflict.DoUpdates {
		from, excluded := set.Value.(clause.Column)
		if stmt.Schema.LookUpField(set.Column.Name) == field && (!excluded || from.Table != "excluded" || from.Name != t.column) {
			return ErrOtherStore
		}
	}
	if len(conflict.Where.Exprs) == 0 {
		db.InstanceSet(expectSetting, rows) // each row is inserted or updated, unless it is another store's
	}
	conflict.Where.Exprs = []clause.Expression{ofStore{guarded: t, store: store, inner: conflict.Where.Exprs}}
	stmt.AddClause(conflict)
	return nil
}

// own gives row to store, or fails if it has another.
func own(stmt *gorm.Statement, field *schema.Field, row reflect.Value, store string) error {
	have, zero := field.ValueOf(stmt.Context, row)
	switch {
	case !zero && have != store:
		return ErrOtherStore
	case zero && row.CanAddr():
		return field.Set(stmt.Context, row, store)
	case zero && stmt.Schema.ModelType == row.Type() && stmt.Dest != stmt.Model:
		return nil // an update from a struct value: gorm leaves its zero fields alone
	case zero:
		return fmt.Errorf("%w: pass a pointer to the row", ErrScopeForm)
	}
	return nil
}
