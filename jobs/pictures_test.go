package jobs

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// picturedGoods are goods that are products.
type picturedGoods struct{ fakeKind }

func (picturedGoods) Pictures(ctx context.Context, c *bigcommerce.Client, of []flow.Record) (map[flow.Record]string, error) {
	ids := make([]int64, len(of))
	for i, r := range of {
		ids[i] = r.ID
	}
	found, err := c.Products.Thumbnails(ctx, ids)
	out := make(map[flow.Record]string)
	for id, url := range found {
		out[flow.Record{ID: id}] = url
	}
	return out, err
}

// TestPictures: what was asked for lately is not asked for again, no store is told what another has,
// and without an answer there are none.
func TestPictures(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	var asked []string
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("id:in"))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"data":[{"id":7,"primary_image":{"url_thumbnail":"https://cdn11.bigcommerce.com/7.jpg"}},` +
			`{"id":8,"primary_image":{}},{"id":9,"primary_image":{"url_thumbnail":"javascript:alert(1)"}}],"meta":{"pagination":{"total":3,"current_page":1,"total_pages":1}}}`))
	}))
	defer srv.Close()
	e.engine.kinds = []flow.Kind{picturedGoods{goods}}
	e.cfg.Clients = NewClients(e.db, e.queue, srv.URL, "test", slog.New(slog.DiscardHandler))
	e.svc = NewService(e.cfg)
	const other = "other1"
	e.install(other)
	of := []flow.Record{{ID: 7}, {ID: 8}, {ID: 9}}
	want := map[flow.Record]string{{ID: 7}: "https://cdn11.bigcommerce.com/7.jpg"}
	for i, step := range []struct {
		store, kind string
		want        map[flow.Record]string
		asked       int
	}{
		{testStore, "products", want, 1},
		{testStore, "products", want, 1},
		{other, "products", want, 2},
		{testStore, "none", nil, 2},
	} {
		ctx, stop := context.WithTimeout(tenants.WithStore(t.Context(), step.store), time.Minute)
		got := e.svc.Pictures(ctx, &tenants.Run{StoreHash: step.store, Kind: step.kind}, of)
		stop()
		if d := cmp.Diff(step.want, got); d != "" || len(asked) != step.asked {
			t.Errorf("step %d, asked for %q: %s", i, asked, d)
		}
	}
	status = http.StatusForbidden
	if got := e.svc.Pictures(e.ctx, &tenants.Run{StoreHash: testStore, Kind: "products"}, []flow.Record{{ID: 7}, {ID: 10}}); !cmp.Equal(got, want) || asked[len(asked)-1] != "10" {
		t.Errorf("what is known, when nothing can be asked: %v, asked for %q", got, asked)
	}
}
