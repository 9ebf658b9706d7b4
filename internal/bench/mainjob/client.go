package mainjob

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"sluice/internal/bench/stage"
)

// client is a plain client of one store, one request at a time.
type client struct{ url, token string }

func newClient(info stage.SandboxInfo, store string) *client {
	return &client{url: info.URL + "/stores/" + store + "/v3/catalog/products", token: info.Stores[store].Token}
}

// do sends a request until it is not refused for the quota and decodes the answer's data. left and reset are the quota's.
func (c *client) do(ctx context.Context, method, path string, in, data any) (left int, reset time.Duration, err error) {
	var body []byte
	if in != nil {
		if body, err = json.Marshal(in); err != nil {
			return 0, 0, err
		}
	}
	for {
		req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
		if err != nil {
			return 0, 0, err
		}
		req.Header.Set("X-Auth-Token", c.token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, 0, err
		}
		answer, err := io.ReadAll(res.Body)
		_ = res.Body.Close() // it was read to its end
		if err != nil {
			return 0, 0, err
		}
		ms, err := strconv.Atoi(res.Header.Get("X-Rate-Limit-Time-Reset-Ms"))
		if err != nil {
			return 0, 0, fmt.Errorf("%s %s: %s without the quota's headers", method, path, res.Status)
		}
		reset := time.Duration(ms) * time.Millisecond
		switch {
		case res.StatusCode == http.StatusTooManyRequests:
			if err := wait(ctx, reset); err != nil {
				return 0, 0, err
			}
			continue
		case res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated:
			return 0, 0, fmt.Errorf("%s %s: %s: %s", method, path, res.Status, answer)
		}
		left, err := strconv.Atoi(res.Header.Get("X-Rate-Limit-Requests-Left"))
		if err != nil {
			return 0, 0, err
		}
		return left, reset, json.Unmarshal(answer, &struct {
			Data any `json:"data"`
		}{data})
	}
}

type known struct {
	ID int64 `json:"id"`
}

// loop looks each product up by its SKU and writes it, whatever the store has.
func (c *client) loop(ctx context.Context, scenario string) error {
	for n := 1; n <= products; n++ {
		it := product(n, scenario == onePer100)
		var found []known
		if _, _, err := c.do(ctx, http.MethodGet, "?limit=1&include_fields=sku&sku="+it.SKU, nil, &found); err != nil {
			return err
		}
		method, path := http.MethodPost, ""
		if len(found) > 0 {
			method, path = http.MethodPut, "/"+strconv.FormatInt(found[0].ID, 10)
		}
		var written known
		if _, _, err := c.do(ctx, method, path, it, &written); err != nil {
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
	left, reset, err := m.do(ctx, method, "", in, out)
	if err != nil || left > 0 {
		return err
	}
	return wait(ctx, reset)
}
