package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"sluice/tenants"
)

// file is a product file as a merchant's system writes it, and what must become of it with the
// mapping that is suggested.
type file struct {
	body        string
	contentType string            // "" is text/csv
	want        map[string]string // SKU → name, price, weight
	findings    []finding
}

// arrives has a new flow read the file and looks at what is in the store then.
func (f file) arrives(t *testing.T, h *house) {
	s := h.newShop(t)
	s.serve(func(w http.ResponseWriter, _ *http.Request) {
		if f.contentType == "" {
			f.contentType = "text/csv"
		}
		w.Header().Set("Content-Type", f.contentType)
		_, _ = io.WriteString(w, f.body)
	})
	var err error
	spec := productsFrom(s.address)
	spec.Mapping = &tenants.Mapping{} // as suggested
	s.flow, err = s.merchant.prepareFlow(t.Context(), spec)
	s.do(err)
	r := s.run()
	got := map[string]string{}
	for sku, p := range s.products() {
		got[sku] = fmt.Sprintf("%s %v %v", p.Name, p.Price, p.Weight)
	}
	if d := cmp.Diff(f.want, got); d != "" {
		t.Errorf("products (-want +got):\n%s", d)
	}
	if d := cmp.Diff(append([]finding{}, f.findings...), s.findings(r.ID)); d != "" {
		t.Errorf("what merchants are told (-want +got):\n%s", d)
	}
	if r.State != "done" || r.Read != int64(len(f.want)) || r.Failed != 0 {
		t.Errorf("run %s %q: %+v", r.State, r.Error, r.Counts)
	}
}

// TestHabitsOfSpreadsheets: what Excel and business systems add to a CSV is no part of its records.
func TestHabitsOfSpreadsheets(t *testing.T) {
	h := newHouse(t, houseOptions{})
	chairs := map[string]string{"A1": "Chair 9.99 1", "A2": "Table 1299.5 20"}
	for name, f := range map[string]file{
		"a line that tells Excel the separator": {
			body: "sep=;\r\nsku;name;price;weight\r\nA1;Chair;9,99;1\r\nA2;Table;1.299,50;20\r\n", want: chairs,
		},
		"separators at the end of the rows only": {
			body: "sku,name,price,weight\nA1,Chair,9.99,1,\nA2,Table,1299.5,20,\n", want: chairs,
		},
		"rows that end with their last filled cell": {
			body: "sku,name,price,weight,brand,category\nA1,Chair,9.99,1,,\nA2,Table,1299.5,20\n", want: chairs,
		},
		"numbers that were to stay text": {
			body: "sku,name,price,weight\n\"=\"\"00123\"\"\",One,10,1\n=\"00124\",Two,10,1\n'00125,Three,10,1\n00126,Four,1,1\n",
			want: map[string]string{"00123": "One 10 1", "00124": "Two 10 1", "00125": "Three 10 1", "00126": "Four 1 1"},
		},
		"a rule below the header and a count below the rows": {
			body: "sku,name,price,weight\n---,----,-----,------\nA1,Chair,9.99,1\nA2,Table,1299.5,20\n\n(2 rows affected)\n", want: chairs,
			findings: []finding{
				{2, "", "", "the row is a line below the header: it was passed by", "warning"},
				{6, "", "", "the row only tells how many rows there are: it was passed by", "warning"},
			},
		},
		"blank rows everywhere": {
			body: "\n\n,,,\nsku,name,price,weight\n\nA1,Chair,9.99,1\n,,,\n\nA2,Table,1299.5,20\n,,,\n,,,\n", want: chairs,
		},
		"a title above the header": {
			body: "Price list 2026-01-01\n\nsku,name,price,weight\nA1,Chair,9.99,1\nA2,Table,1299.5,20\n", want: chairs,
		},
		"a separator that nobody expects": {
			body: "sku^name^price^weight\nA1^Chair^9.99^1\nA2^Table^1299.5^20\n", want: chairs,
		},
		"separators of two characters": {
			body: "sku||name||price||weight\nA1||Chair||9.99||1\n\"A2\"||\"Table\"||1299.5||20\n", want: chairs,
		},
		"a space before each quote": {
			body: "\"sku\", \"name\", \"price\", \"weight\"\n\"A1\", \"Chair\", \"9.99\", \"1\"\n\"A2\", \"Table\", \"1299.5\", \"20\"\n", want: chairs,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.arrives(t, h)
		})
	}
}

// TestEncodingsOfFiles: text arrives as its author wrote it, or nothing is written before somebody
// said how to read it.
func TestEncodingsOfFiles(t *testing.T) {
	h := newHouse(t, houseOptions{})
	encoded := func(e encoding.Encoding, text string) string {
		raw, err := e.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	russian := encoded(charmap.Windows1251, "sku;name;price;weight\nA1;Стул деревянный;9,99;1\nA2;Стол;19,99;1\n")
	chairs := map[string]string{"A1": "Стул деревянный 9.99 1", "A2": "Стол 19.99 1"}
	for name, f := range map[string]file{
		"Cyrillic, declared":   {body: russian, contentType: "text/csv; charset=windows-1251", want: chairs},
		"Cyrillic, undeclared": {body: russian, want: chairs},
		"Excel's Unicode text": {
			body: encoded(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "sku\tname\tprice\tweight\r\nA1\tStühle\t9.99\t1\r\n"),
			want: map[string]string{"A1": "Stühle 9.99 1"},
		},
		"DOS": {
			body: encoded(charmap.CodePage850, "sku;name;price;weight\nA1;Stühle;9.99;1\nA2;Gemälde;1;1\n"),
			want: map[string]string{"A1": "Stühle 9.99 1", "A2": "Gemälde 1 1"},
		},
		"Chinese, declared": {
			body: encoded(simplifiedchinese.GBK, "sku,name,price,weight\nA1,木制椅子,9.99,1\n"), contentType: "text/csv; charset=gb2312",
			want: map[string]string{"A1": "木制椅子 9.99 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.arrives(t, h)
		})
	}

	t.Run("a file that was encoded twice", func(t *testing.T) {
		t.Parallel()
		s := h.newShop(t)
		s.feed(feedHeader + "A-1,St\u00c3\u00bchle f\u00c3\u00bcr G\u00c3\u00a4ste,1,1\n")
		if r := s.run(); r.State != "failed" || !strings.Contains(r.Error, "Stühle") || len(s.products()) > 0 {
			t.Errorf("run %s %q", r.State, r.Error)
		}
		s.flow.Format = tenants.Format{Encoding: "utf-8-twice"}
		s.saveFlow()
		if r := s.run(); r.State != "done" || s.products()["A-1"].Name != "Stühle für Gäste" {
			t.Errorf("after the choice: run %s %q, %+v", r.State, r.Error, s.products())
		}
	})

	t.Run("a file that may be either", func(t *testing.T) {
		t.Parallel()
		s := h.newShop(t)
		s.feed(feedHeader + "A-1,Ni\xf1o,1,1\n") // ñ, or ń in Central Europe
		r := s.run()
		if r.State != "failed" || !strings.Contains(r.Error, "Niño") || !strings.Contains(r.Error, "Nińo") || len(s.products()) > 0 {
			t.Errorf("run %s %q", r.State, r.Error)
		}
		var seen struct {
			Format   tenants.Format
			Readings []struct{ Encoding string }
			Rows     [][]string
		}
		s.call(http.MethodPost, "/sources/inspect", map[string]any{"flow_id": s.flow.ID, "source": map[string]string{"kind": "url", "url": s.address}}, &seen)
		if seen.Format.Encoding != "" || len(seen.Readings) < 2 || seen.Rows[0][1] != "Niño" {
			t.Errorf("inspection: %+v", seen)
		}
		s.flow.Format = tenants.Format{Encoding: "windows-1250"}
		s.saveFlow()
		if r = s.run(); r.State != "done" || s.products()["A-1"].Name != "Nińo" {
			t.Errorf("after the choice: run %s %q, %+v", r.State, r.Error, s.products())
		}
	})
}

// TestDocumentsAndArchives: one JSON document, and files that are packed.
func TestDocumentsAndArchives(t *testing.T) {
	h := newHouse(t, houseOptions{})
	const csv = "sku,name,price,weight\nA1,Chair,9.99,1\nA2,Table,1299.5,20\n"
	var zipped, gzipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	w, err := z.Create("export/products.csv")
	if err != nil {
		t.Fatal(err)
	}
	g := gzip.NewWriter(&gzipped)
	for _, to := range []io.Writer{w, g} {
		if _, err := io.WriteString(to, csv); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), g.Close()); err != nil {
		t.Fatal(err)
	}
	chairs := map[string]string{"A1": "Chair 9.99 1", "A2": "Table 1299.5 20"}
	const goods = `<row r="1"><c t="inlineStr"><is><t>Goods</t></is></c></row>` +
		`<row r="3"><c t="inlineStr"><is><t>sku</t></is></c><c t="inlineStr"><is><t>name</t></is></c><c t="inlineStr"><is><t>price</t></is></c><c t="inlineStr"><is><t>weight</t></is></c></row>` +
		`<row r="4"><c s="1"><v>123</v></c><c t="inlineStr"><is><t>Chair</t></is></c><c><v>9.9900000000000002</v></c><c><v>1</v></c></row>`
	for name, f := range map[string]file{
		"gzip": {body: gzipped.String(), contentType: "application/gzip", want: chairs},
		"zip":  {body: zipped.String(), contentType: "application/zip", want: chairs},
		"a JSON document on one line": {
			body:        `{"products":[{"sku":"A1","name":"Chair","price":9.99,"weight":1},{"sku":"A2","name":"Table","price":1299.5,"weight":20}]}` + "\n",
			contentType: "application/x-ndjson", want: chairs,
		},
		"XML": {
			body: `<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE goods SYSTEM "http://127.0.0.1:1/goods.dtd"><goods>` +
				`<product><sku>A1</sku><name>Chair</name><price>9.99</price><weight>1</weight></product><product><sku>A2</sku><name><![CDATA[Table]]></name><price>1299.5</price><weight>20</weight></product></goods>`,
			contentType: "text/xml", want: chairs,
		},
		"a workbook": {body: workbook(t, goods), contentType: "application/octet-stream", want: map[string]string{"00123": "Chair 9.99 1"}},
		"a JSON array": {
			body:        "[\n {\"sku\":\"A1\",\"name\":\"Chair\",\"price\":9.99,\"weight\":1},\n {\"sku\":\"A2\",\"name\":\"Table\",\"price\":1299.5,\"weight\":20}\n]\n",
			contentType: "application/json", want: chairs,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.arrives(t, h)
		})
	}
}

// workbook is an Excel file whose sheets have these rows; style 1 shows five digits.
func workbook(t *testing.T, sheets ...string) string {
	t.Helper()
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	put := func(name, text string) {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	list, rels := "", `<Relationship Id="s" Type="`+office+`styles" Target="styles.xml"/>`
	for i, rows := range sheets {
		list += fmt.Sprintf(`<sheet name="Sheet %d" sheetId="%d" id="r%d"/>`, i+1, i+1, i)
		rels += fmt.Sprintf(`<Relationship Id="r%d" Type="%sworksheet" Target="worksheets/%d.xml"/>`, i, office, i)
		put(fmt.Sprintf("xl/worksheets/%d.xml", i), "<worksheet><sheetData>"+rows+"</sheetData></worksheet>")
	}
	put("_rels/.rels", `<Relationships><Relationship Id="w" Type="`+office+`officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	put("xl/workbook.xml", "<workbook><sheets>"+list+"</sheets></workbook>")
	put("xl/_rels/workbook.xml.rels", "<Relationships>"+rels+"</Relationships>")
	put("xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="00000"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestWhatIsAsked: a run writes nothing of a file of which only the merchant can tell what is meant,
// and reads it again after the choice.
func TestWhatIsAsked(t *testing.T) {
	h := newHouse(t, houseOptions{})
	row := func(cells ...string) string {
		return `<row><c t="inlineStr"><is><t>` + strings.Join(cells, `</t></is></c><c t="inlineStr"><is><t>`) + `</t></is></c></row>`
	}
	header := row(strings.Split(strings.TrimSpace(feedHeader), ",")...)
	body := workbook(t, header+row("A1", "Chair", "9.99", "3"), header+row("B1", "Lamp", "5", "1"))
	s := h.newShop(t)
	s.serve(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	if r := s.run(); r.State != "failed" || !strings.Contains(r.Error, "“Sheet 1”: PartNum, ") || len(s.products()) > 0 {
		t.Errorf("run %s %q", r.State, r.Error)
	}
	var seen struct {
		Ask    string
		Format tenants.Format
		Sheets []struct{ Name string }
		Rows   [][]string
	}
	inspect := func(format tenants.Format) {
		s.call(http.MethodPost, "/sources/inspect", map[string]any{"flow_id": s.flow.ID, "source": map[string]string{"kind": "url", "url": s.address}, "format": format}, &seen)
	}
	inspect(tenants.Format{})
	if seen.Ask != "sheet" || seen.Format.Sheet != "" || len(seen.Sheets) != 2 || seen.Rows[0][0] != "A1" {
		t.Errorf("inspection: %+v", seen)
	}
	inspect(tenants.Format{Sheet: "Sheet 2"})
	if seen.Format.Sheet != "Sheet 2" || len(seen.Sheets) != 2 || seen.Rows[0][0] != "B1" {
		t.Errorf("inspection of the second: %+v", seen)
	}
	s.flow.Format = tenants.Format{Sheet: "Sheet 2"}
	s.saveFlow()
	if r := s.run(); r.State != "done" || s.products()["B1"].Name != "Lamp" || len(s.products()) != 1 {
		t.Errorf("after the choice: run %s %q, %+v", r.State, r.Error, s.products())
	}
}
