package tenantstest

import "testing"

func TestNewDB(t *testing.T) {
	db := NewDB(t)
	p, err := db.Pending(t.Context())
	if err != nil || len(p) != 0 {
		t.Fatal(p, err)
	}
}
