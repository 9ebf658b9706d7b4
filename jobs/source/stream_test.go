package source

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"sluice/tenants"
)

const streamHeader = "PartNum,PartDescription,LongDescription,ProductGroup,Style,ListPrice,OnHand,Audience\n"

func streamRow(i int) string {
	return fmt.Sprintf("BAC-%08X,Rugged Expedition Backpack %d,\"Embark on your next journey, with \"\"this\"\" backpack.\nDurable.\",accessories,backpack,%d.99,%d,U\n", i, i, 20+i%300, i%40)
}

func openStream(rows int) func(int64) (io.ReadCloser, error) {
	return func(int64) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(streamHeader), &rowsOf{n: rows, row: streamRow})), nil
	}
}

// TestStreaming reads a file that nobody holds in memory: what stays allocated does not grow with
// it.
func TestStreaming(t *testing.T) {
	const rows = 50_000
	r, err := NewReader(openStream(rows), tenants.Format{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var early, late uint64
	for n := 0; ; n++ {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			if n != rows {
				t.Errorf("%d rows", n)
			}
			break
		}
		if err != nil || row.Err != nil || len(row.Values) != 8 {
			t.Fatalf("row %+v, error %v", row, err)
		}
		switch n {
		case 1000:
			early = heap()
		case rows - 1:
			late = heap()
		}
	}
	if late > early+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", early, late)
	}
	if len(r.in.buf) != windowBytes {
		t.Errorf("the window grew to %d bytes", len(r.in.buf))
	}
}

// TestRowAllocations: a row, its values and their text.
func TestRowAllocations(t *testing.T) {
	var b strings.Builder
	b.WriteString(streamHeader)
	for i := range 2000 {
		b.WriteString(streamRow(i))
	}
	r, err := NewReader(openBytes([]byte(b.String())), tenants.Format{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := testing.AllocsPerRun(1000, func() {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	})
	if got > 4 {
		t.Errorf("%.0f allocations a row", got)
	}
}

func BenchmarkReader(b *testing.B) {
	var text strings.Builder
	text.WriteString(streamHeader)
	for i := range 20_000 {
		text.WriteString(streamRow(i))
	}
	csv := text.String()
	plain := strings.NewReplacer("\"\"", "", "\"", "", ", with", " with", ".\nDurable", ". Durable").Replace(csv)
	var nd strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&nd, `{"PartNum":"BAC-%08X","PartDescription":"Rugged Expedition Backpack","LongDescription":"Embark on your next journey with this backpack.","ListPrice":%d.99,"Stock":{"Main":%d}}`+"\n", i, 20+i%300, i%40)
	}
	for name, data := range map[string]string{"csv/quoted": csv, "csv/plain": plain, "ndjson": nd.String()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				r, err := NewReader(openBytes([]byte(data)), tenants.Format{}, nil)
				if err != nil {
					b.Fatal(err)
				}
				for {
					row, err := r.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil || row.Err != nil {
						b.Fatal(err, row.Err)
					}
					rows++
				}
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
