package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tenants"
)

// badRow is a row with a fault, and how a merchant is told of it. An empty line has no text.
type badRow struct {
	text                string
	key, field, message string
}

var longName = strings.Repeat("n", 300)

// badRows are the faults of a row that a feed may have, each with what is said about it.
var badRows = []badRow{
	{`,No number,1.00,1`, "", "sku", "is required: match it or fill the column PartNum"},
	{`"  ",Blank,1.00,1`, "", "sku", "is required: match it or fill the column PartNum"},
	{`G-1,Once more,1.00,1`, "G-1", "sku", "this SKU is already in row 2: the first is used. Remove one of them at the source"},
	{`g-1 ,Once again,1.00,1`, "g-1", "sku", "this SKU is already in row 2: the first is used. Remove one of them at the source"},
	{`B-4,Letters,abc,1`, "B-4", "price", `"abc" is not a number`},
	{`B-5,` + longName + `,1.00,1`, "B-5", "name", "300 characters; the limit is 250"},
	{`B-8,"Unbalanced,1.00,1`, "B-8", "PartDescription", `a quote opens this field and is never closed: close it, or write "" for a quote inside a quoted field`},
	{`B-9,"Closed" too early,1.00,1`, "B-9", "PartDescription", `there is text after the closing quote: write "" for a quote inside a quoted field`},
	{`B-10`, "B-10", "", "1 column; the header has 4"},
	{`B-11,Many,1.00,1,2,3`, "B-11", "", "6 columns; the header has 4"},
	{`B-12` + strings.Repeat(",x", 9_999), "B-12", "", "10000 columns; the header has 4"},
	{"B-13,N\x00ul,1.00,1", "B-13", "PartDescription", "there is a NUL byte in it: export the file again as plain text"},
	{"B-14,Br\xff\xfeken,1.00,1", "B-14", "PartDescription", "it is not valid UTF-8: save the file as UTF-8, or choose its encoding"},
}

// TestBadRows: good rows before and after bad ones are written, and each bad one is named by line,
// key and field.
func TestBadRows(t *testing.T) {
	s := newHouse(t, houseOptions{}).newShop(t)
	var body strings.Builder
	body.WriteString(feedHeader + "G-1,Good one,12.50,5\n")
	var want []finding
	for i, r := range badRows {
		body.WriteString(r.text + "\n")
		want = append(want, finding{int64(i + 3), r.key, r.field, r.message, "error"})
	}
	body.WriteString("G-2,Good two,3,0\n")
	// Or the broken text would make the whole file Latin-1, in which every byte is a letter.
	s.flow.Format = tenants.Format{Encoding: "utf-8"}
	s.saveFlow()
	s.feed(body.String())
	r := s.run()
	n := int64(len(badRows))
	if r.State != "done" || r.Error != "" || r.Read != n+2 || r.Created != 2 || r.Failed != n {
		t.Errorf("run %s %q: %+v", r.State, r.Error, r.Counts)
	}
	if d := cmp.Diff(want, s.findings(r.ID)); d != "" {
		t.Errorf("what merchants are told (-want +got):\n%s", d)
	}
	s.wantSKUs("G-1", "G-2")
}

func (s *shop) wantSKUs(want ...string) {
	s.t.Helper()
	got := slices.Sorted(maps.Keys(s.products()))
	if d := cmp.Diff(want, got); d != "" {
		s.t.Errorf("products in the store (-want +got):\n%s", d)
	}
}

// TestFeedsThatCannotBeUsed has what no run can use. The run fails with a reason that says what to
// do, and the store stays as it was.
func TestFeedsThatCannotBeUsed(t *testing.T) {
	h := newHouse(t, houseOptions{})
	text := func(contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = io.WriteString(w, body)
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
	}
	tests := map[string]struct {
		office http.HandlerFunc
		want   string
	}{
		"empty file":    {text("text/csv", ""), "The file is empty: export it again, with a header line and one line for each record."},
		"only a BOM":    {text("text/csv", "\ufeff"), "The file is empty: export it again, with a header line and one line for each record."},
		"404":           {status(404), "There is no file at this address (404): check the address, or export the file again."},
		"401":           {status(401), "HOST asks for a sign-in (401): enter or renew the Authorization header."},
		"HTML":          {text("text/html", "<!DOCTYPE html><html><body>Sign in</body></html>"), "The address answers with a web page (HTML) instead of data: it is often a login page. Use the address of the file itself."},
		"HTML as CSV":   {text("text/csv", "\n <html><body>Sign in</body></html>"), "The address answers with a web page (HTML) instead of data: it is often a login page. Use the address of the file itself."},
		"other columns": {text("text/csv", "a,b\n1,2\n"), "What sku comes from does not fit the source: there is no column PartNum: the source has a, b (character 1)"},
		"a picture":     {text("text/csv", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "The file is a picture: use the address of the product file itself."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := h.newShop(t)
			s.feed(feedHeader + "G-1,Good one,12.50,5\n")
			if r := s.run(); r.Created != 1 {
				t.Fatalf("%+v", r)
			}
			s.serve(test.office)
			r := s.run()
			host := strings.TrimSuffix(strings.TrimPrefix(s.address, "http://"), "/parts.csv")
			if want := strings.ReplaceAll(test.want, "HOST", host); r.State != "failed" || r.Error != want || r.Read != 0 || r.Requests != 0 {
				t.Errorf("run %s, %d read, %d requests: %s", r.State, r.Read, r.Requests, r.Error)
			}
			s.wantSKUs("G-1")
		})
	}
	t.Run("header only", func(t *testing.T) {
		t.Parallel()
		s := h.newShop(t)
		s.feed(feedHeader + "G-1,Good one,12.50,5\n")
		s.run()
		s.feed(feedHeader)
		if r := s.run(); r.State != "done" || r.Read != 0 || r.Requests != 0 || r.Incomplete {
			t.Errorf("run %s: %+v", r.State, r.Run)
		}
		s.wantSKUs("G-1")
	})
}

// TestAStreamThatStopsHalfWay declares its length and closes the connection in the middle of a row.
func TestAStreamThatStopsHalfWay(t *testing.T) {
	t.Parallel()
	s := newHouse(t, houseOptions{}).newShop(t)
	whole := feedHeader + "G-1,Good one,12.50,5\nG-2,Good two,3.00,0\nG-3,Good three,4.00,7\n"
	s.feed(whole)
	if r := s.run(); r.Created != 3 {
		t.Fatalf("%+v", r)
	}
	s.fetches.Store(0)
	changed := feedHeader + "G-1,Good one,13.50,5\nG-4,Good four,5.00,1\nG-2,Good two,99.00,0\nG-3,Good three,4.00,7\n"
	cut := strings.Index(changed, "99.00") + 1 // "9" is no price
	s.serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("Content-Length", fmt.Sprint(len(changed)))
		_, _ = io.WriteString(w, changed[:cut])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	r := s.run()
	if r.State != "done" || !r.Incomplete || r.Read != 2 || r.Updated != 1 || r.Created != 1 || r.Failed != 0 {
		t.Errorf("run %s, incomplete %v: %+v %s", r.State, r.Incomplete, r.Counts, r.Error)
	}
	want := []finding{{Severity: "warning", Message: "The source stopped before its end: row 3 is the last that came whole. The rows up to there were used, " +
		"and no product was treated as missing because of it. Start a new run when the source is well again."}}
	if d := cmp.Diff(want, s.findings(r.ID)); d != "" {
		t.Errorf("what merchants are told (-want +got):\n%s", d)
	}
	if n := s.fetches.Load(); n != 3 {
		t.Errorf("%d fetches: a cut stream is tried three times", n)
	}
	s.wantSKUs("G-1", "G-2", "G-3", "G-4")
	if p := s.products(); p["G-1"].Price != "13.5" || p["G-2"].Price != "3" {
		t.Errorf("prices %v and %v", p["G-1"].Price, p["G-2"].Price)
	}
	// When the source is well again, the rest follows.
	s.feed(changed)
	if r := s.run(); r.Incomplete || r.Read != 4 || r.Updated != 1 || r.Unchanged != 3 {
		t.Errorf("the whole feed: %+v", r.Run)
	}
}

// TestFormats has one feed in many forms. Each ends with the same products.
func TestFormats(t *testing.T) {
	h := newHouse(t, houseOptions{})
	const plain = feedHeader + "G-1,\"Crème, brûlée \"\"large\"\"\",12.50,5\nG-2,\"Two\nlines\",3.00,0\n"
	delimited := func(d string) string {
		return strings.NewReplacer("PartNum,PartDescription,ListPrice,OnHand", strings.ReplaceAll("PartNum,PartDescription,ListPrice,OnHand", ",", d),
			"G-1,", "G-1"+d, ",12.50,5", d+"12.50"+d+"5", "G-2,", "G-2"+d, ",3.00,0", d+"3.00"+d+"0").Replace(plain)
	}
	latin1 := func(s string) string {
		var b bytes.Buffer
		for _, r := range s {
			b.WriteByte(byte(r))
		}
		return b.String()
	}
	bodies := map[string]string{
		"plain": plain, "BOM": "\ufeff" + plain, "semicolon": delimited(";"), "tab": delimited("\t"), "pipe": delimited("|"),
		"CRLF": strings.ReplaceAll(plain, "\n", "\r\n"), "Latin-1": latin1(plain), "Latin-1 with semicolons and CRLF": latin1(strings.ReplaceAll(delimited(";"), "\n", "\r\n")),
		"no line end at the end": strings.TrimSuffix(plain, "\n"), "blank lines at the end": plain + "\n\n",
		"10,000 columns": wide(plain),
		"NDJSON": `{"PartNum":"G-1","PartDescription":"Crème, brûlée \"large\"","ListPrice":12.50,"OnHand":5}` + "\n" +
			`{"PartNum":"G-2","PartDescription":"Two\nlines","ListPrice":"3.00","OnHand":"0"}` + "\n",
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := h.newShop(t)
			s.feed(body)
			r := s.run()
			if r.State != "done" || r.Read != 2 || r.Created != 2 || r.Failed != 0 {
				t.Fatalf("run %s %q %+v: %+v", r.State, r.Error, r.Counts, s.findings(r.ID))
			}
			p := s.products()
			if p["G-1"] == nil || p["G-1"].Name != `Crème, brûlée "large"` || p["G-1"].Price != "12.5" || p["G-1"].InventoryLevel != 5 {
				t.Errorf("%+v", p["G-1"])
			}
			if p["G-2"] == nil || strings.Join(strings.Fields(p["G-2"].Name), " ") != "Two lines" {
				t.Errorf("%+v", p["G-2"])
			}
		})
	}
}

// wide adds columns to each of the two rows of plain, and to its header, up to 10,000.
func wide(plain string) string {
	var header strings.Builder
	for i := range 9_996 {
		fmt.Fprintf(&header, ",c%d", i)
	}
	cells := strings.Repeat(",", 9_996)
	return strings.NewReplacer("OnHand", "OnHand"+header.String(), "12.50,5", "12.50,5"+cells, "3.00,0", "3.00,0"+cells).Replace(plain)
}

// TestARowOf50MB is refused with its line; the rows around it are written.
func TestARowOf50MB(t *testing.T) {
	t.Parallel()
	s := newHouse(t, houseOptions{}).newShop(t)
	block := bytes.Repeat([]byte("many words "), 1<<20/11)
	s.serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		_, _ = io.WriteString(w, feedHeader+"G-1,Good one,12.50,5\nB-1,\"")
		for range 50 {
			_, _ = w.Write(block)
		}
		_, _ = io.WriteString(w, "\",1.00,1\nG-2,Good two,3,0\n")
	})
	r := s.run()
	if r.State != "done" || r.Read != 3 || r.Created != 2 || r.Failed != 1 {
		t.Errorf("run %s %q: %+v", r.State, r.Error, r.Counts)
	}
	want := []finding{{3, "B-1", "", "the row is longer than 4 MiB", "error"}}
	if d := cmp.Diff(want, s.findings(r.ID)); d != "" {
		t.Errorf("what merchants are told (-want +got):\n%s", d)
	}
	s.wantSKUs("G-1", "G-2")
}
