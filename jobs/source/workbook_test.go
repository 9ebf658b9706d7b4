package source

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/tenants"
)

// book is a workbook as programs write it; parts that it does not have are left out.
type book struct {
	sheets  [][2]string // names and what is in sheetData
	states  []string    // of the sheets
	strings string      // what is in sst
	styles  string
	is1904  bool
}

func (b book) zip(t testing.TB) string {
	t.Helper()
	const ns = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	const rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	var sheets, rels strings.Builder
	parts := []string{
		"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels", `<Relationships><Relationship Id="r" Type="` + rel + `officeDocument" Target="xl/workbook.xml"/></Relationships>`,
	}
	for i, s := range b.sheets {
		state := ""
		if i < len(b.states) {
			state = b.states[i]
		}
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" state="%s" r:id="rId%d"/>`, s[0], i+1, state, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%sworksheet" Target="worksheets/sheet%d.xml"/>`, i+1, rel, i+1)
		parts = append(parts, fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), `<?xml version="1.0" encoding="UTF-8"?><worksheet `+ns+`><dimension ref="A1:B2"/><sheetData>`+s[1]+`</sheetData><mergeCells><mergeCell ref="A1:C1"/></mergeCells></worksheet>`)
	}
	fmt.Fprintf(&rels, `<Relationship Id="s" Type="%sstyles" Target="/xl/styles.xml"/><Relationship Id="t" Type="%ssharedStrings" Target="sharedStrings.xml"/>`, rel, rel)
	parts = append(parts,
		"xl/workbook.xml", fmt.Sprintf(`<workbook %s xmlns:r="x"><workbookPr date1904="%t"/><sheets>%s</sheets></workbook>`, ns, b.is1904, sheets.String()),
		"xl/_rels/workbook.xml.rels", `<Relationships>`+rels.String()+`</Relationships>`,
	)
	if b.strings != "" {
		parts = append(parts, "xl/sharedStrings.xml", `<sst `+ns+`>`+b.strings+`</sst>`)
	}
	if b.styles != "" {
		parts = append(parts, "xl/styles.xml", `<styleSheet `+ns+`>`+b.styles+`</styleSheet>`)
	}
	return zipped(t, parts...)
}

// inline is a row of texts.
func inline(cells ...string) string {
	var b strings.Builder
	b.WriteString("<row>")
	for _, c := range cells {
		b.WriteString(`<c t="inlineStr"><is><t>` + c + `</t></is></c>`)
	}
	return b.String() + "</row>"
}

// TestCells: a cell is what a spreadsheet shows, and a number is what is stored.
func TestCells(t *testing.T) {
	styles := `<numFmts><numFmt numFmtId="164" formatCode="00000"/><numFmt numFmtId="165" formatCode="dd/mm/yyyy"/><numFmt numFmtId="166" formatCode="000\-0000"/><numFmt numFmtId="167" formatCode="#,##0.00\ [$€-407]"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/><xf numFmtId="165"/><xf numFmtId="22"/><xf numFmtId="20"/><xf numFmtId="46"/><xf numFmtId="166"/><xf numFmtId="167"/><xf numFmtId="10"/></cellXfs>`
	shared := `<si><t>Chair</t></si><si><r><t>Oak </t></r><r><rPr><b/></rPr><t xml:space="preserve">table</t></r><rPh><t>x</t></rPh></si><si><t>a_x000D_
b_x005F_x000D_</t></si><si><t/></si>`
	for cell, want := range map[string]string{
		`<c t="s"><v>0</v></c>`:                         "Chair",
		`<c t="s"><v>1</v></c>`:                         "Oak table",
		`<c t="s"><v>2</v></c>`:                         "a\r\nb_x000D_",
		`<c t="inlineStr"><is><t>00123</t></is></c>`:    "00123",
		`<c t="str"><f>A1&amp;"x"</f><v>Chairx</v></c>`: "Chairx",
		`<c><f>1+1</f><v>2</v></c>`:                     "2",
		`<c t="b"><v>1</v></c>`:                         "TRUE",
		`<c t="b"><v>0</v></c>`:                         "FALSE",
		`<c t="e"><f>NA()</f><v>#N/A</v></c>`:           "#N/A",
		`<c t="d"><v>2026-01-05T00:00:00Z</v></c>`:      "2026-01-05",
		`<c><v>0.1</v></c>`:                             "0.1",
		`<c><v>9.90</v></c>`:                            "9.90",
		`<c><v>0.30000000000000004</v></c>`:             "0.3",
		`<c><v>1.1000000000000001</v></c>`:              "1.1",
		`<c><v>19.989999999999998</v></c>`:              "19.99",
		`<c><v>123456789012.12345</v></c>`:              "123456789012.123",
		`<c><v>4006381333931</v></c>`:                   "4006381333931",
		`<c><v>12345678901234567</v></c>`:               "12345678901234567",
		`<c><v>4.006381333931E+12</v></c>`:              "4006381333931",
		`<c><v>1E-3</v></c>`:                            "0.001",
		`<c><v>-7</v></c>`:                              "-7",
		`<c s="8"><v>1299.5</v></c>`:                    "1299.5",
		`<c s="9"><v>0.25</v></c>`:                      "0.25",
		`<c s="1"><v>123</v></c>`:                       "00123",
		`<c s="1"><v>1234567</v></c>`:                   "1234567",
		`<c s="1"><v>1.5</v></c>`:                       "1.5",
		`<c s="7"><v>1234567</v></c>`:                   "123-4567",
		`<c s="7"><v>123</v></c>`:                       "000-0123",
		`<c s="2"><v>46027</v></c>`:                     "2026-01-05",
		`<c s="3"><v>46027.75</v></c>`:                  "2026-01-05",
		`<c s="4"><v>46027.75</v></c>`:                  "2026-01-05T18:00:00",
		`<c s="5"><v>0.5</v></c>`:                       "12:00:00",
		`<c s="6"><v>1.5</v></c>`:                       "36:00:00",
		`<c s="2"><v>1</v></c>`:                         "1900-01-01",
		`<c s="2"><v>60</v></c>`:                        "1900-02-29",
		`<c s="2"><v>61</v></c>`:                        "1900-03-01",
		`<c s="2"><v>-5</v></c>`:                        "-5",
		`<c s="99"><v>5</v></c>`:                        "5",
		`<c s="1" t="inlineStr"><is><t>7</t></is></c>`:  "7",
		`<c t="s"><v>3</v></c>`:                         "",
		`<c s="1"/>`:                                    "",
		`<c><v>Infinity</v></c>`:                        "Infinity",
		`<c><v>46027.999999999</v></c>`:                 "46027.999999999",
		`<c s="4"><v>46027.999999999</v></c>`:           "2026-01-06T00:00:00",
	} {
		text := book{sheets: [][2]string{{"S", inline("id", "value") + `<row><c><v>1</v></c>` + cell + `</row>`}}, strings: shared, styles: styles}.zip(t)
		_, rows := read(t, text, tenants.Format{})
		if len(rows) != 1 || rows[0].Err != nil || rows[0].Values[1] != want {
			t.Errorf("%s: %+v, want %q", cell, rows, want)
		}
	}
	text := book{sheets: [][2]string{{"S", inline("id", "day") + `<row><c><v>1</v></c><c s="0"><v>0.5</v></c></row>`}}, styles: `<cellXfs><xf numFmtId="14"/></cellXfs>`, is1904: true}.zip(t)
	if _, rows := read(t, text, tenants.Format{}); rows[0].Values[1] != "1904-01-01" {
		t.Errorf("of 1904: %+v", rows)
	}
}

// TestSheets: title lines, gaps, short rows and notes beside the table are no fault of it, and rows
// keep the numbers that the spreadsheet shows.
func TestSheets(t *testing.T) {
	sheet := `<row r="1"><c r="A1" t="inlineStr"><is><t>Price list 2026</t></is></c></row>` +
		`<row r="3"><c r="A3" t="inlineStr"><is><t>sku</t></is></c><c r="B3" t="inlineStr"><is><t>name</t></is></c><c r="C3" t="inlineStr"><is><t>price</t></is></c></row>` +
		`<row r="4"><c r="A4" t="inlineStr"><is><t>A1</t></is></c><c r="C4"><v>9.99</v></c></row>` +
		`<row r="5"><c r="A5" s="1"/></row>` +
		`<row r="9"><c r="A9" t="inlineStr"><is><t>A2</t></is></c><c r="B9" t="inlineStr"><is><t>Two
lines</t></is></c><c r="C9"><f>C4*2</f></c></row>` +
		`<row r="10"><c r="A10" t="inlineStr"><is><t>A3</t></is></c><c r="B10" t="inlineStr"><is><t>Table</t></is></c><c r="C10"><v>5</v></c><c r="E10" t="inlineStr"><is><t>note</t></is></c></row>` +
		`<row r="11"><c r="A11" t="inlineStr"><is><t>Total</t></is></c><c r="C11"><v>14.99</v></c></row>`
	header, rows := read(t, book{sheets: [][2]string{{"Prices", sheet}}}.zip(t), tenants.Format{})
	if d := cmp.Diff([]string{"sku", "name", "price", "column_4", "column_5"}, header); d != "" {
		t.Error(d)
	}
	want := []Row{
		{Line: 4, NextLine: 5, Number: 4, Values: []string{"A1", "", "9.99", "", ""}},
		{Line: 9, NextLine: 10, Number: 9, Values: []string{"A2", "Two\nlines"}, Err: &RowError{Field: "price", Message: "the formula in this cell has no saved result: open the workbook in Excel, save it, and give that"}},
		{Line: 10, NextLine: 11, Number: 10, Values: []string{"A3", "Table", "5", "", "note"}},
	}
	for i := range rows {
		rows[i].Next = 0
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}
	for name, tt := range map[string]struct {
		format tenants.Format
		header []string
		rows   int
	}{
		"header by the merchant": {tenants.Format{HeaderRow: 4}, []string{"A1", "column_2", "9.99", "column_4", "column_5"}, 2},
		"no header":              {tenants.Format{HeaderRow: NoHeader}, []string{"column_1", "column_2", "column_3", "column_4", "column_5"}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			header, rows := read(t, book{sheets: [][2]string{{"Prices", sheet}}}.zip(t), tt.format)
			if d := cmp.Diff(tt.header, header); d != "" || len(rows) != tt.rows {
				t.Errorf("%d rows %s", len(rows), d)
			}
		})
	}
}

// TestWhichSheet: the only sheet with rows is meant; of several the merchant chooses one.
func TestWhichSheet(t *testing.T) {
	goods, groups := inline("sku", "name")+inline("A", "Cap"), inline("group")+inline("Hats")
	detect := func(b book, want tenants.Format) (Found, error) {
		text := b.zip(t)
		return Detect(File{Open: openBytes([]byte(text)), Size: int64(len(text)), Complete: true}, want)
	}
	for name, tt := range map[string]struct {
		book  book
		want  string
		sheet string
		ask   string
	}{
		"one":               {book: book{sheets: [][2]string{{"Goods", goods}}}, sheet: "Goods"},
		"others are empty":  {book: book{sheets: [][2]string{{"Cover", `<row><c s="1"/></row>`}, {"Goods", goods}, {"Sheet3", ""}}}, sheet: "Goods"},
		"others are hidden": {book: book{sheets: [][2]string{{"Lists", groups}, {"Goods", goods}}, states: []string{"veryHidden", "visible"}}, sheet: "Goods"},
		"all are hidden":    {book: book{sheets: [][2]string{{"Goods", goods}}, states: []string{"hidden"}}, sheet: "Goods"},
		"several":           {book: book{sheets: [][2]string{{"Goods", goods}, {"Groups", groups}}}, sheet: "Goods", ask: AskSheet},
		"a chosen one":      {book: book{sheets: [][2]string{{"Goods", goods}, {"Groups", groups}}}, want: "Groups", sheet: "Groups"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := detect(tt.book, tenants.Format{Sheet: tt.want})
			if d := cmp.Diff(tenants.Format{Type: "xlsx", Encoding: "utf-8", Sheet: tt.sheet}, found.Format); err != nil || d != "" || found.Ask != tt.ask {
				t.Errorf("%v, asks %q, %s", err, found.Ask, d)
			}
		})
	}
	found, _ := detect(book{sheets: [][2]string{{"Goods", goods}, {"Groups", groups}}, states: []string{"", "hidden"}}, tenants.Format{})
	want := []Choice{{Name: "Goods", Examples: []string{"sku", "name"}}, {Name: "Groups", Hidden: true, Examples: []string{"group"}}}
	if d := cmp.Diff(want, found.Sheets); d != "" {
		t.Error(d)
	}
	if _, err := detect(book{sheets: [][2]string{{"Goods", goods}}}, tenants.Format{Sheet: "Old"}); !strings.Contains(problem.MessageOf(err), `no sheet "Old" any more: it has Goods`) {
		t.Error(err)
	}
}

func TestBrokenWorkbooks(t *testing.T) {
	for name, tt := range map[string]struct {
		book    book
		message string
	}{
		"rows out of order":     {book{sheets: [][2]string{{"S", `<row r="2"/><row r="1"/>`}}}, "row 1 is out of order"},
		"cells out of order":    {book{sheets: [][2]string{{"S", `<row><c r="B1"/><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>`}}}, "cell A1 is out of order"},
		"a row beyond":          {book{sheets: [][2]string{{"S", `<row r="1048577"/>`}}}, "no row 1048577"},
		"a text that is not":    {book{sheets: [][2]string{{"S", `<row><c t="s"><v>3</v></c></row>`}}}, "names text 3"},
		"not closed":            {book{sheets: [][2]string{{"S", `<row>`}}}, "ends what did not begin"},
		"an entity":             {book{sheets: [][2]string{{"S", inline("&x;")}}}, "only its DOCTYPE could explain"},
		"nothing in it":         {book{sheets: [][2]string{{"S", ""}}}, "is empty"},
		"without sheets":        {book{}, "no sheet with cells"},
		"a column beyond":       {book{sheets: [][2]string{{"S", `<row><c r="XFE1"><v>1</v></c></row>`}}}, "cell XFE1 is out of order"},
		"deeper than any sheet": {book{sheets: [][2]string{{"S", strings.Repeat("<a>", 200)}}}, "more than 100 deep"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := formatOf(tt.book.zip(t), "", "")
			if problem.CodeOf(err) != problem.Invalid || !strings.Contains(problem.MessageOf(err), tt.message) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestTextsOnDisk: texts that are too many for the memory are the same from the disk.
func TestTextsOnDisk(t *testing.T) {
	text := func(i int) string { return fmt.Sprintf("text %d %s", i, strings.Repeat("x", i%3000)) }
	const n = 12_000
	var b bytes.Buffer
	b.WriteString("<sst>")
	for i := range n {
		fmt.Fprintf(&b, "<si><t>%s</t></si>", text(i))
	}
	b.WriteString("</sst>")
	s, err := readSharedStrings(&b, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s.text.file == nil || s.ends.file != nil {
		t.Error("the texts are not on the disk, or their ends are")
	}
	for i := range n {
		at := i * 7919 % n
		if got, ok, err := s.get(int64(at)); err != nil || !ok || string(got) != text(at) {
			t.Fatalf("text %d: %.30q, %t, %v", at, got, ok, err)
		}
	}
	if _, ok, _ := s.get(n); ok {
		t.Error("there is one more")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
