package tenants

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"gorm.io/gorm"

	"sluice/internal/problem"
)

// addressMask stands for what is hidden of an address.
const addressMask = "•••"

// MaskAddress returns a feed's address without what may be a credential in it: user name and
// password, fragment, and the values of its query, all of them or only those that look like tokens.
func MaskAddress(address string, all bool) string {
	u, err := url.Parse(address)
	if err != nil {
		return addressMask
	}
	if u.User == nil && u.RawQuery == "" && !strings.Contains(address, "#") {
		return address
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	pairs := strings.Split(u.RawQuery, "&")
	for i, pair := range pairs {
		name, value := queryPair(pair)
		switch {
		case value == "" || !all && !tokenName.MatchString(name) && !tokenValue(value):
		case name == "":
			pairs[i] = addressMask
		default:
			pairs[i] = name + "=" + addressMask
		}
	}
	u.RawQuery = strings.Join(pairs, "&")
	return u.String()
}

// queryPair cuts a pair of a query. What has no value, or a name that looks like a token, is all
// value.
func queryPair(pair string) (name, value string) {
	name, value, _ = strings.Cut(pair, "=")
	if name == "" || value == "" || tokenValue(name) {
		return "", pair
	}
	return name, value
}

// tokenName is how parameters are called whose values are secrets.
var tokenName = regexp.MustCompile(`(?i)token|key|secret|sig|pass|pwd|auth|cred|code|session|jwt|hash|access|login|user|pin`)

// tokenValue reports whether a value is too long, or too mixed, for a word or a number.
func tokenValue(v string) bool {
	return len(v) >= 24 || len(v) >= 12 && strings.ContainsFunc(v, unicode.IsDigit) && strings.ContainsFunc(v, unicode.IsLetter)
}

var encodedMask = regexp.MustCompile(`(?i)%E2%80%A2`)

// unmask returns the address that a merchant means by given, which may be what was shown of the
// address old, changed or not: what a mask hides is taken from old, as long as it goes to the same
// place there.
func unmask(given, old string) (string, error) {
	given = encodedMask.ReplaceAllString(given, "•")
	if old != "" && (given == MaskAddress(old, true) || given == MaskAddress(old, false)) {
		return old, nil
	}
	if !strings.Contains(given, addressMask) {
		return given, nil
	}
	hidden := problem.New(problem.Invalid, "The address is not whole.").
		WithField("source.url", "enter the address again with what stands for %s: it is kept only while the rest of the address stays", addressMask)
	to, err := url.Parse(given)
	from, errOld := url.Parse(old)
	if err != nil || errOld != nil || to.Scheme != from.Scheme || !strings.EqualFold(to.Host, from.Host) || to.EscapedPath() != from.EscapedPath() {
		return "", hidden
	}
	values := map[string][]string{} // of old, by name, in their order
	for pair := range strings.SplitSeq(from.RawQuery, "&") {
		name, value := queryPair(pair)
		values[name] = append(values[name], value)
	}
	pairs := strings.Split(to.RawQuery, "&")
	for i, pair := range pairs {
		name, value := queryPair(pair)
		known := values[name]
		if len(known) > 0 {
			values[name] = known[1:]
		}
		if value != addressMask {
			continue
		}
		if len(known) == 0 {
			return "", hidden
		}
		if pairs[i] = known[0]; name != "" {
			pairs[i] = name + "=" + known[0]
		}
	}
	to.RawQuery = strings.Join(pairs, "&")
	whole := to.String()
	if strings.Contains(whole, addressMask) {
		return "", hidden
	}
	return whole, nil
}

// setAddress keeps address in c: as it is if it can have no credential, else sealed, with its mask
// to be shown.
func (d *DB) setAddress(ctx context.Context, c *Connection, address string) (err error) {
	c.URL, c.Address = MaskAddress(address, true), nil
	if c.URL != address {
		c.URL = Clean(c.URL, 2000)
		c.Address, err = d.vault.Seal(StoreHash(ctx), columnAddress, []byte(address))
	}
	return err
}

// ConnectionAddress returns the whole address of a connection of kind url, as it is fetched.
func (d *DB) ConnectionAddress(ctx context.Context, c *Connection) (string, error) {
	if len(c.Address) == 0 {
		return c.URL, nil
	}
	plain, err := d.vault.Open(StoreHash(ctx), columnAddress, c.Address)
	if err != nil {
		return "", sealed(err, "address of the connection")
	}
	if Clean(MaskAddress(string(plain), true), 2000) != c.URL {
		return c.URL, nil // a process of before addresses were sealed has written another since
	}
	return string(plain), nil
}

// ResolveAddress returns the address that given means beside a connection, nil for none: see
// unmask. It is problem.Invalid, for the field source.url, if that cannot be told.
func (d *DB) ResolveAddress(ctx context.Context, c *Connection, given string) (string, error) {
	if c == nil {
		return unmask(given, "")
	}
	old, err := d.ConnectionAddress(ctx, c)
	if err != nil {
		return "", err
	}
	return unmask(given, old)
}

// sourceOf is how a snapshot remembers the address it came from: as it is, or masked and with a
// fingerprint of the whole, so that two that differ in what is hidden are told apart.
func (d *DB) sourceOf(store, address string) string {
	masked := MaskAddress(address, true)
	if masked == address {
		return address
	}
	return masked + "#" + addressMask + d.vault.Fingerprint(store, "snapshots.url", address)
}

// mayHide selects the addresses in a column url that may have something to hide.
const mayHide = "(url LIKE '%?%' OR url LIKE '%@%' OR url LIKE '%#%')"

// SealAddresses seals the addresses, in all stores, that a version of Sluice wrote which kept them
// as they were, and returns how many. It may be interrupted, repeated, and run by several
// processes.
func (d *DB) SealAddresses(ctx context.Context) (int, error) {
	connections, err := fix(ctx, func(after string) (rows []Connection, err error) {
		err = d.AcrossStores(ctx).Select("id", "store_hash", "url").Where("address IS NULL AND id > ? AND "+mayHide, after).
			Order("id").Limit(rotateRows).Find(&rows).Error
		return rows, err
	}, func(c Connection) (string, *gorm.DB, error) {
		old := c.URL
		if err := d.setAddress(WithStore(ctx, c.StoreHash), &c, old); err != nil || len(c.Address) == 0 {
			return c.ID, nil, err
		}
		return c.ID, d.AcrossStores(ctx).Model(&Connection{}).Where("id = ? AND url = ? AND address IS NULL", c.ID, old).
			Select("url", "address").UpdateColumns(&c), nil
	})
	if err != nil {
		return connections, wrap(err, "seal addresses")
	}
	snapshots, err := fix(ctx, func(after string) (rows []Snapshot, err error) {
		err = d.AcrossStores(ctx).Select("id", "store_hash", "url").Where("id > ? AND url NOT LIKE ? AND "+mayHide, after, "%"+addressMask+"%").
			Order("id").Limit(rotateRows).Find(&rows).Error
		return rows, err
	}, func(s Snapshot) (string, *gorm.DB, error) {
		source := Clean(d.sourceOf(s.StoreHash, s.URL), 2000)
		if source == s.URL {
			return s.ID, nil, nil
		}
		return s.ID, d.AcrossStores(ctx).Model(&Snapshot{}).Where("id = ? AND url = ?", s.ID, s.URL).UpdateColumn("url", source), nil
	})
	return connections + snapshots, wrap(err, "seal addresses")
}

// fix pages through rows and changes each; change returns a row's id, and nil if there is nothing
// to do.
func fix[T any](ctx context.Context, page func(after string) ([]T, error), change func(T) (id string, done *gorm.DB, err error)) (n int, err error) {
	after := ""
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		rows, err := page(after)
		if err != nil {
			return n, err
		}
		for _, row := range rows {
			id, done, err := change(row)
			if err == nil && done != nil {
				err, n = done.Error, n+int(done.RowsAffected)
			}
			if err != nil {
				return n, err
			}
			after = id
		}
		if len(rows) < rotateRows {
			return n, nil
		}
	}
}
