package bigcommerce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxErrorFields = 200 // kept of an answer; a batch has at most 10 × some fields wrong
	maxErrorText   = 500 // bytes kept of a title or a field's message
	maxErrorDepth  = 6   // of nested objects
)

// errorBody is what the body of an error says.
type errorBody struct {
	title      string
	longTitle  string // see APIError.LongTitle
	kind       string
	fields     map[string]string
	retryAfter time.Duration // 0 if it does not say

	clean func(string) string // what every text goes through before it is kept; nil for none
}

// parseErrorBody understands the shapes that BigCommerce's APIs answer errors with:
//
//	{"status":422,"title":"…","type":"…","errors":{"name":"…","0.sku":"…"}}     V3
//	{"status":400,"title":"…","detail":"…"}                                     V3, metafields among others
//	{"errors":{"status":422,"title":"…","errors":{…}},"meta":{…}}               V3 category trees
//	{"errors":[{"status":400,"title":"…"}]}                                     V3 category trees, 400
//	{"errors":[{"field":"…","message":"…"}]}                                    V3 promotion settings
//	{"batch_errors":[{"status":422,"title":"…","errors":{…}}]}                  V3 variants
//	{"batch_errors":[{"data":{"variant_id":1},"field_errors":{…}}]}             V3 price records, also without the list
//	{"data":[{"status":503,"error":"…","order_id":1}],"meta":{}}                V3 refunds
//	{"error":{"code":"…","message":"…","details":"…","retry_after_seconds":30}} V3 price lists, 503
//	{"code":422,"data":{"errMsg":"…"},"meta":{"message":"…"}}                   B2B Edition
//	{"code":401,"message":"…"}                                                  V3 stored instruments
//	{"error":"…","error_description":"…"}                                       OAuth (RFC 6749)
//	[{"status":400,"message":"…","details":{"invalid_reason":"…"}}]             V2
//
// and each of them under "schema" or "value", where some descriptions have it. Anything else, such
// as plain text or a gateway's page, gives an empty errorBody.
func parseErrorBody(raw []byte, clean func(string) string) errorBody {
	e := errorBody{clean: clean}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) == nil {
		e.read(v, 0)
	}
	return e
}

// read takes what v, an error object or a list of them, says and e does not know yet.
func (e *errorBody) read(v any, depth int) {
	if depth > maxErrorDepth {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			e.read(item, depth+1)
		}
	case map[string]any:
		e.readObject(v, depth)
	}
}

func (e *errorBody) readObject(v map[string]any, depth int) {
	// The first of these is the title, a later one that says more is about no field.
	for _, key := range []string{"title", "message", "detail", "error", "error_description"} {
		if s, ok := v[key].(string); ok && s != "" {
			e.sentence(s)
		}
	}
	for _, key := range []string{"type", "code"} {
		if s, ok := v[key].(string); ok && e.kind == "" {
			e.kind = e.text(s)
		}
	}
	if n, ok := v["retry_after_seconds"].(json.Number); ok && e.retryAfter == 0 {
		if seconds, err := n.Int64(); err == nil && seconds > 0 {
			e.retryAfter = boundedDuration(int(min(seconds, int64(maxHeaderDuration/time.Second))), time.Second)
		}
	}
	for _, key := range []string{"error", "schema", "value"} {
		if m, ok := v[key].(map[string]any); ok {
			e.read(m, depth+1)
		}
	}
	e.readDetails(v["errors"], depth+1)
	e.readBatch(v["batch_errors"], depth+1)
	e.readData(v, depth+1)
	e.flatten(recordOf(v), v["field_errors"], depth+1)
	e.flatten("", v["details"], depth+1)
}

// readBatch takes the value of "batch_errors": error objects. One that names neither its field nor
// its record is known by its place in the list, which need not be that in the batch.
func (e *errorBody) readBatch(v any, depth int) {
	list, _ := v.([]any)
	for i, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			e.flatten(joinKey("batch_errors", strconv.Itoa(i)), item, depth+1)
			continue
		}
		e.read(m, depth+1)
	}
}

// readData takes the value of "data" where an error stands in it: a list of error objects, or what
// B2B Edition says beside meta.message.
func (e *errorBody) readData(v map[string]any, depth int) {
	list, _ := v["data"].([]any)
	for _, item := range list {
		if m, ok := item.(map[string]any); ok && isErrorObject(m) {
			e.read(m, depth+1)
		}
	}
	meta, _ := v["meta"].(map[string]any)
	said, ok := meta["message"].(string)
	if !ok {
		return
	}
	e.sentence(said)
	data, ok := v["data"].(map[string]any)
	if !ok {
		e.flatten("", v["data"], depth)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		key := name
		if name == "errMsg" { // the reason, as text or by field
			key = ""
		}
		e.flatten(key, data[name], depth+1)
	}
}

// recordOf names the record of a price list that an error is about, "" if it names none.
func recordOf(v map[string]any) string {
	data, _ := v["data"].(map[string]any)
	var parts []string
	for _, name := range []string{"price_list_id", "variant_id", "sku", "currency"} {
		switch value := data[name].(type) {
		case string, json.Number:
			parts = append(parts, fmt.Sprintf("%s %v", name, value))
		}
	}
	return strings.Join(parts, " ")
}

// readDetails takes the value of "errors": fields by name, another error object, or a list of
// those.
func (e *errorBody) readDetails(v any, depth int) {
	switch v := v.(type) {
	case map[string]any:
		if isErrorObject(v) {
			e.read(v, depth)
			return
		}
		e.flatten("", v, depth)
	case []any:
		for i, item := range v {
			m, ok := item.(map[string]any)
			if ok && isErrorObject(m) {
				e.read(m, depth+1)
				continue
			}
			if field, ok := m["field"].(string); ok && m["message"] != nil {
				e.flatten(field, m["message"], depth+1)
				continue
			}
			e.flatten(strconv.Itoa(i), item, depth+1)
		}
	case string:
		e.flatten("", v, depth)
	}
}

// isErrorObject tells {"status":422,"title":"…"} from fields that happen to have those names. Some
// statuses are text.
func isErrorObject(m map[string]any) bool {
	_, status := m["status"].(json.Number)
	if s, ok := m["status"].(string); ok {
		_, err := strconv.Atoi(s)
		status = err == nil
	}
	for _, key := range []string{"title", "message", "error"} {
		if _, ok := m[key].(string); ok {
			return status
		}
	}
	return false
}

// flatten notes v under key, the members of objects and lists under "key.member".
func (e *errorBody) flatten(key string, v any, depth int) {
	if depth > maxErrorDepth || len(e.fields) >= maxErrorFields {
		return
	}
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			e.flatten(joinKey(key, name), v[name], depth+1)
		}
	case []any:
		if texts, ok := stringsOf(v); ok {
			if len(texts) > 0 {
				e.note(key, strings.Join(texts, "; "))
			}
			return
		}
		for i, item := range v {
			e.flatten(joinKey(key, strconv.Itoa(i)), item, depth+1)
		}
	case string:
		e.note(key, v)
	default: // a number or a boolean
		e.note(key, fmt.Sprint(v))
	}
}

func (e *errorBody) note(key, text string) {
	if e.fields == nil {
		e.fields = make(map[string]string)
	}
	e.fields[e.text(key)] = e.text(text)
}

// sentence notes what the whole error says: its title, or what more there is to say.
func (e *errorBody) sentence(s string) {
	switch text := e.text(s); {
	case e.title == "":
		e.title = text
		if e.clean != nil {
			s = e.clean(s)
		}
		if s = strings.ToValidUTF8(s, "\uFFFD"); len(s) > maxErrorText {
			e.longTitle = s
		}
	case text != e.title && e.fields[""] == "" && len(e.fields) < maxErrorFields:
		e.note("", s)
	}
}

// text is what is kept of a text: cleaned before it is cut, which might hide what is to be cleaned.
func (e *errorBody) text(s string) string {
	if e.clean != nil {
		s = e.clean(s)
	}
	return shorten(s, maxErrorText)
}

func joinKey(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

func stringsOf(list []any) ([]string, bool) {
	texts := make([]string, 0, len(list))
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return nil, false
		}
		texts = append(texts, s)
	}
	return texts, true
}

// SplitIndex takes apart a key of APIError.Fields that a batch answers with: "2.price" is the price
// of the batch's third item. ok is false for a key without an index.
func SplitIndex(key string) (index int, field string, ok bool) {
	head, field, _ := strings.Cut(key, ".")
	index, err := strconv.Atoi(head)
	if err != nil || index < 0 {
		return 0, key, false
	}
	return index, field, true
}

// shorten returns at most limit bytes of s as valid UTF-8, with an ellipsis if something was cut.
func shorten(s string, limit int) string {
	const ellipsis = "…"
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	s = s[:limit-len(ellipsis)]
	for !utf8.ValidString(s) { // at most three steps: the cut was inside a character
		s = s[:len(s)-1]
	}
	return s + ellipsis
}
