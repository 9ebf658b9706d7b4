package source

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	sampleRows = 100 // rows that a delimiter and the header are looked for in
	titleRows  = 20  // most rows that may stand above the header
)

// NoHeader is Format.HeaderRow of a file whose first row is a record.
const NoHeader = -1

// Control characters stand in no text: where every row has them, they delimit. The rare ones stand
// in ordinary text, so they only count where none of the common ones makes a table.
const (
	controlDelimiters = "\x1f\x01"
	commonDelimiters  = ",;\t|"
	rareDelimiters    = "^~#:"
)

// isDelimiter reports whether a merchant may choose c.
func isDelimiter(c string) bool {
	for i := range len(c) {
		if c[i] >= utf8.RuneSelf || strings.ContainsRune("\"'\r\n\x00 ._-+", rune(c[i])) || isAlphanumeric(c[i]) {
			return false
		}
	}
	return len(c) > 0 && len(c) <= maxSeparator
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// sepLine finds the line sep=; with which programs tell Excel the delimiter. Excel does not show
// it, so it is no row. size is its length with the line end, 0 if there is none.
func sepLine(text []byte) (delimiter string, size int) {
	i := indexEOL(text[:min(len(text), 64)])
	if i < 0 {
		return "", 0
	}
	line := string(bytes.Trim(text[:i], `" `))
	if len(line) < 5 || !strings.EqualFold(line[:4], "sep=") || !isDelimiter(line[4:]) {
		return "", 0
	}
	return line[4:], i + termLen(text[i:])
}

// sampleOf splits the first rows of text. A blank row is nil, one that cannot be split has no
// cells. whole says that text is the whole file; if not, its last row may be cut and is left out.
func sampleOf(text []byte, delimiter string, whole bool) (rows [][]string) {
	separator := separatorOf(delimiter)
	in := newInput(separator.single(bytes.NewReader(text)), 0)
	s := splitter{in: in, delimiter: separator.byte()[0]}
	for len(rows) < sampleRows {
		n, term, long, err := in.eol(0, false)
		if err != nil || long || n+term == 0 {
			break
		}
		row, err := s.split(n, term, MaxColumns, 0)
		if err != nil || (row.term == 0 && !whole && len(rows) > 0) {
			break
		}
		cells := []string{}
		if row.bad == "" {
			from := 0
			for _, end := range row.ends {
				cells = append(cells, strings.TrimSpace(cellText(string(row.text[from:end]))))
				from = end
			}
			separator.restore(cells)
			if allBlank(cells) {
				cells = nil
			}
		}
		rows = append(rows, cells)
		in.skip(row.size)
	}
	return rows
}

// width is the number of cells up to the last that is filled.
func width(cells []string) int {
	n := len(cells)
	for n > 0 && cells[n-1] == "" {
		n--
	}
	return n
}

func filled(cells []string) (n int) {
	for _, c := range cells {
		if c != "" {
			n++
		}
	}
	return n
}

// delimiterOf tries each delimiter on the first rows. The one that gives most rows the same number
// of columns wins, then the one that gives most columns; a file with none of them has one column.
func delimiterOf(text []byte, whole bool) string {
	for _, d := range []byte(controlDelimiters) {
		if rows, columns, all := evenRows(text, string(d), whole); columns > 1 && rows == all {
			return string(d)
		}
	}
	if d := longDelimiterOf(text, whole); d != "" {
		return d
	}
	best, bestRows, bestColumns := ",", 0, 1
	for _, d := range []byte(commonDelimiters) {
		rows, columns, _ := evenRows(text, string(d), whole)
		if columns > 1 && (rows > bestRows || (rows == bestRows && columns > bestColumns)) {
			best, bestRows, bestColumns = string(d), rows, columns
		}
	}
	if bestColumns > 1 {
		return best
	}
	for _, d := range []byte(rareDelimiters) {
		rows, columns, all := evenRows(text, string(d), whole)
		if columns > 1 && rows > 1 && rows == all && columns > bestColumns {
			best, bestColumns = string(d), columns
		}
	}
	return best
}

// longDelimiters are those of several characters, of which systems use a few so that no text has
// them.
var longDelimiters = []string{"~|~", "|~|", "^|^", "|^|", "||", ";;", ",,", "\t\t", "~~", "^^", "##", "::", "@@", "$$"}

// longDelimiterOf returns the one that every row has as often as the header, "" if there is none. A
// header with a piece of it in a name has another.
func longDelimiterOf(text []byte, whole bool) string {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	for _, d := range longDelimiters {
		names := strings.Split(string(line), d)
		if len(names) < 2 || slices.ContainsFunc(names, func(s string) bool { return strings.TrimSpace(s) == "" || strings.ContainsAny(s, d) }) {
			continue
		}
		if rows, columns, all := evenRows(text, d, whole); rows == all && all > 1 && columns == len(names) {
			return d
		}
	}
	return ""
}

// evenRows returns the number of columns that most of the first rows have, how many have it, and of
// how many.
func evenRows(text []byte, delimiter string, whole bool) (rows, columns, all int) {
	counts := make(map[int]int)
	for _, cells := range sampleOf(text, delimiter, whole) {
		if len(cells) == 0 {
			continue
		}
		all++
		counts[len(cells)]++
	}
	for n, of := range counts {
		if n > 1 && (of > rows || of == rows && n > columns) {
			rows, columns = of, n
		}
	}
	return rows, columns, all
}

// headerRow finds the header among the first rows and returns its number, counted from 1, or
// NoHeader. Rows above it are titles: they have far fewer cells than the table. When in doubt it is
// the first row that is not blank.
func headerRow(rows [][]string) int {
	first := slices.IndexFunc(rows, func(cells []string) bool { return cells != nil })
	if first < 0 {
		return 1
	}
	if len(rows[first]) == 0 {
		return first + 1
	}
	table := tableWidth(rows)
	at := first
	for at < len(rows) && at < first+titleRows && isTitle(rows[at], table) {
		at++
	}
	switch {
	case at > first && at < len(rows) && at < first+titleRows && namesColumns(rows[at], table):
		return at + 1
	case isRecord(rows[first], rows[first+1:]):
		return NoHeader
	}
	return first + 1
}

// tableWidth is the width that most rows have.
func tableWidth(rows [][]string) (table int) {
	counts := make(map[int]int)
	for _, cells := range rows {
		if w := width(cells); w > 0 {
			counts[w]++
		}
	}
	for w, n := range counts {
		if n > counts[table] || n == counts[table] && w > table {
			table = w
		}
	}
	return table
}

func isTitle(cells []string, table int) bool {
	return table > 1 && (filled(cells) <= 1 || 2*filled(cells) < table)
}

// namesColumns reports whether cells may be a header: every one is a text of its own.
func namesColumns(cells []string, table int) bool {
	seen := make(map[string]bool, len(cells))
	for _, c := range cells {
		if c == "" {
			continue
		}
		if number.MatchString(c) || seen[c] {
			return false
		}
		seen[c] = true
	}
	return len(seen) > 1 && 2*len(seen) >= table
}

// isRecord reports whether the first row is a record like those below it: it has a number where
// they have numbers, and no name above a column of numbers.
func isRecord(first []string, below [][]string) bool {
	like := false
	for i, c := range first {
		numbers, texts := 0, 0
		for _, cells := range below {
			switch {
			case i >= len(cells) || cells[i] == "":
			case number.MatchString(cells[i]):
				numbers++
			default:
				texts++
			}
		}
		if numbers < 2 || texts > 0 {
			continue
		}
		if !number.MatchString(c) {
			return false
		}
		like = true
	}
	return like
}

var (
	number   = regexp.MustCompile(`^[-+]?(?:[$€£¥]|[A-Z]{3})? ?\d[\d.,' ]*(?: ?(?:[$€£¥%]|[A-Z]{3}))?-?$`)
	rule     = regexp.MustCompile(`^[-=_*+~:─━—–]+$`)
	total    = regexp.MustCompile(`(?i)^(?:(?:grand |sub)?totals?|sum|summe|gesamt(?:summe)?|zwischensumme|total général|somme|totale|suma|totaal|итого|合計|合计|总计)\s*:?$`)
	affected = regexp.MustCompile(`(?i)^\(?\d+ (?:rows?|records?|lines?|zeilen?|filas?|lignes?)(?: (?:affected|selected|returned|exported|in set.*))?\)?\.?$`)

	// Spreadsheets make a text of ="00123", and of what follows an apostrophe that hides a number or
	// a formula. '47 Brand is a name.
	formula    = regexp.MustCompile(`^="((?:[^"]|"")*)"$`)
	apostrophe = regexp.MustCompile(`^'(?:0\d+|\d[\d.,/-]{2,}|[=+@-].*)$`)
)

// noRecord says why a row of a table of several columns is none of its records, "" if it is one.
func noRecord(cells []string, table int) string {
	n := filled(cells)
	switch {
	case n == 0 || table < 2:
		return ""
	case isRule(cells, n):
		return "the row is a line below the header: it was passed by"
	case n == 1 && affected.MatchString(strings.TrimSpace(cells[0])):
		return "the row only tells how many rows there are: it was passed by"
	case 2*n <= table+1 && isTotal(cells):
		return "the row is a total: it was passed by"
	}
	return ""
}

// isTotal looks at the first cell that is filled.
func isTotal(cells []string) bool {
	i := slices.IndexFunc(cells, func(c string) bool { return c != "" })
	return i >= 0 && len(cells[i]) < 32 && total.MatchString(strings.TrimSpace(cells[i]))
}

func isRule(cells []string, filled int) bool {
	size := 0
	for _, c := range cells {
		c = strings.TrimSpace(c)
		if c != "" && !rule.MatchString(c) {
			return false
		}
		size += len(c)
	}
	return size >= 3 && size > filled
}

// cellText is what a spreadsheet shows of a cell.
func cellText(s string) string {
	switch {
	case s == "":
	case s[0] == '=':
		if m := formula.FindStringSubmatch(s); m != nil {
			return strings.ReplaceAll(m[1], `""`, `"`)
		}
	case s[0] == '\'':
		if apostrophe.MatchString(s) {
			return s[1:]
		}
	}
	return s
}
