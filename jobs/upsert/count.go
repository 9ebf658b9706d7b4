package upsert

import (
	"context"
	"errors"
	"io"
	"time"

	"sluice/jobs/source"
)

// countTime is how long somebody waits at most for the rows of a source to be counted.
const countTime = 2 * time.Second

// counter reads rows and counts them.
type counter struct {
	*source.Reader
	rows  int64
	ended bool
}

func (c *counter) Next() (*source.Row, error) {
	row, err := c.Reader.Next()
	switch {
	case errors.Is(err, io.EOF):
		c.ended = true
	case err == nil:
		c.rows++
	}
	return row, err
}

// rest counts what is left, and returns how many rows there are in all: nil if counting takes too
// long. The error is ctx's, or one of reading.
func (c *counter) rest(ctx context.Context) (*int64, error) {
	for until := time.Now().Add(countTime); !c.ended; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if time.Now().After(until) {
			return nil, nil
		}
		if _, err := c.Next(); err != nil && !c.ended {
			return nil, err
		}
	}
	return &c.rows, nil
}
