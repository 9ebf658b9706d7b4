package database

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestPasswordApartFromTheAddress: hosts keep the password in a secret of its own (the Helm chart
// does), and pgx reads it where libpq does. The address's own goes first.
func TestPasswordApartFromTheAddress(t *testing.T) {
	t.Setenv("PGPASSWORD", "of/the:environment@")
	for address, want := range map[string]string{
		"postgres://sluice@127.0.0.1:5432/sluice?sslmode=disable":       "of/the:environment@",
		"postgres://sluice:other@127.0.0.1:5432/sluice?sslmode=disable": "other",
	} {
		config, err := pgx.ParseConfig(address)
		if err != nil {
			t.Fatal(err)
		}
		if config.Password != want {
			t.Errorf("%s: the password is %q, want %q", address, config.Password, want)
		}
	}
}
