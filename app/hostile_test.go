package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sluice/internal/limits"
	"sluice/internal/testenv"
	"sluice/tenants"
	"sluice/ui"
)

// What a hostile store may take from everybody else: this much memory over the idle process, and
// this long an ordinary store's request to wait.
const (
	hostileMemory = 512 << 20
	hostileWait   = 20 * time.Millisecond
	// stopTime is how long a process that was asked to stop may take: hosts kill it after 30 s.
	stopTime = 25 * time.Second
)

// TestSoakHostileTenant lets one store do all that costs something at once (mappings that blow up,
// in the preview and in a run, uploads that trickle in, live streams, flows) while another looks at
// its panel and runs its feed. The other must not notice, memory stays bounded, and the process can
// be stopped.
func TestSoakHostileTenant(t *testing.T) {
	soak := testenv.NewSoak(t)
	buildSluice(t)
	s, ok := realStack(t, "two stores of one deployment need PostgreSQL and Redis")
	if !ok {
		return
	}
	variables := []string{"JOB_LEASE=5s"}
	for _, l := range limits.All() {
		switch l.Name {
		case limits.AddressRate, limits.PrincipalRate, limits.StoreRate: // as operators have them
			variables = append(variables, fmt.Sprintf("%s=%d", l.Variable, l.Default))
		case limits.Flows:
			variables = append(variables, fmt.Sprintf("%s=%d", l.Variable, soak.Size(50, int(l.Default))))
		}
	}
	i := install(t, s, 2, variables...)
	app := i.startWeb("serve")
	h := &hostile{t: t, app: i.address, merchant: i.merchants[0], answers: map[string]map[int]int{}}
	ordinary := i.merchants[1]

	ordinarySession := func(looks int) time.Duration {
		t.Helper()
		times := make([]time.Duration, looks)
		for n := range times {
			began := time.Now()
			if err := ordinary.call(t.Context(), http.MethodGet, "/session", nil, nil); err != nil {
				t.Fatalf("the ordinary store's session: %v", err)
			}
			times[n] = time.Since(began)
			pause(t.Context(), 20*time.Millisecond)
		}
		slices.Sort(times)
		return times[looks/2]
	}
	idleWait := ordinarySession(20)
	idle := resident(t, app)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	attack := &sync.WaitGroup{}
	h.expressions(ctx, attack)
	h.uploads(ctx, attack, soak.Size(60, 600))
	h.streams(ctx, attack, soak.Size(200, 2000))
	flows := &sync.WaitGroup{}
	h.flows(ctx, flows, soak.Size(100, 1000))

	most := atomic.Int64{}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for ctx.Err() == nil {
			most.Store(max(most.Load(), resident(t, app)))
			pause(ctx, 100*time.Millisecond)
		}
	}()
	line := i.newLine(ordinary, "ORD", 100)
	line.start()
	wait := ordinarySession(soak.Size(50, 500))
	testenv.Eventually(t, "the end of the ordinary store's run", line.ended)
	flows.Wait()

	began := time.Now()
	if err := app.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-app.done:
	case <-time.After(2 * stopTime):
		t.Fatalf("the process did not end within %s of SIGTERM", 2*stopTime)
	}
	stopped := time.Since(began)
	if code := app.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	stop()
	attack.Wait()
	<-watched

	soak.Figure("GET /session, median, alone", float64(idleWait.Microseconds())/1000, "ms")
	soak.Figure("GET /session, median, beside the hostile store", float64(wait.Microseconds())/1000, "ms")
	soak.Figure("memory of the idle process", float64(idle>>20), "MiB")
	soak.Figure("most memory over that", float64((most.Load()-idle)>>20), "MiB")
	soak.Figure("from SIGTERM to the end", stopped.Seconds(), "s")
	for _, what := range []string{"preview", "upload", "stream", "flow"} {
		t.Logf("%s: answers by status %v (0: closed without one)", what, h.answers[what])
		if h.answers[what][http.StatusTooManyRequests]+h.answers[what][http.StatusConflict]+h.answers[what][http.StatusUnprocessableEntity] == 0 {
			t.Errorf("no %s was refused: %v", what, h.answers[what])
		}
	}
	if over := most.Load() - idle; over > hostileMemory {
		t.Errorf("%d MiB over the idle process", over>>20)
	}
	if soak.Whole() && wait > hostileWait {
		t.Errorf("the ordinary store waits %s for its session, want at most %s", wait, hostileWait)
	}
	if stopped > stopTime {
		t.Errorf("%s from SIGTERM to the end, want at most %s", stopped, stopTime)
	}
}

// hostile is a store that attacks.
type hostile struct {
	t        *testing.T
	app      string // base URL
	merchant *merchant

	mu      sync.Mutex
	answers map[string]map[int]int // what was asked for → status → how often
}

func (h *hostile) answered(what string, status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answers[what] == nil {
		h.answers[what] = map[int]int{}
	}
	h.answers[what][status]++
}

// bomb makes a text of gigabytes from a cell of some hundred thousand bytes.
var bomb = strings.Repeat("d + ", 1500) + "d"

// expressions has a mapping that blows up previewed again and again, and run.
func (h *hostile) expressions(ctx context.Context, wg *sync.WaitGroup) {
	row := "X-%d," + strings.Repeat("d", 900_000) + ",1.50,3\n"
	office := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		_, _ = io.WriteString(w, "PartNum,d,ListPrice,OnHand\n")
		for n := range 50 {
			if _, err := fmt.Fprintf(w, row, n); err != nil {
				return
			}
		}
	}))
	h.t.Cleanup(office.Close)
	f, err := h.merchant.prepareFlow(ctx, productsFrom(office.URL+"/bomb.csv"))
	if err != nil {
		h.t.Fatal(err)
	}
	var seen struct {
		SnapshotID string `json:"snapshot_id"`
	}
	source := map[string]any{"flow_id": f.ID, "source": map[string]string{"kind": "url", "url": office.URL + "/bomb.csv"}}
	if err := h.merchant.call(ctx, http.MethodPost, "/sources/inspect", source, &seen); err != nil {
		h.t.Fatal(err)
	}
	mapping := tenants.Mapping{Fields: []tenants.FieldMapping{
		{Target: "sku", Expression: "PartNum"}, {Target: "name", Expression: bomb}, {Target: "price", Expression: "ListPrice"},
		{Target: "description", Expression: `d matches "((d*)*x{1,900}){1,9}" ? "a" : "b"`},
	}}
	// A mapping that is refused outright does no harm; one that is taken runs.
	change := map[string]any{"version": f.Version, "name": f.Name, "source": source["source"], "format": f.Format, "mapping": mapping, "options": f.Options}
	if h.merchant.call(ctx, http.MethodPut, "/flows/"+f.ID, change, f) == nil {
		if _, err := h.merchant.startRun(ctx, f.ID); err != nil {
			h.t.Logf("the run of the bomb: %v", err)
		}
	}
	for range 8 {
		wg.Go(func() {
			for ctx.Err() == nil {
				h.answered("preview", h.post(ctx, "/mappings/preview", map[string]any{"flow_id": f.ID, "snapshot_id": seen.SnapshotID, "format": f.Format, "mapping": mapping}))
				pause(ctx, 10*time.Millisecond)
			}
		})
	}
}

// post returns the status of an answer, 0 if there was none.
func (h *hostile) post(ctx context.Context, path string, body any) int {
	err := h.merchant.call(ctx, http.MethodPost, path, body, nil)
	var refused *apiError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &refused):
		return refused.Status
	}
	return 0
}

// uploads opens connections that each promise a large file and send it byte by byte.
func (h *hostile) uploads(ctx context.Context, wg *sync.WaitGroup, n int) {
	for range n {
		wg.Go(func() {
			conn := h.send(ctx, "POST", "/uploads?filename=slow.csv", "Content-Type: text/csv\r\nContent-Length: 50000000\r\n")
			if conn == nil {
				return
			}
			defer conn.Close()
			done := make(chan struct{})
			go func() {
				defer close(done)
				h.answered("upload", statusOf(conn))
			}()
			for {
				if _, err := io.WriteString(conn, "x"); err != nil {
					break
				}
				select {
				case <-done:
					return
				case <-ctx.Done():
					_ = conn.Close()
					<-done
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
			<-done
		})
	}
}

// streams opens live streams and reads them until they end.
func (h *hostile) streams(ctx context.Context, wg *sync.WaitGroup, n int) {
	for range n {
		wg.Go(func() {
			conn := h.send(ctx, "GET", "/events", "")
			if conn == nil {
				return
			}
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			h.answered("stream", statusOf(conn))
			_, _ = io.Copy(io.Discard, conn)
		})
	}
}

// flows makes flows, one after another.
func (h *hostile) flows(ctx context.Context, wg *sync.WaitGroup, n int) {
	wg.Go(func() {
		for k := range n {
			h.answered("flow", h.post(ctx, "/flows", map[string]string{"kind": "products", "name": "Flow " + strconv.Itoa(k)}))
		}
	})
}

// send begins a request on a connection of its own; nil if there is none to be had.
func (h *hostile) send(ctx context.Context, method, path, headers string) net.Conn {
	u, err := url.Parse(h.app)
	if err != nil {
		h.t.Error(err)
		return nil
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil
	}
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s\r\n", method, ui.Prefix+path, u.Host, h.merchant.token, headers)
	if err != nil {
		_ = conn.Close()
		return nil
	}
	return conn
}

// statusOf reads an answer's status, 0 if the connection ends without one.
func statusOf(conn net.Conn) int {
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return 0
	}
	var status int
	if _, err := fmt.Sscanf(line, "HTTP/1.1 %d", &status); err != nil {
		return 0
	}
	return status
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// resident is a process's VmRSS in bytes, 0 once it has ended.
func resident(t *testing.T, p *process) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, found := strings.Cut(string(b), "VmRSS:")
	if !found { // it is ending
		return 0
	}
	var kb int64
	if _, err := fmt.Sscanf(rest, "%d kB", &kb); err != nil {
		t.Errorf("VmRSS of %d: %v", p.cmd.Process.Pid, err)
	}
	return kb << 10
}
