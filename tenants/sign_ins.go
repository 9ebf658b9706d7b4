package tenants

import (
	"context"
	"fmt"
	"time"
)

// SignInsKept is how long the log of sign-ins is kept.
const SignInsKept = 90 * 24 * time.Hour

// How shoppers are signed in, and the result of those who are.
const (
	MethodSSO = "sso" // by the store's identity provider
	MethodAPI = "api" // by a system of the merchant's with an API key
	SignInOK  = "ok"
)

// RecordSignIn notes an attempt to sign a shopper in. It fills ID, and At if it is zero. Never put
// a token into it.
func (d *DB) RecordSignIn(ctx context.Context, s SignIn) error {
	s.ID = NewID()
	if s.At.IsZero() {
		s.At = d.now()
	}
	s.At = s.At.UTC()
	s.Method, s.Result = Clean(s.Method, 8), Clean(s.Result, 32)
	s.Email, s.Detail = cleanName(s.Email, 255), Clean(s.Detail, 500)
	return wrap(d.Scoped(ctx).Create(&s).Error, "record sign-in")
}

// SignIns returns the store's sign-ins, the newest first, and the value of Before for the next page
// ("" at the end).
func (d *DB) SignIns(ctx context.Context, p Page) (rows []SignIn, cursor string, err error) {
	limit := pageSize(p.Limit)
	q := d.Scoped(ctx).Order("id DESC").Limit(limit + 1)
	if p.Before != "" {
		q = q.Where("id < ?", p.Before)
	}
	if err := q.Find(&rows).Error; err != nil {
		return nil, "", wrap(err, "sign-ins")
	}
	rows, cursor = next(rows, limit, func(s SignIn) string { return s.ID })
	return rows, cursor, nil
}

// sweepSignIns is how many rows one DELETE takes, so that it holds no lock for long.
const sweepSignIns = 5000

// SweepSignIns deletes the sign-ins of all stores before before.
func (d *DB) SweepSignIns(ctx context.Context, before time.Time) (total int64, err error) {
	row := "rowid"
	if d.postgres() {
		row = "ctid"
	}
	for {
		res := d.AcrossStores(ctx).Exec(fmt.Sprintf("DELETE FROM sign_ins WHERE %[1]s IN (SELECT %[1]s FROM sign_ins WHERE at < ? LIMIT %[2]d)",
			row, sweepSignIns), before.UTC())
		total += res.RowsAffected
		if res.Error != nil || res.RowsAffected < sweepSignIns {
			return total, wrap(res.Error, "sweep sign-ins")
		}
	}
}
