// Package vault encrypts the few values that Sluice must keep secret at rest: access tokens of
// stores and secrets of connections.
//
// Each value is sealed with AES-256-GCM under a random data key of its own; the data key is sealed
// under one of the operator's key-encryption keys (ENCRYPTION_KEYS), which is named by its id
// inside the sealed value. Both seals carry the store hash and "table.column" as associated data,
// so that a value copied to another store's row or another column does not open.
//
//	plain ──AES-GCM(data key)──▶ body ─┐
//	data key ──AES-GCM(key id)──▶ wrap ─┴▶ version · key id · wrap · body
//
// The package never stores, logs or puts into an error a key, a plain value or a part of a sealed
// one. It knows nothing of databases; tenants decides what is sealed and re-seals it when keys
// rotate.
package vault
