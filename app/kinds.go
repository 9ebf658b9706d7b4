package main

import (
	"net/netip"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/kinds/prices"
	"sluice/jobs/kinds/products"
	"sluice/jobs/kinds/stock"
	"sluice/jobs/upsert"
)

// This is the one place where kinds of flows and connectors are listed.

// assembleSources makes the connectors, in the order in which people choose one. private are the
// addresses in the host's network that they may reach.
func (p *program) assembleSources(private []netip.Prefix) {
	p.sources = connector.NewSources(
		connector.NewURL(connector.URLOptions{
			AllowPrivate: private, AllowHTTP: len(private) > 0, AllowRedirects: p.cfg.SourceRedirects, UserAgent: userAgent(),
		}),
		connector.NewUpload(),
	)
}

// targets are the kinds of flows that write records to a store.
func targets() []upsert.Target {
	return []upsert.Target{products.New(), stock.New(), prices.New()}
}

// kindSpecs says what every kind of flow is, for commands that carry out none.
func kindSpecs() []flow.Spec {
	var out []flow.Spec
	for _, t := range targets() {
		out = append(out, t.Spec())
	}
	return out
}

// scopes are the OAuth scopes that the app asks for unless APP_SCOPES says otherwise: its own,
// those of its kinds of flows, and of those that are to come. BigCommerce refuses a store's token
// once the app asks for more, until somebody opens the app there and accepts: so all is asked for
// once. Storefronts and sign-ins need others (README.md).
func scopes() []string {
	all := []string{
		bigcommerce.ScopeInformationRead,                              // the store's name, time zone and currency
		bigcommerce.ScopeCustomersRead, bigcommerce.ScopeChannelsRead, // to whom price lists are assigned
		bigcommerce.ScopeCustomers,                                                           // customers
		bigcommerce.ScopeOrders, bigcommerce.ScopePaymentsRead, bigcommerce.ScopePickupsRead, // orders, shipments
	}
	for _, spec := range kindSpecs() {
		all = append(all, spec.Scopes...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	// One that another covers need not be asked for.
	return slices.DeleteFunc(slices.Clone(all), func(scope string) bool {
		others := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == scope })
		return len(bigcommerce.MissingScopes([]string{scope}, strings.Join(others, " "))) == 0
	})
}

// assembleKinds makes the kinds of flows.
func (p *program) assembleKinds() {
	in := upsert.Config{DB: p.db, Sources: p.sources, Limits: p.limits}
	for _, t := range targets() {
		p.kinds = append(p.kinds, upsert.New(in, t))
	}
}
