package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checkImage checks that an image has somewhere to come from, unless it is one that the product
// has.
func checkImage(old, o part, at string, errs map[string]string) {
	if old != nil && o["image_url"] == nil {
		return
	}
	if file, _ := o["image_file"].(string); file != "" && o["image_url"] == nil {
		return
	}
	if errs[at+"image_url"] != "" {
		return
	}
	raw, ok := o["image_url"].(string)
	if !ok || raw != "" && !isImageURL(raw) {
		errs[at+"image_url"] = "url must be an actual URL or an empty string" // as recorded
	}
}

func isImageURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !strings.ContainsAny(raw, " \t\r\n")
}

// unreachable reports whether an image cannot be downloaded. The sandbox downloads nothing: what
// is on a host of the name space .invalid is not there.
func unreachable(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && strings.HasSuffix(u.Hostname(), ".invalid")
}

// oneThumbnail leaves one of the images the thumbnail; id 0 leaves none.
func oneThumbnail(list []part, id int64) []part {
	for i, o := range list {
		if o["is_thumbnail"] == true && partID(o) != id {
			o = maps.Clone(o)
			o["is_thumbnail"] = false
			list[i] = o
		}
	}
	return list
}

// firstThumbnail makes the first image the thumbnail where none is: see Choices.
func (st *Store) firstThumbnail(list []part) {
	if !st.sb.opts.Choices.FirstImageThumbnail || len(list) == 0 {
		return
	}
	for _, o := range list {
		if o["is_thumbnail"] == true {
			return
		}
	}
	list[0] = maps.Clone(list[0])
	list[0]["is_thumbnail"] = true
}

// imageView is an image as answers have it: at the store's own addresses. Where it came from is
// not among them, as recorded.
func (p *product) imageView(o part) part {
	source, _ := o["image_url"].(string)
	modified, _ := o["date_modified"].(string)
	store, _ := o["store"].(string)
	id := partID(o)
	base, ext := "image", ".jpg"
	if u, err := url.Parse(source); err == nil && path.Base(u.Path) != "." && path.Base(u.Path) != "/" {
		if e := path.Ext(u.Path); e != "" {
			ext = e
		}
		base = strings.TrimSuffix(path.Base(u.Path), path.Ext(u.Path))
	}
	name := fmt.Sprintf("%s__%05d", base, 10000+id*7919%90000)
	at, _ := time.Parse(time.RFC3339, modified)
	view := part{
		"id": id, "product_id": p.id, "is_thumbnail": o["is_thumbnail"], "sort_order": o["sort_order"], "description": o["description"],
		"image_file": fmt.Sprintf("%c/%03d/%s%s", 'a'+rune(id%26), id%1000, name, ext), "date_modified": modified,
	}
	for key, size := range map[string]string{"url_zoom": "1280.1280", "url_standard": "386.513", "url_thumbnail": "220.290", "url_tiny": "44.58"} {
		view[key] = fmt.Sprintf("https://cdn11.bigcommerce.com/s-%s/products/%d/images/%d/%s.%d.%s%s?c=2", store, p.id, id, name, at.Unix(), size, ext)
	}
	return view
}

// primaryImage is the thumbnail as answers have it; {} when there is none.
func (p *product) primaryImage() json.RawMessage {
	for _, o := range p.parts("images") {
		if o["is_thumbnail"] == true {
			return json.RawMessage(compact(p.imageView(o)))
		}
	}
	return json.RawMessage("{}")
}

// download takes the images that cannot be downloaded out of what came with a product. It is
// refused as a whole then, or saved without them: Choices.BadImagesLeftOut. Of both only the
// statuses are described.
func (st *Store) download(p *product, vals []fieldValue, prefix string, done *assigned) *reply {
	if !slices.ContainsFunc(vals, func(v fieldValue) bool { return productFields[v.field].name == "images" }) {
		return nil
	}
	errs := map[string]string{}
	good := []part{}
	for i, o := range p.parts("images") {
		if source, _ := o["image_url"].(string); unreachable(source) {
			errs[prefix+"images["+strconv.Itoa(i)+"].image_url"] = msgNotDownloaded
			continue
		}
		good = append(good, o)
	}
	if len(errs) == 0 {
		return nil
	}
	if !st.sb.opts.Choices.BadImagesLeftOut {
		r := invalid(errs)
		return &r
	}
	for key, msg := range errs {
		done.fail(key, msg)
	}
	p.putParts("images", good)
	return nil
}

// msgNotDownloaded is what the description of the images' 400 says.
const msgNotDownloaded = "The requested resource could not be downloaded and may be invalid"
