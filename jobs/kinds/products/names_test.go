package products

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFoldKeyBringsPaddedAndDifferentlyCasedSKUsTogether(t *testing.T) {
	for _, sku := range []string{"foo-1", "FOO-1", " Foo-1", "foo-1 ", "\tFOO-1\n"} {
		if got := foldKey(sku); got != "foo-1" {
			t.Errorf("foldKey(%q) = %q", sku, got)
		}
	}
	if foldKey("foo 1") == foldKey("foo1") {
		t.Error("spaces inside a SKU must count")
	}
}

func TestUniqueName(t *testing.T) {
	long := strings.Repeat("ä", 300)
	tests := []struct{ name, sku, want string }{
		{"Chair", "C-1", "Chair (C-1)"},
		{" Chair ", " C-1 ", "Chair (C-1)"},
		{long, "C-1", strings.Repeat("ä", 244) + " (C-1)"},
		{strings.Repeat("x", 243) + " yz", "C-1", strings.Repeat("x", 243) + " (C-1)"}, // no space before the cut
		{"Chair", long, long[:2*250]},
		{"", "C-1", " (C-1)"},
	}
	for _, tt := range tests {
		got := uniqueName(tt.name, tt.sku)
		if got != tt.want {
			t.Errorf("uniqueName(%.20q, %.20q) = %q, want %q", tt.name, tt.sku, got, tt.want)
		}
		if n := utf8.RuneCountInString(got); n > maxName {
			t.Errorf("uniqueName(%.20q, %.20q) has %d characters", tt.name, tt.sku, n)
		}
	}
}

func FuzzUniqueName(f *testing.F) {
	f.Add("Chair", "C-1")
	f.Add(strings.Repeat("long ", 80), "S")
	f.Add("\xff", strings.Repeat("é", 260))
	f.Fuzz(func(t *testing.T, name, sku string) {
		got := uniqueName(name, sku)
		if utf8.RuneCountInString(got) > maxName {
			t.Fatalf("%d characters", utf8.RuneCountInString(got))
		}
		if again := uniqueName(name, sku); again != got {
			t.Fatal("not stable")
		}
		if utf8.ValidString(name) && utf8.ValidString(sku) && !utf8.ValidString(got) {
			t.Fatal("cut inside a character")
		}
	})
}

func TestKeyProblem(t *testing.T) {
	tests := []struct {
		sku string
		bad bool
	}{
		{"A-1", false}, {"", true}, {"  ", true}, {strings.Repeat("x", 255), false}, {strings.Repeat("x", 256), true},
		{"A\x00B", true}, {"A\nB", true}, {"\xff", true}, {"ÄÖ 1", false},
	}
	for _, tt := range tests {
		if got := keyProblem(tt.sku); (got != "") != tt.bad {
			t.Errorf("keyProblem(%.20q) = %q", tt.sku, got)
		}
	}
}
