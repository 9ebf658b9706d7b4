package main

import (
	"net/netip"

	"sluice/jobs/flow"
	"sluice/jobs/kinds/prices"
	"sluice/jobs/kinds/products"
	"sluice/jobs/source"
	"sluice/jobs/upsert"
)

// kindSpecs says what every kind of flow is, for commands that carry out none.
func kindSpecs() []flow.Spec { return []flow.Spec{products.New().Spec(), prices.New().Spec()} }

// assembleKinds makes the kinds of flows. This is the one place where they are listed.
func (p *program) assembleKinds(private []netip.Prefix) {
	in := upsert.Config{
		DB: p.db,
		Fetcher: source.NewFetcher(source.FetchOptions{
			AllowPrivate: private, AllowHTTP: len(private) > 0, AllowRedirects: p.cfg.SourceRedirects, UserAgent: userAgent(),
		}),
		Limits: p.limits,
	}
	p.kinds = []flow.Kind{upsert.New(in, products.New()), upsert.New(in, prices.New())}
}
