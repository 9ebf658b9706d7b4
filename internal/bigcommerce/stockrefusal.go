package bigcommerce

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// StockCause is why a batch of stock was refused.
type StockCause string

// The causes that titles are known to tell.
const (
	StockCauseUnknown     StockCause = ""
	StockByProduct        StockCause = "tracked by product" // write it under the id of its product
	StockByVariant        StockCause = "tracked by variant" // write it under the id of its variant
	StockNotTracked       StockCause = "not tracked"
	StockItemUnknown      StockCause = "unknown item"
	StockLocationUnknown  StockCause = "unknown location"
	StockLocationDisabled StockCause = "disabled location"
)

// StockState is what became of an item of a write of stock.
type StockState string

// The states of items.
const (
	StockAccepted StockState = "accepted" // it takes effect soon
	StockRefused  StockState = "refused"  // Cause and Title say why
	StockUnsaved  StockState = "unsaved"  // nothing is wrong with it, but nothing was saved: send it again
)

// StockResult is what became of one item of a write of stock.
type StockResult struct {
	State StockState
	Cause StockCause // of StockRefused; StockCauseUnknown where the words say nothing
	Title string     // of StockRefused: what BigCommerce said, in whole
}

// stockResults tells what became of items that were sent together. A refusal that does not say
// which of several items it is about is an error.
func stockResults(items []Adjustment, err error) ([]StockResult, error) {
	out := make([]StockResult, len(items))
	for i := range out {
		out[i].State = StockAccepted
	}
	if err == nil {
		return out, nil
	}
	refusal, ok := refusedStock(err, items)
	if len(items) == 1 && refusal.cause != StockCauseUnknown {
		refusal.items = []int{0}
	}
	if !ok || len(refusal.items) == 0 {
		return nil, err
	}
	for i := range out {
		out[i].State = StockUnsaved
	}
	for _, i := range refusal.items {
		out[i] = StockResult{StockRefused, refusal.cause, refusal.title}
	}
	return out, nil
}

// stockRefusal is what BigCommerce says of a batch of stock that it refused. Nothing of the batch
// was written.
type stockRefusal struct {
	cause StockCause
	items []int  // places in the batch of what the answer names, ascending; empty if it names nothing of the batch
	title string // in whole, which APIError.Title need not be
}

// refusedStock reads the refusal of a batch, which tells its cause in the title alone. ok is false
// for any other error. Two titles are documented and the words of others vary, so it looks for the
// items that were sent, and for a few words beside them.
func refusedStock(err error, items []Adjustment) (refusal stockRefusal, ok bool) {
	var invalid *ValidationError
	if !errors.As(err, &invalid) {
		return stockRefusal{}, false
	}
	t := stockTitle{names: namesOf(items), named: map[int]bool{}}
	for key := range invalid.Fields { // of a request whose form is wrong: "items.3.quantity"
		if rest, ok := strings.CutPrefix(key, "items."); ok {
			if i, _, ok := SplitIndex(rest); ok && i < len(items) {
				t.named[i] = true
			}
		}
	}
	refusal.title = orDefault(invalid.LongTitle, invalid.Title)
	rest := t.takeNamed(refusal.title)
	refusal.cause = stockCauseOf(rest)
	switch {
	case len(t.named) > 0:
	case refusal.cause == StockLocationUnknown, refusal.cause == StockLocationDisabled:
		t.takeLocations(rest, items)
	default:
		t.takeListed(rest)
	}
	for i := range items {
		if t.named[i] {
			refusal.items = append(refusal.items, i)
		}
	}
	return refusal, true
}

// stockCauseOf looks for the words of a cause in a title without the names in it, which may be any
// words.
func stockCauseOf(title string) StockCause {
	title = strings.ToLower(title)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(title, w) })
	}
	switch location := has("location"); {
	case has("tracked by product"):
		return StockByProduct
	case has("tracked by variant"):
		return StockByVariant
	case location && has("disabled", "not enabled", "inactive"):
		return StockLocationDisabled
	case location && has("not found", "not exist", "unknown", "invalid"):
		return StockLocationUnknown
	case has("not tracked", "tracking"):
		return StockNotTracked
	case has("not found", "not exist", "unknown"):
		return StockItemUnknown
	}
	return StockCauseUnknown
}

// stockNames are the places of items in a batch by what they are called: "sku", "variant_id" or
// "product_id", and the value in lower case.
type stockNames struct {
	by   map[string]map[string][]int
	skus []string // in lower case, the longest first
}

func namesOf(items []Adjustment) stockNames {
	n := stockNames{by: map[string]map[string][]int{"sku": {}, "variant_id": {}, "product_id": {}}}
	for i, item := range items {
		kind, value := "sku", strings.ToLower(item.SKU)
		switch {
		case item.VariantID != 0:
			kind, value = "variant_id", strconv.FormatInt(item.VariantID, 10)
		case item.ProductID != 0:
			kind, value = "product_id", strconv.FormatInt(item.ProductID, 10)
		case len(n.by[kind][value]) == 0:
			n.skus = append(n.skus, value)
		}
		n.by[kind][value] = append(n.by[kind][value], i)
	}
	slices.SortFunc(n.skus, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return n
}

// stockTitle finds the items that a title names.
type stockTitle struct {
	names stockNames
	named map[int]bool // by place in the batch
}

func (t *stockTitle) take(kind, value string) bool {
	places := t.names.by[kind][value]
	for _, i := range places {
		t.named[i] = true
	}
	return len(places) > 0
}

var (
	stockKeyword = regexp.MustCompile(`\b(sku|variant_id|product_id)\b[:=]?`)
	bracketed    = regexp.MustCompile(`\[([^\[\]]*)\]`)
	digits       = regexp.MustCompile(`[0-9]+`)
)

// takeNamed takes what stands behind "sku", "variant_id" and "product_id", and returns the title
// without it.
func (t *stockTitle) takeNamed(title string) string {
	title = strings.ToLower(title)
	var rest strings.Builder
	for {
		at := stockKeyword.FindStringSubmatchIndex(title)
		if at == nil {
			rest.WriteString(title)
			return rest.String()
		}
		rest.WriteString(title[:at[0]])
		kind, tail := title[at[2]:at[3]], title[at[1]:]
		title = tail
		// One space, or none, belongs to the title; SKUs may have some of their own, and titles
		// quotes.
		for _, start := range []string{strings.TrimPrefix(tail, " "), strings.TrimLeft(tail, ` "'[`)} {
			value := t.valueAt(kind, start)
			if value != "" && t.take(kind, value) {
				title = start[len(value):]
				break
			}
		}
	}
}

// valueAt is the longest name of the batch that a text begins with.
func (t *stockTitle) valueAt(kind, text string) string {
	if kind != "sku" {
		if at := digits.FindStringIndex(text); at != nil && at[0] == 0 {
			return text[:at[1]]
		}
		return ""
	}
	for _, sku := range t.names.skus {
		if strings.HasPrefix(text, sku) && (len(text) == len(sku) || strings.ContainsRune(` ,;]")'`, rune(text[len(sku)]))) {
			return sku
		}
	}
	return ""
}

// takeListed takes the elements of lists in brackets.
func (t *stockTitle) takeListed(title string) {
	for _, list := range bracketed.FindAllStringSubmatch(title, -1) {
		for element := range strings.SplitSeq(list[1], ",") {
			element = strings.Trim(element, ` "'`)
			for kind := range t.names.by {
				t.take(kind, element)
			}
		}
	}
}

// takeLocations takes every item at a location whose id is in the title.
func (t *stockTitle) takeLocations(title string, items []Adjustment) {
	ids := digits.FindAllString(title, -1)
	for i, item := range items {
		if slices.Contains(ids, strconv.FormatInt(item.LocationID, 10)) {
			t.named[i] = true
		}
	}
}
