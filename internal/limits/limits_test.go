package limits

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

// TestTheTable: each row says everything, and whoever is refused learns the limit and what to do.
func TestTheTable(t *testing.T) {
	names, variables := map[Name]bool{}, map[string]bool{}
	for _, l := range All() {
		if names[l.Name] || variables[l.Variable] {
			t.Errorf("%s is there twice", l.Name)
		}
		names[l.Name], variables[l.Variable] = true, true
		if !regexp.MustCompile(`^LIMIT_[A-Z_]+$`).MatchString(l.Variable) || l.Default < 1 || l.Counts == "" || l.Reached == "" {
			t.Errorf("%+v", l)
		}
		switch l.Unit {
		case Minute:
			if New(nil, nil).Rate(l.Name) == nil {
				t.Errorf("%s has no rate", l.Name)
			}
			continue
		case AtOnce:
			if l.whole != "" && find(l.whole).Unit != AtOnce {
				t.Errorf("%s: %s is not what is at once", l.Name, l.whole)
			}
		}
		if l.code == "" {
			continue
		}
		told := Name("")
		err := New(nil, func(n Name) { told = n }).Check(l.Name, l.Default, 1)
		message := problem.MessageOf(err)
		if problem.CodeOf(err) != l.code || told != l.Name || !strings.Contains(message, l.Text(l.Default)) || strings.Contains(message, "%!") || strings.Count(message, ".") < 1 {
			t.Errorf("%s is refused with %q (%s), and %q was counted", l.Name, message, problem.CodeOf(err), told)
		}
	}
}

func TestCheck(t *testing.T) {
	l := New(map[Name]int64{Flows: 3}, nil)
	for _, test := range []struct {
		used, more int64
		ok         bool
	}{{0, 3, true}, {2, 1, true}, {3, 1, false}, {3, 0, true}, {9, 0, true}, {9, -1, true}, {9, 1, false}, {0, 4, false}} {
		if err := l.Check(Flows, test.used, test.more); (err == nil) != test.ok {
			t.Errorf("%d and %d more of 3: %v", test.used, test.more, err)
		}
	}
	var none *Limits
	if none.Of(Flows) != find(Flows).Default || none.Check(Flows, none.Of(Flows), 1) == nil || none.Rate(StoreRate) == nil {
		t.Error("nil does not have the defaults")
	}
}

// TestSlotsAtTheSameTime: never more of a store than it has, never more of all than the process
// has, and none is lost.
func TestSlotsAtTheSameTime(t *testing.T) {
	var refused atomic.Int64
	l := New(map[Name]int64{Uploads: 3, AllUploads: 5}, func(Name) { refused.Add(1) })
	var group sync.WaitGroup
	for _, store := range []string{"a", "b", "c"} {
		var held atomic.Int64
		for range 8 {
			group.Go(func() {
				for range 500 {
					release, err := l.Hold(Uploads, store)
					if err != nil {
						continue
					}
					if n := held.Add(1); n > 3 {
						t.Errorf("%d of a store", n)
					}
					if n := l.Held(AllUploads); n > 5 {
						t.Errorf("%d of all", n)
					}
					held.Add(-1)
					release()
					release() // a second time says nothing
				}
			})
		}
	}
	group.Wait()
	if l.Held(AllUploads) != 0 || len(l.held) != 0 {
		t.Errorf("left over: %v", l.held)
	}
	first, err := l.Hold(Uploads, "a")
	if err != nil {
		t.Fatal(err)
	}
	defer first()
	for range 2 {
		if _, err := l.Hold(Uploads, "a"); err != nil {
			t.Fatal(err)
		}
	}
	before := refused.Load()
	if _, err := l.Hold(Uploads, "a"); problem.CodeOf(err) != problem.RateLimited || refused.Load() != before+1 {
		t.Errorf("the fourth: %v", err)
	}
	if _, err := l.Hold(Uploads, "b"); err != nil {
		t.Errorf("another store: %v", err)
	}
}

// TestManyStoresLeaveRoomForOthers: of each kind of slot a merchant opens store after store and
// holds what each gets. From half on a store gets a quarter of its limit, and the last eighth goes
// to stores that hold nothing: so that many more stores are needed, and whoever comes meanwhile
// with one thing to do has a place.
func TestManyStoresLeaveRoomForOthers(t *testing.T) {
	// docs/operators.md says how many stores it takes to hold everything.
	needed := map[Name]int64{Uploads: 40, Inspections: 20, Downloads: 40, EventStreams: 290, Requests: 96}
	kinds := 0
	for _, row := range All() {
		if row.whole == "" {
			continue
		}
		kinds++
		for _, size := range []struct{ own, all int64 }{{row.Default, find(row.whole).Default}, {6, 48}, {1, 2}, {3, 1}, {5, 7}} {
			own, all := size.own, size.all
			l := New(map[Name]int64{row.Name: own, row.whole: all}, nil)
			grab := func(store string) (n int64) {
				for {
					if _, err := l.Hold(row.Name, store); err != nil {
						return n
					}
					n++
				}
			}
			// Hostile stores take all that they get, each until it is refused.
			stores := max(1, all/8)
			for i := 0; l.Held(row.whole) < all-max(1, all/8); i++ {
				before := l.Held(row.whole)
				n := grab(fmt.Sprint("hostile", i))
				stores++
				switch quarter := max(1, own/4); {
				case n > own:
					t.Fatalf("%s %v: a store holds %d", row.Name, size, n)
				case 2*before >= all && n != min(quarter, all-max(1, all/8)-before):
					t.Fatalf("%s %v: with %d held, one more store got %d", row.Name, size, before, n)
				}
			}
			for i := range max(1, all/8) {
				if n := grab(fmt.Sprint("other", i)); n != 1 {
					t.Errorf("%s %v: of the last places, a store that holds nothing got %d", row.Name, size, n)
				}
			}
			if own == row.Default && stores != needed[row.Name] {
				t.Errorf("%s: %d stores hold everything", row.Name, stores)
			}
			_, err := l.Hold(row.Name, "late")
			if problem.CodeOf(err) != problem.RateLimited || l.Held(row.whole) != all {
				t.Errorf("%s %v: %d are held, and one more: %v", row.Name, size, l.Held(row.whole), err)
			}
		}
	}
	if kinds != len(needed) {
		t.Errorf("%d kinds of slots", kinds)
	}
}

// TestAStoreAloneHasItsWholeLimit: nobody is held back while there is room.
func TestAStoreAloneHasItsWholeLimit(t *testing.T) {
	for _, row := range All() {
		if row.whole == "" {
			continue
		}
		l := New(nil, nil)
		for i := range row.Default {
			if _, err := l.Hold(row.Name, "a"); err != nil {
				t.Fatalf("%s: %d of %d: %v", row.Name, i+1, row.Default, err)
			}
		}
	}
}

func TestRead(t *testing.T) {
	env := map[string]string{"LIMIT_FLOWS": " 7 ", "LIMIT_SNAPSHOT_BYTES": "20 GiB", "LIMIT_ACCOUNT_BYTES": "512MiB", "LIMIT_RUNS": ""}
	values, problems := Read(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if len(problems) > 0 || len(values) != 3 || values[Flows] != 7 || values[SnapshotBytes] != 20<<30 || values[AccountBytes] != 512<<20 {
		t.Errorf("%v, %v", values, problems)
	}
	for _, bad := range []string{"0", "-1", "x", "1e3", "5 KiB", "99999999999999999999", "1.5"} {
		_, problems := Read(func(name string) (string, bool) { return bad, name == "LIMIT_FLOWS" })
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), "LIMIT_FLOWS: ") {
			t.Errorf("%q: %v", bad, problems)
		}
	}
}

// FuzzRead: whatever the environment has, what is read is above 0 and no sum of two overflows.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"1", "8 GiB", "9223372036854775807", "GiB", "1 KiB MiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, problems := Read(func(string) (string, bool) { return text, true })
		if strings.TrimSpace(text) != "" && len(values)+len(problems) != len(table) {
			t.Errorf("%d values and %d problems of %d", len(values), len(problems), len(table))
		}
		l := New(values, nil)
		for n, v := range values {
			if v < 1 || v+v < v {
				t.Errorf("%s = %d", n, v)
			}
			if r := l.Rate(n); r != nil && (r.Every <= 0 || r.Burst < 1) {
				t.Errorf("%s: %+v", n, r)
			}
		}
	})
}

// unread fails the test when it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) { u.t.Error("the body was read"); return 0, os.ErrClosed }
func (u unread) Close() error             { return nil }

// TestALengthAboveTheLimitIsRefusedUnread, and one that is not told is counted while it is read.
func TestALengthAboveTheLimitIsRefusedUnread(t *testing.T) {
	gin.SetMode(gin.TestMode)
	w := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(w)
	c.Request = httptest.NewRequest(http.MethodPost, "/", nil)
	c.Request.Body, c.Request.ContentLength = unread{t}, 11
	if err := Body(c, 10); problem.CodeOf(err) != problem.TooLarge || w.Header().Get("Connection") != "close" {
		t.Errorf("%v, %v", err, w.Header())
	}
	c.Request = httptest.NewRequest(http.MethodPost, "/", strings.NewReader("12345678901"))
	c.Request.ContentLength = -1
	if err := Body(c, 10); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Request.Body.Read(make([]byte, 100)); n != 10 || err == nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}
