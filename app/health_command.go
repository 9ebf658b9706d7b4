package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/caarlos0/env/v11"
)

// healthCommand asks the server of this machine how it is: a container has no other program to do
// it with.
type healthCommand struct {
	Ready bool `help:"Ask whether it takes requests (/readyz), not only whether it lives (/healthz)."`
}

// Run fails unless the server answers 200. It asks on PORT, or on METRICS_ADDR where nothing
// listens on PORT: a worker serves nothing else.
func (c *healthCommand) Run(ctx context.Context) error {
	var cfg struct {
		Port        int    `env:"PORT" envDefault:"8080"`
		MetricsAddr string `env:"METRICS_ADDR"`
	}
	if err := env.Parse(&cfg); err != nil {
		return err
	}
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	err := askHealth(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(cfg.Port))+path)
	var dial *net.OpError
	if cfg.MetricsAddr == "" || !errors.As(err, &dial) || dial.Op != "dial" {
		return err
	}
	host, port, err := net.SplitHostPort(cfg.MetricsAddr)
	if err != nil {
		return fmt.Errorf("METRICS_ADDR: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return askHealth(ctx, net.JoinHostPort(host, port)+path)
}

func askHealth(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*checkTime+time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d: %s", address, res.StatusCode, body)
	}
	fmt.Print(string(body))
	return nil
}
