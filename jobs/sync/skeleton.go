package sync

import (
	"context"
	"errors"
	"time"

	"sluice/tenants"
)

type refCache struct{}

func newRefCache(n int) *refCache { return &refCache{} }

func (s *step) finish(state tenants.RunState, message string)        {}
func (s *step) cancelRun(ctx context.Context) error                  { return errors.ErrUnsupported }
func (s *step) fetch(ctx context.Context) error                      { return errors.ErrUnsupported }
func (s *step) plan(ctx context.Context) error                       { return errors.ErrUnsupported }
func (s *step) match(ctx context.Context) error                      { return errors.ErrUnsupported }
func (s *step) write(ctx context.Context) error                      { return errors.ErrUnsupported }
func (s *step) saveIssues(ctx context.Context, tx *tenants.DB) error { return errors.ErrUnsupported }
func (e *Engine) heldUntil(err error) (time.Time, bool)              { return time.Time{}, false }
func (e *Engine) inspect(ctx context.Context, r InspectRequest) (*Inspection, error) {
	return nil, errors.ErrUnsupported
}
func (e *Engine) previewMapping(ctx context.Context, snapshotID string, format tenants.Format, m tenants.Mapping, limit int) (*Preview, error) {
	return nil, errors.ErrUnsupported
}
