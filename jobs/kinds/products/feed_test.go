package products

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs/source"
	"sluice/tenants"
)

// TestBadFeed reads one feed with every fault that a row can have: the good rows become documents,
// the bad ones are named by line, key and field.
func TestBadFeed(t *testing.T) {
	feed := "PartNum,PartDescription,LongDescription,ProductGroup,Style,ListPrice,OnHand,Audience\n" +
		"A-1,Cap,\"A cap,\nred\",clothes,caps,9.50,3,U\n" + // lines 2 and 3
		",No key,d,g,s,1.00,1,U\n" +
		"A-5,Comma,d,g,s,\"12,50\",1,U\n" +
		"A-6,Word,d,g,s,abc,1,U\n" +
		"A-7," + strings.Repeat("ü", 300) + ",d,g,s,1.00,1,U\n" +
		"A-8,Negative,d,g,s,1.00,-5,U\n" +
		"\n" +
		"A-10,\"Unbalanced,d,g,s,1.00,1,U\n" +
		"A-11\n" +
		"A-12,N\x00l,d,g,s,1.00,1,U\n" +
		"A-13" + strings.Repeat(",x", 9999) + "\n" +
		"A-14,\"Good, again\",d,food service,,2,0,U\n"
	open := func(offset int64) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(feed[offset:])), nil
	}
	r, err := source.NewReader(open, tenants.Format{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := catalogue.Compile(catalogue.Suggest(r.Header(), nil).Mapping(), r.Header())
	if err != nil {
		t.Fatal(fieldsOf(err))
	}

	type fault struct {
		Line                int64
		Key, Field, Message string
	}
	var faults []fault
	good := map[int64]string{}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if row.Err != nil {
			faults = append(faults, fault{row.Line, first(row.Values), row.Err.Field, row.Err.Message})
			continue
		}
		doc, wrong := applyRow(t, p, row.Values...)
		for _, w := range wrong {
			faults = append(faults, fault{row.Line, first(row.Values), w.Field, w.Message})
		}
		if wrong == nil {
			good[row.Line] = doc["sku"].(string) + ": " + doc["category"].(string)
		}
	}
	if diff := cmp.Diff(map[int64]string{2: "A-1: clothes > caps", 5: "A-5: g > s", 8: "A-8: g > s", 14: "A-14: food service"}, good); diff != "" {
		t.Errorf("good rows (-want +got):\n%s", diff)
	}
	want := []fault{
		{4, "", "sku", "is required: match it or fill the column PartNum"},
		{6, "A-6", "price", `"abc" is not a number`},
		{7, "A-7", "name", "300 characters; the limit is 250"},
		{10, "A-10", "PartDescription", `a quote opens this field and is never closed: close it, or write "" for a quote inside a quoted field`},
		{11, "A-11", "", "1 column; the header has 8"},
		{12, "A-12", "PartDescription", "there is a NUL byte in it: export the file again as plain text"},
		{13, "A-13", "", "10000 columns; the header has 8"},
	}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
