package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of scripts.v3.yml.
const (
	maxClientScripts   = 10 // "each app can have 10 scripts installed"
	maxChannelScripts  = 50 // "50 scripts per channel"
	maxIntegrityHashes = 5
)

// scriptFields are those of scripts.v3.yml (script_Post, script_Put).
var scriptFields = []fieldSpec{
	{name: "name", kind: kString, minLen: 1, maxLen: 255, required: true},
	{name: "uuid", kind: kString, readOnly: true},
	{name: "api_client_id", kind: kString, readOnly: true},
	{name: "description", kind: kString},
	{name: "html", kind: kString, maxLen: 65536},
	{name: "src", kind: kString},
	{name: "auto_uninstall", kind: kBool},
	{name: "load_method", kind: kString, enum: []string{"default", "async", "defer"}},
	{name: "location", kind: kString, enum: []string{"head", "footer"}},
	{name: "visibility", kind: kString, enum: []string{"storefront", "all_pages", "checkout", "order_confirmation"}},
	{name: "kind", kind: kString, enum: []string{"src", "script_tag"}},
	{name: "consent_category", kind: kString, enum: []string{"essential", "functional", "analytics", "targeting"}},
	{name: "enabled", kind: kBool},
	{name: "channel_id", kind: kInteger, min: num(1)},
	{name: "integrity_hashes", kind: kStrings, maxItems: maxIntegrityHashes},
}

var scriptIndex = index(scriptFields)

func (sc *Script) view() map[string]any {
	out := map[string]any{
		"uuid": sc.UUID, "name": sc.Name, "description": sc.Description, "kind": sc.Kind, "auto_uninstall": sc.AutoUninstall,
		"load_method": sc.LoadMethod, "location": sc.Location, "visibility": sc.Visibility, "consent_category": sc.ConsentCategory,
		"enabled": sc.Enabled, "channel_id": sc.ChannelID, "api_client_id": sc.ClientID,
		"date_created": zuluTime(sc.Created), "date_modified": zuluTime(sc.Modified),
	}
	if sc.Kind == "src" {
		out["src"], out["integrity_hashes"] = sc.Src, append([]string{}, sc.IntegrityHashes...)
	} else {
		out["html"] = sc.HTML
	}
	return out
}

// onCheckout reports whether a script runs on checkout pages, which needs a scope of its own.
func (sc *Script) onCheckout() bool {
	return sc.Visibility == "all_pages" || sc.Visibility == "checkout"
}

// mayRead and mayWrite: to read or modify scripts on checkout pages a token needs the checkout
// content scopes too.
func (c *call) mayRead(sc *Script) bool {
	return !sc.onCheckout() || c.tok.has("store_content_checkout", "store_content_checkout_read_only")
}

func (c *call) mayWrite(sc *Script) *reply {
	if !sc.onCheckout() || c.tok.has("store_content_checkout") {
		return nil
	}
	r := forbidden()
	return &r
}

// ownScripts are the scripts that the caller's client made and may see, in the order of creation.
func (c *call) ownScripts() []*Script {
	var out []*Script
	for _, id := range sortedKeys(c.st.shop.scripts) {
		if sc := c.st.shop.scripts[id]; sc.ClientID == c.tok.ClientID && c.mayRead(sc) {
			out = append(out, sc)
		}
	}
	return out
}

func (s *Sandbox) listScripts(c *call) reply {
	q := c.q
	channels := q.integers("channel_id:in")
	by := q.enum("sort", "name", "description", "date_created", "date_modified")
	desc := q.enum("direction", "asc", "desc") == "desc"
	page, limit := q.page()
	if r := q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	found := slices.DeleteFunc(c.ownScripts(), func(sc *Script) bool { return channels != nil && !slices.Contains(channels, sc.ChannelID) })
	slices.SortStableFunc(found, func(a, b *Script) int {
		switch by {
		case "name":
			return strings.Compare(a.Name, b.Name)
		case "description":
			return strings.Compare(a.Description, b.Description)
		case "date_modified":
			return cmp.Compare(a.Modified, b.Modified)
		}
		return cmp.Compare(a.Created, b.Created)
	})
	if desc {
		slices.Reverse(found)
	}
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, sc := range found[from:to] {
		rows = append(rows, []byte(compact(sc.view())))
	}
	return collection(rows, q.meta(len(found), len(rows), page, limit))
}

// script finds the script of the path among the caller's own: others are not there for it.
func (c *call) script() (*Script, *reply) {
	id, err := uuid.Parse(c.r.PathValue("uuid"))
	if err != nil {
		r := invalid(map[string]string{"uuid": "error.expected.uuid"})
		return nil, &r
	}
	for _, sc := range c.st.shop.scripts {
		if sc.UUID == id.String() && sc.ClientID == c.tok.ClientID {
			return sc, nil
		}
	}
	r := notFound("The requested resource was not found.")
	return nil, &r
}

func (s *Sandbox) getScript(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	sc, r := c.script()
	switch {
	case r != nil:
		return *r
	case !c.mayRead(sc):
		return forbidden()
	}
	return value(http.StatusOK, sc.view())
}

func (s *Sandbox) createScript(c *call) reply { return s.saveScript(c, true) }
func (s *Sandbox) updateScript(c *call) reply { return s.saveScript(c, false) }

// saveScript: an update changes what it names.
func (s *Sandbox) saveScript(c *call, create bool) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(scriptFields, scriptIndex, in, create, "")
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	now := s.now().Unix()
	next := Script{UUID: uuid.NewString(), ClientID: c.tok.ClientID, Kind: "src", LoadMethod: "default", Location: "head", Visibility: "storefront",
		ConsentCategory: "unknown", Enabled: true, ChannelID: defaultChannelID, Created: now}
	if !create {
		old, r := c.script()
		if r != nil {
			return *r
		}
		if r := c.mayWrite(old); r != nil {
			return *r
		}
		next = *old
	}
	next.Modified = now
	next.assign(vals)
	next.check(in, errs)
	if st.shop.channels[next.ChannelID] == nil {
		errs["channel_id"] = "error.invalid.channel"
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	if r := c.mayWrite(&next); r != nil {
		return *r
	}
	if r := st.scriptLimits(&next); r != nil {
		return *r
	}
	if create {
		next.ID = st.nextID(kindScript, 1)
	}
	st.shop.scripts[next.ID] = &next
	st.record(kindScript, next.ID, &next)
	st.flush()
	return value(http.StatusOK, next.view())
}

func (sc *Script) assign(vals []fieldValue) {
	for _, v := range vals {
		text := func() string { return unquote(v.raw) }
		switch scriptFields[v.field].name {
		case "name":
			sc.Name = text()
		case "description":
			sc.Description = text()
		case "html":
			sc.HTML = text()
		case "src":
			sc.Src = text()
		case "auto_uninstall":
			sc.AutoUninstall = v.raw == "true"
		case "load_method":
			sc.LoadMethod = text()
		case "location":
			sc.Location = text()
		case "visibility":
			sc.Visibility = text()
		case "kind":
			sc.Kind = text()
		case "consent_category":
			sc.ConsentCategory = text()
		case "enabled":
			sc.Enabled = v.raw == "true"
		case "channel_id":
			sc.ChannelID = parseID(v.raw)
		case "integrity_hashes":
			sc.IntegrityHashes = nil
			_ = json.Unmarshal([]byte(v.raw), &sc.IntegrityHashes) // validated: an array of strings
		}
	}
}

// integrityHash is one hash of Subresource Integrity.
var integrityHash = regexp.MustCompile(`^(sha256-[A-Za-z0-9+/]{43}=|sha384-[A-Za-z0-9+/]{64}|sha512-[A-Za-z0-9+/]{86}==)$`)

// check holds a script to the rules of its kind; in is the request, for fields that must not be
// sent.
func (sc *Script) check(in map[string]any, errs map[string]string) {
	sent := func(name string) bool { _, ok := in[name]; return ok }
	if sc.Kind == "script_tag" {
		if sent("src") {
			errs["src"] = "error.unexpected: not with kind script_tag"
		}
		if errs["html"] == "" && countScripts(sc.HTML) != 1 {
			errs["html"] = "error.expected.script: exactly one script tag"
		}
		if sc.LoadMethod != "default" {
			errs["load_method"] = "error.expected.default: with kind script_tag"
		}
		if sent("integrity_hashes") && len(sc.IntegrityHashes) > 0 {
			errs["integrity_hashes"] = "error.unexpected: not with kind script_tag"
		}
		sc.Src, sc.IntegrityHashes = "", nil
		return
	}
	if sent("html") {
		errs["html"] = "error.unexpected: not with kind src"
	}
	u, err := url.Parse(sc.Src)
	switch {
	case errs["src"] != "":
	case sc.Src == "":
		errs["src"] = msgMissing
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		errs["src"] = "error.invalid.url"
	}
	for _, h := range sc.IntegrityHashes {
		if !integrityHash.MatchString(h) {
			errs["integrity_hashes"] = "error.invalid.hash"
		}
	}
	sc.HTML = ""
}

// countScripts counts the script elements of a fragment; -1 when one is not closed, since what
// follows it on the page would become part of it.
func countScripts(fragment string) int {
	z, n, open := html.NewTokenizer(strings.NewReader(fragment)), 0, false
	for {
		switch z.Next() {
		case html.ErrorToken:
			if open {
				return -1
			}
			return n
		case html.StartTagToken, html.SelfClosingTagToken: // <script/> is not closed, in HTML
			if name, _ := z.TagName(); atom.Lookup(name) == atom.Script {
				n, open = n+1, true
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); atom.Lookup(name) == atom.Script {
				open = false
			}
		}
	}
}

// scriptLimits: at most ten scripts of a client, and fifty on a channel.
func (st *Store) scriptLimits(sc *Script) *reply {
	client, channel := 0, 0
	for _, o := range st.shop.scripts {
		if o.ID == sc.ID {
			continue
		}
		if o.ClientID == sc.ClientID {
			client++
		}
		if o.ChannelID == sc.ChannelID {
			channel++
		}
	}
	title := ""
	switch {
	case client >= maxClientScripts:
		title = "The limit of 10 scripts for this app is reached."
	case channel >= maxChannelScripts:
		title = "The limit of 50 scripts for this channel is reached."
	default:
		return nil
	}
	r := fail(http.StatusUnprocessableEntity, title, nil)
	return &r
}

func (s *Sandbox) deleteScript(c *call) reply {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	sc, r := c.script()
	if r != nil {
		return *r
	}
	if r := c.mayWrite(sc); r != nil {
		return *r
	}
	c.st.dropScriptLocked(sc)
	c.st.flush()
	return noContent
}
