package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Client is a plain client of one store's API, one request at a time.
type Client struct{ URL, Token string } // URL is that of the store's API, which paths are added to

// NewClient returns a client of a sandbox's store.
func NewClient(info SandboxInfo, store string) *Client {
	return &Client{info.URL + "/stores/" + store, info.Stores[store].Token}
}

// Do sends a request until it is not refused for the quota and decodes the answer's data. left and
// reset are the quota's.
func (c *Client) Do(ctx context.Context, method, path string, in, data any) (left int, reset time.Duration, err error) {
	var body []byte
	if in != nil {
		if body, err = json.Marshal(in); err != nil {
			return 0, 0, err
		}
	}
	for {
		req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
		if err != nil {
			return 0, 0, err
		}
		req.Header.Set("X-Auth-Token", c.Token)
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
			if err := Wait(ctx, reset); err != nil {
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

// Wait waits for a time or the end of ctx, whose error it returns.
func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Settled waits until an app has read what it reads of a new store, which had so many requests
// before the app came.
func Settled(ctx context.Context, url, store string, before int) error {
	last := before
	for {
		if err := Wait(ctx, time.Second); err != nil {
			return fmt.Errorf("the app does not settle: %w", err)
		}
		now, err := Requests(ctx, url, store, 0)
		if err != nil {
			return err
		}
		if now.Total > before && now.Total == last {
			return nil
		}
		last = now.Total
	}
}

// ServeFeed serves the CSV that write writes, and returns its address.
func ServeFeed(ctx context.Context, write func(io.Writer) error) (url string, stop func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		_ = write(w) // the app went away: its run tells
	})}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()
	return "http://" + l.Addr().String() + "/feed.csv", func() { _ = server.Close() }, nil
}
