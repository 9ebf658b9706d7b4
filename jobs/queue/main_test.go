package queue

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The model talks to a server at every step, so it does fewer sequences than rapid's 100 unless
	// told otherwise: go test ./jobs/queue -run Model -rapid.checks=1000
	if err := flag.Set("rapid.checks", "40"); err != nil {
		panic(err)
	}
	flag.Parse()
	goleak.VerifyTestMain(m)
}
