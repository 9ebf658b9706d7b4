package upsert

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sluice/internal/problem"
	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/source"
	"sluice/tenants"
)

const (
	// fetchAttempts is how often a source is fetched whose stream is cut.
	fetchAttempts = 3
	// fetchPause is the wait before the second attempt; it doubles for the third.
	fetchPause = 2 * time.Second
)

// fetch gives the run its snapshot. A retry reads the source anew as well, for the merchant may
// have fixed it there; while it cannot be read, the retry works from the file of the run that it
// retries, whose snapshot it has to begin with.
func (s *step) fetch(ctx context.Context) error {
	if s.run.RetryOf == "" && s.run.SnapshotID != "" { // given by whoever started the run
		return s.adopt(ctx, s.run.SnapshotID)
	}
	err := s.fetchSource(ctx)
	if _, fatal := flow.Ends(err); fatal && s.run.RetryOf != "" {
		return s.adopt(ctx, s.run.SnapshotID)
	}
	return err
}

// fetchSource reads the flow's source into a new snapshot, or takes the one that the source says it
// is. A stream that is cut, or a server that is away, is tried again by the next steps; after the
// last attempt the longest copy is used and the run is marked incomplete.
func (s *step) fetchSource(ctx context.Context) error {
	db := s.DB()
	f, err := db.Flow(ctx, s.run.FlowID)
	if err != nil {
		return err
	}
	if f.ConnectionID == "" {
		return problem.New(problem.Invalid, "This sync has no source yet: choose a file or an address, then start the run again.")
	}
	conn, err := db.Connection(ctx, f.ConnectionID)
	if err != nil {
		return err
	}
	from, err := s.k.origin(ctx, f, conn)
	if err != nil {
		return err
	}
	snap, given, err := s.k.fetch(ctx, f.ID, from)
	var away *problem.Error
	switch {
	case errors.As(err, &away) && away.Code == problem.Unavailable:
		if s.cp.Attempts+1 >= fetchAttempts && s.cp.Longest == "" {
			return flow.Verdict(err, away.Message)
		}
	case errors.As(err, &away):
		return flow.Verdict(err, away.Message)
	case err != nil:
		return err
	case given != "":
		return s.adopt(ctx, given)
	case snap.Complete:
		s.dropSnapshot(s.cp.Longest)
		return s.ready(ctx, snap)
	case s.cp.Longest == "" || snap.Size > s.cp.Bytes:
		s.dropSnapshot(s.cp.Longest)
		s.cp.Longest, s.cp.Bytes = snap.ID, snap.Size
	default:
		s.dropSnapshot(snap.ID)
	}
	s.cp.Attempts++
	if s.cp.Attempts < fetchAttempts {
		s.NotBefore(s.Now().Add(fetchPause << (s.cp.Attempts - 1)))
		return nil
	}
	if s.cp.Bytes == 0 {
		return flow.Verdict(nil, "The source closed the connection before it sent anything, three times. Check the server that offers the file, then start the run again.")
	}
	if snap, err = db.Snapshot(ctx, s.cp.Longest); err != nil {
		return err
	}
	return s.ready(ctx, snap)
}

// adopt makes an existing snapshot the run's.
func (s *step) adopt(ctx context.Context, id string) error {
	if id == "" {
		return errFileGone
	}
	snap, err := s.DB().Snapshot(ctx, id)
	if problem.CodeOf(err) == problem.NotFound {
		return errFileGone
	}
	if err != nil {
		return err
	}
	return s.ready(ctx, snap)
}

var errFileGone = problem.New(problem.NotFound, "The file of this run is no longer kept. Start a new run.")

// errPartOfSums: any of the records may have another row in what did not come.
var errPartOfSums = flow.Verdict(nil, "The source stopped before its end each time, so what the rows of a record add up to is not known: no record was written. Check the server that offers the file, then start the run again.")

func (s *step) dropSnapshot(id string) {
	if id != "" {
		s.OnCommit(func(ctx context.Context, tx *tenants.DB) error { return tx.DeleteSnapshot(ctx, id) })
	}
}

// ready starts the plan of a run whose snapshot is there.
func (s *step) ready(ctx context.Context, snap *tenants.Snapshot) error {
	if m, ok := s.k.target.(Merger); ok && m.Merges(s.run) && !snap.Complete {
		return errPartOfSums
	}
	if l := s.run.Mapping.Layout; l.Groups() && l.Apart && !snap.Complete {
		return errPartOfSums
	}
	found, err := source.Detect(s.k.file(ctx, snap), s.run.Format)
	if err != nil {
		return err
	}
	if err := errAsks(found); err != nil {
		return err
	}
	format := found.Format
	rows, err := s.k.rows(ctx, snap, format)
	if err != nil {
		return err
	}
	catalogue, err := s.k.Catalogue(ctx)
	if err != nil {
		return err
	}
	proven, err := s.k.prove(ctx, catalogue, rows, format, s.run.Mapping)
	if err != nil {
		return err
	}
	if err := s.tellQuestions(ctx, proven.asked); err != nil {
		return err
	}
	fixed, err := s.fixed(ctx, snap)
	if err != nil {
		return err
	}
	s.run.Format = format
	s.run.SnapshotID, s.run.BytesTotal, s.run.BytesRead = snap.ID, rows.Size, 0
	s.run.Incomplete = !snap.Complete
	s.cp = checkpoint{Fixed: fixed, Settled: proven.known}
	s.Enter(tenants.PhasePlan)
	return nil
}

// errAsks asks for what only the merchant can tell: nothing is written that may be wrong.
func errAsks(found source.Found) error {
	ask, says := "", []string{}
	switch found.Ask {
	case "":
		return nil
	case source.AskEncoding:
		ask = "The letters of the file can be read in several ways, so nothing was written. Choose the encoding in which they are right, then start the run again. "
		for _, r := range found.Readings {
			says = append(says, fmt.Sprintf("%s: “%s”", r.Label, strings.Join(r.Examples, "”, “")))
		}
	case source.AskSheet:
		ask = "The workbook has several sheets, so nothing was written. Choose the one that has the records, then start the run again. "
		for _, c := range found.Sheets {
			says = append(says, fmt.Sprintf("“%s”: %s", c.Name, strings.Join(c.Examples, ", ")))
		}
	default:
		ask = "The archive has several files, so nothing was written. Choose the one that has the records, then start the run again. "
		for _, c := range found.Members {
			says = append(says, "“"+c.Name+"”")
		}
	}
	return flow.Verdict(nil, tenants.Clean(ask+strings.Join(says, ". ")+".", 1000))
}

// fixed reports whether a retry's file is another than that of the run it retries.
func (s *step) fixed(ctx context.Context, snap *tenants.Snapshot) (bool, error) {
	if s.run.RetryOf == "" {
		return false, nil
	}
	first, err := s.DB().Run(ctx, s.run.RetryOf)
	if err != nil || first.SnapshotID == snap.ID {
		return false, err
	}
	before, err := s.DB().Snapshot(ctx, first.SnapshotID)
	if problem.CodeOf(err) == problem.NotFound {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return before.SHA256 != snap.SHA256, nil
}

// origin is where records of one flow come from.
type origin struct {
	source   connector.Source
	settings connector.Settings
	secret   string
}

// origin returns that of a flow with a connection.
func (k *Kind) origin(ctx context.Context, f *tenants.Flow, conn *tenants.Connection) (o origin, err error) {
	if o.source, err = k.cfg.Sources.Source(conn.Kind); err != nil {
		return o, err
	}
	spec := o.source.Spec()
	if spec.Has(connector.Secret) && conn.HasSecret {
		if o.secret, err = k.cfg.DB.ConnectionSecret(ctx, conn.ID); err != nil {
			return o, err
		}
	}
	if spec.Has(connector.Address) {
		if o.settings.URL, err = k.cfg.DB.ConnectionAddress(ctx, conn); err != nil {
			return o, err
		}
	}
	if spec.Has(connector.File) {
		o.settings.Snapshot = f.SnapshotID
	}
	return o, nil
}

// fetch copies what there is at o into a new snapshot. It returns the flow's last complete one from
// the same address if the source says that it is still the same, or only the id of the one that the
// source says it is. flowID is "" for none.
func (k *Kind) fetch(ctx context.Context, flowID string, o origin) (snap *tenants.Snapshot, given string, err error) {
	db := k.cfg.DB
	var have connector.Have
	var last *tenants.Snapshot
	if flowID != "" {
		if last, err = db.LatestSnapshot(ctx, flowID, o.settings.URL); err != nil {
			return nil, "", err
		}
		if last != nil {
			have = connector.Have{ETag: last.ETag, LastModified: last.LastModified}
		}
	}
	w := &lazyWriter{begin: func() (*tenants.SnapshotWriter, error) {
		return db.NewSnapshotWriter(ctx, tenants.Snapshot{FlowID: flowID, URL: o.settings.URL})
	}}
	defer w.abort()
	got, err := o.source.Fetch(ctx, o.settings, o.secret, have, w)
	switch {
	case err != nil:
		return nil, "", err
	case got.Snapshot != "":
		return nil, got.Snapshot, nil
	case got.Unchanged && last == nil:
		return nil, "", problem.New(problem.Unavailable, "The source answered that the file did not change, but Sluice has no copy of it. Start the run again.")
	case got.Unchanged:
		return last, "", nil
	}
	if err := w.start(); err != nil { // of a source without a byte
		return nil, "", err
	}
	snap, err = w.to.Commit(got.Complete, tenants.SnapshotMeta{
		Filename: got.Filename, ContentType: got.ContentType, ETag: got.ETag, LastModified: got.LastModified,
	})
	return snap, "", err
}

// lazyWriter begins a snapshot with the first byte: a source that has nothing new takes no room.
type lazyWriter struct {
	begin func() (*tenants.SnapshotWriter, error)
	to    *tenants.SnapshotWriter
}

func (w *lazyWriter) start() (err error) {
	if w.to == nil {
		w.to, err = w.begin()
	}
	return err
}

func (w *lazyWriter) Write(p []byte) (int, error) {
	if err := w.start(); err != nil {
		return 0, err
	}
	return w.to.Write(p)
}

// abort deletes what was written and not committed.
func (w *lazyWriter) abort() {
	if w.to != nil {
		_ = w.to.Abort() // the sweep finds what a failure leaves
	}
}

func (k *Kind) file(ctx context.Context, snap *tenants.Snapshot) source.File {
	return source.File{
		Open: func(offset int64) (io.ReadCloser, error) { return k.cfg.DB.OpenSnapshot(ctx, snap.ID, offset) },
		Size: snap.Size, Complete: snap.Complete, ContentType: snap.ContentType, Filename: snap.Filename,
	}
}

// rowsAsBytes is the longest Snapshot.RowsAs; a longer one is known by its hash.
const rowsAsBytes = 500

// rows returns the snapshot that a Reader reads in place of snap: itself, or the rows that are made
// of it the first time. format is complete.
func (k *Kind) rows(ctx context.Context, snap *tenants.Snapshot, format tenants.Format) (*tenants.Snapshot, error) {
	if !source.Converts(format) {
		return snap, nil
	}
	db := k.cfg.DB
	as, err := json.Marshal(format)
	if err != nil {
		return nil, fmt.Errorf("upsert: format: %w", err)
	}
	if len(as) > rowsAsBytes {
		as = fmt.Appendf(nil, "%x", sha256.Sum256(as))
	}
	rows, err := db.RowsOf(ctx, snap.ID, string(as))
	if err != nil || rows != nil {
		return rows, err
	}
	w, err := db.NewSnapshotWriter(ctx, tenants.Snapshot{RowsOf: snap.ID, RowsAs: string(as)})
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Abort() }() // the sweep finds what a failure leaves
	header, err := source.Convert(ctx, k.file(ctx, snap), format, w)
	if err != nil {
		return nil, err
	}
	if rows, err = w.Commit(snap.Complete, tenants.SnapshotMeta{Columns: header}); err != nil {
		return nil, err
	}
	return rows, db.KeepRows(ctx, rows)
}

// reader opens the rows that rows returned at a position, nil for the beginning.
func (k *Kind) reader(ctx context.Context, rows *tenants.Snapshot, format tenants.Format, at *source.Position) (*source.Reader, error) {
	open := func(offset int64) (io.ReadCloser, error) { return k.cfg.DB.OpenSnapshot(ctx, rows.ID, offset) }
	switch {
	case rows.RowsOf == "":
	case at == nil:
		at = source.Start(rows.Columns)
	case !at.Converted():
		return nil, problem.New(problem.Conflict, "Sluice was updated while this run read its file. Start the run again.")
	}
	return source.NewReader(open, format, at)
}
