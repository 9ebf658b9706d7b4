package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/redis/go-redis/v9"

	"sluice/internal/problem"
)

// failure is an error of Redis as callers see it: that it is away, which they may wait for, is told
// apart from a command that it refused.
func failure(what string, err error) error {
	err = fmt.Errorf("queue: %s: %w", what, err)
	if away(err) {
		return problem.Wrap(err, problem.Unavailable, "Sluice's queue does not answer at the moment. Try again in a minute; work that was accepted goes on by itself.")
	}
	return err
}

// away reports whether Redis was not reached, went away under the command, or is not ready yet.
func away(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, redis.ErrClosed) ||
		errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) || redis.IsLoadingError(err) || redis.IsClusterDownError(err) || redis.IsMasterDownError(err)
}
