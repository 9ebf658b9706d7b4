package products

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/sandbox"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// partsScenario kills a run that changes parts of a product by every route, and makes another.
func partsScenario(p *upserttest.Platform) upserttest.Scenario {
	change := strings.NewReplacer(",,10,,", ",,11,,", "Cotton", "Wool", "1-b.jpg", "1-b.jpg|https://img.example/1-c.jpg|https://img.example/1-d.jpg", "10: 5%", "20: 7%", "Tee 1", "Shirt")
	return upserttest.Scenario{
		Points: 70, Stride: 5,
		New: func(t testing.TB, _ int) *upserttest.World {
			w := newWorld(t, p)
			w.Flow.Mapping = grouped
			w.Flow.Mapping.Fields = append(slices.Clone(grouped.Fields), tenants.FieldMapping{Target: targetRelated, Expression: `Handle == "tee-2" ? "tee-1|tee-3" : ""`})
			w.Feed.Body = groupedCSV(tee(1, "10", "S", "M")...)
			w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
			w.Feed.Body = change.Replace(groupedCSV(slices.Concat(tee(1, "10", "S", "M", "XL"), tee(2, "12", "S", "M"), tee(3, "12", "S"))...))
			return w.World
		},
		Settled: func(base *upserttest.World, r *tenants.Run, note string) {
			w := &world{base}
			w.Want(r, upserttest.Counts{Read: 3, Created: 2, Updated: 1})
			want := map[string]any{
				"name": "Shirt", "variants": []string{"T1-M 11 Size=M", "T1-S 10 Size=S", "T1-XL 11 Size=XL"}, "images": []string{"1-a  true", "1-b  false", "1-c  false", "1-d  false"},
				"fields": []string{"Fabric=Wool"}, "bulk": []string{"20-0 percent 7"}, "videos": []string{"dQw4w9WgXcQ"},
			}
			if d := cmp.Diff(want, brief(w.whole("tee-1"))); d != "" {
				w.Fatalf("%s: (-want +got):\n%s", note, d)
			}
			if got := brief(w.whole("tee-2"))["images"]; len(got.([]string)) != 2 { //nolint:forcetypeassert // brief's
				w.Fatalf("%s: pictures %v", note, got)
			}
			if got := w.beside()["tee-2"]; got != "tee-1 tee-3" {
				w.Fatalf("%s: beside tee-2 are %s", note, got)
			}
			if d := cmp.Diff(map[string]string{"tee-1": "update", "tee-2": "create", "tee-3": "create"}, w.Journal(r)); d != "" {
				w.Fatalf("%s: journal %s", note, d)
			}
			if n := w.Requests(func() { w.Run() }); n != 0 {
				w.Fatalf("%s: %d requests though nothing changed", note, n)
			}
			w.Feed.Body = strings.Replace(w.Feed.Body, "|https://img.example/1-d.jpg", "", 1)
			w.Run()
			if d := cmp.Diff([]string{"1-a  true", "1-b  false", "1-c  false"}, brief(w.whole("tee-1"))["images"]); d != "" {
				w.Fatalf("%s: which picture is which is not known: %s", note, d)
			}
		},
	}
}

// TestSoakPartsKilledAnywhere: killed at any point, a product has each of its parts once, and which
// picture came from where is known.
func TestSoakPartsKilledAnywhere(t *testing.T) {
	p := upserttest.NewPlatform(t)
	p.Killable(t)
	upserttest.KilledAnywhere(t, partsScenario(p))
}

// TestAnswersWithoutParts: a create whose answer does not show the pictures is no reason to send
// them again, nor to leave out what the file adds.
func TestAnswersWithoutParts(t *testing.T) {
	w := newWorld(t, upserttest.PlatformOn(t, tenantstest.AnyDB(t), sandbox.Choices{PartsNotAnswered: true}))
	w.Flow.Mapping = grouped
	w.Feed.Body = groupedCSV(tee(1, "10", "S", "M")...)
	w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
	w.Feed.Body = strings.Replace(w.Feed.Body, "1-b.jpg", "1-c.jpg", 1)
	w.Want(w.Run(), upserttest.Counts{Read: 1, Updated: 1})
	if d := cmp.Diff([]string{"1-a  true", "1-c  false"}, brief(w.whole("tee-1"))["images"]); d != "" {
		t.Error(d)
	}
}
