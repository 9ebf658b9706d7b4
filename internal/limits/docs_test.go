package limits

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// asShown is the table as docs/operators.md has it.
func asShown() string {
	var b strings.Builder
	b.WriteString("| variable | default | unit | counts | when it is reached | metric label |\n|---|---|---|---|---|---|\n")
	for _, l := range All() {
		unit := string(l.Unit)
		if l.Unit == Bytes {
			unit = "bytes, or KiB, MiB, GiB"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | `%s` |\n", l.Variable, l.Text(l.Default), unit, l.Counts, l.Reached, l.Name)
	}
	return b.String()
}

// TestTheOperatorsGuideHasTheTable: what it says is what is in force.
func TestTheOperatorsGuideHasTheTable(t *testing.T) {
	guide, err := os.ReadFile("../../docs/operators.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(guide), asShown()) {
		t.Errorf("docs/operators.md lacks this table, word for word:\n%s", asShown())
	}
}
