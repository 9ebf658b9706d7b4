package bigcommerce

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSites(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":[{"id":7,"url":"https://kittens.mybigcommerce.com/","channel_id":2,"urls":[{"url":"https://kittens.example.com","type":"primary"}]}],"meta":{}}`))
	var got []*Site
	for s, err := range f.Sites.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	want := []*Site{{ID: 7, URL: "https://kittens.mybigcommerce.com/", ChannelID: 2, URLs: []SiteURL{{"https://kittens.example.com", "primary"}}}}
	if diff := cmp.Diff(want, got); diff != "" || f.log()[0].Path != "/stores/"+testHash+sitesPath {
		t.Error(diff, f.log())
	}
}

// The sites' meta says no number of pages: a full page is followed by another.
func TestSitesOfManyChannels(t *testing.T) {
	page := func(from, n int) http.HandlerFunc {
		sites := make([]string, n)
		for i := range sites {
			sites[i] = fmt.Sprintf(`{"id":%d,"url":"https://s.example","channel_id":%[1]d}`, from+i)
		}
		return answer(200, `{"data":[`+strings.Join(sites, ",")+`],"meta":{"pagination":{"offset":0,"limit":250,"total_items":252}}}`)
	}
	f := newFixture(t, script(page(1, MaxPageSize), page(MaxPageSize+1, 2)))
	ids := map[int64]bool{}
	for s, err := range f.Sites.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids[s.ID] = true
	}
	if len(ids) != MaxPageSize+2 || len(f.log()) != 2 {
		t.Errorf("%d sites in %d requests", len(ids), len(f.log()))
	}
}

func TestScriptCreate(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":{"uuid":"03805148-a592-4803-9482-e91fe5c1be12","name":"S","channel_id":2},"meta":{}}`))
	got, err := f.Scripts.Create(t.Context(), Script{UUID: "mine", Name: "S", Kind: "script_tag", HTML: "<script></script>", ChannelID: 2, Enabled: true})
	if err != nil || got.UUID != "03805148-a592-4803-9482-e91fe5c1be12" {
		t.Fatal(got, err)
	}
	if r := f.log()[0]; r.Method != "POST" || cmp.Diff(`{"name":"S","kind":"script_tag","html":"<script></script>","auto_uninstall":false,"load_method":"","location":"","visibility":"","consent_category":"","enabled":true,"channel_id":2}`, r.Body) != "" {
		t.Error(r.Method, r.Body)
	}
}
