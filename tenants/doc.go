// Package tenants holds what Sluice knows of each store, and sees to it that no store ever meets
// another's rows.
//
// Every table but stores has a column store_hash. Code reaches the database through DB in three
// ways:
//
//   - the methods of DB, one file a subject (stores.go, users.go, flows.go, runs.go …), which take the
//     store from the context (WithStore);
//   - Scoped(ctx), gorm limited to ctx's store, for queries of one's own on one model;
//   - AcrossStores(ctx), unlimited, for what an operator or the process as a whole does.
//
// Anything else is refused by the guard (guard.go), which stands before each statement: it adds the
// store to conditions and rows, and reads the finished SQL (guardsql.go) before it is sent. In
// tests a refusal panics. The one way around it is gorm's DB(), the bare pool: do not use it.
//
//	context with store ─▶ method or Scoped ─▶ gorm ─▶ guard ─▶ SQLite or PostgreSQL
//	                                                    └ secrets only as the vault seals them
//
// Secrets (access tokens of stores, secrets of connections) enter and leave through methods that
// seal and open them; the models carry sealed bytes and no JSON of them. Sources are kept as
// snapshots, in chunks, readable from any byte (snapshotio.go).
//
// The package never talks to BigCommerce, to Redis or to a browser, and logs nothing by itself.
package tenants
