package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// StockTitles is a way to word refusals of stock. Two titles are described: that of an item with
// another tracking mode, and that of an item without an absolute adjustment before. The others no
// description has.
type StockTitles string

const (
	// StockTitlesListed names what is refused behind a cause, as an integrator recorded of unknown
	// locations.
	StockTitlesListed StockTitles = ""
	// StockTitlesEach has a sentence for each, as the described title of another tracking mode has.
	StockTitlesEach StockTitles = "each"
	// StockTitlesSilent names nothing.
	StockTitlesSilent StockTitles = "silent"
)

// A stockCause is why stock is refused, with the two ways in which the title may say so: %s is what
// is refused.
type stockCause struct{ listed, each string }

var (
	locationsNotFound  = stockCause{"Location not found, identities: [%s]", "Location with id %s not found"}
	locationsDisabled  = stockCause{"Location is disabled, identities: [%s]", "Location with id %s is disabled, please enable it to update stock"}
	itemsNotFound      = stockCause{"Items not found, identities: [%s]", "Item with %s not found"}
	itemsNotTracked    = stockCause{"Items with identity: [%s] have inventory tracking disabled", "Item with %s is not tracked, please enable inventory tracking"}
	quantitiesNegative = stockCause{"Items with identity: [%s] have a negative quantity", "Quantity of item with %s must not be negative"}
	quantitiesTooLarge = stockCause{"Items with identity: [%s] exceed the inventory limit", "Quantity of item with %s exceeds the inventory limit"}
	stockInsufficient  = stockCause{"Items with identity: [%s] have insufficient stock", "Item with %s has insufficient stock"}

	// Described (inventory.v3.yml).
	trackedByProduct = stockCause{each: "Item with %s is tracked by product, please update stock by product id"}
	trackedByVariant = stockCause{each: "Item with %s is tracked by variant, please update stock by variant id"}
	absoluteFirst    = stockCause{listed: "Items with identity: [%s] requires absolute adjustment before relative"}
)

// described reports whether the title is one that no choice may word differently.
func (c stockCause) described() bool { return c.listed == "" || c.each == "" }

// refused is the 422 of a batch of stock: its cause is in the title alone.
func (st *Store) refused(cause stockCause, names []string) reply {
	ways := st.sb.opts.Choices
	if ways.StockTitleOfOne {
		names = names[:1]
	}
	const status = http.StatusUnprocessableEntity
	switch {
	case !cause.described() && ways.StockTitles == StockTitlesSilent:
		return inventoryFail(status, "Stock could not be updated", nil)
	case cause.listed == "" || !cause.described() && ways.StockTitles == StockTitlesEach:
		for i, name := range names {
			names[i] = strings.Replace(cause.each, "%s", name, 1)
		}
		return inventoryFail(status, "["+strings.Join(names, ", ")+"]", nil)
	}
	return inventoryFail(status, strings.Replace(cause.listed, "%s", strings.Join(names, ", "), 1), nil)
}

// inventoryFail is an error of this API, which has a media type of its own.
func inventoryFail(status int, title string, errs map[string]string) reply {
	r := fail(status, title, errs)
	r.ctype = "application/problem+json"
	return r
}

// payloadInvalid is the 422 of a request whose fields are wrong, in this API's words
// (inventory.v3.yml).
func payloadInvalid(errs map[string]string) reply {
	return inventoryFail(http.StatusUnprocessableEntity, "Payload contains invalid fields", errs)
}

// identities are ids as titles name them.
func identities(ids []int64) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strconv.FormatInt(id, 10)
	}
	return out
}
