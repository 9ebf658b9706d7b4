package tenants

import "context"

// Audit notes who did what in ctx's store, from the address of WithAddress. It fills ID and
// CreatedAt. Never put a secret, a token or a shopper's e-mail into Detail.
func (d *DB) Audit(ctx context.Context, e AuditEntry) error {
	e.ID = NewID()
	e.Actor, e.Action = Clean(e.Actor, 100), Clean(e.Action, 64)
	e.Address = Clean(addressFrom(ctx), 45)
	e.Subject, e.Detail = cleanName(e.Subject, 100), cleanName(e.Detail, 1000)
	return wrap(d.Scoped(ctx).Create(&e).Error, "audit")
}

// AuditLog returns entries, the newest first, and the value of Before for the next page ("" at the
// end).
func (d *DB) AuditLog(ctx context.Context, p Page) (entries []AuditEntry, cursor string, err error) {
	limit := pageSize(p.Limit)
	q := d.Scoped(ctx).Order("id DESC").Limit(limit + 1)
	if p.Before != "" {
		q = q.Where("id < ?", p.Before)
	}
	if err := q.Find(&entries).Error; err != nil {
		return nil, "", wrap(err, "audit log")
	}
	entries, cursor = next(entries, limit, func(e AuditEntry) string { return e.ID })
	return entries, cursor, nil
}
