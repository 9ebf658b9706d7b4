package bigcommerce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxErrorFields = 200 // kept of an answer; a batch has at most 10 × some fields wrong
	maxErrorText   = 500 // bytes kept of a title or a field's message
	maxErrorDepth  = 6   // of nested objects
)

// errorBody is what the body of an error says.
type errorBody struct {
	title  string
	kind   string
	fields map[string]string
}

// parseErrorBody understands the shapes that BigCommerce's APIs answer errors with:
//
//	{"status":422,"title":"…","type":"…","errors":{"name":"…","0.sku":"…"}}     V3
//	{"errors":{"status":422,"title":"…","errors":{…}},"meta":{…}}               V3 category trees
//	{"errors":[{"status":400,"title":"…"}]}                                     V3 category trees, 400
//	[{"status":400,"message":"…","details":{"invalid_reason":"…"}}]             V2
//
// Anything else, such as plain text or a gateway's page, gives an empty errorBody.
func parseErrorBody(raw []byte) errorBody {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return errorBody{}
	}
	var e errorBody
	e.read(v, 0)
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
		for _, key := range []string{"title", "message", "detail", "error"} {
			if s, ok := v[key].(string); ok && e.title == "" {
				e.title = shorten(s, maxErrorText)
			}
		}
		if s, ok := v["type"].(string); ok && e.kind == "" {
			e.kind = shorten(s, maxErrorText)
		}
		e.readDetails(v["errors"], depth+1)
		e.flatten("", v["details"], depth+1)
	}
}

// readDetails takes the value of "errors": fields by name, another error object, or a list of those.
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
			if m, ok := item.(map[string]any); ok && isErrorObject(m) {
				e.read(m, depth+1)
				continue
			}
			e.flatten(strconv.Itoa(i), item, depth+1)
		}
	case string:
		e.flatten("", v, depth)
	}
}

// isErrorObject tells {"status":422,"title":"…"} from fields that happen to have those names.
func isErrorObject(m map[string]any) bool {
	_, status := m["status"].(json.Number)
	_, title := m["title"].(string)
	_, message := m["message"].(string)
	return status && (title || message)
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
	e.fields[shorten(key, maxErrorText)] = shorten(text, maxErrorText)
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
