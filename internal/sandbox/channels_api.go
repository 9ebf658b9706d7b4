package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
)

// channelFields are those of channels.v3.yml (CreateChannelReq).
var channelFields = []fieldSpec{
	{name: "name", kind: kString, minLen: 1, required: true},
	{name: "type", kind: kString, enum: []string{"pos", "marketplace", "storefront", "marketing"}, required: true},
	{name: "platform", kind: kString, minLen: 1, required: true},
	{name: "status", kind: kString, enum: []string{"active", "prelaunch", "inactive", "connected", "disconnected", "archived", "deleted", "terminated"}},
	{name: "external_id", kind: kString},
	{name: "is_listable_from_ui", kind: kBool},
	{name: "is_visible", kind: kBool},
}

var channelIndex = index(channelFields)

// availableStatuses are those of channels that apps may work with.
var availableStatuses = []string{"prelaunch", "active", "inactive", "connected"}

func (ch *Channel) view() map[string]any {
	return map[string]any{
		"id": ch.ID, "name": ch.Name, "type": ch.Type, "platform": ch.Platform, "status": ch.Status, "external_id": ch.ExternalID,
		"is_listable_from_ui": ch.Listable, "is_visible": ch.Visible,
		"is_enabled":   slices.Contains([]string{"prelaunch", "active", "connected"}, ch.Status),
		"date_created": zuluTime(ch.Created), "date_modified": zuluTime(ch.Modified),
		"icon_url": "https://storage.googleapis.com/bigcommerce-production-dev-center/images/" + ch.Platform + "_icon.svg",
	}
}

// channelView adds the currencies where they were asked for.
func (st *Store) channelView(ch *Channel, currencies bool) map[string]any {
	out := ch.view()
	if currencies {
		out["currencies"] = map[string]any{"channel_id": ch.ID, "enabled_currencies": []string{st.info.Currency}, "default_currency": st.info.Currency}
	}
	return out
}

func (s *Sandbox) listChannels(c *call) reply {
	q := c.q
	var tests []func(*Channel) bool
	test := func(ok func(*Channel) bool) { tests = append(tests, ok) }
	currencies := q.enum("include", "currencies") != ""
	if want := q.boolean("available"); want != nil {
		test(func(ch *Channel) bool { return slices.Contains(availableStatuses, ch.Status) == *want })
	}
	known := func(field string) func(string) bool {
		return func(w string) bool { return slices.Contains(channelFields[channelIndex[field]].enum, w) }
	}
	if in := q.names("status:in", known("status")); in != nil {
		test(func(ch *Channel) bool { return slices.Contains(in, ch.Status) })
	}
	if in := q.names("type:in", known("type")); in != nil {
		test(func(ch *Channel) bool { return slices.Contains(in, ch.Type) })
	}
	if in := q.names("platform:in", func(string) bool { return true }); in != nil {
		test(func(ch *Channel) bool { return slices.Contains(in, ch.Platform) })
	}
	q.dates("date_created", func(ok func(int64) bool) { test(func(ch *Channel) bool { return ok(ch.Created) }) })
	q.dates("date_modified", func(ok func(int64) bool) { test(func(ch *Channel) bool { return ok(ch.Modified) }) })
	page, limit := q.page()
	if r := q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	var found []*Channel
	for _, id := range sortedKeys(c.st.shop.channels) {
		ch := c.st.shop.channels[id]
		if !slices.ContainsFunc(tests, func(ok func(*Channel) bool) bool { return !ok(ch) }) {
			found = append(found, ch)
		}
	}
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, ch := range found[from:to] {
		rows = append(rows, []byte(compact(c.st.channelView(ch, currencies))))
	}
	return collection(rows, q.meta(len(found), len(rows), page, limit))
}

// channel finds the channel of the path; title words the 404.
func (c *call) channel(title string) (*Channel, *reply) {
	id, ok := c.pathID()
	if ch := c.st.shop.channels[id]; ok && ch != nil {
		return ch, nil
	}
	r := fail(http.StatusNotFound, title, nil)
	return nil, &r
}

func (s *Sandbox) getChannel(c *call) reply {
	currencies := c.q.enum("include", "currencies") != ""
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	ch, r := c.channel("Not found")
	if r != nil {
		return *r
	}
	return value(http.StatusOK, c.st.channelView(ch, currencies))
}

// channelRequest reads a create or an update.
func (c *call) channelRequest(create bool) (map[string]any, []fieldValue, *reply) {
	if r := c.q.problem(); r != nil {
		return nil, nil, r
	}
	in, r := c.readObject()
	if r != nil {
		return nil, nil, r
	}
	vals, errs := validate(channelFields, channelIndex, in, create, "")
	if len(errs) > 0 {
		r := invalid(errs)
		return nil, nil, &r
	}
	return in, vals, nil
}

func (ch *Channel) assign(vals []fieldValue) {
	for _, v := range vals {
		switch channelFields[v.field].name {
		case "name":
			ch.Name = unquote(v.raw)
		case "type":
			ch.Type = unquote(v.raw)
		case "platform":
			ch.Platform = unquote(v.raw)
		case "status":
			ch.Status = unquote(v.raw)
		case "external_id":
			ch.ExternalID = unquote(v.raw)
		case "is_listable_from_ui":
			ch.Listable = v.raw == "true"
		case "is_visible":
			ch.Visible = v.raw == "true"
		}
	}
}

func (s *Sandbox) createChannel(c *call) reply {
	_, vals, r := c.channelRequest(true)
	if r != nil {
		return *r
	}
	ch := Channel{Listable: true, Visible: true}
	ch.assign(vals)
	if ch.Status == "" {
		ch.Status = defaultStatus(ch.Type)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	if r := st.channelProblem(&ch, &Channel{}, "deleted"); r != nil {
		return *r
	}
	return value(http.StatusOK, st.insertChannelLocked(ch).view())
}

// channelProblem is the refusal of a channel: a wrong name if it is new, wrong combinations, a
// status that cannot be written here, and a channel that exists already.
func (st *Store) channelProblem(ch, old *Channel, status string) *reply {
	title := ch.wrongKind()
	if title == "" && ch.Status == status {
		title = fmt.Sprintf("Input channel status [%s] is not supported", status)
	}
	if ch.Name != old.Name {
		title = cmp.Or(ch.wrongName(), title)
	}
	if title != "" {
		r := fail(http.StatusUnprocessableEntity, title, nil)
		return &r
	}
	if st.twinLocked(ch) {
		r := fail(http.StatusConflict, fmt.Sprintf("Channel already exists with name: %q, platform: %q, and type: %q", ch.Name, ch.Platform, ch.Type), nil)
		return &r
	}
	return nil
}

func (s *Sandbox) updateChannel(c *call) reply {
	in, vals, r := c.channelRequest(false)
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	old, r := c.channel("The requested entity was not found.")
	if r != nil {
		return *r
	}
	if old.Status == "deleted" || old.Status == "terminated" {
		return fail(http.StatusUnprocessableEntity,
			"A deleted channel cannot be updated. Channel can be restored within 90 days after deleting by contacting BigCommerce support team", nil)
	}
	if r := fixedFields(in); r != nil {
		return *r
	}
	next := *old
	next.assign(vals)
	if next.Status != old.Status && (next.Status == "prelaunch" || next.Status == "deleted" && next.ID == defaultChannelID) {
		return fail(http.StatusUnprocessableEntity, fmt.Sprintf("Input channel status [%s] is not supported", next.Status), nil)
	}
	if r := st.channelProblem(&next, old, "terminated"); r != nil {
		return *r
	}
	if next != *old { // documented: changes of these fields trigger the webhook
		st.replaceChannelLocked(&next)
	}
	return value(http.StatusOK, next.view())
}

// fixedFields refuses what cannot change once a channel is there.
func fixedFields(in map[string]any) *reply {
	errs, title := map[string]string{}, ""
	for _, name := range []string{"type", "platform"} {
		if _, sent := in[name]; sent {
			errs[name] = "The field '" + name + "' can not be updated after channel is created."
			if title != "" {
				title += ", "
			}
			title += name
		}
	}
	if len(errs) == 0 {
		return nil
	}
	r := fail(http.StatusUnprocessableEntity, "The following fields are invalid: "+title, errs)
	return &r
}
