package mainjob

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"sluice/internal/bench/stage"
)

// client is a plain client of one store, one request at a time.
type client struct{ *stage.Client }

func newClient(info stage.SandboxInfo, store string) *client {
	c := stage.NewClient(info, store)
	c.URL += "/v3/catalog/products"
	return &client{c}
}

type known struct {
	ID int64 `json:"id"`
}

// loop looks each product up by its SKU and writes it, whatever the store has.
func (c *client) loop(ctx context.Context, scenario string) error {
	for n := 1; n <= products; n++ {
		it := product(n, scenario == onePer100)
		var found []known
		if _, _, err := c.Do(ctx, http.MethodGet, "?limit=1&include_fields=sku&sku="+it.SKU, nil, &found); err != nil {
			return err
		}
		method, path := http.MethodPost, ""
		if len(found) > 0 {
			method, path = http.MethodPut, "/"+strconv.FormatInt(found[0].ID, 10)
		}
		var written known
		if _, _, err := c.Do(ctx, method, path, it, &written); err != nil {
			return err
		}
	}
	return nil
}

// minimal sends nothing but the writes that are needed, and none that would be refused.
type minimal struct {
	*client
	ids map[int]int64 // of the products, from their creates
}

func newSmallest(c *client) *minimal { return &minimal{c, map[int]int64{}} }

func (m *minimal) run(ctx context.Context, scenario string) error {
	switch scenario {
	case firstRun:
		for n := 1; n <= products; n++ {
			var made known
			if err := m.write(ctx, http.MethodPost, product(n, false), &made); err != nil {
				return err
			}
			m.ids[n] = made.ID
		}
	case onePer100:
		type update struct {
			ID    int64   `json:"id"`
			Price float64 `json:"price"`
		}
		var pending []update
		for n := 1; n <= products; n++ {
			if change(n) {
				pending = append(pending, update{m.ids[n], product(n, true).Price})
			}
			if len(pending) == batch || n == products && len(pending) > 0 {
				var written []known
				if err := m.write(ctx, http.MethodPut, pending, &written); err != nil {
					return err
				}
				if len(written) != len(pending) {
					return fmt.Errorf("of %d updates %d were made", len(pending), len(written))
				}
				pending = pending[:0]
			}
		}
	}
	return nil
}

func (m *minimal) write(ctx context.Context, method string, in, out any) error {
	left, reset, err := m.Do(ctx, method, "", in, out)
	if err != nil || left > 0 {
		return err
	}
	return stage.Wait(ctx, reset)
}
