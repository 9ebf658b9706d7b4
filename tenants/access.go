package tenants

import (
	"context"
	"slices"
	"strings"
	"time"
)

// What people may do ends for what acts in their name: the sessions that they opened and the API
// keys that they made. Each function below is for a transaction that changes what somebody may do.

// processesDiffer is by how much the clocks of processes that share the database may differ.
const processesDiffer = 10 * time.Second

// endingNow returns the SessionsValidAfter that ends each session opened until now, in whatever
// process; before is the one so far. It lies a little ahead, and SessionOpened puts new sessions
// behind it: so that neither clocks that differ nor two events at one moment let a session of
// before live on, or end one of afterwards.
func (d *DB) endingNow(before *time.Time) time.Time {
	at := d.now().UTC().Add(processesDiffer).Truncate(time.Microsecond)
	if before != nil && !at.After(before.Add(time.Microsecond)) {
		at = before.UTC().Add(2 * time.Microsecond) // the one between is that of a session
	}
	return at
}

// SessionOpened returns when a session of a user that is opened now counts as opened, in whole
// microseconds.
func SessionOpened(now time.Time, s *Store, u *User) time.Time {
	at := now.UTC().Truncate(time.Microsecond)
	for _, after := range []*time.Time{s.SessionsValidAfter, u.SessionsValidAfter} {
		if after != nil && !at.After(*after) {
			at = after.UTC().Add(time.Microsecond)
		}
	}
	return at
}

// SessionHolds reports whether a session that a user opened then still holds, as far as the store
// and the user say.
func SessionHolds(opened time.Time, s *Store, u *User) bool {
	for _, after := range []*time.Time{s.SessionsValidAfter, u.SessionsValidAfter} {
		if after != nil && !opened.After(*after) {
			return false
		}
	}
	return true
}

// demote gives user a lower role, and ends their sessions and the API keys that the role may not
// have made.
func (d *DB) demote(ctx context.Context, user *User, role Role, by string) error {
	ending := d.endingNow(user.SessionsValidAfter)
	err := d.Scoped(ctx).Model(&User{}).Where("id = ?", user.ID).
		Updates(map[string]any{"role": role, "sessions_valid_after": ending}).Error
	if err != nil {
		return err
	}
	user.Role, user.SessionsValidAfter = role, &ending
	scope := "" // a viewer has none
	if role == RoleAdmin {
		scope = ScopeIdentityLogin
	}
	return d.revokeKeysOf(ctx, user.ID, scope, RevokedMakerDemoted, by)
}

// demoteOwners makes those of the owners admins that where names: BigCommerce says that they are
// owners no longer.
func (d *DB) demoteOwners(ctx context.Context, where string, args ...any) error {
	var former []User
	if err := d.Scoped(ctx).Where("role = ?", RoleOwner).Where(where, args...).Find(&former).Error; err != nil {
		return err
	}
	for i := range former {
		if err := d.demote(ctx, &former[i], RoleAdmin, "bigcommerce"); err != nil {
			return err
		}
	}
	return nil
}

// revokeKeysOf revokes the keys that a user made, with scope only those that have it, each with a
// line in the audit log.
func (d *DB) revokeKeysOf(ctx context.Context, userID, scope string, because RevokedBecause, by string) error {
	var keys []APIKey
	if err := d.Scoped(ctx).Where("created_by = ? AND revoked_at IS NULL", userID).Order("id").Find(&keys).Error; err != nil {
		return err
	}
	for _, k := range keys {
		if scope != "" && !slices.Contains(strings.Fields(k.Scopes), scope) {
			continue
		}
		err := d.Scoped(ctx).Model(&APIKey{}).Where("id = ?", k.ID).
			Updates(map[string]any{"revoked_at": d.now(), "revoked_because": because}).Error
		if err != nil {
			return err
		}
		detail := k.Name + ": the key's maker was removed"
		if because == RevokedMakerDemoted {
			detail = k.Name + ": the key's maker may not have it any more"
		}
		if err := d.Audit(ctx, AuditEntry{Actor: by, Action: "api_key.revoked", Subject: k.ID, Detail: detail}); err != nil {
			return err
		}
	}
	return nil
}
