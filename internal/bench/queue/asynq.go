package queue

import (
	"context"
	"encoding/binary"
	"io"
	"log"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// asynqs is asynq with a queue for each store, over one or several servers.
type asynqs struct {
	rdb     redis.UniversalClient
	client  *asynq.Client
	stores  []string
	servers int // that share the stores; each polls its own
	config  asynq.Config
	single  bool // all stores in one queue
}

// newAsynq makes asynq as it comes, but for the number of workers.
func newAsynq(_ context.Context, rdb redis.UniversalClient, stores []string) (system, error) {
	return &asynqs{rdb: rdb, client: asynq.NewClientFromRedisClient(rdb), stores: stores, servers: 1}, nil
}

// newTuned splits the stores over several servers, because each asks its queues one after another
// from one goroutine and shuffles all their names for each task; looks for new tasks as often as it
// can; and lets the upkeep of all queues rest.
func newTuned(_ context.Context, rdb redis.UniversalClient, stores []string) (system, error) {
	return &asynqs{rdb: rdb, client: asynq.NewClientFromRedisClient(rdb), stores: stores, servers: min(servers, len(stores)), config: asynq.Config{
		TaskCheckInterval: 5 * time.Millisecond, DelayedTaskCheckInterval: time.Minute, JanitorInterval: time.Hour,
	}}, nil
}

// newSingle is the tuned form with all stores in one queue.
func newSingle(_ context.Context, rdb redis.UniversalClient, _ []string) (system, error) {
	return &asynqs{rdb: rdb, client: asynq.NewClientFromRedisClient(rdb), stores: []string{"all"}, servers: servers, single: true, config: asynq.Config{
		TaskCheckInterval: 5 * time.Millisecond, DelayedTaskCheckInterval: time.Minute, JanitorInterval: time.Hour,
	}}, nil
}

func (a *asynqs) enqueue(ctx context.Context, store string, id int64) error {
	body := make([]byte, 8, 8+len(store)+len(payload))
	binary.BigEndian.PutUint64(body, uint64(id))
	body = append(append(body, byte(len(store))), store...)
	body = append(body, payload[:len(payload)-len(body)]...)
	if a.single {
		store = "all"
	}
	_, err := a.client.EnqueueContext(ctx, asynq.NewTask("bench", body), asynq.Queue(store))
	return err
}

// quiet keeps asynq's own log out of the report's table.
type quiet struct{ *log.Logger }

func (q quiet) Debug(args ...any) { q.Print(args...) }
func (q quiet) Info(args ...any)  { q.Print(args...) }
func (q quiet) Warn(args ...any)  { q.Print(args...) }
func (q quiet) Error(args ...any) { q.Print(args...) }
func (q quiet) Fatal(args ...any) { q.Logger.Fatal(args...) }

func (a *asynqs) serve(_ context.Context, handle func(store string, id int64)) (func(), error) {
	var servers []*asynq.Server
	stop := func() {
		for _, s := range servers {
			s.Shutdown()
		}
	}
	for n := range a.servers {
		c := a.config
		c.Logger = quiet{log.New(io.Discard, "", 0)}
		c.Concurrency = workers / a.servers
		c.Queues = map[string]int{}
		for i, store := range a.stores {
			if a.single || i%a.servers == n {
				c.Queues[store] = 1
			}
		}
		s := asynq.NewServerFromRedisClient(a.rdb, c)
		err := s.Start(asynq.HandlerFunc(func(_ context.Context, t *asynq.Task) error {
			b := t.Payload()
			handle(string(b[9:9+int(b[8])]), int64(binary.BigEndian.Uint64(b)))
			return nil
		}))
		if err != nil {
			stop()
			return nil, err
		}
		servers = append(servers, s)
	}
	return stop, nil
}
