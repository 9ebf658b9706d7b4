package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// kind is a JSON type as the API descriptions name it.
type kind uint8

const (
	kString kind = iota
	kNumber
	kInteger
	kBool
	kStrings  // array of strings
	kIntegers // array of integers
	kNumbers  // array of numbers that are ids
	kObject   // checked by its own code
	kObjects  // array of objects, checked by its own code
)

// fieldSpec is what the official description says of one field.
type fieldSpec struct {
	name     string
	kind     kind
	min, max *float64
	minLen   int
	maxLen   int // in characters; 0 is unlimited
	enum     []string
	nullable bool
	readOnly bool   // in answers only: ignored in requests
	required bool   // on create
	maxItems int    // of arrays; 0 is unlimited
	def      string // JSON shown when never set; "" leaves the field out of answers
	date     bool   // an ISO 8601 date-time
	html     bool   // kept as cleanHTML makes it
	decimals int    // of a number, to which it is rounded; 0 is as many as it has

	fields []fieldSpec // of kObject and kObjects, where their own fields are described
}

// fieldValue is one field that was set, in canonical JSON. Fields at their default are not stored.
type fieldValue struct {
	field uint8
	raw   string
}

func num(v float64) *float64 { return &v }

const maxInt32 = 2147483647

// productFields are the fields of products_catalog.v3.yml (product_Base_POST, product_Full), in the
// order of its example answer, with the defaults of that example.
var productFields = []fieldSpec{
	{name: "name", kind: kString, minLen: 1, maxLen: 250, required: true},
	{name: "type", kind: kString, enum: []string{"physical", "digital"}, required: true, def: `"physical"`},
	{name: "sku", kind: kString, maxLen: 255, def: `""`},
	{name: "description", kind: kString, html: true, def: `""`},
	{name: "weight", kind: kNumber, min: num(0), max: num(9999999999), required: true, def: "0"},
	{name: "width", kind: kNumber, min: num(0), max: num(9999999999), def: "0"},
	{name: "depth", kind: kNumber, min: num(0), max: num(9999999999), def: "0"},
	{name: "height", kind: kNumber, min: num(0), max: num(9999999999), def: "0"},
	{name: "price", kind: kNumber, decimals: 4, min: num(0), required: true, def: "0"},
	{name: "cost_price", kind: kNumber, decimals: 4, min: num(0), def: "0"},
	{name: "retail_price", kind: kNumber, decimals: 4, min: num(0), def: "0"},
	{name: "sale_price", kind: kNumber, decimals: 4, min: num(0), def: "0"},
	{name: "map_price", kind: kNumber, decimals: 4, def: "0"},
	{name: "tax_class_id", kind: kInteger, min: num(0), max: num(255), def: "0"},
	{name: "product_tax_code", kind: kString, maxLen: 255, def: `""`},
	{name: "calculated_price", kind: kNumber, readOnly: true},
	{name: "categories", kind: kNumbers, maxItems: 1000, def: "[]"},
	{name: "brand_id", kind: kInteger, min: num(0), max: num(1000000000), def: "0"},
	{name: "brand_name", kind: kString}, // in requests only
	{name: "option_set_id", kind: kInteger, readOnly: true},
	{name: "option_set_display", kind: kString, readOnly: true, def: `"right"`},
	{name: "inventory_level", kind: kInteger, min: num(0), max: num(maxInt32), def: "0"},
	{name: "inventory_warning_level", kind: kInteger, min: num(0), max: num(maxInt32), def: "0"},
	{name: "inventory_tracking", kind: kString, enum: []string{"none", "product", "variant"}, def: `"none"`},
	{name: "reviews_rating_sum", kind: kInteger, def: "0"},
	{name: "reviews_count", kind: kInteger, def: "0"},
	{name: "total_sold", kind: kInteger, def: "0"},
	{name: "fixed_cost_shipping_price", kind: kNumber, decimals: 4, min: num(0), def: "0"},
	{name: "is_free_shipping", kind: kBool, def: "false"},
	{name: "is_visible", kind: kBool, def: "true"},
	{name: "is_featured", kind: kBool, def: "false"},
	{name: "related_products", kind: kIntegers, def: "[-1]"},
	{name: "warranty", kind: kString, maxLen: 65535, def: `""`},
	{name: "bin_picking_number", kind: kString, maxLen: 255, def: `""`},
	{name: "layout_file", kind: kString, maxLen: 500, def: `"product.html"`},
	{name: "upc", kind: kString, maxLen: 14, def: `""`},
	{name: "mpn", kind: kString, def: `""`},
	{name: "gtin", kind: kString, maxLen: 14, def: `""`},
	{name: "date_last_imported", kind: kString},
	{name: "search_keywords", kind: kString, maxLen: 65535, def: `""`},
	{name: "availability", kind: kString, enum: []string{"available", "disabled", "preorder"}, def: `"available"`},
	{name: "availability_description", kind: kString, maxLen: 255, def: `""`},
	{name: "gift_wrapping_options_type", kind: kString, enum: []string{"any", "none", "list"}, def: `"any"`},
	{name: "gift_wrapping_options_list", kind: kIntegers, def: "[]"},
	{name: "sort_order", kind: kInteger, min: num(-2147483648), max: num(maxInt32), def: "0"},
	{name: "condition", kind: kString, enum: []string{"New", "Used", "Refurbished"}, def: `"New"`},
	{name: "is_condition_shown", kind: kBool, def: "false"},
	{name: "order_quantity_minimum", kind: kInteger, min: num(0), max: num(1000000000), def: "0"},
	{name: "order_quantity_maximum", kind: kInteger, min: num(0), max: num(1000000000), def: "0"},
	{name: "page_title", kind: kString, maxLen: 255, def: `""`},
	{name: "meta_keywords", kind: kStrings, def: "[]"},
	{name: "meta_description", kind: kString, maxLen: 65535, def: `""`},
	{name: "date_created", kind: kString, readOnly: true},
	{name: "date_modified", kind: kString, readOnly: true},
	{name: "view_count", kind: kInteger, min: num(0), max: num(1000000000), def: "0"},
	{name: "preorder_release_date", kind: kString, nullable: true, date: true, def: "null"},
	{name: "preorder_message", kind: kString, maxLen: 255, def: `""`},
	{name: "is_preorder_only", kind: kBool, def: "false"},
	{name: "is_price_hidden", kind: kBool, def: "false"},
	{name: "price_hidden_label", kind: kString, maxLen: 200, def: `""`},
	{name: "custom_url", kind: kObject},
	{name: "base_variant_id", kind: kInteger, readOnly: true},
	{name: "open_graph_type", kind: kString, enum: []string{"product", "album", "book", "drink", "food", "game", "movie", "song", "tv_show"}, def: `"product"`},
	{name: "open_graph_title", kind: kString, def: `""`},
	{name: "open_graph_description", kind: kString, def: `""`},
	{name: "open_graph_use_meta_description", kind: kBool, def: "true"},
	{name: "open_graph_use_product_name", kind: kBool, def: "true"},
	{name: "open_graph_use_image", kind: kBool, def: "true"},
	// Sub-resources: stored with the product, shown only by include.
	{name: "custom_fields", kind: kObjects, maxItems: 200},
	{name: "bulk_pricing_rules", kind: kObjects},
	{name: "images", kind: kObjects, maxItems: 1000},
	{name: "videos", kind: kObjects},
}

// brandFields are those of brands_catalog.v3.yml.
var brandFields = []fieldSpec{
	{name: "name", kind: kString, minLen: 1, maxLen: 255, required: true},
	{name: "page_title", kind: kString, maxLen: 255, def: `""`},
	{name: "meta_keywords", kind: kStrings, def: `[""]`},
	{name: "meta_description", kind: kString, maxLen: 65535, def: `""`},
	{name: "image_url", kind: kString, def: `""`},
	{name: "search_keywords", kind: kString, maxLen: 65535, def: `""`},
	{name: "custom_url", kind: kObject},
}

var sortNames = []string{"use_store_settings", "featured", "newest", "best_selling", "alpha_asc", "alpha_desc", "avg_customer_review", "price_asc", "price_desc"}

// categoryFields are those of category-trees_catalog.v3.yml.
var categoryFields = []fieldSpec{
	{name: "category_id", kind: kInteger},
	{name: "category_uuid", kind: kString, readOnly: true},
	{name: "parent_id", kind: kInteger, min: num(0)},
	{name: "tree_id", kind: kInteger},
	{name: "name", kind: kString, minLen: 1, maxLen: 50, required: true},
	{name: "description", kind: kString, maxLen: 65535, html: true, def: `""`},
	{name: "views", kind: kInteger, def: "0"},
	{name: "sort_order", kind: kInteger, min: num(-2147483648), max: num(maxInt32), def: "0"},
	{name: "page_title", kind: kString, def: `""`},
	{name: "meta_keywords", kind: kStrings, def: `[""]`},
	{name: "meta_description", kind: kString, maxLen: 65535, def: `""`},
	{name: "layout_file", kind: kString, maxLen: 50, def: `"category.html"`},
	{name: "image_url", kind: kString, def: `""`},
	{name: "is_visible", kind: kBool, def: "true"},
	{name: "search_keywords", kind: kString, maxLen: 255, def: `""`},
	{name: "default_product_sort", kind: kString, enum: sortNames, def: `"use_store_settings"`},
	{name: "url", kind: kObject},
}

// legacyCategoryFields are those of categories_catalog.v3.yml.
var legacyCategoryFields = func() []fieldSpec {
	out := []fieldSpec{{name: "id", kind: kInteger, readOnly: true}}
	for _, f := range categoryFields {
		switch f.name {
		case "category_id", "category_uuid", "tree_id":
			continue
		case "parent_id":
			f.required = true
		case "page_title":
			f.maxLen = 255
		case "url":
			f.name = "custom_url"
		}
		out = append(out, f)
	}
	return out
}()

// variantFields are those of product-variants_catalog.v3.yml. Of a base variant all but variantOnly
// are its product's.
var variantFields = []fieldSpec{
	{name: "id", kind: kInteger},
	{name: "product_id", kind: kInteger},
	{name: "sku", kind: kString, maxLen: 255},
	{name: "price", kind: kNumber, decimals: 4, min: num(0), nullable: true},
	{name: "cost_price", kind: kNumber, decimals: 4, min: num(0), nullable: true},
	{name: "sale_price", kind: kNumber, decimals: 4, min: num(0), nullable: true},
	{name: "retail_price", kind: kNumber, decimals: 4, min: num(0), nullable: true},
	{name: "map_price", kind: kNumber, decimals: 4},
	{name: "weight", kind: kNumber, min: num(0), nullable: true},
	{name: "width", kind: kNumber, min: num(0), nullable: true},
	{name: "height", kind: kNumber, min: num(0), nullable: true},
	{name: "depth", kind: kNumber, min: num(0), nullable: true},
	{name: "is_free_shipping", kind: kBool, def: "false"},
	{name: "fixed_cost_shipping_price", kind: kNumber, decimals: 4, min: num(0), nullable: true},
	{name: "purchasing_disabled", kind: kBool, def: "false"},
	{name: "purchasing_disabled_message", kind: kString, maxLen: 255, def: `""`},
	{name: "image_url", kind: kString, def: `""`},
	{name: "upc", kind: kString, maxLen: 14, nullable: true, def: `""`},
	{name: "inventory_level", kind: kInteger, nullable: true, max: num(maxInt32), def: "0"},
	{name: "inventory_warning_level", kind: kInteger, nullable: true, max: num(maxInt32), def: "0"},
	{name: "bin_picking_number", kind: kString, maxLen: 255, nullable: true, def: `""`},
	{name: "mpn", kind: kString, nullable: true, def: `""`},
	{name: "gtin", kind: kString, maxLen: 14, nullable: true, def: `""`},
	{name: "option_values", kind: kObjects},
}

// index maps field names to their place.
func index(specs []fieldSpec) map[string]uint8 {
	m := make(map[string]uint8, len(specs))
	for i := range specs {
		m[specs[i].name] = uint8(i) // no table has 256 fields
	}
	return m
}

var (
	productIndex        = index(productFields)
	brandIndex          = index(brandFields)
	categoryIndex       = index(categoryFields)
	legacyCategoryIndex = index(legacyCategoryFields)
	variantIndex        = index(variantFields)
)

// fieldIndex is the place of a product field that is known to exist.
func fieldIndex(name string) uint8 {
	i, ok := productIndex[name]
	if !ok {
		panic("sandbox: no product field " + name)
	}
	return i
}

// Messages of the errors object, as the platform words them.
const (
	msgMissing  = "error.path.missing"
	msgString   = "error.expected.jsstring"
	msgNumber   = "error.expected.jsnumber"
	msgInteger  = "error.expected.int"
	msgBool     = "error.expected.jsboolean"
	msgArray    = "error.expected.jsarray"
	msgObject   = "error.expected.jsobject"
	msgDate     = "error.expected.date.isoformat"
	msgMinLen   = "error.minLength"
	msgMaxLen   = "error.maxLength"
	msgMin      = "error.min"
	msgMax      = "error.max"
	msgEnum     = "error.expected.validenumvalue"
	msgTooMany  = "error.maxItems"
	msgMinItems = "error.minItems"
	titleFields = "JSON data is missing or invalid"
)

// validate checks an object against its description: in is the decoded request (numbers as
// json.Number). It returns the writable fields that were sent, canonical, and the errors by field,
// each key led by prefix. Fields that the description does not know and read-only fields are
// ignored.
func validate(specs []fieldSpec, idx map[string]uint8, in map[string]any, create bool, prefix string) ([]fieldValue, map[string]string) {
	var out []fieldValue
	errs := map[string]string{}
	for name, v := range in {
		i, ok := idx[name]
		if !ok || specs[i].readOnly {
			continue
		}
		if raw, ok := specs[i].check(v, prefix+name, errs); ok {
			out = append(out, fieldValue{i, raw})
		}
	}
	if create {
		for i := range specs {
			if _, sent := in[specs[i].name]; specs[i].required && !sent {
				errs[prefix+specs[i].name] = msgMissing
			}
		}
	}
	slices.SortFunc(out, func(a, b fieldValue) int { return int(a.field) - int(b.field) })
	return out, errs
}

// check is canonical in depth: of objects whose fields are described, these are checked too. What
// is wrong goes into errs, keyed by where it is.
func (f *fieldSpec) check(v any, at string, errs map[string]string) (raw string, ok bool) {
	before := len(errs)
	switch in := v.(type) {
	case map[string]any:
		if f.kind == kObject && f.fields != nil {
			raw = checkObject(f.fields, in, at+".", errs)
			return raw, len(errs) == before
		}
	case []any:
		if f.kind != kObjects || f.fields == nil || f.maxItems > 0 && len(in) > f.maxItems {
			break
		}
		parts := make([]string, len(in))
		for i, e := range in {
			at := at + "." + strconv.Itoa(i)
			if m, ok := e.(map[string]any); ok {
				parts[i] = checkObject(f.fields, m, at+".", errs)
			} else {
				errs[at] = msgObject
			}
		}
		return "[" + strings.Join(parts, ",") + "]", len(errs) == before
	}
	raw, msg := f.canonical(v)
	if msg != "" {
		errs[at] = msg
	}
	return raw, msg == ""
}

// checkObject checks an object that stands in another and returns its JSON. What it requires it
// requires in updates too.
func checkObject(specs []fieldSpec, in map[string]any, prefix string, errs map[string]string) string {
	out := make(map[string]json.RawMessage, len(in))
	for i := range specs {
		f := &specs[i]
		v, sent := in[f.name]
		switch {
		case sent && !f.readOnly:
			if raw, ok := f.check(v, prefix+f.name, errs); ok {
				out[f.name] = json.RawMessage(raw)
			}
		case !sent && f.required:
			errs[prefix+f.name] = msgMissing
		}
	}
	return compact(out)
}

// canonical checks one value and returns its JSON, or the message of what is wrong.
func (f *fieldSpec) canonical(v any) (raw, msg string) {
	if v == nil && f.nullable {
		return "null", ""
	}
	switch f.kind {
	case kString:
		s, ok := v.(string)
		if !ok {
			return "", msgString
		}
		return f.text(s)
	case kNumber, kInteger:
		n, ok := v.(json.Number)
		if !ok {
			return "", msgNumber
		}
		return f.number(n)
	case kBool:
		b, ok := v.(bool)
		if !ok {
			return "", msgBool
		}
		return strconv.FormatBool(b), ""
	case kObject:
		if _, ok := v.(map[string]any); !ok {
			return "", msgObject
		}
		return compact(v), ""
	}
	list, ok := v.([]any)
	if !ok {
		return "", msgArray
	}
	if f.maxItems > 0 && len(list) > f.maxItems {
		return "", msgTooMany
	}
	return f.array(list)
}

func (f *fieldSpec) text(s string) (raw, msg string) {
	n := utf8.RuneCountInString(s)
	switch {
	case n < f.minLen:
		return "", msgMinLen
	case f.maxLen > 0 && n > f.maxLen:
		return "", msgMaxLen
	case f.enum != nil && !slices.Contains(f.enum, s):
		return "", msgEnum
	case f.date:
		t, err := parseDate(s)
		if err != nil {
			return "", msgDate
		}
		return jsonString(timeString(t.Unix())), ""
	case f.html:
		s = cleanHTML(s)
	}
	return jsonString(s), ""
}

func (f *fieldSpec) number(n json.Number) (raw, msg string) {
	v, err := n.Float64()
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return "", msgNumber
	}
	switch {
	case f.kind == kInteger && v != math.Trunc(v):
		return "", msgInteger
	case f.min != nil && v < *f.min:
		return "", msgMin
	case f.name == "inventory_level" && v > maxInt32:
		v = maxInt32 // documented: a larger stock is set to the limit
	case f.max != nil && v > *f.max:
		return "", msgMax
	}
	if f.decimals > 0 {
		v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'f', f.decimals, 64), 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64), ""
}

func (f *fieldSpec) array(list []any) (raw, msg string) {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, v := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		switch f.kind {
		case kStrings:
			s, ok := v.(string)
			if !ok {
				return "", msgString
			}
			b.WriteString(jsonString(s))
		case kIntegers, kNumbers:
			n, ok := v.(json.Number)
			if !ok {
				return "", msgNumber
			}
			one := fieldSpec{kind: kInteger}
			r, msg := one.number(n)
			if msg != "" {
				return "", msg
			}
			b.WriteString(r)
		default:
			if _, ok := v.(map[string]any); !ok {
				return "", msgObject
			}
			b.WriteString(compact(v))
		}
	}
	b.WriteByte(']')
	return b.String(), ""
}

// compact encodes a value without escaping HTML. It is for decoded JSON and for our own types,
// which always encode.
func compact(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("sandbox: encode %T: %v", v, err))
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// parseID reads a validated integer back; one that no id can be is 0 or beyond every id.
func parseID(raw string) int64 {
	id, _ := strconv.ParseInt(raw, 10, 64)
	return id
}

// dateForms are the forms of a date that the platform takes: with zone, without (UTC), or the day
// alone.
var dateForms = []string{time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05", "2006-01-02", time.RFC1123Z}

func parseDate(s string) (time.Time, error) {
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("not a date: %q", s)
}
