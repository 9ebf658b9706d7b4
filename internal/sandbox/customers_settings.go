package sandbox

import "net/http"

// channelSettingsFields are those of customers.v3.yml (CustomerChannelSettingsObject).
var channelSettingsFields = []fieldSpec{
	{name: "allow_global_logins", kind: kBool},
	{name: "privacy_settings", kind: kObject, nullable: true},
	{name: "customer_group_settings", kind: kObject, nullable: true},
}

var channelSettingsIndex = index(channelSettingsFields)

// settingsView shows null for what a channel does not override, as documented.
func (ch *Channel) settingsView() map[string]any {
	return map[string]any{
		"allow_global_logins": ch.GlobalLogins,
		"privacy_settings": map[string]any{"ask_shopper_for_tracking_consent": nil, "policy_url": nil,
			"ask_shopper_for_tracking_consent_on_checkout": nil},
		"customer_group_settings": map[string]any{"guest_customer_group_id": nil, "default_customer_group_id": nil},
	}
}

// getCustomerSettings says whether accounts without channel_ids may sign in on a channel.
func (s *Sandbox) getCustomerSettings(c *call) reply {
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	ch, r := c.channel("Not found")
	if r != nil {
		return *r
	}
	return value(http.StatusOK, ch.settingsView())
}

// updateCustomerSettings fires no webhook: settings are none of the fields that
// store/channel/updated tells of.
func (s *Sandbox) updateCustomerSettings(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(channelSettingsFields, channelSettingsIndex, in, false, "")
	if len(errs) > 0 {
		return invalid(errs)
	}
	for _, name := range []string{"privacy_settings", "customer_group_settings"} {
		override, _ := in[name].(map[string]any)
		for _, v := range override {
			if v != nil { // null takes an override away, and there is none
				return fail(http.StatusNotImplemented, "The sandbox does not simulate "+name+" of a channel.", nil)
			}
		}
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	old, r := c.channel("Not found")
	if r != nil {
		return *r
	}
	next := *old
	for _, v := range vals {
		if channelSettingsFields[v.field].name == "allow_global_logins" {
			next.GlobalLogins = v.raw == "true"
		}
	}
	st.shop.channels[next.ID] = &next
	st.record(kindChannel, next.ID, &next)
	st.flush()
	return value(http.StatusOK, next.settingsView())
}

var credentialFields = []fieldSpec{
	{name: "email", kind: kString, required: true},
	{name: "password", kind: kString, required: true},
	{name: "channel_id", kind: kInteger, min: num(1)},
}

var credentialIndex = index(credentialFields)

// validateCredentials answers without data around it, as documented, and does not say what is
// wrong.
func (s *Sandbox) validateCredentials(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(credentialFields, credentialIndex, in, true, "")
	if len(errs) > 0 {
		return invalid(errs)
	}
	text, channel := map[string]string{}, int64(defaultChannelID)
	for _, v := range vals {
		switch name := credentialFields[v.field].name; name {
		case "channel_id":
			channel = parseID(v.raw)
		default:
			text[name] = unquote(v.raw)
		}
	}
	found, ok := c.st.CheckPassword(channel, text["email"], text["password"])
	id := any(nil)
	if ok {
		id = found.ID
	}
	return okJSON(http.StatusOK, map[string]any{"is_valid": ok, "customer_id": id})
}
