package mainjob

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"sluice/internal/bench/stage"
	"sluice/internal/testenv"
)

// startApp starts the app with its servers and a feed, and returns what runs a scenario with it.
func startApp(ctx context.Context, apiURL, store, token string) (run runner, stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range slices.Backward(stops) {
			s()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	databaseURL, stopPostgres, err := testenv.StartPostgres()
	if err != nil {
		return nil, nil, err
	}
	stops = append(stops, stopPostgres)
	redisURL, stopRedis, err := testenv.StartRedis()
	if err != nil {
		return nil, nil, err
	}
	stops = append(stops, stopRedis)
	changed := new(atomic.Bool)
	feed, stopFeed, err := serveFeed(ctx, changed)
	if err != nil {
		return nil, nil, err
	}
	stops = append(stops, stopFeed)
	before, err := stage.Requests(ctx, apiURL, store, 0)
	if err != nil {
		return nil, nil, err
	}
	app, err := stage.StartApp(ctx, databaseURL, redisURL, apiURL, store, token)
	if err != nil {
		return nil, nil, err
	}
	stops = append(stops, app.Stop)
	flow, err := app.Flow(ctx, feed)
	if err != nil {
		return nil, nil, err
	}
	if err := settled(ctx, apiURL, store, before.Total); err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, scenario string) error {
		changed.Store(scenario == onePer100)
		r, err := app.Sync(ctx, flow, func() {})
		if err != nil {
			return err
		}
		return check(r, scenario)
	}, stop, nil
}

// settled waits until the app has read what it reads of a new store: that is none of the main job's requests.
func settled(ctx context.Context, url, store string, before int) error {
	last := before
	for {
		if err := wait(ctx, time.Second); err != nil {
			return fmt.Errorf("the app does not settle: %w", err)
		}
		now, err := stage.Requests(ctx, url, store, 0)
		if err != nil {
			return err
		}
		if now.Total > before && now.Total == last {
			return nil
		}
		last = now.Total
	}
}

// check says whether a run did what the scenario is about.
func check(r stage.Run, scenario string) error {
	want := stage.Run{ID: r.ID, State: r.State, Read: products, Requests: r.Requests, Throttled: r.Throttled}
	switch scenario {
	case firstRun:
		want.Created = products
	case unchanged:
		want.Unchanged = products
	case onePer100:
		want.Updated, want.Unchanged = products/every, products-products/every
	}
	if r != want {
		return fmt.Errorf("the run was not as expected: %+v", r)
	}
	return nil
}

func serveFeed(ctx context.Context, changed *atomic.Bool) (url string, stop func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		_ = write(w, changed.Load()) // the app went away: its run tells
	})}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()
	return "http://" + l.Addr().String() + "/feed.csv", func() { _ = server.Close() }, nil
}
