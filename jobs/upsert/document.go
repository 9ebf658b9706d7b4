package upsert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
)

// Keys that the engine keeps beside the mapped fields of RunItem.Document. No BigCommerce field
// starts with an underscore, and none of them is ever sent.
const (
	keyUniqueName = "_name"    // the name to write, because another product has the mapped one
	keySent       = "_sent"    // true: a create of this item was sent once, and its product was not found since
	keyBasis      = "_basis"   // what the item's changes were worked out from
	keyCleaned    = "_cleaned" // what BigCommerce made of values that were sent before
	keySeen       = "_seen"    // Doc.Seen
	keyNote       = "_note"    // Doc.Note
	keyLacks      = "_lacks"   // what the row does not have and a create needs
	keyVanish     = "_vanish"  // itemDoc.vanish
	keyBack       = "_back"    // itemDoc.back
)

// itemDoc is RunItem.Document in memory.
type itemDoc struct {
	Doc
	basis basis
	lacks []mapping.Lack

	vanish *vanished // of a record that left the source
	back   []string  // targets that a record which came back gets as they were before
}

func (d itemDoc) encode() (string, error) {
	m := make(map[string]any, len(d.Fields)+9)
	for k, v := range d.Fields {
		m[k] = v
	}
	if d.Unique != "" {
		m[keyUniqueName] = d.Unique
	}
	if d.Sent {
		m[keySent] = true
	}
	if d.basis != basisLive {
		m[keyBasis] = d.basis
	}
	if len(d.cleaned) > 0 {
		b, err := json.Marshal(d.cleaned)
		if err != nil {
			return "", fmt.Errorf("upsert: document: %w", err)
		}
		m[keyCleaned] = string(b)
	}
	if d.Seen != nil {
		m[keySeen] = d.Seen
	}
	if d.Note != "" {
		m[keyNote] = d.Note
	}
	if len(d.lacks) > 0 {
		b, err := json.Marshal(d.lacks)
		if err != nil {
			return "", fmt.Errorf("upsert: document: %w", err)
		}
		m[keyLacks] = string(b)
	}
	if d.vanish != nil {
		text, err := d.vanish.encode()
		if err != nil {
			return "", err
		}
		m[keyVanish] = text
	}
	if len(d.back) > 0 {
		m[keyBack] = d.back
	}
	b, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("upsert: document: %w", err)
	}
	return string(b), nil
}

func decodeDoc(document string) (itemDoc, error) {
	dec := json.NewDecoder(strings.NewReader(document))
	dec.UseNumber()
	d := itemDoc{}
	if err := dec.Decode(&d.Fields); err != nil {
		return itemDoc{}, fmt.Errorf("upsert: document: %w", err)
	}
	d.Unique = Text(d.Fields[keyUniqueName])
	d.Sent, _ = d.Fields[keySent].(bool)
	d.basis = basis(Text(d.Fields[keyBasis]))
	d.Seen, _ = d.Fields[keySeen].(bigcommerce.Fields)
	d.Note = Text(d.Fields[keyNote])
	var err error
	if d.cleaned, err = decodeCleaned(Text(d.Fields[keyCleaned])); err != nil {
		return itemDoc{}, err
	}
	if lacks := Text(d.Fields[keyLacks]); lacks != "" {
		if err := decodeJSON(lacks, &d.lacks); err != nil {
			return itemDoc{}, fmt.Errorf("upsert: document: %w", err)
		}
	}
	if left := Text(d.Fields[keyVanish]); left != "" {
		v, err := decodeVanished(left)
		if err != nil {
			return itemDoc{}, err
		}
		d.vanish = &v
	}
	list, _ := d.Fields[keyBack].([]any)
	for _, target := range list {
		d.back = append(d.back, Text(target))
	}
	maps.DeleteFunc(d.Fields, func(key string, _ any) bool { return strings.HasPrefix(key, "_") })
	return d, nil
}

// decodeJSON decodes s with numbers kept exact.
func decodeJSON(s string, v any) error {
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.UseNumber()
	return dec.Decode(v)
}
