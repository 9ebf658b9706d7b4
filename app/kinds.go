package main

import (
	"net/netip"

	"sluice/jobs/flow"
	"sluice/jobs/kinds/prices"
	"sluice/jobs/kinds/products"
	"sluice/jobs/kinds/stock"
	"sluice/jobs/source"
	"sluice/jobs/upsert"
)

// targets are the kinds of flows that write records to a store. This is the one place where kinds are listed.
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

// assembleKinds makes the kinds of flows.
func (p *program) assembleKinds(private []netip.Prefix) {
	in := upsert.Config{
		DB: p.db,
		Fetcher: source.NewFetcher(source.FetchOptions{
			AllowPrivate: private, AllowHTTP: len(private) > 0, AllowRedirects: p.cfg.SourceRedirects, UserAgent: userAgent(),
		}),
		Limits: p.limits,
	}
	for _, t := range targets() {
		p.kinds = append(p.kinds, upsert.New(in, t))
	}
}
