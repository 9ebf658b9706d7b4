package tenants

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"gorm.io/gorm/clause"

	"sluice/internal/problem"
)

// EnsureUser returns the user that a signed payload or an install named, who is made if unknown: the
// owner as owner, anyone else as admin (BigCommerce's owner decides who may open apps). A removed user
// who comes back is one again, with the role of before; a payload that was signed before the removal is
// refused (problem.Unauthenticated). When ownership moved, the former owner becomes an admin.
func (d *DB) EnsureUser(ctx context.Context, seen UserSeen) (*User, error) {
	if seen.UserID <= 0 {
		return nil, problem.New(problem.Invalid, "BigCommerce named no user. Open Sluice from the control panel again.")
	}
	var user *User
	err := d.Tx(ctx, func(tx *DB) error {
		now := tx.now()
		if err := refuseRemoved(ctx, tx, seen); err != nil {
			return err
		}
		row := User{
			ID: NewID(), UserID: seen.UserID, Email: Clean(seen.Email, 255), Role: RoleAdmin,
			Locale: Clean(seen.Locale, 16), LastSeenAt: &now,
		}
		set := []string{"removed_at", "last_seen_at", "updated_at"}
		if seen.Email != "" {
			set = append(set, "email")
		}
		if seen.Locale != "" {
			set = append(set, "locale")
		}
		if seen.Owner {
			row.Role = RoleOwner
			set = append(set, "role")
			err := tx.Scoped(ctx).Model(&User{}).Where("role = ? AND user_id <> ?", RoleOwner, seen.UserID).Update("role", RoleAdmin).Error
			if err != nil {
				return err
			}
		}
		err := tx.Scoped(ctx).Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "store_hash"}, {Name: "user_id"}}, DoUpdates: clause.AssignmentColumns(set),
		}).Create(&row).Error
		if err != nil {
			return err
		}
		if user, err = one[User](tx.Scoped(ctx).Where("user_id = ?", seen.UserID), "user"); err != nil {
			return err
		}
		if user.Role == RoleOwner && !seen.Owner {
			user.Role = RoleAdmin
			return tx.Scoped(ctx).Model(&User{}).Where("id = ?", user.ID).Update("role", RoleAdmin).Error
		}
		return nil
	})
	return user, wrap(err, "user")
}

func refuseRemoved(ctx context.Context, tx *DB, seen UserSeen) error {
	if seen.IssuedAt.IsZero() {
		return nil
	}
	known, err := maybe[User](tx.Scoped(ctx).Where("user_id = ?", seen.UserID), "user")
	if err != nil || known == nil || known.RemovedAt == nil || seen.IssuedAt.After(*known.RemovedAt) {
		return err
	}
	return problem.New(problem.Unauthenticated, "You no longer have access to Sluice on this store. Ask the store's owner.")
}

// UserByID returns a user who may open the panel; problem.NotFound for one who was removed.
func (d *DB) UserByID(ctx context.Context, id string) (*User, error) {
	return one[User](d.Scoped(ctx).Where("id = ? AND removed_at IS NULL", id), "user")
}

// Users returns who may open the panel, the first to come first.
func (d *DB) Users(ctx context.Context) ([]User, error) {
	var users []User
	err := d.Scoped(ctx).Where("removed_at IS NULL").Order("id").Find(&users).Error
	return users, wrap(err, "users")
}

// SetRole makes a user an admin or a viewer. Ownership is BigCommerce's to give.
func (d *DB) SetRole(ctx context.Context, id string, role Role) (*User, error) {
	if role != RoleAdmin && role != RoleViewer {
		return nil, problem.New(problem.Invalid, "A user can be made an admin or a viewer.").WithField("role", "must be admin or viewer")
	}
	user, err := d.UserByID(ctx, id)
	if err != nil {
		return nil, err
	}
	res := d.Scoped(ctx).Model(&User{}).Where("id = ? AND role <> ? AND removed_at IS NULL", id, RoleOwner).Update("role", role)
	if res.Error != nil {
		return nil, wrap(res.Error, "role")
	}
	if res.RowsAffected == 0 {
		return nil, problem.New(problem.Conflict, "The store's owner always has full access. Ownership changes in BigCommerce.")
	}
	user.Role = role
	return user, nil
}

// RemoveUser ends a user's access, by BigCommerce's id. A user who is unknown or was removed is no error.
func (d *DB) RemoveUser(ctx context.Context, bcUserID int64) error {
	err := d.Scoped(ctx).Model(&User{}).Where("user_id = ? AND removed_at IS NULL", bcUserID).Update("removed_at", d.now()).Error
	return wrap(err, "remove user")
}

// UseToken accepts a signed payload's jti once, and again for grace after its first use (a reload of
// the frame); then problem.Unauthenticated. Of two calls at the same time one is the first.
func (d *DB) UseToken(ctx context.Context, jti string, expires, now time.Time, grace time.Duration) error {
	if jti == "" {
		return problem.New(problem.Unauthenticated, "The link has no id. Open Sluice from the control panel again.")
	}
	if len(jti) > 64 { // longer than the column: BigCommerce sends UUIDs
		sum := sha256.Sum256([]byte(jti))
		jti = hex.EncodeToString(sum[:])
	}
	jti = Clean(jti, 64)
	row := UsedToken{JTI: jti, FirstUsed: now.UTC(), ExpiresAt: expires.UTC()}
	res := d.Scoped(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if res.Error != nil {
		return wrap(res.Error, "use token")
	}
	if res.RowsAffected == 1 {
		return nil
	}
	used, err := maybe[UsedToken](d.Scoped(ctx).Where("jti = ?", jti), "token")
	if err != nil {
		return err
	}
	if used == nil || now.Sub(used.FirstUsed) > grace { // nil: swept in between, so expired
		return problem.New(problem.Unauthenticated, "This link was used already. Open Sluice from the control panel again.")
	}
	return nil
}

// SweepUsedTokens forgets tokens that have expired by themselves, of all stores.
func (d *DB) SweepUsedTokens(ctx context.Context, now time.Time) (int64, error) {
	res := d.AcrossStores(ctx).Where("expires_at < ?", now.UTC()).Delete(&UsedToken{})
	return res.RowsAffected, wrap(res.Error, "sweep tokens")
}

// ForgetToken lets a token that UseToken accepted be used again: what it was used for failed.
func (d *DB) ForgetToken(ctx context.Context, jti string) error {
	return wrap(d.Scoped(ctx).Where("jti = ?", jti).Delete(&UsedToken{}).Error, "forget token")
}
