// Package database opens the SQL database, SQLite or PostgreSQL, through gorm, and brings its
// schema up to date.
//
//	DATABASE_URL ─▶ Open ─▶ *gorm.DB ─▶ tenants.New (adds the scope guard; everyone uses that)
//	                          │
//	                          └▶ Migrate: migrations_0001.go, migrations_0002.go … in order, once
//
// Both databases behave alike for the code above: times are UTC with microseconds, errors are
// translated (gorm.ErrDuplicatedKey …), a write waits for another writer instead of failing, and no
// statement's values are ever logged.
//
// Migrations own copies of the structs as they were when the migration was written; they never use
// those of package tenants, so a later change of a model cannot rewrite history. The package knows
// nothing of stores, secrets or scope.
package database
