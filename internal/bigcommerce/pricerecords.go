package bigcommerce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// MaxPriceRecordsPerUpsert is the most price records that one request takes.
const MaxPriceRecordsPerUpsert = 1000

// maxRecordsErrorBody is how much of a refused batch's answer is read: it may name each of
// MaxPriceRecordsPerUpsert records and several of its fields.
const maxRecordsErrorBody = 4 << 20

// PriceRecordFilter narrows the records of a price list; a zero field filters nothing.
type PriceRecordFilter struct {
	VariantIDs []int64  // variant_id:in
	ProductIDs []int64  // product_id:in
	SKU        string   // sku, exactly
	SKUs       []string // sku:in: none of them with a comma, see ListableSKU
	Currencies []string // currency:in, ISO 4217 in any letter case
	Limit      int      // items a page; 0 and anything above MaxPageSize mean MaxPageSize
}

func (f PriceRecordFilter) writeTo(q *query) error {
	for _, sku := range f.SKUs {
		if !ListableSKU(sku) {
			return fmt.Errorf("bigcommerce: SKU %q cannot be in a list of SKUs: look it up alone, with PriceRecordFilter.SKU", sku)
		}
	}
	q.nums("variant_id:in", f.VariantIDs)
	q.nums("product_id:in", f.ProductIDs)
	q.str("sku", f.SKU)
	q.list("sku:in", f.SKUs)
	q.list("currency:in", f.Currencies)
	q.list("include", []string{"bulk_pricing_tiers", "sku"})
	return nil
}

// Records returns one page, counted from 1, of a price list's records that match, as documents with
// their bulk_pricing_tiers and sku. A page after the last is empty. A price that a record does not
// set is null or not there.
func (s *PriceListsService) Records(ctx context.Context, listID int64, f PriceRecordFilter, page int) ([]Fields, Pagination, error) {
	path := listPath(listID) + "/records"
	env, err := fetchPage[Fields](ctx, s.client, path, f.Limit, position{page: max(page, 1)}, f.writeTo)
	if err != nil {
		return nil, Pagination{}, err
	}
	if env.Meta.Pagination == nil {
		return nil, Pagination{}, errors.New("bigcommerce: GET " + path + ": the answer has no pagination")
	}
	return env.Data, *env.Meta.Pagination, nil
}

// UpsertRecords creates or changes up to MaxPriceRecordsPerUpsert records of a price list. Each
// needs "currency" and either "variant_id" or "sku"; the three together are its identity, so that
// to send a record again does no harm. Of one store only one such request may run at a time
// (ClassOf). A refusal that says which records it is about is a *RecordsError.
func (s *PriceListsService) UpsertRecords(ctx context.Context, listID int64, records []Fields) error {
	if err := checkBatch("price records", records, MaxPriceRecordsPerUpsert); err != nil {
		return err
	}
	for i, record := range records {
		if record["currency"] == nil || record["variant_id"] == nil && record["sku"] == nil {
			return fmt.Errorf("bigcommerce: price record %d needs a currency and a variant_id or sku", i)
		}
	}
	r := request{method: http.MethodPut, path: listPath(listID) + "/records", body: records, maxError: maxRecordsErrorBody}
	r.explain = func(raw []byte, err error) error { return recordsError(raw, err, records, s.client.redactor(r)) }
	_, _, err := send[none](ctx, s.client, r)
	return err
}

// RecordsError is a *ValidationError to a batch of price records that says which of them are wrong.
// Those were not saved. Of the others all, some or none may have been: send them again, without the
// wrong ones.
type RecordsError struct {
	*ValidationError
	Records []RecordError // at least one
}

// Unwrap gives the refusal of the batch as a whole.
func (e *RecordsError) Unwrap() error { return e.ValidationError }

// RecordError is what is wrong with one record of a batch.
type RecordError struct {
	Index     int // in the batch that was sent; -1 if it is none of them
	VariantID int64
	SKU       string
	Currency  string
	Fields    map[string]string // by BigCommerce's own keys, "" for what is about none
}

// recordsError makes a *RecordsError of a refusal that names records of the batch, and is err for
// any other.
func recordsError(raw []byte, err error, batch []Fields, clean func(string) string) error {
	var invalid *ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	named := namedRecords(raw, clean)
	named.match(batch)
	if len(named) == 0 {
		named = indexedRecords(invalid.Fields, batch)
	}
	if len(named) == 0 {
		return err
	}
	return &RecordsError{invalid, named}
}

type recordErrors []RecordError

// namedRecords reads {"batch_errors":[{"data":{…},"field_errors":{…}}]}, or such an object alone,
// as the descriptions have it in another place. Of an answer that was cut it reads what is whole.
func namedRecords(raw []byte, clean func(string) string) recordErrors {
	var found recordErrors
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	alone := map[string]json.RawMessage{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			break
		}
		if key == "batch_errors" {
			if open, err := dec.Token(); err != nil || open != json.Delim('[') {
				break
			}
			for dec.More() {
				var item json.RawMessage
				if dec.Decode(&item) != nil {
					return found
				}
				found = found.add(item, clean)
			}
			if _, err := dec.Token(); err != nil {
				break
			}
			continue
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			break
		}
		if name, ok := key.(string); ok {
			alone[name] = value
		}
	}
	if alone["field_errors"] != nil && len(found) == 0 {
		found = found.add(raw, clean)
	}
	return found
}

// add appends what one element says, if it says which record it is about.
func (list recordErrors) add(raw []byte, clean func(string) string) recordErrors {
	var item struct {
		Data struct {
			VariantID json.Number `json:"variant_id"`
			SKU       string      `json:"sku"`
			Currency  string      `json:"currency"`
		} `json:"data"`
		FieldErrors any `json:"field_errors"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(&item) != nil {
		return list
	}
	id, _ := item.Data.VariantID.Int64()
	if id == 0 && item.Data.SKU == "" {
		return list
	}
	body := errorBody{clean: clean}
	body.flatten("", item.FieldErrors, 0)
	return append(list, RecordError{
		Index: -1, VariantID: id, SKU: body.text(item.Data.SKU), Currency: body.text(item.Data.Currency), Fields: body.fields,
	})
}

// recordKey is a record's identity within a price list. SKUs that differ by letter case or padding
// are one; currencies are answered in lower case.
func recordKey(variant, sku, currency string) string {
	key := "sku " + strings.ToLower(strings.TrimSpace(sku))
	if variant != "" {
		key = "id " + variant
	}
	return key + "\x00" + strings.ToLower(currency)
}

// match finds the records in the batch that was sent. One that is in the batch twice and named
// twice is found twice.
func (list recordErrors) match(batch []Fields) {
	at := make(map[string][]int, len(batch))
	for i, record := range batch {
		key := recordKey(textOf(record["variant_id"]), textOf(record["sku"]), textOf(record["currency"]))
		at[key] = append(at[key], i)
	}
	for i := range list {
		e := &list[i]
		for _, key := range []string{
			recordKey(strconv.FormatInt(e.VariantID, 10), "", e.Currency), recordKey("", e.SKU, e.Currency),
		} {
			if places := at[key]; len(places) > 0 {
				e.Index = places[0]
				if len(places) > 1 {
					at[key] = places[1:]
				}
				break
			}
		}
	}
}

// textOf is a value of a document as text, "" for nil.
func textOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// indexedRecords reads fields such as "3.price", by which other batches name their items.
func indexedRecords(fields map[string]string, batch []Fields) recordErrors {
	byIndex := map[int]map[string]string{}
	for key, text := range fields {
		i, field, ok := SplitIndex(key)
		if !ok || i >= len(batch) {
			continue
		}
		if byIndex[i] == nil {
			byIndex[i] = map[string]string{}
		}
		byIndex[i][field] = text
	}
	var found recordErrors
	for i, fields := range byIndex {
		id, _ := strconv.ParseInt(textOf(batch[i]["variant_id"]), 10, 64)
		found = append(found, RecordError{
			Index: i, VariantID: id, SKU: textOf(batch[i]["sku"]), Currency: textOf(batch[i]["currency"]), Fields: fields,
		})
	}
	slices.SortFunc(found, func(a, b RecordError) int { return a.Index - b.Index })
	return found
}
