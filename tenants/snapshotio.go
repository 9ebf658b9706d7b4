package tenants

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"gorm.io/gorm/clause"

	"sluice/internal/problem"
)

// chunkSize is how many bytes of a source one row holds: what a reader and a writer keep in memory.
// Only writers go by it, so a release may change it; tests make it small.
var chunkSize = 1 << 20

// chunkBatch is how many chunks one statement deletes.
const chunkBatch = 16

var errWriterEnded = errors.New("tenants: write to a snapshot that was committed or aborted")

// gzips are compressors to use again: each has some 800 KB of tables.
var gzips = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

// SnapshotWriter keeps a stream of bytes, a chunk at a time: a source of any size takes constant
// memory and no long transaction. End it with Commit or Abort; deferring Abort is safe. It is not
// for concurrent use.
type SnapshotWriter struct {
	ctx      context.Context
	db       *DB
	snapshot Snapshot // Reserved is what the store's limit has let it grow to
	buf      []byte   // its capacity is the chunk size
	sum      hash.Hash
	ended    bool
	err      error // the first failure: the bytes after it are lost
}

// NewSnapshotWriter starts a snapshot in ctx's store. ID may be empty. Until Commit nobody can open
// it, and SweepSnapshots deletes what a crash leaves behind. problem.LimitReached, here and of a
// Write, when the store keeps as much as it may and nothing of it can go (see makeRoom).
func (d *DB) NewSnapshotWriter(ctx context.Context, s Snapshot) (*SnapshotWriter, error) {
	if s.ID == "" {
		s.ID = NewID()
	}
	meta := SnapshotMeta{Filename: s.Filename, ContentType: s.ContentType, ETag: s.ETag, LastModified: s.LastModified, URL: s.URL}
	s.Filename, s.ContentType, s.ETag, s.LastModified, s.URL = "", "", "", "", ""
	s.Size, s.SHA256, s.Complete, s.CommittedAt = 0, "", false, nil
	w := &SnapshotWriter{ctx: ctx, db: d, snapshot: s, buf: make([]byte, 0, chunkSize), sum: sha256.New()}
	w.setMeta(meta)
	if err := d.reserve(ctx, &w.snapshot, 0); err != nil {
		return nil, wrap(err, "new snapshot")
	}
	return w, nil
}

// ID returns the snapshot's id.
func (w *SnapshotWriter) ID() string { return w.snapshot.ID }

// Size returns how many bytes were written.
func (w *SnapshotWriter) Size() int64 { return w.snapshot.Size + int64(len(w.buf)) }

// Write is part of io.Writer.
func (w *SnapshotWriter) Write(p []byte) (int, error) {
	if w.ended {
		return 0, errWriterEnded
	}
	written := 0
	for len(p) > 0 {
		if w.err != nil {
			return written, w.err
		}
		n := min(len(p), cap(w.buf)-len(w.buf))
		w.buf = append(w.buf, p[:n]...)
		p, written = p[n:], written+n
		if len(w.buf) == cap(w.buf) {
			w.flush()
		}
	}
	return written, w.err
}

func (w *SnapshotWriter) flush() {
	if w.err != nil || len(w.buf) == 0 {
		return
	}
	var packed bytes.Buffer
	z := gzips.Get().(*gzip.Writer)
	defer gzips.Put(z)
	z.Reset(&packed)
	if _, err := z.Write(w.buf); err != nil {
		w.err = err
		return
	}
	if w.err = z.Close(); w.err != nil {
		return
	}
	if end := w.snapshot.Size + int64(len(w.buf)); end > w.snapshot.Reserved {
		if w.err = w.db.reserve(w.ctx, &w.snapshot, end); w.err != nil {
			return
		}
	}
	chunk := SnapshotChunk{SnapshotID: w.snapshot.ID, Offset: w.snapshot.Size, Length: int64(len(w.buf)), Data: packed.Bytes()}
	if err := w.db.Scoped(w.ctx).Create(&chunk).Error; err != nil {
		w.err = wrap(err, "write snapshot")
		return
	}
	_, _ = w.sum.Write(w.buf) // a hash never fails
	w.snapshot.Size += int64(len(w.buf))
	w.buf = w.buf[:0]
}

// Commit ends the snapshot and makes it readable. complete says whether the source was read to its
// end; meta adds what was learnt on the way.
func (w *SnapshotWriter) Commit(complete bool, meta SnapshotMeta) (*Snapshot, error) {
	if w.ended {
		return nil, errWriterEnded
	}
	if w.flush(); w.err != nil {
		return nil, w.err
	}
	now := w.db.now()
	w.setMeta(meta)
	w.snapshot.Complete, w.snapshot.CommittedAt, w.snapshot.Reserved = complete, &now, 0
	w.snapshot.Columns = meta.Columns
	w.snapshot.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	res := w.db.Scoped(w.ctx).Model(&Snapshot{}).Where("id = ?", w.snapshot.ID).
		Select("filename", "content_type", "e_tag", "last_modified", "url", "sha256", "size", "reserved", "complete", "committed_at", "columns").
		Updates(&w.snapshot)
	if res.Error != nil {
		return nil, wrap(res.Error, "commit snapshot")
	}
	if res.RowsAffected == 0 {
		return nil, problem.New(problem.Conflict, "The file was deleted while it was being received. Send it again.")
	}
	w.ended = true
	s := w.snapshot
	return &s, nil
}

// Abort deletes what was written, also when the writer's context has ended. After Commit, or a
// second time, it does nothing.
func (w *SnapshotWriter) Abort() error {
	if w.ended {
		return nil
	}
	w.ended = true
	return w.db.DeleteSnapshot(context.WithoutCancel(w.ctx), w.snapshot.ID)
}

// setMeta takes what is not empty. Validators longer than their column are useless when cut, so
// they are left out: the next fetch is then unconditional.
func (w *SnapshotWriter) setMeta(m SnapshotMeta) {
	s := &w.snapshot
	for _, f := range []struct {
		to    *string
		value string
		size  int
		cut   bool
	}{
		{&s.Filename, FileName(m.Filename), 255, true},
		{&s.ContentType, PlainName(m.ContentType), 100, true},
		{&s.ETag, m.ETag, 255, false},
		{&s.LastModified, m.LastModified, 64, false},
		{&s.URL, w.db.sourceOf(StoreHash(w.ctx), m.URL), 2000, false},
	} {
		if f.value == "" {
			continue
		}
		*f.to = Clean(f.value, f.size)
		if !f.cut && *f.to != f.value {
			*f.to = ""
		}
	}
}

// OpenSnapshot returns the bytes of a committed snapshot from offset on, read a chunk at a time. At
// or after the end there are none; before the start is an error. Close only marks the reader as
// closed.
func (d *DB) OpenSnapshot(ctx context.Context, id string, offset int64) (io.ReadCloser, error) {
	if offset < 0 {
		return nil, fmt.Errorf("tenants: snapshot offset %d", offset)
	}
	s, err := d.Snapshot(ctx, id)
	if err != nil {
		return nil, err
	}
	return &snapshotReader{ctx: ctx, db: d, id: id, pos: offset, size: s.Size}, nil
}

// snapshotReader holds one unpacked chunk and no database resources between reads.
type snapshotReader struct {
	ctx    context.Context
	db     *DB
	id     string
	pos    int64 // of the next byte to load
	size   int64
	chunk  []byte // loaded and not yet read
	closed bool
}

func (r *snapshotReader) Read(p []byte) (int, error) {
	if r.closed {
		return 0, errors.New("tenants: read from a closed snapshot")
	}
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.chunk) == 0 {
		if r.pos >= r.size {
			return 0, io.EOF
		}
		if err := r.load(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.chunk)
	r.chunk = r.chunk[n:]
	return n, nil
}

// load unpacks the chunk that holds byte r.pos.
func (r *snapshotReader) load() error {
	row, err := maybe[SnapshotChunk](r.db.Scoped(r.ctx).
		Where("snapshot_id = ?", r.id).Where(clause.Lte{Column: "offset", Value: r.pos}).
		Order(clause.OrderByColumn{Column: clause.Column{Name: "offset"}, Desc: true}), "snapshot")
	if err != nil {
		return err
	}
	if row == nil || r.pos >= row.Offset+row.Length {
		return problem.Wrap(io.ErrUnexpectedEOF, problem.NotFound, "The copy of the source is gone. Start the run again.")
	}
	z, err := gzip.NewReader(bytes.NewReader(row.Data))
	if err != nil {
		return fmt.Errorf("tenants: snapshot chunk: %w", err)
	}
	data := make([]byte, row.Length)
	if _, err := io.ReadFull(z, data); err != nil {
		return fmt.Errorf("tenants: snapshot chunk: %w", err)
	}
	r.chunk = data[r.pos-row.Offset:]
	r.pos = row.Offset + row.Length
	return nil
}

// Close is part of io.Closer.
func (r *snapshotReader) Close() error {
	r.closed, r.chunk = true, nil
	return nil
}
