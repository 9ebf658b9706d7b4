package upsert

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs/mapping"
)

func TestDocumentKeepsWhatTheEngineKnowsBesideTheFields(t *testing.T) {
	in := itemDoc{Doc: Doc{Fields: mapping.Document{"sku": "A", "price": n("1.10")}, Unique: "X (A)", Sent: true}}
	text, err := in.encode()
	if err != nil {
		t.Fatal(err)
	}
	out, err := decodeDoc(text)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in, out, cmp.AllowUnexported(itemDoc{}, Doc{})); d != "" {
		t.Error(d)
	}
}
