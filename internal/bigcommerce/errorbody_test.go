package bigcommerce

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseErrorBody(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want errorBody
	}{
		"empty":           {``, errorBody{}},
		"text":            {`Unauthorized`, errorBody{}},
		"a number":        {`17`, errorBody{}},
		"null":            {`null`, errorBody{}},
		"empty errors":    {`{"title":"no","errors":{}}`, errorBody{title: "no"}},
		"empty PHP array": {`{"title":"no","errors":[]}`, errorBody{title: "no"}},
		"null errors":     {`{"title":"no","errors":null}`, errorBody{title: "no"}},
		"errors as text":  {`{"title":"no","errors":"sku is taken"}`, errorBody{title: "no", fields: map[string]string{"": "sku is taken"}}},
		"list of texts":   {`{"title":"no","errors":["one","two"]}`, errorBody{title: "no", fields: map[string]string{"0": "one", "1": "two"}}},
		"nested":          {`{"title":"no","errors":{"variants":[{"price":"is negative"},{"sku":["a","b"]}]}}`, errorBody{title: "no", fields: map[string]string{"variants.0.price": "is negative", "variants.1.sku": "a; b"}}},
		"numbers":         {`{"title":"no","errors":{"code":9007199254740993,"fatal":true,"none":null}}`, errorBody{title: "no", fields: map[string]string{"code": "9007199254740993", "fatal": "true"}}},
		"a field called title": {
			`{"title":"no","errors":{"title":"is missing","type":"is unknown"}}`,
			errorBody{title: "no", fields: map[string]string{"title": "is missing", "type": "is unknown"}},
		},
		"detail":     {`{"status":400,"detail":"Bad JSON"}`, errorBody{title: "Bad JSON"}},
		"OAuth":      {`{"error":"invalid_client"}`, errorBody{title: "invalid_client"}},
		"V2, two":    {`[{"status":409,"message":"first"},{"status":409,"message":"second","details":{"a":"b"}}]`, errorBody{title: "first", fields: map[string]string{"a": "b"}}},
		"bad UTF-8":  {"{\"title\":\"caf\xe9\"}", errorBody{title: "caf\uFFFD"}},
		"cut":        {`{"title":"no","errors":{"a":`, errorBody{}},
		"two values": {`{"title":"no"}{"title":"yes"}`, errorBody{title: "no"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, parseErrorBody([]byte(tc.body)), cmp.AllowUnexported(errorBody{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseErrorBody(f *testing.F) {
	for _, seed := range []string{
		`{"status":422,"title":"JSON data is missing or invalid","type":"x","errors":{"name":"error.path.missing","0.sku":["a","b"]}}`,
		`{"errors":{"status":422,"title":"Bulk operation has failed","errors":{"0":{"name":"taken"}}},"meta":{"total":1}}`,
		`[{"status":400,"message":"The field is invalid.","details":{"invalid_reason":"out of range"}}]`,
		`{"errors":[{"status":400,"title":"Input is invalid"}]}`,
		`{"errors":{"errors":{"errors":{"errors":{"errors":{"errors":{"errors":{}}}}}}}}`,
		strings.Repeat(`[`, 200), `<html>`, "\xff\xfe", `{"title":17,"errors":[null,[[[]]]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e := parseErrorBody(body)
		if len(e.fields) > maxErrorFields {
			t.Errorf("%d fields", len(e.fields))
		}
		texts := []string{e.title, e.kind}
		for key, text := range e.fields {
			texts = append(texts, key, text)
		}
		for _, text := range texts {
			if len(text) > maxErrorText || !utf8.ValidString(text) {
				t.Errorf("%d bytes of text: %q", len(text), text)
			}
		}
	})
}

func TestSplitIndex(t *testing.T) {
	for key, want := range map[string]struct {
		index int
		field string
		ok    bool
	}{
		"0.sku":              {0, "sku", true},
		"9.variants.0.price": {9, "variants.0.price", true},
		"3":                  {3, "", true},
		"name":               {0, "name", false},
		"variants.0.price":   {0, "variants.0.price", false},
		"-1.sku":             {0, "-1.sku", false},
		"":                   {0, "", false},
	} {
		if index, field, ok := SplitIndex(key); index != want.index || field != want.field || ok != want.ok {
			t.Errorf("SplitIndex(%q) = %d, %q, %v", key, index, field, ok)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, tc := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 10, "short"},
		{"exactly10!", 10, "exactly10!"},
		{"eleven long", 10, "eleven …"},
		{"ääääää", 10, "äää…"},
		{"\xff\xff", 10, "\uFFFD"},
	} {
		if got := shorten(tc.in, tc.limit); got != tc.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", tc.in, tc.limit, got, tc.want)
		}
	}
}
