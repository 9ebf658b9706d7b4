package tenants_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// small is the chunk size of most tests here: the borders are what matters.
const small = 1 << 12

// someBytes returns n bytes that compress about as well as a feed.
func someBytes(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	data := make([]byte, n)
	for i := range data {
		data[i] = "0123456789abcdef;,\n"[r.IntN(19)]
	}
	return data
}

func keep(ctx context.Context, t testing.TB, db *tenants.DB, s tenants.Snapshot, data []byte) *tenants.Snapshot {
	t.Helper()
	w, err := db.NewSnapshotWriter(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	// In pieces that never meet a chunk's border.
	for piece := data; len(piece) > 0; {
		n := min(len(piece), 701)
		if _, err := w.Write(piece[:n]); err != nil {
			t.Fatal(err)
		}
		piece = piece[n:]
	}
	if w.Size() != int64(len(data)) {
		t.Fatalf("size %d, want %d", w.Size(), len(data))
	}
	kept, err := w.Commit(true, tenants.SnapshotMeta{})
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func readFrom(ctx context.Context, t testing.TB, db *tenants.DB, id string, offset int64) []byte {
	t.Helper()
	r, err := db.OpenSnapshot(ctx, id, offset)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSnapshotFromAnyOffset(t *testing.T) {
	tenants.SetChunkSize(t, small)
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		const c = small
		for _, size := range []int{0, 1, c - 1, c, c + 1, 2*c + 17} {
			data := someBytes(size)
			s := keep(ctx, t, db, tenants.Snapshot{FlowID: "f", Filename: "a.csv"}, data)
			sum := sha256.Sum256(data)
			if s.Size != int64(size) || s.SHA256 != hex.EncodeToString(sum[:]) || !s.Complete || s.CommittedAt == nil {
				t.Fatalf("%+v", s)
			}
			for _, offset := range []int{0, 1, c - 1, c, c + 1, 2*c - 1, 2 * c, size - 1, size, size + 1, size + 5*c} {
				if offset < 0 {
					continue
				}
				want := data[min(offset, size):]
				if got := readFrom(ctx, t, db, s.ID, int64(offset)); !bytes.Equal(got, want) {
					t.Errorf("%d bytes from %d: got %d, want %d", size, offset, len(got), len(want))
				}
			}
		}
	})
}

// TestSnapshotInMegabytes is the real chunk size, read with another one: a release may change it.
func TestSnapshotInMegabytes(t *testing.T) {
	db := tenantstest.NewDB(t)
	ctx := tenants.WithStore(t.Context(), "aaa")
	data := bytes.Repeat(someBytes(1<<12), 600) // 2.34 MiB
	s := keep(ctx, t, db, tenants.Snapshot{}, data)
	if n := chunksOf(t, db); n != 3 {
		t.Errorf("%d chunks, want 3", n)
	}
	tenants.SetChunkSize(t, small)
	const from = 1<<20 - 3
	if got := readFrom(ctx, t, db, s.ID, from); !bytes.Equal(got, data[from:]) {
		t.Errorf("%d bytes, want %d", len(got), len(data)-from)
	}
}

func TestSnapshotReaderIsAReader(t *testing.T) {
	tenants.SetChunkSize(t, small)
	db := tenantstest.NewDB(t)
	ctx := tenants.WithStore(t.Context(), "aaa")
	data := someBytes(small + 1000)
	s := keep(ctx, t, db, tenants.Snapshot{}, data)
	const from = small - 500 // iotest reads byte by byte too
	r, err := db.OpenSnapshot(ctx, s.ID, from)
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(r, data[from:]); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read after Close: %v", err)
	}
	if _, err := db.OpenSnapshot(ctx, s.ID, -1); err == nil {
		t.Error("opened before the start")
	}
}

// FuzzOpenSnapshot reads a piece from anywhere.
func FuzzOpenSnapshot(f *testing.F) {
	tenants.SetChunkSize(f, small)
	const c = small
	for _, seed := range []int64{0, 1, c - 1, c, c + 1, 2 * c, 2*c + 99, 2*c + 100, 3 * c, -1} {
		f.Add(seed, uint16(200))
	}
	db := tenantstest.NewDB(f)
	ctx := tenants.WithStore(context.Background(), "aaa")
	data := someBytes(2*c + 100)
	id := keep(ctx, f, db, tenants.Snapshot{}, data).ID
	f.Fuzz(func(t *testing.T, offset int64, n uint16) {
		r, err := db.OpenSnapshot(ctx, id, offset)
		if offset < 0 {
			if err == nil {
				t.Fatal("opened before the start")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.LimitReader(r, int64(n)))
		if err != nil {
			t.Fatal(err)
		}
		start := min(offset, int64(len(data)))
		want := data[start:min(start+int64(n), int64(len(data)))]
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes from %d: got %d, want %d", n, offset, len(got), len(want))
		}
	})
}

func TestSnapshotWriterEnds(t *testing.T) {
	tenants.SetChunkSize(t, small)
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		begin := func(ctx context.Context) *tenants.SnapshotWriter {
			t.Helper()
			w, err := db.NewSnapshotWriter(ctx, tenants.Snapshot{URL: "https://x/feed", Filename: "feed"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(someBytes(small + 5)); err != nil {
				t.Fatal(err)
			}
			return w
		}
		w := begin(ctx)
		_, err := db.OpenSnapshot(ctx, w.ID(), 0)
		wantCode(t, err, problem.Conflict) // not committed yet
		s, err := w.Commit(false, tenants.SnapshotMeta{ETag: `"x"`, Filename: "", ContentType: "text/csv"})
		if err != nil || s.Complete || s.ETag != `"x"` || s.Filename != "feed" || s.URL != "https://x/feed" {
			t.Fatalf("%+v, %v", s, err)
		}
		stored, err := db.Snapshot(ctx, s.ID)
		if err != nil || stored.SHA256 != s.SHA256 || stored.ETag != `"x"` || stored.Size != s.Size || stored.Complete {
			t.Fatalf("%+v, %v", stored, err)
		}
		if err := w.Abort(); err != nil { // deferred: does nothing
			t.Fatal(err)
		}
		if got := readFrom(ctx, t, db, s.ID, 0); len(got) != small+5 {
			t.Errorf("%d bytes after Abort", len(got))
		}
		if _, err := w.Write([]byte("x")); err == nil {
			t.Error("wrote after Commit")
		}
		if _, err := w.Commit(true, tenants.SnapshotMeta{}); err == nil {
			t.Error("committed twice")
		}

		// Abort works when the request that wrote has ended, and leaves no chunk.
		ending, cancel := context.WithCancel(ctx)
		w = begin(ending)
		cancel()
		if err := w.Abort(); err != nil {
			t.Fatal(err)
		}
		_, err = db.Snapshot(ctx, w.ID())
		wantCode(t, err, problem.NotFound)

		w = begin(ctx)
		if err := db.DeleteSnapshot(ctx, w.ID()); err != nil {
			t.Fatal(err)
		}
		_, err = w.Commit(true, tenants.SnapshotMeta{})
		wantCode(t, err, problem.Conflict)
		if err := w.Abort(); err != nil {
			t.Fatal(err)
		}

		// A failed write stays failed: nothing with a hole in it is ever committed.
		ending, cancel = context.WithCancel(ctx)
		w = begin(ending)
		cancel()
		if _, err := w.Write(someBytes(small)); err == nil {
			t.Error("wrote without a context")
		}
		if _, err := w.Commit(true, tenants.SnapshotMeta{}); err == nil {
			t.Error("committed after a failed write")
		}
		if err := w.Abort(); err != nil {
			t.Fatal(err)
		}

		if err := db.DeleteSnapshot(ctx, s.ID); err != nil {
			t.Fatal(err)
		}
		if n := chunksOf(t, db); n != 0 {
			t.Errorf("%d chunks stay", n)
		}
	})
}

func chunksOf(t *testing.T, db *tenants.DB) (n int64) {
	t.Helper()
	if err := db.AcrossStores(t.Context()).Model(&tenants.SnapshotChunk{}).Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSnapshotOfAnotherStore(t *testing.T) {
	tenants.SetChunkSize(t, small)
	db := tenantstest.NewDB(t)
	ctx, other := tenants.WithStore(t.Context(), "aaa"), tenants.WithStore(t.Context(), "bbb")
	s := keep(ctx, t, db, tenants.Snapshot{FlowID: "f", URL: "u"}, []byte("data"))
	_, err := db.OpenSnapshot(other, s.ID, 0)
	wantCode(t, err, problem.NotFound)
	if err := db.DeleteSnapshot(other, s.ID); err != nil {
		t.Fatal(err)
	}
	if latest, err := db.LatestSnapshot(other, "f", "u"); latest != nil || err != nil {
		t.Errorf("%+v, %v", latest, err)
	}
	if got := readFrom(ctx, t, db, s.ID, 0); string(got) != "data" {
		t.Errorf("%q", got)
	}
	// A reader that is handed on stays in its store.
	if _, err := db.NewSnapshotWriter(other, tenants.Snapshot{ID: s.ID}); err == nil {
		t.Error("began another store's snapshot again")
	}
}

func TestLostChunkIsAnError(t *testing.T) {
	tenants.SetChunkSize(t, small)
	db := tenantstest.NewDB(t)
	ctx := tenants.WithStore(t.Context(), "aaa")
	s := keep(ctx, t, db, tenants.Snapshot{}, someBytes(2*small))
	r, err := db.OpenSnapshot(ctx, s.ID, 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Scoped(ctx).Where(map[string]any{"snapshot_id": s.ID, "offset": small}).Delete(&tenants.SnapshotChunk{}).Error; err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); !errors.Is(err, io.ErrUnexpectedEOF) || n != small-5 {
		t.Errorf("%d bytes, %v; a lost chunk must not look like the end", n, err)
	}
}

func TestLatestSnapshot(t *testing.T) {
	tenants.SetChunkSize(t, small)
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		keep(ctx, t, db, tenants.Snapshot{FlowID: "f", URL: "u"}, []byte("old"))
		want := keep(ctx, t, db, tenants.Snapshot{FlowID: "f", URL: "u"}, []byte("new"))
		keep(ctx, t, db, tenants.Snapshot{FlowID: "f", URL: "elsewhere"}, nil)
		keep(ctx, t, db, tenants.Snapshot{FlowID: "g", URL: "u"}, nil)
		cut, err := db.NewSnapshotWriter(ctx, tenants.Snapshot{FlowID: "f", URL: "u"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cut.Commit(false, tenants.SnapshotMeta{}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.NewSnapshotWriter(ctx, tenants.Snapshot{FlowID: "f", URL: "u"}); err != nil {
			t.Fatal(err)
		}
		got, err := db.LatestSnapshot(ctx, "f", "u")
		if err != nil || got == nil || got.ID != want.ID {
			t.Errorf("%+v, %v; want %s", got, err, want.ID)
		}
	})
}

func TestSweepSnapshots(t *testing.T) {
	tenants.SetChunkSize(t, small)
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		flow := &tenants.Flow{Name: "f"}
		if err := db.CreateFlow(ctx, flow); err != nil {
			t.Fatal(err)
		}
		kept, gone := map[string]string{}, map[string]string{}
		gone["looked at"] = keep(ctx, t, db, tenants.Snapshot{}, []byte("x")).ID
		gone["older of the flow"] = keep(ctx, t, db, tenants.Snapshot{FlowID: flow.ID}, []byte("x")).ID
		gone["of a deleted flow"] = keep(ctx, t, db, tenants.Snapshot{FlowID: "deleted"}, []byte("x")).ID
		kept["upload of the flow"] = keep(ctx, t, db, tenants.Snapshot{}, []byte("x")).ID
		kept["of a run under way"] = keep(ctx, t, db, tenants.Snapshot{}, []byte("x")).ID
		gone["of a run that ended"] = keep(ctx, t, db, tenants.Snapshot{}, []byte("x")).ID
		kept["newest of the flow"] = keep(ctx, t, db, tenants.Snapshot{FlowID: flow.ID}, []byte("x")).ID
		w, err := db.NewSnapshotWriter(ctx, tenants.Snapshot{FlowID: flow.ID})
		if err != nil {
			t.Fatal(err)
		}
		gone["never committed"] = w.ID()
		for i := range 300 { // more than a page
			gone[fmt.Sprint("looked at ", i)] = keep(tenants.WithStore(t.Context(), "bbb"), t, db, tenants.Snapshot{}, nil).ID
		}
		flow.SnapshotID = kept["upload of the flow"]
		ended := &tenants.Run{FlowID: "other", SnapshotID: gone["of a run that ended"], State: tenants.RunDone}
		err = errors.Join(db.UpdateFlow(ctx, flow), db.CreateRun(ctx, ended),
			db.CreateRun(ctx, &tenants.Run{FlowID: flow.ID, SnapshotID: kept["of a run under way"], State: tenants.RunPaused}))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := db.SweepSnapshots(t.Context(), time.Now().Add(-time.Hour)); n != 0 || err != nil {
			t.Fatalf("swept %d that are young, %v", n, err)
		}
		if n, err := db.SweepSnapshots(t.Context(), time.Now().Add(time.Hour)); n != len(gone) || err != nil {
			t.Errorf("swept %d, want %d: %v", n, len(gone), err)
		}
		for what, id := range kept {
			if _, err := db.Snapshot(ctx, id); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if n := chunksOf(t, db); n != int64(len(kept)) {
			t.Errorf("%d chunks, want %d", n, len(kept))
		}
	})
}

// TestSnapshotsAtOnce: several stores spool while others write.
func TestSnapshotsAtOnce(t *testing.T) {
	tenants.SetChunkSize(t, small)
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		data := someBytes(small + 100)
		var wg sync.WaitGroup
		for i := range 6 {
			ctx := tenants.WithStore(t.Context(), fmt.Sprint("s", i))
			wg.Go(func() {
				w, err := db.NewSnapshotWriter(ctx, tenants.Snapshot{})
				if err != nil {
					t.Error(err)
					return
				}
				_, err = io.Copy(w, bytes.NewReader(data))
				s, commitErr := w.Commit(true, tenants.SnapshotMeta{})
				if err := errors.Join(err, commitErr); err != nil {
					t.Error(err)
					return
				}
				r, err := db.OpenSnapshot(ctx, s.ID, 0)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(r)
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			})
		}
		wg.Wait()
	})
}

// TestRowsLiveAsLongAsTheirFile: the rows that were made of a file are kept while something needs
// it, replaced by those of another format, and go with it.
func TestRowsLiveAsLongAsTheirFile(t *testing.T) {
	db := tenantstest.NewDB(t)
	ctx := tenants.WithStore(t.Context(), "abc123")
	file := keep(ctx, t, db, tenants.Snapshot{}, someBytes(100))
	f := &tenants.Flow{Kind: "products", Name: "Parts", SnapshotID: file.ID}
	if err := db.CreateFlow(ctx, f); err != nil {
		t.Fatal(err)
	}
	first := keep(ctx, t, db, tenants.Snapshot{RowsOf: file.ID, RowsAs: "a"}, someBytes(200))
	later := time.Now().Add(time.Hour)
	if n, err := db.SweepSnapshots(t.Context(), later); err != nil || n != 0 {
		t.Fatalf("swept %d of what is needed, %v", n, err)
	}
	if got, err := db.RowsOf(ctx, file.ID, "a"); err != nil || got == nil || got.ID != first.ID {
		t.Errorf("rows %+v, %v", got, err)
	}
	if got, err := db.RowsOf(tenants.WithStore(t.Context(), "other"), file.ID, "a"); err != nil || got != nil {
		t.Errorf("another store's rows: %+v, %v", got, err)
	}
	second := keep(ctx, t, db, tenants.Snapshot{RowsOf: file.ID, RowsAs: "b"}, someBytes(200))
	if err := db.KeepRows(ctx, second); err != nil {
		t.Fatal(err)
	}
	if got, err := db.RowsOf(ctx, file.ID, "a"); err != nil || got != nil {
		t.Errorf("rows of the format of before: %+v, %v", got, err)
	}
	if err := db.DeleteSnapshot(ctx, file.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := db.RowsOf(ctx, file.ID, "b"); err != nil || got != nil {
		t.Errorf("rows of a file that is gone: %+v, %v", got, err)
	}
}
