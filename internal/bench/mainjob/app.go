package mainjob

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

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
	feed, stopFeed, err := stage.ServeFeed(ctx, func(w io.Writer) error { return write(w, changed.Load()) })
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
	flow, err := app.Flow(ctx, "products", feed, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := stage.Settled(ctx, apiURL, store, before.Total); err != nil {
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
