package products

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
)

// note is what is noted of a product: no answer of BigCommerce says where a picture came from, so
// that pictures are known by the addresses that they were sent with.
type note struct {
	Images   map[string]int64  `json:"i,omitempty"` // urlKey → id
	Variants map[string]string `json:"v,omitempty"` // id of a variant → urlKey of its picture
	Sent     []string          `json:"s,omitempty"` // urlKeys of pictures whose create did not answer which ids they have, in order
}

func readNote(text string) note {
	var n note
	_ = json.Unmarshal([]byte(text), &n) // our own; "" is nothing
	if n.Images == nil {
		n.Images = make(map[string]int64)
	}
	if n.Variants == nil {
		n.Variants = make(map[string]string)
	}
	return n
}

// text is the note as it is kept, "" if nothing is noted.
func (n note) text() string {
	if len(n.Images) == 0 && len(n.Variants) == 0 && len(n.Sent) == 0 {
		return ""
	}
	b, err := json.Marshal(n)
	if err != nil {
		return ""
	}
	return string(b)
}

// adopt notes pictures that a write of a document made, though its answer did not say which is
// which: they were made in the order in which they were sent. Those that are fewer than were sent
// are told by what their files are called.
func (n note) adopt(d mapping.Document, made []object) {
	var sent []string
	for _, image := range partsOf(d[fieldImages]) {
		url := upsert.Text(image["image_url"])
		if _, known := n.Images[urlKey(url)]; !known && !slices.Contains(sent, url) {
			sent = append(sent, url)
		}
	}
	made = slices.Clone(made)
	slices.SortFunc(made, func(a, b object) int { return int(partID(a) - partID(b)) })
	if len(made) == len(sent) {
		for i, url := range sent {
			n.Images[urlKey(url)] = partID(made[i])
		}
		return
	}
	for _, url := range sent {
		at := slices.IndexFunc(made, func(p object) bool { return madeOf(p, url) })
		if at >= 0 {
			n.Images[urlKey(url)] = partID(made[at])
			made = slices.Delete(made, at, at+1)
		}
	}
}

// resolve notes the pictures that a create sent without being told their ids, if they are all that
// the product has: they were made in their order.
func (n *note) resolve(images []object) {
	images = slices.Clone(images)
	slices.SortFunc(images, func(a, b object) int { return int(partID(a) - partID(b)) })
	if len(images) == len(n.Sent) {
		for i, key := range n.Sent {
			n.Images[key] = partID(images[i])
		}
	}
	n.Sent = nil
}

// madeOf reports whether a picture's file is called as the one at an address, but for the number
// that BigCommerce adds.
func madeOf(image object, url string) bool {
	address, _, _ := strings.Cut(url, "?")
	name := strings.TrimSuffix(path.Base(address), path.Ext(address))
	file, _, found := strings.Cut(path.Base(upsert.Text(image["image_file"])), "__")
	return found && name != "" && strings.EqualFold(file, name)
}

// noteVariants notes the pictures that variants of a document were sent with. have are those of the
// store.
func (n note) noteVariants(d mapping.Document, have []object) {
	index := indexVariants(have)
	for _, want := range partsOf(d[fieldVariants]) {
		url := upsert.Text(want["image_url"])
		if v := index.find(want); v != nil && url != "" {
			n.Variants[strconv.FormatInt(partID(v), 10)] = urlKey(url)
		}
	}
}

// without returns those of images that are not noted.
func (n note) without(images []object) []object {
	known := slices.Collect(maps.Values(n.Images))
	return slices.DeleteFunc(slices.Clone(images), func(p object) bool { return slices.Contains(known, partID(p)) })
}
