package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"sluice/internal/expression"
)

// hashVersion is hashed before a document. Another value makes every record look changed once:
// raise it when the canonical form changes.
const hashVersion = "sluice-document-1\n"

// Document is what a row says about a record: target field → value, typed as the field catalogue
// says. Strings are string, integers int64, numbers json.Number in plain decimals, booleans bool,
// arrays []any of those. "category" is one or more paths, "A > B|C", and "brand" a name. A field
// that the row leaves empty is not there.
type Document map[string]any

// Targets lists what the document fills, by name.
func (d Document) Targets() []string { return slices.Sorted(maps.Keys(d)) }

// Hash identifies the document's content: 64 hexadecimal digits, the same for the same content in
// every process and version, whatever Go types hold its numbers.
func (d Document) Hash() string {
	b := appendCanonical([]byte(hashVersion), map[string]any(d))
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// JSON returns the document as canonical JSON: sorted keys, numbers in plain decimals. Decoding it,
// with or without UseNumber, gives a document with the same Hash.
func (d Document) JSON() []byte { return appendCanonical(nil, map[string]any(d)) }

// MarshalJSON is JSON for encoding/json.
func (d Document) MarshalJSON() ([]byte, error) { return d.JSON(), nil }

// Size is about how many bytes the document takes as JSON.
func (d Document) Size() int {
	n := 0
	for target, v := range d {
		n += len(target) + sizeOf(v)
	}
	return n
}

func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []any:
		n := 0
		for _, item := range v {
			n += sizeOf(item)
		}
		return n
	}
	return 8
}

// appendCanonical appends v as canonical JSON.
func appendCanonical(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case string:
		return appendString(dst, v)
	case Document:
		return appendCanonical(dst, map[string]any(v))
	case map[string]any:
		dst = append(dst, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, key)
			dst = append(dst, ':')
			dst = appendCanonical(dst, v[key])
		}
		return append(dst, '}')
	case []any:
		return appendList(dst, v)
	case []string:
		return appendList(dst, v)
	case []int64:
		return appendList(dst, v)
	}
	if n, ok := expression.CanonicalNumber(v); ok {
		return append(dst, n...)
	}
	// No field of the catalogue has such a value. Its JSON is as stable as its type.
	b, err := json.Marshal(v)
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, b...)
}

func appendList[T any](dst []byte, list []T) []byte {
	dst = append(dst, '[')
	for i, item := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCanonical(dst, item)
	}
	return append(dst, ']')
}

// appendString appends s as a JSON string with the shortest escapes, independent of what
// encoding/json chooses to escape in one version or another. Invalid UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', byte(c))
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, string(c)...)
		}
	}
	return append(dst, '"')
}
