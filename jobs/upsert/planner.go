package upsert

import (
	"time"
)

const (
	// lookupBytes is about what SKUs may take in a look-up's URL, for the estimate of its cost only:
	// bigcommerce.SKULookups makes the requests.
	lookupBytes = 4500
)

// assumed is the quota that a cost in time is stated with while the store's own is not known yet:
// the smallest documented one (Standard and Plus plans).
const (
	assumedQuota  = 150
	assumedWindow = 30 * time.Second
)

// cost is what finding the run's products takes.
type cost struct {
	lookups int // requests, by keys and ids
	pages   int // requests, by the whole catalogue; 0 while its size is not known
}

// strategy is the way to find products that a planner chose.
type strategy int

const (
	nothing   strategy = iota // no product to find
	byLookup                  // id:in and sku:in
	byPages                   // the whole catalogue
	firstPage                 // ask the first page: it tells the size, and is needed for byPages anyway
)

// choose picks the cheaper way for unknown keys and known ids. keyBytes is the encoded length of
// all unknown keys together. pages is the number of pages of pageSize that are still to be read, -1
// while unknown. batch is the most records that a look-up asks for.
func choose(unknown, known, keyBytes int64, pages, batch, pageSize int) (strategy, cost) {
	c := cost{lookups: chunks(unknown, keyBytes, batch) + ceilDiv(int(known), batch)}
	switch {
	case unknown+known == 0:
		return nothing, c
	case pages < 0 && (unknown == 0 && batch >= pageSize || c.lookups <= 1):
		// Known ids never cost more than the catalogue that holds them, unless a page has more than
		// a look-up, and one look-up no more than one page.
		return byLookup, c
	case pages < 0:
		return firstPage, c
	}
	c.pages = pages
	if pages <= c.lookups {
		return byPages, c
	}
	return byLookup, c
}

// chunks is how many look-ups n keys of the given encoded length need.
func chunks(n, encoded int64, batch int) int {
	return max(ceilDiv(int(n), batch), ceilDiv(int(encoded), lookupBytes))
}

func ceilDiv(n, d int) int {
	if n <= 0 {
		return 0
	}
	return (n + d - 1) / d
}

// duration is how long requests take at a quota of perWindow requests per window, if nothing else
// uses the store's quota.
func duration(requests int64, perWindow int, window time.Duration) time.Duration {
	if perWindow <= 0 || window <= 0 {
		perWindow, window = assumedQuota, assumedWindow
	}
	if requests <= 0 {
		return 0
	}
	return time.Duration(requests) * window / time.Duration(perWindow)
}
