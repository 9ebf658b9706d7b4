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
// long. Each row that can be read is given to see. The error is ctx's, or one of reading.
func (c *counter) rest(ctx context.Context, see func(*source.Row)) (*int64, error) {
	for until := time.Now().Add(countTime); !c.ended; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if time.Now().After(until) {
			return nil, nil
		}
		row, err := c.Next()
		if err != nil && !c.ended {
			return nil, err
		}
		if err == nil && row.Err == nil {
			see(row)
		}
	}
	return &c.rows, nil
}

// spreadRows is the most rows that a spread keeps.
const spreadRows = 30

// spread keeps rows that lie as far from one another as their number allows, however many come: what
// the first rows of a file leave empty is often filled further down.
type spread struct {
	keep  func(*source.Row) []string
	rows  [][]string
	seen  int
	every int // one in so many is kept
}

func (s *spread) see(row *source.Row) {
	s.every = max(s.every, 1)
	s.seen++
	if s.seen%s.every != 0 {
		return
	}
	if len(s.rows) == spreadRows { // half of them are enough from here on
		for i := range spreadRows / 2 {
			s.rows[i] = s.rows[2*i+1]
		}
		s.rows = s.rows[:spreadRows/2]
		s.every *= 2
		if s.seen%s.every != 0 {
			return
		}
	}
	s.rows = append(s.rows, s.keep(row))
}
