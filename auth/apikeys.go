package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/internal/problem"
	"sluice/tenants"
)

// Scopes of API keys.
const (
	ScopeFlowsRead  = "flows:read"  // see the store, its flows and runs
	ScopeFlowsWrite = "flows:write" // change flows, start and cancel runs, upload files
	// ScopeAccountsWrite keeps what the back-office system knows of customers up to date, and reads
	// it.
	ScopeAccountsWrite = "accounts:write"
	// ScopeIdentityLogin signs any of the store's customers in: for a system that knows its shoppers.
	// It is the owner's to give.
	ScopeIdentityLogin = tenants.ScopeIdentityLogin
)

// KeyScopes lists every scope that an API key may have.
func KeyScopes() []string {
	return []string{ScopeFlowsRead, ScopeFlowsWrite, ScopeAccountsWrite, ScopeIdentityLogin}
}

const (
	// keyPrefix starts every key, so that a leaked one can be recognised by scanners.
	keyPrefix = "sluice_"
	// shownPrefix is how much of a key the panel shows, so that a person can tell keys apart.
	shownPrefix = len(keyPrefix) + 4
	// touchEvery bounds how often a key's last use is written.
	touchEvery = time.Minute
	maxKeyName = 100
	maxKeyDays = 3650
	// DefaultKeyDays is how long a key works unless its maker says otherwise.
	DefaultKeyDays = 365
	// operator is who makes keys by command, in the audit's terms.
	operator = tenants.KeyMakerOperator
)

// NewAPIKey is what a person asks for.
type NewAPIKey struct {
	Name          string   `json:"name"`
	Scopes        []string `json:"scopes"`
	ExpiresInDays *int     `json:"expires_in_days"` // nil: DefaultKeyDays; 0: never, which is the owner's to choose
}

// CreateAPIKey makes a key for ctx's store and returns its secret, which is kept nowhere. by is who
// asks, in the audit's terms ("user:<id>", "operator"). A user must be an admin still, and the
// owner for a key that signs shoppers in or never expires: problem.Forbidden.
func CreateAPIKey(ctx context.Context, db *tenants.DB, by string, want NewAPIKey) (*tenants.APIKey, string, error) {
	want.Name = strings.TrimSpace(tenants.PlainName(want.Name))
	invalid := problem.New(problem.Invalid, "The API key could not be made.")
	if want.Name == "" || utf8.RuneCountInString(want.Name) > maxKeyName {
		return nil, "", invalid.WithField("name", "give the key a name of 1 to %d characters", maxKeyName)
	}
	if len(want.Scopes) == 0 {
		return nil, "", invalid.WithField("scopes", "choose at least one of %s", strings.Join(KeyScopes(), ", "))
	}
	for _, s := range want.Scopes {
		if !slices.Contains(KeyScopes(), s) {
			return nil, "", invalid.WithField("scopes", "choose from %s", strings.Join(KeyScopes(), ", "))
		}
	}
	days := DefaultKeyDays
	if want.ExpiresInDays != nil {
		days = *want.ExpiresInDays
	}
	if days < 0 || days > maxKeyDays {
		return nil, "", invalid.WithField("expires_in_days", "choose 0 (never) to %d days", maxKeyDays)
	}
	secret := keyPrefix + rand.Text()
	now := time.Now().UTC()
	key := &tenants.APIKey{
		ID: tenants.NewID(), Name: want.Name, Prefix: secret[:shownPrefix], SecretHash: hashKey(secret),
		Scopes: strings.Join(want.Scopes, " "), CreatedBy: strings.TrimPrefix(by, "user:"), CreatedAt: now,
	}
	if days > 0 {
		expires := now.AddDate(0, 0, days)
		key.ExpiresAt = &expires
	}
	err := db.Tx(ctx, func(tx *tenants.DB) error {
		if err := mayMake(ctx, tx, by, want.Scopes, days); err != nil {
			return err
		}
		if err := tx.CreateAPIKey(ctx, key); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: by, Action: "api_key.created", Subject: key.ID, Detail: key.Name})
	})
	if err != nil {
		return nil, "", err
	}
	return key, secret, nil
}

// mayMake refuses makers whose role does not allow such a key. It looks anew, in the transaction
// that makes the key: a maker who is removed at the same time has no key afterwards.
func mayMake(ctx context.Context, tx *tenants.DB, by string, scopes []string, days int) error {
	if by == operator {
		return nil
	}
	maker, err := tx.KeyMaker(ctx, strings.TrimPrefix(by, "user:"))
	if problem.CodeOf(err) == problem.NotFound {
		return problem.New(problem.Unauthenticated, "You no longer have access to Sluice on this store. Ask the store's owner.")
	}
	switch {
	case err != nil:
		return err
	case maker.Role == tenants.RoleOwner:
		return nil
	case maker.Role != tenants.RoleAdmin:
		return errNotAllowed(Principal{UserID: maker.ID, Role: maker.Role}, AccessAdmin)
	case slices.Contains(scopes, ScopeIdentityLogin):
		return problem.New(problem.Forbidden, "Only the store's owner can make a key that signs shoppers in: ask the owner, or leave %s out.", ScopeIdentityLogin)
	case days == 0:
		return problem.New(problem.Forbidden, "Only the store's owner can make a key that never expires: choose 1 to %d days, or ask the owner.", maxKeyDays)
	}
	return nil
}

// hashKey is what is stored of a key. A plain hash is enough: a key has 130 bits of its own
// entropy.
func hashKey(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func errKeyRefused() error {
	return problem.New(problem.Unauthenticated, "This API key is unknown, revoked or expired. Make a new one in Settings.")
}

func (a *Auth) keyPrincipal(ctx context.Context, secret string) (Principal, error) {
	key, err := a.cfg.DB.APIKeyByHash(ctx, hashKey(secret))
	if problem.CodeOf(err) == problem.NotFound {
		return Principal{}, errKeyRefused()
	}
	if err != nil {
		return Principal{}, err
	}
	p, err := a.keyHolder(ctx, key)
	if err != nil {
		return Principal{}, err
	}
	if now := a.now(); key.LastUsedAt == nil || now.Sub(*key.LastUsedAt) >= touchEvery {
		if err := a.cfg.DB.TouchAPIKey(tenants.WithStore(ctx, key.StoreHash), key.ID, now); err != nil {
			a.cfg.Log.WarnContext(ctx, "last use of an API key was not written", "store", key.StoreHash, "key", key.ID, "error", err)
		}
	}
	a.keys.put(key.SecretHash, key.StoreHash, key.ID, a.now())
	return p, nil
}

// keyHolder returns the principal of a key that works.
func (a *Auth) keyHolder(ctx context.Context, key *tenants.APIKey) (Principal, error) {
	if key.RevokedAt != nil || (key.ExpiresAt != nil && !a.now().Before(*key.ExpiresAt)) {
		return Principal{}, errKeyRefused()
	}
	if _, err := a.workingStore(tenants.WithStore(ctx, key.StoreHash), key.StoreHash); err != nil {
		return Principal{}, err
	}
	p := Principal{StoreHash: key.StoreHash, KeyID: key.ID, Scopes: strings.Fields(key.Scopes)}
	if key.ExpiresAt != nil {
		p.ExpiresAt = *key.ExpiresAt
	}
	return p, nil
}
