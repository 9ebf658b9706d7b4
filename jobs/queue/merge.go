package queue

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"sluice/internal/batch"
)

// A script call costs more than what it does for one job: the round trip, and building its
// functions. So calls that are made at the same time are one, for each shard: enqueues, claims and
// acknowledgements, which each job has. What is merged is told apart again: each caller gets its
// own answer, and only an error of Redis itself is everyone's.

// merged are the merged calls of one shard.
type merged struct {
	enqueues *batch.Batcher[[]Job, []string]
	claims   *batch.Batcher[struct{}, claimed]
	acks     *batch.Batcher[*Lease, bool]
}

// claimed is the answer to a claim: a lease, or when the first parked store wakes, -1 if none.
type claimed struct {
	lease *Lease
	next  time.Duration
}

const (
	mergedCalls = 64 // of one script call
	// mergedJobs is how many jobs an enqueue may have to be merged with others; with more it is a call
	// of its own.
	mergedJobs = 3
)

func (q *Queue) newMerged(shard int) merged {
	return merged{
		enqueues: batch.New(mergedCalls, 1, func(ctx context.Context, lists [][]Job) ([][]string, error) {
			ids, err := q.enqueueOn(ctx, shard, slices.Concat(lists...), false)
			if err != nil {
				return nil, err
			}
			out := make([][]string, len(lists))
			for i, list := range lists {
				out[i], ids = ids[:len(list)], ids[len(list):]
			}
			return out, nil
		}),
		claims: batch.New(mergedCalls, 1, func(ctx context.Context, in []struct{}) ([]claimed, error) { return q.claimOn(ctx, shard, len(in)) }),
		acks:   batch.New(mergedCalls, 1, func(ctx context.Context, leases []*Lease) ([]bool, error) { return q.ackOn(ctx, shard, leases) }),
	}
}

// claimOn claims up to n jobs of a shard.
func (q *Queue) claimOn(ctx context.Context, shard, n int) ([]claimed, error) {
	args := make([]any, 0, 1+n)
	args = append(args, q.o.LeaseFor.Milliseconds())
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = rand.Text()
		args = append(args, tokens[i])
	}
	v, err := q.run(ctx, shard, "claim", args...)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 || len(list) > n {
		return nil, fmt.Errorf("queue: claim: unexpected answer %T", v)
	}
	out := make([]claimed, 0, n)
	for i, item := range list {
		switch r := texts(item); {
		case len(r) == 1+jobFields && r[0] == "job":
			out = append(out, claimed{lease: leaseOf(r[1:], tokens[i])})
		case len(r) == 2 && r[0] == "none" && i == len(list)-1:
			next := time.Duration(-1)
			if ms := integer(r[1]); ms >= 0 {
				next = time.Duration(ms) * time.Millisecond
			}
			for len(out) < n {
				out = append(out, claimed{next: next})
			}
		default:
			return nil, fmt.Errorf("queue: claim: unexpected answer %v", item)
		}
	}
	return out, nil
}

// leaseOf reads what a claim script returns of a job.
func leaseOf(r []string, token string) *Lease {
	return &Lease{
		Job: Job{
			ID: r[0], Store: r[1], Kind: r[2], Payload: []byte(r[3]), Lane: laneOf(integer(r[4])), Class: r[5],
			Cost: int(integer(r[6])), RunAt: fromMillis(integer(r[9])), Coalesce: r[10],
		},
		Attempt: int(integer(r[7])), Token: token, Expires: fromMillis(integer(r[8])),
	}
}

// ackOn acknowledges leases of a shard; false for one that was lost.
func (q *Queue) ackOn(ctx context.Context, shard int, leases []*Lease) ([]bool, error) {
	args := make([]any, 0, 2*len(leases))
	for _, l := range leases {
		args = append(args, l.ID, l.Token)
	}
	v, err := q.run(ctx, shard, "ack", args...)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok || len(list) != len(leases) {
		return nil, fmt.Errorf("queue: ack: unexpected answer %T", v)
	}
	held := make([]bool, len(list))
	for i, n := range list {
		held[i] = n == int64(1)
	}
	return held, nil
}
