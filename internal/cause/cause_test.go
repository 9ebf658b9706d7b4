package cause

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMessagesOfOneKind(t *testing.T) {
	for name, c := range map[string]struct {
		messages []string
		general  string
		same     bool
	}{
		"equal":           {[]string{"is not a number", "is not a number"}, "is not a number", true},
		"a number":        {[]string{"must be at most 255 characters", "must be at most 255 characters"}, "must be at most 255 characters", true},
		"numbers":         {[]string{"is already on row 12: the first is used", "is already on row 7: the first is used"}, "is already on row …: the first is used", true},
		"what is quoted":  {[]string{`there is no "A, \"b\"" here`, `there is no "" here`}, `there is no … here`, true},
		"doubled marks":   {[]string{`"""A"" pipe" is no word`, `"27""" is no word`}, `… is no word`, true},
		"words of digits": {[]string{"SKU A-1/b is taken.", "SKU 77.50 is taken."}, "SKU … is taken.", true},
		"other words":     {[]string{"is empty", "is not a number"}, "is empty", false},
		"one has a value": {[]string{"is empty", "is empty 5"}, "is empty", false},
		"an open quote":   {[]string{`5" pipe`, `7" pipe`}, `…" pipe`, true},
		"other scripts":   {[]string{"größe 12 fehlt", "größe 13 fehlt"}, "größe … fehlt", true},
	} {
		if got := General(c.messages...); got != c.general {
			t.Errorf("%s: %q, want %q", name, got, c.general)
		}
		if same := ID("error", "f", c.messages[0]) == ID("error", "f", c.messages[1]); same != c.same {
			t.Errorf("%s: one kind: %v", name, same)
		}
	}
	if ID("error", "a", "x") == ID("warning", "a", "x") || ID("error", "a", "x") == ID("error", "b", "x") {
		t.Error("severity and field do not tell")
	}
}

// TestIDStays: IDs are stored.
func TestIDStays(t *testing.T) {
	if got := ID("error", "price", `"12,50" is not a number`); got != "701304a2123a0a43" {
		t.Errorf("the ID is %s now", got)
	}
}

func FuzzCut(f *testing.F) {
	f.Add(`a "b\" 12.5, x`)
	f.Add("\xff\"\\")
	f.Fuzz(func(t *testing.T, text string) {
		var b strings.Builder
		for rest := text; rest != ""; {
			fixed, variable, after := cut(rest)
			if len(after) >= len(rest) {
				t.Fatalf("%q does not get on", rest)
			}
			b.WriteString(fixed + variable)
			rest = after
		}
		if b.String() != text || (utf8.ValidString(text) && General(text, text) != text) {
			t.Errorf("%q became %q", text, b.String())
		}
	})
}
