package source

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/tenants"
)

// onDisk writes a file that nobody holds in memory.
func onDisk(t testing.TB, name string, write func(w io.Writer)) File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	write(w)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return File{Size: size, Complete: true, Filename: name, Open: func(offset int64) (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err == nil {
			_, err = f.Seek(offset, io.SeekStart)
		}
		return f, err
	}}
}

// largeWorkbook has rows of six cells, half of them texts that no other row has.
func largeWorkbook(rows int) func(io.Writer) {
	return func(w io.Writer) {
		z := zip.NewWriter(w)
		part := func(name string, write func(w *bufio.Writer)) {
			p, _ := z.Create(name)
			b := bufio.NewWriter(p)
			write(b)
			_ = b.Flush()
		}
		const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
		part("xl/workbook.xml", func(w *bufio.Writer) {
			_, _ = w.WriteString(`<workbook><sheets><sheet name="Goods" id="r1"/></sheets></workbook>`)
		})
		part("xl/_rels/workbook.xml.rels", func(w *bufio.Writer) {
			fmt.Fprintf(w, `<Relationships><Relationship Id="r1" Type="%sworksheet" Target="s.xml"/><Relationship Id="r2" Type="%ssharedStrings" Target="t.xml"/></Relationships>`, office, office)
		})
		part("xl/s.xml", func(w *bufio.Writer) {
			_, _ = w.WriteString(`<worksheet><sheetData><row r="1">`)
			for _, name := range []string{"sku", "name", "description", "price", "stock", "brand"} {
				_, _ = w.WriteString(`<c t="inlineStr"><is><t>` + name + `</t></is></c>`)
			}
			_, _ = w.WriteString(`</row>`)
			for i := range rows {
				r := strconv.Itoa(i + 2)
				fmt.Fprintf(w, `<row r="%s"><c r="A%s" t="s"><v>%d</v></c><c r="B%s" t="s"><v>%d</v></c><c r="C%s" t="s"><v>%d</v></c><c r="D%s"><v>%d.99</v></c><c r="E%s"><v>%d</v></c><c r="F%s" t="s"><v>0</v></c></row>`,
					r, r, 3*i+1, r, 3*i+2, r, 3*i+3, r, i%1000, r, i%77, r)
			}
			_, _ = w.WriteString(`</sheetData></worksheet>`)
		})
		part("xl/t.xml", func(w *bufio.Writer) {
			_, _ = w.WriteString(`<sst><si><t>Acme</t></si>`)
			for i := range rows {
				fmt.Fprintf(w, `<si><t>SKU-%d</t></si><si><t>Expedition Backpack %d</t></si><si><t>Embark on your next journey with backpack number %d, of durable cloth.</t></si>`, i, i, i)
			}
			_, _ = w.WriteString(`</sst>`)
		})
		_ = z.Close()
	}
}

func largeXML(rows int) func(io.Writer) {
	return func(w io.Writer) {
		_, _ = io.WriteString(w, `<?xml version="1.0"?><rss xmlns:g="u"><channel><title>All</title>`)
		for i := range rows {
			fmt.Fprintf(w, "<item><g:id>SKU-%d</g:id><title>Expedition Backpack %d</title><description><![CDATA[<p>Embark on your next journey with backpack %d.</p>]]></description><g:price>%d.99 EUR</g:price><g:image>https://x.example/%d.jpg</g:image><g:image>https://x.example/%d-2.jpg</g:image></item>\n", i, i, i, i%1000, i, i)
		}
		_, _ = io.WriteString(w, `</channel></rss>`)
	}
}

// largeGroups is a CSV of Windows-1252 whose products have several rows each.
func largeGroups(rows int) func(io.Writer) {
	return func(w io.Writer) {
		_, _ = io.WriteString(w, "Handle,Title,Option1,SKU,Price,Image\r\n")
		for i := range rows {
			fmt.Fprintf(w, "backpack-%d,\"Sac \xe0 dos, n\xb0 %d\",%d,SKU-%d,%d.99,https://x.example/%d.jpg\r\n", i/5, i/5, i%5, i, i%1000, i)
		}
	}
}

var largeFiles = map[string]func(rows int) func(io.Writer){"Excel.xlsx": largeWorkbook, "RSS.xml": largeXML, "groups.csv": largeGroups}

// lastHeap counts the rows that are written through it, and measures the heap at the last.
type lastHeap struct {
	rows, last int
	heap       uint64
}

func (h *lastHeap) Write(p []byte) (int, error) {
	h.rows += strings.Count(string(p), "\n")
	if h.rows >= h.last && h.heap == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.heap = m.HeapAlloc
	}
	return len(p), nil
}

// TestConvertingIsBounded: what stays allocated does not grow with the rows, but for what is bounded
// by itself: the texts of a workbook, up to sharedInMemory.
func TestConvertingIsBounded(t *testing.T) {
	for name, large := range largeFiles {
		var heap [2]uint64
		for i, rows := range []int{3000, 9000} {
			f := onDisk(t, name, large(rows))
			found, err := Detect(f, tenants.Format{})
			if err != nil {
				t.Fatal(err)
			}
			h := lastHeap{last: rows - 200}
			if _, err := Convert(t.Context(), f, found.Format, &h); err != nil || h.rows != rows || h.heap == 0 {
				t.Fatalf("%s: %d rows, %v", name, h.rows, err)
			}
			heap[i] = h.heap
		}
		most := uint64(1 << 20)
		if name == "Excel.xlsx" {
			most += 6000 * 160 // their texts
		}
		if heap[1] > heap[0]+most {
			t.Errorf("%s: the heap grew from %d to %d bytes", name, heap[0], heap[1])
		}
	}
}

// TestSoakLargeFiles: files of a million rows are converted within 200 MB of resident memory.
func TestSoakLargeFiles(t *testing.T) {
	soak := testenv.NewSoak(t)
	rows := soak.Size(500, 1_000_000)
	for name, large := range largeFiles {
		f := onDisk(t, name, large(rows))
		begin := time.Now()
		most := peak(t, func() {
			found, err := Detect(f, tenants.Format{})
			if err != nil {
				t.Fatal(err)
			}
			h := lastHeap{last: rows + 1}
			if _, err := Convert(t.Context(), f, found.Format, &h); err != nil || h.rows != rows {
				t.Errorf("%s: %d rows, %v", name, h.rows, err)
			}
		})
		soak.Figure(name+": resident memory at most", float64(most>>20), "MiB")
		soak.Figure(name+": time", float64(time.Since(begin).Round(time.Second).Seconds()), "s")
		if soak.Whole() && most > 200<<20 {
			t.Errorf("%s took %d MiB", name, most>>20)
		}
	}
}

// repeated gives the same text again and again.
type repeated struct {
	text string
	left int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n+len(r.text) <= len(p) && r.left > 0 {
		n += copy(p[n:], r.text)
		r.left -= len(r.text)
	}
	return n, nil
}

// TestSoakBombs: small files that unpack to gigabytes, or that name the same text without end, are
// refused within 100 MB of resident memory.
func TestSoakBombs(t *testing.T) {
	soak := testenv.NewSoak(t)
	size := soak.Size(2<<20, 1<<30)
	long := strings.Repeat("x", 2000) // what is refused by its ratio only is read until then
	const before, after = `<worksheet><sheetData>`, `</sheetData></worksheet>`
	pack := func(name, before, text string) func(io.Writer) {
		return func(w io.Writer) {
			z := zip.NewWriter(w)
			for part, text := range map[string]string{
				"xl/workbook.xml":            `<workbook><sheets><sheet name="Goods" id="r1"/></sheets></workbook>`,
				"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="/worksheet" Target="s.xml"/><Relationship Id="r2" Type="/sharedStrings" Target="t.xml"/></Relationships>`,
			} {
				if strings.HasPrefix(name, "xl/") {
					p, _ := z.Create(part)
					_, _ = io.WriteString(p, text)
				}
			}
			if name == "xl/t.xml" {
				p, _ := z.Create("xl/s.xml")
				_, _ = io.WriteString(p, before+inline("a", "b")+`<row><c t="s"><v>1</v></c></row>`+after)
				before = "<sst>"
			}
			p, _ := z.Create(name)
			_, _ = io.WriteString(p, before)
			_, _ = io.CopyBuffer(p, &repeated{text: text, left: size}, make([]byte, 1<<16))
			_ = z.Close()
		}
	}
	for name, write := range map[string]func(io.Writer){
		"rows.zip":      pack("a.csv", "a,b\n", "1,2\n"),
		"a line.zip":    pack("a.csv", "a,b\n1,", "x"),
		"elements.zip":  pack("a.xml", "<l><p><a>1</a></p>", "<p><a>"+long+"</a><b/></p>"),
		"depth.zip":     pack("a.xml", "<l>", "<p>"),
		"a tag.zip":     pack("a.xml", "<l><p ", `a="" `),
		"a text.zip":    pack("a.xml", "<l><p>", "x"),
		"sheet.xlsx":    pack("xl/s.xml", before+inline("a", "b"), `<row><c><v>1</v></c></row>`),
		"cells.xlsx":    pack("xl/s.xml", before+inline("a", "b")+"<row>", `<c><v>1</v></c>`),
		"number.xlsx":   pack("xl/s.xml", before+inline("a", "b")+"<row><c><v>", `1`),
		"texts.xlsx":    pack("xl/t.xml", before, "<si><t>"+long[:200]+"</t></si>"),
		"one text.xlsx": pack("xl/t.xml", before, "<t>a</t>"),
		"rows.gz": func(w io.Writer) {
			z := gzip.NewWriter(w)
			_, _ = io.CopyBuffer(z, &repeated{text: "1," + long + "\n", left: size}, make([]byte, 1<<16))
			_ = z.Close()
		},
	} {
		if !soak.Whole() && slices.Contains([]string{"rows.zip", "a line.zip", "rows.gz"}, name) {
			continue // TestPackedFiles refuses small ones
		}
		f := onDisk(t, name, write)
		var err error
		most := peak(t, func() {
			var found Found
			if found, err = Detect(f, tenants.Format{}); err == nil {
				_, err = Convert(t.Context(), f, found.Format, io.Discard)
			}
		})
		soak.Figure(name+": resident memory at most", float64(most>>20), "MiB")
		if code := problem.CodeOf(err); code != problem.TooLarge && code != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		if soak.Whole() && most > 100<<20 {
			t.Errorf("%s took %d MiB", name, most>>20)
		}
	}
}

// peak returns the most resident memory of this process while do runs, in bytes; 0 where the system
// does not tell.
func peak(t testing.TB, do func()) int64 {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // forgets the peak so far
		do()
		return 0
	}
	do()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
