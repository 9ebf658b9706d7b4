package sandbox

import (
	"maps"
	"net/http"
	"sync"
	"time"
)

// Mark is a point in a store's request log, made by RequestLog.Mark and counted from with Since.
type Mark uint64

// Counts says how many API requests arrived and how they were answered.
type Counts struct {
	Total        int            `json:"total"`
	Throttled    int            `json:"throttled"` // answered 429
	ByMethodPath map[string]int `json:"by_method_path"`
	Status       map[int]int    `json:"status"`
}

func newCounts() *Counts { return &Counts{ByMethodPath: map[string]int{}, Status: map[int]int{}} }

func (c *Counts) add(route string, status int) {
	c.Total++
	c.ByMethodPath[route]++
	c.Status[status]++
	if status == http.StatusTooManyRequests {
		c.Throttled++
	}
}

func (c *Counts) clone() *Counts {
	return &Counts{c.Total, c.Throttled, maps.Clone(c.ByMethodPath), maps.Clone(c.Status)}
}

// minus returns what was counted in c after old was copied from it; old may be nil.
func (c *Counts) minus(old *Counts) Counts {
	d := *c.clone()
	if old == nil {
		return d
	}
	d.Total -= old.Total
	d.Throttled -= old.Throttled
	subtract(d.ByMethodPath, old.ByMethodPath)
	subtract(d.Status, old.Status)
	return d
}

func subtract[K comparable](from, what map[K]int) {
	for k, n := range what {
		if from[k] -= n; from[k] == 0 {
			delete(from, k)
		}
	}
}

// Request is one API request as the sandbox saw it.
type Request struct {
	At     time.Time `json:"at"`
	Client string    `json:"client"` // client id of the token, "" when the token was unknown
	Method string    `json:"method"`
	Path   string    `json:"path"` // as sent, with the query, without the /stores/{hash} prefix
	Status int       `json:"status"`
}

const (
	keptMarks    = 1024 // the oldest mark is forgotten beyond that; Since of it counts from the start
	keptRequests = 512  // requests remembered in full
)

// RequestLog counts a store's API requests, in all and by client, at constant cost a request.
type RequestLog struct {
	mu       sync.Mutex
	all      *Counts
	byClient map[string]*Counts
	marks    map[Mark]map[string]*Counts // client → counts at the mark; "" is all
	next     Mark
	recent   []Request // a ring
	at       int
}

func newRequestLog() *RequestLog {
	return &RequestLog{all: newCounts(), byClient: map[string]*Counts{}, marks: map[Mark]map[string]*Counts{}}
}

func (l *RequestLog) add(r Request, route string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.add(route, r.Status)
	if r.Client != "" {
		c := l.byClient[r.Client]
		if c == nil {
			c = newCounts()
			l.byClient[r.Client] = c
		}
		c.add(route, r.Status)
	}
	if len(l.recent) < keptRequests {
		l.recent = append(l.recent, r)
		return
	}
	l.recent[l.at] = r
	l.at = (l.at + 1) % keptRequests
}

// Mark remembers this moment.
func (l *RequestLog) Mark() Mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	snap := map[string]*Counts{"": l.all.clone()}
	for id, c := range l.byClient {
		snap[id] = c.clone()
	}
	l.marks[l.next] = snap
	if l.next > keptMarks {
		delete(l.marks, l.next-keptMarks)
	}
	return l.next
}

// Counts returns everything since the sandbox began (the log is not kept in the state file).
func (l *RequestLog) Counts() Counts { return l.Since(0) }

// Since returns what came after the mark, from every client.
func (l *RequestLog) Since(m Mark) Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.minus(l.marks[m][""])
}

// ClientSince is Since for one client's tokens. Mark 0 is the beginning.
func (l *RequestLog) ClientSince(clientID string, m Mark) Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.byClient[clientID]
	if c == nil {
		return *newCounts()
	}
	return c.minus(l.marks[m][clientID])
}

// Clients returns the counts of every client, by its id.
func (l *RequestLog) Clients() map[string]Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]Counts, len(l.byClient))
	for id, c := range l.byClient {
		out[id] = *c.clone()
	}
	return out
}

// Recent returns the last requests, oldest first, at most 512.
func (l *RequestLog) Recent() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Request, 0, len(l.recent))
	out = append(out, l.recent[l.at:]...)
	return append(out, l.recent[:l.at]...)
}
