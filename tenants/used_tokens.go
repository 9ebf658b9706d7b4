package tenants

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"gorm.io/gorm/clause"

	"sluice/internal/problem"
)

// UseToken accepts what counts once, such as the jti of a signed payload, the first time, and
// refuses it afterwards (problem.Unauthenticated). Of calls at the same time one is the first.
// until is when it need not be remembered any longer: when it is refused by itself.
func (d *DB) UseToken(ctx context.Context, jti string, until, now time.Time) error {
	if jti == "" {
		return problem.New(problem.Unauthenticated, "The link has no id. Open Sluice from the control panel again.")
	}
	row := UsedToken{JTI: storableToken(jti), FirstUsed: now.UTC(), ExpiresAt: until.UTC()}
	res := d.Scoped(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if res.Error != nil {
		return wrap(res.Error, "use token")
	}
	if res.RowsAffected == 0 {
		return problem.New(problem.Unauthenticated, "This link was used already. Open Sluice from the control panel again.")
	}
	return nil
}

// TokenUsed reports whether UseToken accepted jti before.
func (d *DB) TokenUsed(ctx context.Context, jti string) (bool, error) {
	used, err := maybe[UsedToken](d.Scoped(ctx).Where("jti = ?", storableToken(jti)), "token")
	return used != nil, err
}

// storableToken returns jti as the column takes it: BigCommerce sends UUIDs, but does not promise
// to.
func storableToken(jti string) string {
	if len(jti) > 64 {
		sum := sha256.Sum256([]byte(jti))
		jti = hex.EncodeToString(sum[:])
	}
	return Clean(jti, 64)
}

// SweepUsedTokens forgets tokens that have expired by themselves, of all stores.
func (d *DB) SweepUsedTokens(ctx context.Context, now time.Time) (int64, error) {
	res := d.AcrossStores(ctx).Where("expires_at < ?", now.UTC()).Delete(&UsedToken{})
	return res.RowsAffected, wrap(res.Error, "sweep tokens")
}
