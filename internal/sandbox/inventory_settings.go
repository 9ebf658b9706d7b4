package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
)

const kindInventorySettings = "inventory_settings" // by channel; 0 is the store's own

// inventoryDefaults are what a new store has where the description names no default.
var inventoryDefaults = map[string]json.RawMessage{
	"product_out_of_stock_behavior": json.RawMessage(`"do_nothing"`),
	"option_out_of_stock_behavior":  json.RawMessage(`"do_nothing"`),
	"update_stock_behavior":         json.RawMessage(`"order_placed"`),
	"edit_order_stock_adjustment":   json.RawMessage(`true`),
	"refund_order_stock_adjustment": json.RawMessage(`true`),
	"stock_level_display":           json.RawMessage(`"dont_show"`),
	"default_out_of_stock_message":  json.RawMessage(`"Currently out of stock"`),
	"hide_in_product_filtering":     json.RawMessage(`false`),
}

// settingsOfInventory are the fields that a store or a channel has set.
type settingsOfInventory map[string]json.RawMessage

type inventorySettingsKept struct{ things[settingsOfInventory] }

func (st *Store) inventorySettings() *inventorySettingsKept {
	return keptBy[*inventorySettingsKept](st)
}

var inventorySettingIndex = index(inventorySettingFields)

// inventorySettings is /v3/settings/inventory: when orders change stock, and what storefronts show.
func inventorySettings(*Sandbox) *resource {
	const path = "/v3/settings/inventory"
	return &resource{
		routes: []route{
			{method: "GET", path: path, scopes: infoRead, handle: getInventorySettings},
			{method: "PUT", path: path, scopes: []string{"store_v2_information"}, handle: updateInventorySettings},
		},
		kinds: []string{kindInventorySettings},
		keep: func(st *Store) kept {
			return &inventorySettingsKept{newThings[settingsOfInventory](st, kindInventorySettings)}
		},
	}
}

// view shows null for what a channel does not override, as described.
func (k *inventorySettingsKept) view(channel int64) map[string]any {
	own := settingsOfInventory{}
	if set := k.byID[channel]; set != nil {
		own = *set
	}
	out := map[string]any{}
	for _, f := range inventorySettingFields {
		switch raw := own[f.name]; {
		case raw != nil:
			out[f.name] = raw
		case channel != 0:
			out[f.name] = nil
		case f.def != "":
			out[f.name] = json.RawMessage(f.def)
		default:
			out[f.name] = inventoryDefaults[f.name]
		}
	}
	return out
}

// settingsChannel reads channel_id, 0 for the settings of the store.
func (c *call) settingsChannel() (int64, *reply) {
	id := c.q.integer("channel_id")
	if r := c.q.problem(); r != nil || id == nil {
		return 0, r
	}
	if c.st.shop.channels[*id] == nil {
		r := fail(http.StatusUnprocessableEntity, fmt.Sprintf("Channel with id %d not found", *id), map[string]string{"channel_id": "not found"})
		return 0, &r
	}
	return *id, nil
}

func getInventorySettings(c *call) reply {
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	channel, r := c.settingsChannel()
	if r != nil {
		return *r
	}
	return value(http.StatusOK, c.st.inventorySettings().view(channel))
}

// updateInventorySettings changes what it names; null takes a channel's override away.
func updateInventorySettings(c *call) reply {
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	channel, r := c.settingsChannel()
	if r != nil {
		return *r
	}
	k := st.inventorySettings()
	next := settingsOfInventory{}
	if old := k.byID[channel]; old != nil {
		for name, raw := range *old {
			next[name] = raw
		}
	}
	for name, v := range in {
		if _, known := inventorySettingIndex[name]; known && v == nil && channel != 0 {
			delete(next, name)
			delete(in, name)
		}
	}
	vals, errs := validate(inventorySettingFields, inventorySettingIndex, in, true, "")
	if len(errs) > 0 {
		return invalid(errs)
	}
	for name, raw := range rawMap(inventorySettingFields, vals) {
		next[name] = raw
	}
	k.put(channel, &next)
	st.flush()
	return value(http.StatusOK, k.view(channel))
}
