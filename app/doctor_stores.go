package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sluice/auth/customer/sso"
	"sluice/internal/bigcommerce"
	"sluice/jobs"
	"sluice/tenants"
)

// examineStores looks at the stores that were asked for, or at the newest. Its requests are few and
// do not go through the governor, which the serving processes keep busy.
func (d *doctor) examineStores(ctx context.Context, db *tenants.DB) {
	stores, err := db.Stores(ctx)
	if err != nil {
		d.fault("token", err, "Check the database.")
		return
	}
	chosen := d.choose(stores)
	for i := range chosen {
		d.examineStore(tenants.WithStore(ctx, chosen[i].Hash), db, &chosen[i])
	}
	d.sharedAddresses(ctx, db)
	d.keysToReview(ctx, db)
}

// keysToReview says which stores have API keys that are the owner's to make nowadays and that
// another made: they go on, and their owner is asked in the panel. They are found in the database,
// so no store is left out.
func (d *doctor) keysToReview(ctx context.Context, db *tenants.DB) {
	const check = "api-keys"
	numbers, err := db.KeysToReview(ctx)
	if err != nil {
		d.fault(check, err, "Check the database.")
		return
	}
	for _, store := range slices.Sorted(maps.Keys(numbers)) {
		if len(d.stores) > 0 && !slices.Contains(d.stores, store) {
			continue
		}
		d.add(diagnosis{Check: check, Store: store, Level: levelWarning,
			Says: fmt.Sprintf("API keys that sign shoppers in or never expire, which somebody else than the owner made: %d", numbers[store]),
			Do:   "Have the store's owner look at them in the panel (Settings, API keys), and keep or revoke each."})
	}
}

// sharedAddresses looks for stores whose shoppers come back from the identity provider by the
// redirect URI that all stores share. They are found in the database, so none is left out; the
// providers of as many as the limit says are asked, of others counts what was recorded last.
func (d *doctor) sharedAddresses(ctx context.Context, db *tenants.DB) {
	const check = "redirect"
	list, err := db.ProvidersOnSharedAddress(ctx)
	if err != nil {
		d.fault(check, err, "Check the database.")
		return
	}
	private, err := d.cfg.privatePrefixes()
	if err != nil {
		d.fault(check, err, "Check ALLOW_PRIVATE_SOURCES.")
		return
	}
	asked := 0
	for i := range list {
		p := &list[i]
		if len(d.stores) > 0 && !slices.Contains(d.stores, p.StoreHash) {
			continue
		}
		announces := p.AnnouncesIssuer
		if asked++; asked <= d.limit {
			if now, err := askProvider(ctx, private, p.Issuer); err == nil {
				announces = now
			}
		}
		own := sso.OwnAddresses(d.cfg.AppURL, p.StoreHash)
		f := diagnosis{Check: check, Store: p.StoreHash, Level: levelFault,
			Do: "Have the merchant register " + own.Callback + " and " + own.LoggedOut + " with the provider, and switch to them in the panel (Storefront, Single sign-on)."}
		until := p.SharedUntil.UTC().Format(time.DateOnly)
		switch {
		case announces:
			f.Level, f.Do = levelOK, ""
			f.Says = "shoppers come back by the address that stores shared; the provider names itself in its answers (RFC 9207)"
		case p.SharedAddressRefused(false, d.now()):
			f.Says = "nobody can sign in: the redirect address that stores shared ended on " + until
		default:
			f.Says = "shoppers come back by the redirect address that stores shared, which ends on " + until
		}
		d.add(f)
	}
}

func askProvider(ctx context.Context, private []netip.Prefix, issuer string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	return sso.FetchAnnouncement(ctx, private, userAgent(), issuer)
}

// choose returns the stores to look at, and says which were left out.
func (d *doctor) choose(stores []tenants.Store) []tenants.Store {
	for _, hash := range d.stores {
		if !slices.ContainsFunc(stores, func(s tenants.Store) bool { return s.Hash == hash }) {
			d.add(diagnosis{Check: "token", Store: hash, Level: levelFault, Says: "Sluice does not know this store", Do: "Install the app on it from the control panel, or see sluice store list."})
		}
	}
	chosen := slices.DeleteFunc(stores, func(s tenants.Store) bool {
		return s.State == tenants.StoreUninstalled || len(d.stores) > 0 && !slices.Contains(d.stores, s.Hash)
	})
	slices.SortFunc(chosen, func(a, b tenants.Store) int {
		return cmp.Or(b.InstalledAt.Compare(a.InstalledAt), cmp.Compare(a.Hash, b.Hash))
	})
	if left := len(chosen) - d.limit; left > 0 {
		d.skip("token", fmt.Sprintf("%d stores were not looked at: raise --limit, or name them with --store", left))
		chosen = chosen[:d.limit]
	}
	if len(chosen) == 0 {
		d.skip("token", "no store is installed")
	}
	return chosen
}

func (d *doctor) examineStore(ctx context.Context, db *tenants.DB, s *tenants.Store) {
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	report := func(check string, l level, do, says string, args ...any) {
		d.add(diagnosis{Check: check, Store: s.Hash, Level: l, Says: fmt.Sprintf(says, args...), Do: do})
	}
	const reinstall = "Let the merchant open Sluice in the control panel and install it again."
	if s.State == tenants.StoreNeedsReinstall {
		report("token", levelFault, reinstall, "the store's work is paused: %s", s.StateReason)
		return
	}
	token, err := db.AccessToken(ctx, s.Hash)
	if err != nil {
		report("token", levelFault, "See the finding of the keys.", "%s", forPerson(err))
		return
	}
	client, err := bigcommerce.New(bigcommerce.Config{APIURL: d.cfg.APIURL, StoreHash: s.Hash, AccessToken: token, UserAgent: userAgent()})
	if err != nil {
		report("token", levelFault, "Check BIGCOMMERCE_API_URL.", "%v", err)
		return
	}
	_, err = client.Store.Get(ctx)
	var unauthorized *bigcommerce.UnauthorizedError
	switch {
	case errors.As(err, &unauthorized):
		report("token", levelFault, reinstall, "BigCommerce does not accept the store's access token")
		return
	case err != nil:
		report("token", levelFault, "Check that this machine may reach BIGCOMMERCE_API_URL; if it does, BigCommerce may be in trouble.", "the store cannot be read: %v", err)
		return
	}
	report("token", levelOK, "", "BigCommerce accepts it")
	if s.Origin == tenants.OriginCredentials {
		report("scopes", levelSkipped, "", "the store was added by its own API account, whose scopes BigCommerce does not tell")
		if s.ClientSecret == nil {
			report("webhooks", levelSkipped, "", "it has none: the store was added without the client secret that they would be signed with (sluice store add --file)")
			return
		}
		d.examineHooks(ctx, db, client, s, s.ClientID)
		return
	}
	if missing := s.MissingScopes(d.cfg.Scopes...); len(missing) > 0 {
		report("scopes", levelFault, "Tick them for the app in the Developer Portal, and let the merchant open it and accept. Until then flows that need them are paused.",
			"the store did not grant %s", strings.Join(missing, ", "))
	} else {
		report("scopes", levelOK, "", "all of APP_SCOPES are granted")
	}
	d.examineHooks(ctx, db, client, s, d.cfg.ClientID)
}

// examineHooks looks at the webhooks of a store, which are to belong to clientID.
func (d *doctor) examineHooks(ctx context.Context, db *tenants.DB, client *bigcommerce.Client, s *tenants.Store, clientID string) {
	wanted, err := jobs.WantedHooks(ctx, db, s, kindSpecs())
	if err != nil {
		d.fault("webhooks", err, "Check the database.")
		return
	}
	r, err := jobs.CheckHooks(ctx, client, d.cfg.AppURL, wanted)
	f := diagnosis{Check: "webhooks", Store: s.Hash, Level: levelFault, Do: "Run sluice store refresh " + s.Hash + ", which registers them again. BigCommerce wants APP_URL on https and port 443."}
	switch {
	case err != nil:
		f.Says, f.Do = fmt.Sprintf("they cannot be read: %v", err), "Run the doctor again."
	case slices.ContainsFunc(r.Clients, func(id string) bool { return id != clientID }):
		f.Says = "they belong to another app: BIGCOMMERCE_CLIENT_ID is not the app that this store installed"
		f.Do = "Set the client id and secret of the app whose installs are in this database."
		if s.Origin == tenants.OriginCredentials {
			f.Says = "they belong to another API account than the store was added with"
			f.Do = "Add the store again with the credentials file of the account whose token it is."
		}
	case len(r.Missing) > 0:
		f.Says = "not registered for " + jobs.Destination(d.cfg.AppURL) + ": " + strings.Join(r.Missing, ", ")
	case len(r.Asleep) > 0:
		f.Says = "BigCommerce put them to sleep, because APP_URL was away or nothing happened for 90 days: " + strings.Join(r.Asleep, ", ")
	default:
		f.Level, f.Says, f.Do = levelOK, "registered and awake", ""
	}
	d.add(f)
}
