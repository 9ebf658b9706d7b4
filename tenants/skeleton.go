package tenants

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"sluice/internal/database"
	"sluice/tenants/vault"
)

var errSkeleton = errors.New("tenants: not written yet")

func Open(ctx context.Context, databaseURL, encryptionKeys string, log *slog.Logger) (*DB, error) {
	v, err := vault.New(encryptionKeys)
	if err != nil {
		return nil, err
	}
	g, err := database.Open(ctx, databaseURL, log)
	if err != nil {
		return nil, err
	}
	return New(g, v)
}
func (d *DB) Close() error                      { return database.Close(d.gorm) }
func (d *DB) Migrate(ctx context.Context) error { return database.Migrate(ctx, d.AcrossStores(ctx)) }
func (d *DB) Pending(ctx context.Context) ([]string, error) {
	return database.Pending(ctx, d.AcrossStores(ctx))
}
func (d *DB) Ping(ctx context.Context) error { return errSkeleton }

func (d *DB) UpsertInstalledStore(ctx context.Context, in Install) (*Store, error) {
	return nil, errSkeleton
}
func (d *DB) Store(ctx context.Context, hash string) (*Store, error)              { return nil, errSkeleton }
func (d *DB) Stores(ctx context.Context) ([]Store, error)                         { return nil, errSkeleton }
func (d *DB) AccessToken(ctx context.Context, hash string) (string, error)        { return "", errSkeleton }
func (d *DB) SetStoreInfo(ctx context.Context, hash string, info StoreInfo) error { return errSkeleton }
func (d *DB) MarkNeedsReinstall(ctx context.Context, hash, reason string) (changed bool, err error) {
	return false, errSkeleton
}
func (d *DB) MarkUninstalled(ctx context.Context, hash string, deleteAfter time.Time) error {
	return errSkeleton
}
func (d *DB) PurgeStore(ctx context.Context, hash string) error { return errSkeleton }
func (d *DB) StoresToPurge(ctx context.Context, now time.Time) ([]string, error) {
	return nil, errSkeleton
}

func (d *DB) EnsureUser(ctx context.Context, seen UserSeen) (*User, error) { return nil, errSkeleton }
func (d *DB) UserByID(ctx context.Context, id string) (*User, error)       { return nil, errSkeleton }
func (d *DB) Users(ctx context.Context) ([]User, error)                    { return nil, errSkeleton }
func (d *DB) SetRole(ctx context.Context, id string, role Role) (*User, error) {
	return nil, errSkeleton
}
func (d *DB) RemoveUser(ctx context.Context, bcUserID int64) error { return errSkeleton }
func (d *DB) UseToken(ctx context.Context, jti string, expires, now time.Time, grace time.Duration) error {
	return errSkeleton
}
func (d *DB) SweepUsedTokens(ctx context.Context, now time.Time) (int64, error) {
	return 0, errSkeleton
}

func (d *DB) CreateAPIKey(ctx context.Context, k *APIKey) error { return errSkeleton }
func (d *DB) APIKeyByHash(ctx context.Context, secretHash string) (*APIKey, error) {
	return nil, errSkeleton
}
func (d *DB) ListAPIKeys(ctx context.Context) ([]APIKey, error)               { return nil, errSkeleton }
func (d *DB) RevokeAPIKey(ctx context.Context, id string) error               { return errSkeleton }
func (d *DB) TouchAPIKey(ctx context.Context, id string, now time.Time) error { return errSkeleton }

func (d *DB) Channels(ctx context.Context) ([]Channel, error)              { return nil, errSkeleton }
func (d *DB) UpsertChannels(ctx context.Context, channels []Channel) error { return errSkeleton }

// SaveConnection creates (empty ID) or updates c; secret nil keeps, "" clears.
func (d *DB) SaveConnection(ctx context.Context, c *Connection, secret *string) error {
	return errSkeleton
}
func (d *DB) Connection(ctx context.Context, id string) (*Connection, error)  { return nil, errSkeleton }
func (d *DB) ConnectionSecret(ctx context.Context, id string) (string, error) { return "", errSkeleton }
func (d *DB) DeleteConnection(ctx context.Context, id string) error           { return errSkeleton }

func (d *DB) CreateFlow(ctx context.Context, f *Flow) error      { return errSkeleton }
func (d *DB) Flow(ctx context.Context, id string) (*Flow, error) { return nil, errSkeleton }
func (d *DB) Flows(ctx context.Context) ([]Flow, error)          { return nil, errSkeleton }

// UpdateFlow writes f if f.Version is still the stored one, and adds one to it; else problem.Conflict.
func (d *DB) UpdateFlow(ctx context.Context, f *Flow) error   { return errSkeleton }
func (d *DB) DeleteFlow(ctx context.Context, id string) error { return errSkeleton }

// CreateRun: problem.Conflict when the flow has a run that is not final.
func (d *DB) CreateRun(ctx context.Context, r *Run) error          { return errSkeleton }
func (d *DB) Run(ctx context.Context, id string) (*Run, error)     { return nil, errSkeleton }
func (d *DB) Runs(ctx context.Context, f RunFilter) ([]Run, error) { return nil, errSkeleton }

// ActiveRun returns the flow's run that is not final, nil if there is none.
func (d *DB) ActiveRun(ctx context.Context, flowID string) (*Run, error) { return nil, errSkeleton }

// ErrStaleRun: another step of the run was saved in between; this step's effects must be dropped.
var ErrStaleRun = errors.New("tenants: the run's step was carried out already")

// SaveRunStep writes all of r but CancelRequested and adds one to Step, if Step is still the stored one; else ErrStaleRun.
func (d *DB) SaveRunStep(ctx context.Context, r *Run) error { return errSkeleton }

// RequestCancel sets CancelRequested and state cancelling; problem.Conflict when the run is final.
func (d *DB) RequestCancel(ctx context.Context, id string) (*Run, error) { return nil, errSkeleton }

// MoveRun sets the state to `to` if it is one of from; false if it is not.
func (d *DB) MoveRun(ctx context.Context, id string, to RunState, reason string, from ...RunState) (bool, error) {
	return false, errSkeleton
}

func (d *DB) RunIssues(ctx context.Context, runID string, f IssueFilter) (issues []RunIssue, next string, err error) {
	return nil, "", errSkeleton
}
func (d *DB) EachRunIssue(ctx context.Context, runID, severity string, fn func(RunIssue) error) error {
	return errSkeleton
}
func (d *DB) RunItems(ctx context.Context, runID string, f ItemFilter) (items []RunItem, next string, err error) {
	return nil, "", errSkeleton
}
func (d *DB) Journal(ctx context.Context, runID string, p Page) (entries []JournalEntry, next string, err error) {
	return nil, "", errSkeleton
}

func (d *DB) RecordsByKeys(ctx context.Context, flowID string, keys []string) (map[string]Record, error) {
	return nil, errSkeleton
}
func (d *DB) RecordsByNameKeys(ctx context.Context, flowID string, nameKeys []string) ([]Record, error) {
	return nil, errSkeleton
}
func (d *DB) UpsertRecords(ctx context.Context, records []Record) error { return errSkeleton }

// MarkSeen sets SeenRunID and SeenLine of keys, creating records (state pending) that do not exist.
func (d *DB) MarkSeen(ctx context.Context, flowID, runID string, seen []SeenKey) error {
	return errSkeleton
}

// InsertRunItems leaves items alone that exist already.
func (d *DB) InsertRunItems(ctx context.Context, items []RunItem) error { return errSkeleton }

// UpdateRunItems writes every column of items that exist already.
func (d *DB) UpdateRunItems(ctx context.Context, items []RunItem) error { return errSkeleton }

// AddIssues returns how many were new; text is shortened to its column and cleaned of NUL and invalid UTF-8.
func (d *DB) AddIssues(ctx context.Context, issues []RunIssue) (added int64, err error) {
	return 0, errSkeleton
}
func (d *DB) AddJournal(ctx context.Context, entries []JournalEntry) error { return errSkeleton }
func (d *DB) NextItems(ctx context.Context, runID string, states []ItemState, limit int) ([]RunItem, error) {
	return nil, errSkeleton
}
func (d *DB) CountItems(ctx context.Context, runID string) ([]ItemCount, error) {
	return nil, errSkeleton
}

// SnapshotWriter is an io.Writer; end it with Commit or Abort.
type SnapshotWriter struct{ snapshot Snapshot }

func (w *SnapshotWriter) ID() string                  { return w.snapshot.ID }
func (w *SnapshotWriter) Size() int64                 { return w.snapshot.Size }
func (w *SnapshotWriter) Write(p []byte) (int, error) { return 0, errSkeleton }
func (w *SnapshotWriter) Commit(complete bool, meta SnapshotMeta) (*Snapshot, error) {
	return nil, errSkeleton
}

// Abort deletes what was written; after Commit it does nothing, so it may be deferred.
func (w *SnapshotWriter) Abort() error { return errSkeleton }
func (d *DB) NewSnapshotWriter(ctx context.Context, s Snapshot) (*SnapshotWriter, error) {
	return nil, errSkeleton
}
func (d *DB) Snapshot(ctx context.Context, id string) (*Snapshot, error) { return nil, errSkeleton }

// LatestSnapshot returns the newest complete snapshot of a flow from url, nil if there is none.
func (d *DB) LatestSnapshot(ctx context.Context, flowID, url string) (*Snapshot, error) {
	return nil, errSkeleton
}
func (d *DB) OpenSnapshot(ctx context.Context, id string, offset int64) (io.ReadCloser, error) {
	return nil, errSkeleton
}
func (d *DB) DeleteSnapshot(ctx context.Context, id string) error { return errSkeleton }

// SweepSnapshots (operator) deletes snapshots older than olderThan that nothing needs any more.
func (d *DB) SweepSnapshots(ctx context.Context, olderThan time.Time) (int, error) {
	return 0, errSkeleton
}

func (d *DB) Audit(ctx context.Context, e AuditEntry) error { return errSkeleton }
func (d *DB) AuditLog(ctx context.Context, p Page) (entries []AuditEntry, next string, err error) {
	return nil, "", errSkeleton
}
func (d *DB) RotateKeys(ctx context.Context) (int, error)   { return 0, errSkeleton }
func ParseCredentialsFile(r io.Reader) (Credentials, error) { return Credentials{}, errSkeleton }
