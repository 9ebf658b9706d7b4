package tenants

import (
	"testing"

	"sluice/tenants/vault"
)

// AsInProduction makes the guard's refusals errors instead of panics until the test ends.
func AsInProduction(t *testing.T) {
	panicOnMisuse = false
	t.Cleanup(func() { panicOnMisuse = true })
}

// SetChunkSize makes the chunks of new snapshots hold n bytes until the test ends.
func SetChunkSize(t testing.TB, n int) {
	old := chunkSize
	chunkSize = n
	t.Cleanup(func() { chunkSize = old })
}

// Gorm returns the guarded *gorm.DB itself, without any grant.
func (d *DB) Gorm() any { return d.gorm }

// WithVault returns d with another vault, as a process with other keys has it.
func (d *DB) WithVault(v *vault.Vault) *DB { return &DB{gorm: d.gorm, vault: v} }

// Unmask is what ResolveAddress does with an address and the one that is there.
var Unmask = unmask
