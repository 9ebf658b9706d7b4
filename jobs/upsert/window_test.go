package upsert

import (
	"testing"
)

func TestUniqueHolders(t *testing.T) {
	h := make(uniqueHolders)
	h.add("n", "a")
	if h.other("n", "a") {
		t.Error("a record does not stand in its own way")
	}
	if !h.other("n", "b") {
		t.Error("a has the name")
	}
	h.drop("n", "a")
	if h.other("n", "b") {
		t.Error("a gave the name up")
	}
}
