package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const kindRedirect = "redirect"

// redirect sends visitors of a path of a site on. A site has one of a path.
type redirect struct {
	ID, Site int64
	From     string
	Type     string
	Entity   int64  `json:",omitempty"`
	URL      string `json:",omitempty"`
}

type redirects struct{ things[redirect] }

// redirectFields are those of PUT /storefront/redirects (redirects.v3.yml).
var (
	redirectFields = []fieldSpec{
		{name: "from_path", kind: kString, minLen: 1, required: true},
		{name: "site_id", kind: kInteger, required: true},
		{name: "to", kind: kObject, fields: []fieldSpec{
			{name: "type", kind: kString, enum: []string{"product", "brand", "category", "page", "post", "url"}},
			{name: "entity_id", kind: kInteger},
			{name: "url", kind: kString, maxLen: 2048},
		}},
	}
	redirectIndex = index(redirectFields)
)

// redirectResource is /v3/storefront/redirects. No description says its scope: it is that of
// content.
func redirectResource(*Sandbox) *resource {
	const path = "/v3/storefront/redirects"
	return &resource{
		routes: []route{
			{method: "GET", path: path, scopes: contentRead, handle: listRedirects},
			{method: "PUT", path: path, scopes: contentWrite, handle: upsertRedirects},
			{method: "DELETE", path: path, scopes: contentWrite, handle: deleteRedirects},
		},
		kinds: []string{kindRedirect},
		keep:  func(st *Store) kept { return &redirects{newThings[redirect](st, kindRedirect)} },
		dump: func(st *Store, out map[string]any) {
			list := []map[string]any{}
			k := keptBy[*redirects](st)
			for _, id := range sortedKeys(k.byID) {
				list = append(list, k.byID[id].view())
			}
			out["redirects"] = list
		},
	}
}

func (d *redirect) view() map[string]any {
	to := map[string]any{"type": d.Type}
	if d.Type == "url" {
		to["url"] = d.URL
	} else {
		to["entity_id"] = d.Entity
	}
	return map[string]any{"id": d.ID, "site_id": d.Site, "from_path": d.From, "to": to}
}

func listRedirects(c *call) reply {
	site, ids := c.q.integer("site_id"), c.q.integers("id:in")
	least, most := c.q.integer("id:min"), c.q.integer("id:max")
	keyword := c.q.str("keyword")
	by, down := c.q.enum("sort", "from_path", "type", "site_id", "id"), c.q.enum("direction", "asc", "desc") == "desc"
	withURL := len(c.q.names("include", func(n string) bool { return n == "to_url" })) > 0
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	k := keptBy[*redirects](c.st)
	var found []*redirect
	for _, id := range sortedKeys(k.byID) {
		d := k.byID[id]
		if (site == nil || d.Site == *site) && (ids == nil || slices.Contains(ids, d.ID)) && (least == nil || d.ID >= *least) &&
			(most == nil || d.ID <= *most) && strings.HasPrefix(strings.TrimPrefix(d.From, "/"), strings.TrimPrefix(keyword, "/")) {
			found = append(found, d)
		}
	}
	slices.SortStableFunc(found, func(a, b *redirect) int {
		n := 0
		switch by {
		case "from_path":
			n = strings.Compare(a.From, b.From)
		case "type":
			n = strings.Compare(a.Type, b.Type)
		case "site_id":
			n = int(a.Site - b.Site)
		default:
			n = int(a.ID - b.ID)
		}
		if down {
			return -n
		}
		return n
	})
	views := make([]map[string]any, len(found))
	for i, d := range found {
		views[i] = d.view()
		if withURL {
			views[i]["to_url"] = c.st.target(d)
		}
	}
	return c.pageOf(views, page, limit, func(v map[string]any) map[string]any { return v })
}

// target is where a redirect leads now.
func (st *Store) target(d *redirect) string {
	base := ""
	if site := st.shop.sites[d.Site]; site != nil {
		base = strings.TrimRight(st.primaryURL(site), "/")
	}
	switch {
	case d.Type == "url" && strings.HasPrefix(d.URL, "/"):
		return base + d.URL
	case d.Type == "url":
		return d.URL
	case d.Type == "product" && st.cat.byID[d.Entity] != nil:
		return base + st.cat.byID[d.Entity].url
	}
	return base + "/"
}

// upsertRedirects is all of a batch or nothing. Beyond the fields, what it refuses is not described,
// nor how.
func upsertRedirects(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	list, r := c.readObjects()
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	errs := map[string]string{}
	wanted := make([]redirect, len(list))
	for i, in := range list {
		prefix := strconv.Itoa(i) + "."
		_, es := validate(redirectFields, redirectIndex, in, true, prefix)
		for key, msg := range es {
			errs[key] = msg
		}
		if len(es) == 0 {
			wanted[i] = st.readRedirect(in, prefix, errs)
		}
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	k := keptBy[*redirects](st)
	views := make([]map[string]any, len(wanted))
	for i := range wanted {
		d := &wanted[i]
		for id, other := range k.byID {
			if other.Site == d.Site && other.From == d.From {
				d.ID = id
			}
		}
		if d.ID == 0 {
			d.ID = st.nextID(kindRedirect, 1)
		}
		k.put(d.ID, d)
		views[i] = d.view()
	}
	st.flush()
	return okJSON(http.StatusCreated, map[string]any{"data": views, "meta": map[string]any{}})
}

// readRedirect reads a redirect whose fields are of the described types.
func (st *Store) readRedirect(in map[string]any, prefix string, errs map[string]string) redirect {
	to, _ := in["to"].(map[string]any)
	d := redirect{Site: integerOf(in, "site_id"), From: in["from_path"].(string), Entity: integerOf(to, "entity_id")}
	d.Type, _ = to["type"].(string)
	d.URL, _ = to["url"].(string)
	switch {
	case st.shop.sites[d.Site] == nil:
		errs[prefix+"site_id"] = "The site does not exist"
	case !strings.HasPrefix(d.From, "/"):
		errs[prefix+"from_path"] = "The path must begin with a slash"
	case d.Type == "":
		errs[prefix+"to.type"] = msgMissing
	case d.Type == "url" && d.URL == "":
		errs[prefix+"to.url"] = msgMissing
	case d.Type == "product" && st.cat.byID[d.Entity] == nil, d.Type == "category" && st.cat.categories[d.Entity] == nil,
		d.Type == "brand" && st.cat.brands[d.Entity] == nil:
		errs[prefix+"to.entity_id"] = "The " + d.Type + " does not exist"
	}
	return d
}

func deleteRedirects(c *call) reply {
	ids, site := c.q.integers("id:in"), c.q.integer("site_id")
	if r := c.q.problem(); r != nil {
		return *r
	}
	if ids == nil && site == nil {
		return fail(http.StatusUnprocessableEntity, "At least one filter is required to delete redirects.", nil)
	}
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	k := keptBy[*redirects](c.st)
	for _, id := range sortedKeys(k.byID) {
		d := k.byID[id]
		if (ids == nil || slices.Contains(ids, id)) && (site == nil || d.Site == *site) {
			k.drop(id)
		}
	}
	c.st.flush()
	return noContent
}
