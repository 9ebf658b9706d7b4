package tenants

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"sluice/internal/problem"
)

// EnsureUser returns the user that a signed payload or an install named, who is made if unknown:
// the owner as owner, anyone else as admin (BigCommerce's owner decides who may open apps). A
// removed user who comes back is one again, with the role of before; a payload that was signed
// before the removal is refused (problem.Unauthenticated). When ownership moved, the former owner
// becomes an admin; a payload from before the newest change of owner moves nothing.
func (d *DB) EnsureUser(ctx context.Context, seen UserSeen) (*User, error) {
	if seen.UserID <= 0 {
		return nil, problem.New(problem.Invalid, "BigCommerce named no user. Open Sluice from the control panel again.")
	}
	var user *User
	err := d.Tx(ctx, func(tx *DB) error {
		now := tx.now()
		known, err := maybe[User](tx.Scoped(ctx).Where("user_id = ?", seen.UserID), "user")
		if err != nil {
			return err
		}
		if err := refuseRemoved(known, seen); err != nil {
			return err
		}
		owner, news, err := tx.ownership(ctx, known, seen)
		if err != nil {
			return err
		}
		if news {
			if err := tx.noteOwnership(ctx, seen); err != nil {
				return err
			}
		}
		row := User{
			ID: NewID(), UserID: seen.UserID, Email: cleanName(seen.Email, 255), Role: RoleAdmin,
			Locale: cleanName(seen.Locale, 16), LastSeenAt: &now,
		}
		set := []string{"removed_at", "last_seen_at", "updated_at"}
		if seen.Email != "" {
			set = append(set, "email")
		}
		if seen.Locale != "" {
			set = append(set, "locale")
		}
		if owner {
			row.Role = RoleOwner
			set = append(set, "role")
			if err := tx.demoteOwners(ctx, "user_id <> ?", seen.UserID); err != nil {
				return err
			}
		}
		err = tx.Scoped(ctx).Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "store_hash"}, {Name: "user_id"}}, DoUpdates: clause.AssignmentColumns(set),
		}).Create(&row).Error
		if err != nil {
			return err
		}
		if !owner {
			if err := tx.demoteOwners(ctx, "user_id = ?", seen.UserID); err != nil {
				return err
			}
		}
		user, err = one[User](tx.Scoped(ctx).Where("user_id = ?", seen.UserID), "user")
		return err
	})
	return user, wrap(err, "user")
}

func refuseRemoved(known *User, seen UserSeen) error {
	if seen.IssuedAt.IsZero() || known == nil || known.RemovedAt == nil || seen.IssuedAt.After(*known.RemovedAt) {
		return nil
	}
	return problem.New(problem.Unauthenticated, "You no longer have access to Sluice on this store. Ask the store's owner.")
}

// ownership returns whether the user that was seen is the owner, and whether that is news. A
// payload from before the newest change of owner is not heard: what is known stays.
func (d *DB) ownership(ctx context.Context, known *User, seen UserSeen) (owner, news bool, err error) {
	was := known != nil && known.Role == RoleOwner
	if was == seen.Owner {
		return was, false, nil
	}
	store, err := maybe[Store](d.Scoped(ctx).Where("hash = ?", StoreHash(ctx)), "store")
	if err != nil {
		return false, false, err
	}
	if store != nil && store.OwnerAsOf != nil && !seen.IssuedAt.IsZero() && seen.IssuedAt.Before(*store.OwnerAsOf) {
		return was, false, nil
	}
	return seen.Owner, true, nil
}

// clocksDiffer is by how much BigCommerce's clock and ours may differ.
const clocksDiffer = time.Minute

// noteOwnership remembers, by BigCommerce's clock, that ownership is as seen says.
func (d *DB) noteOwnership(ctx context.Context, seen UserSeen) error {
	at := seen.IssuedAt
	if at.IsZero() {
		at = d.now().Add(-clocksDiffer)
	}
	return d.Scoped(ctx).Model(&Store{}).Where("hash = ?", StoreHash(ctx)).
		Update("owner_as_of", at.UTC().Truncate(time.Second)).Error
}

// UserByID returns a user who may open the panel; problem.NotFound for one who was removed.
func (d *DB) UserByID(ctx context.Context, id string) (*User, error) {
	return one[User](d.Scoped(ctx).Where("id = ? AND removed_at IS NULL", id), "user")
}

// Users returns all who may open the panel, the first to come first. It is for an operator:
// merchants get pages.
func (d *DB) Users(ctx context.Context) ([]User, error) {
	var users []User
	err := d.Scoped(ctx).Where("removed_at IS NULL").Order("id").Find(&users).Error
	return users, wrap(err, "users")
}

// UserPage returns who may open the panel, the first to come first, and the value of After for the
// next page ("" at the end).
func (d *DB) UserPage(ctx context.Context, p Page) (users []User, cursor string, err error) {
	limit := pageSize(p.Limit)
	if err := byID(d.Scoped(ctx).Where("removed_at IS NULL"), p).Limit(limit + 1).Find(&users).Error; err != nil {
		return nil, "", wrap(err, "users")
	}
	users, cursor = next(users, limit, func(u User) string { return u.ID })
	return users, cursor, nil
}

// SetRole makes a user an admin or a viewer. Ownership is BigCommerce's to give. Who becomes a
// viewer loses every open session and every API key at once; by is who decides, for the audit log.
func (d *DB) SetRole(ctx context.Context, id string, role Role, by string) (*User, error) {
	if role != RoleAdmin && role != RoleViewer {
		return nil, problem.New(problem.Invalid, "A user can be made an admin or a viewer.").WithField("role", "must be admin or viewer")
	}
	var user *User
	err := d.Tx(ctx, func(tx *DB) (err error) {
		if user, err = tx.lockUser(ctx, id); err != nil {
			return err
		}
		switch {
		case user.Role == RoleOwner:
			return problem.New(problem.Conflict, "The store's owner always has full access. Ownership changes in BigCommerce.")
		case user.Role == role:
			return nil
		case role == RoleViewer:
			return tx.demote(ctx, user, role, by)
		}
		user.Role = role
		return tx.Scoped(ctx).Model(&User{}).Where("id = ?", id).Update("role", role).Error
	})
	if err != nil {
		return nil, wrap(err, "role")
	}
	return user, nil
}

// lockUser is UserByID for a transaction: nobody changes or removes the user before it ends.
func (d *DB) lockUser(ctx context.Context, id string) (*User, error) {
	return one[User](d.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ? AND removed_at IS NULL", id), "user")
}

// RemoveUser ends the access of a user, by BigCommerce's id, with every session and API key of
// theirs. at is when BigCommerce removed them, by its clock: what it signed until then does not
// bring them back (EnsureUser). by is who decided, for the audit log. A user who is unknown or was
// removed is no error.
func (d *DB) RemoveUser(ctx context.Context, bcUserID int64, at time.Time, by string) error {
	return wrap(d.Tx(ctx, func(tx *DB) error {
		user, err := maybe[User](tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).
			Where("user_id = ? AND removed_at IS NULL", bcUserID), "user")
		if err != nil || user == nil {
			return err
		}
		err = tx.Scoped(ctx).Model(&User{}).Where("id = ?", user.ID).
			Updates(map[string]any{"removed_at": at.UTC(), "sessions_valid_after": tx.endingNow(user.SessionsValidAfter)}).Error
		if err != nil {
			return err
		}
		if err := tx.dropRecipient(ctx, user.Email); err != nil {
			return err
		}
		return tx.revokeKeysOf(ctx, user.ID, "", RevokedMakerRemoved, by)
	}), "remove user")
}
