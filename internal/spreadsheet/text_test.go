package spreadsheet

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "",
		"Bolt M6":             "Bolt M6",
		"a-b = c@d":           "a-b = c@d",
		"=1+1":                "'=1+1",
		"-5":                  "'-5",
		"+49 170 1234567":     "'+49 170 1234567",
		"@SUM(1)":             "'@SUM(1)",
		"\t=1":                "'\t'=1",
		"\r=1":                "'\r'=1",
		"\n=1":                "'\n'=1",
		"a;=cmd|' /C calc'":   "a;'=cmd|' /C calc'",
		"a;b;-c":              "a;b;'-c",
		"a,=1":                "a,'=1",
		"a|+1":                "a|'+1",
		"a\t@x":               "a\t'@x",
		"a\r\n=1":             "a\r\n'=1",
		"a\n\n=1":             "a\n\n'=1",
		"first\nsecond":       "first\nsecond",
		`a;"=1"`:              `a;"'=1"`,
		"a; \u00a0=1":         "a; \u00a0'=1",
		" =1":                 " '=1",
		"\ufeff=1":            "\ufeff'=1",
		"a;\u200b=1":          "a;\u200b'=1",
		"＝1+1":                "'＝1+1",
		"a;＋1":                "a;'＋1",
		"－1":                  "'－1",
		"a\n＠x":               "a\n'＠x",
		"\u2212" + "1":        "'\u2212" + "1",
		"\ufe66cmd":           "'\ufe66cmd",
		"a;'=1":               "a;'=1",
		"a;\xff=1":            "a;\xff=1",
		"mid\ufffd=dle;\x00=": "mid\ufffd=dle;\x00'=",
	} {
		if got := Text(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
		if again := Text(want); again != want {
			t.Errorf("%q was not safe yet: it became %q", want, again)
		}
	}
}

func TestFilesAreSafeWithEverySeparator(t *testing.T) {
	for _, bad := range dangerous {
		var file strings.Builder
		w := csv.NewWriter(&file)
		_ = w.Write([]string{"7", Text(bad), Text(bad), Text(bad), "error"})
		w.Flush()
		wantNoFormula(t, file.String())
	}
}

var dangerous = []string{
	"=cmd", "a;=cmd", "a;\"=cmd\"", "a;\"\"=cmd", "a\t=cmd", "a\r=cmd", "a\n=cmd", "a\n\"=cmd\"", "a\r\n@cmd", "a; =cmd", "a;\t=cmd", "a|-cmd",
	"＝cmd", "a;＋cmd", "a\n－cmd", "＠cmd", "a;\ufeff=cmd", "\"=cmd", "a,=cmd", "\";=cmd;\"", "+49;cmd", "-5;-cmd",
}

func FuzzText(f *testing.F) {
	for _, s := range dangerous {
		f.Add(s, "x")
		f.Add("x", s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		var file strings.Builder
		w := csv.NewWriter(&file)
		_ = w.Write([]string{"7", Text(a), Text(b), "error"})
		w.Flush()
		wantNoFormula(t, file.String())
		// What is added are apostrophes, nothing is taken away.
		if got := strings.ReplaceAll(Text(a), "'", ""); got != strings.ReplaceAll(a, "'", "") {
			t.Fatalf("%q became %q", a, got)
		}
	})
}

// wantNoFormula cuts a file into cells at each separator, with quotes as their readers understand
// them and without, and looks at how each begins.
func wantNoFormula(t *testing.T, file string) {
	t.Helper()
	for _, separator := range ",;|\t" {
		cells := quotedCells(file, separator)
		for _, line := range strings.FieldsFunc(file, func(r rune) bool { return r == '\n' || r == '\r' }) {
			cells = append(cells, strings.Split(line, string(separator))...)
		}
		for _, cell := range cells {
			seen := strings.TrimLeftFunc(cell, func(r rune) bool {
				return r == '"' || r == ' ' || r == '\u00a0' || r == '\ufeff' || unicode.Is(unicode.Cf, r)
			})
			if strings.ContainsAny(first(seen), "=+-@＝＋－＠") || strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") {
				t.Fatalf("split at %q, a cell is %q in\n%s", separator, cell, file)
			}
		}
	}
}

func first(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// quotedCells splits as Excel does: a quote at a cell's start begins quoted text, which a lone
// quote ends; what follows up to the separator belongs to the cell. Other quotes are text.
func quotedCells(file string, separator rune) (cells []string) {
	var cell strings.Builder
	runes := []rune(file)
	start, quoted := true, false
	end := func() {
		cells = append(cells, cell.String())
		cell.Reset()
		start, quoted = true, false
	}
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case quoted && r == '"' && i+1 < len(runes) && runes[i+1] == '"':
			cell.WriteRune('"')
			i++
		case quoted && r == '"':
			quoted = false
		case quoted:
			cell.WriteRune(r)
		case start && r == '"':
			quoted, start = true, false
		case r == separator || r == '\n' || r == '\r':
			end()
		default:
			cell.WriteRune(r)
			start = false
		}
	}
	end()
	return cells
}
