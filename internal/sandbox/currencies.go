package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const kindCurrency = "currency"

// currency is one of a store's currencies (currencies.v2.yml). Values are those of currencyFields
// that were set.
type currency struct {
	ID      int64
	Code    string // ISO 4217, in capitals; unique in the store
	Default bool   // the store's own: one always is
	Values  map[string]json.RawMessage
	Updated int64
}

type currencies struct{ things[currency] }

func (st *Store) currencies() *currencies { return keptBy[*currencies](st) }

// named finds a currency by its code, in any letter case.
func (k *currencies) named(code string) *currency {
	for _, c := range k.byID {
		if strings.EqualFold(c.Code, code) {
			return c
		}
	}
	return nil
}

// currencyResource is /v2/currencies.
func currencyResource(*Sandbox) *resource {
	const all, one = "/v2/currencies", "/v2/currencies/{id}"
	write := []string{"store_v2_information"}
	return &resource{
		routes: []route{
			{method: "GET", path: all, scopes: infoRead, handle: listCurrencies},
			{method: "POST", path: all, scopes: write, handle: createCurrency},
			{method: "DELETE", path: all, scopes: write, handle: deleteCurrencies},
			{method: "GET", path: one, scopes: infoRead, handle: getCurrency},
			{method: "PUT", path: one, scopes: write, handle: updateCurrency},
			{method: "DELETE", path: one, scopes: write, handle: deleteCurrency},
		},
		kinds: []string{kindCurrency},
		keep:  func(st *Store) kept { return &currencies{newThings[currency](st, kindCurrency)} },
		begin: func(st *Store) {
			if len(st.currencies().byID) == 0 {
				st.insertCurrencyLocked(st.info.Currency, true)
			}
		},
	}
}

// AddCurrency adds a currency that the store sells in, as the merchant does; one that is there
// already stays.
func (st *Store) AddCurrency(code string) error {
	if !currencyCode.MatchString(code) {
		return fmt.Errorf("sandbox: %q is no currency code", code)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.currencies().named(code) == nil {
		st.insertCurrencyLocked(strings.ToUpper(code), false)
		st.flush()
	}
	return nil
}

var currencyCode = regexp.MustCompile(`^[A-Za-z]{3}$`)

// insertCurrencyLocked adds a currency with the platform's usual values.
func (st *Store) insertCurrencyLocked(code string, isDefault bool) {
	places := "2"
	if code == "JPY" {
		places = "0"
	}
	c := &currency{
		ID: st.nextID(kindCurrency, 1), Code: code, Default: isDefault, Updated: st.sb.now().Unix(),
		Values: map[string]json.RawMessage{
			"name": json.RawMessage(jsonString(code)), "token": json.RawMessage(jsonString(cmp.Or(currencySymbols[code], code))),
			"currency_exchange_rate": json.RawMessage(`"1.0000000000"`), "decimal_places": json.RawMessage(places),
			"enabled": json.RawMessage("true"), "is_transactional": json.RawMessage("true"),
		},
	}
	st.currencies().put(c.ID, c)
}

// view is a currency as V2 shows it.
func (c *currency) view() map[string]any {
	m := map[string]any{
		"country_iso2": "", "default_for_country_codes": []any{}, "auto_update": false, "token_location": "left", "decimal_token": ".",
		"thousands_token": ",", "enabled": false, "is_transactional": false, "use_default_name": false,
	}
	for name, raw := range c.Values {
		m[name] = raw
	}
	m["id"], m["currency_code"], m["is_default"] = c.ID, c.Code, c.Default
	m["last_updated"] = time.Unix(c.Updated, 0).UTC().Format(time.RFC1123Z)
	return m
}

func listCurrencies(c *call) reply {
	page, limit := c.q.page()
	if r := c.q.problemV2(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	ids := sortedKeys(c.st.currencies().byID)
	from, to := window(len(ids), page, limit)
	if from == to {
		return noContent
	}
	rows := []any{}
	for _, id := range ids[from:to] {
		rows = append(rows, c.st.currencies().byID[id].view())
	}
	return okJSON(http.StatusOK, rows)
}

// currency finds the currency of the path.
func (c *call) currency() (*currency, *reply) {
	id, ok := c.pathID()
	if found := c.st.currencies().byID[id]; ok && found != nil {
		return found, nil
	}
	r := errorV2(http.StatusNotFound, "The requested resource was not found.")
	return nil, &r
}

func getCurrency(c *call) reply {
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	found, r := c.currency()
	if r != nil {
		return *r
	}
	return okJSON(http.StatusOK, found.view())
}

var (
	currencyIndex       = index(currencyFields)
	currencyUpdateIndex = index(currencyUpdateFields)
)

func createCurrency(c *call) reply { return saveCurrency(c, currencyFields, currencyIndex, true) }
func updateCurrency(c *call) reply {
	return saveCurrency(c, currencyUpdateFields, currencyUpdateIndex, false)
}

func saveCurrency(c *call, specs []fieldSpec, idx map[string]uint8, create bool) reply {
	v, err := readJSON(c.r.Body)
	in, ok := v.(map[string]any)
	if err != nil || !ok {
		return errorV2(http.StatusBadRequest, "The request body is not a JSON object.")
	}
	if rate, ok := in["currency_exchange_rate"].(json.Number); ok { // described: a number, or one as text
		in["currency_exchange_rate"] = rate.String()
	}
	vals, errs := validate(specs, idx, in, create, "")
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	next := &currency{Values: map[string]json.RawMessage{}}
	if !create {
		old, r := c.currency()
		if r != nil {
			return *r
		}
		next.ID, next.Code, next.Default = old.ID, old.Code, old.Default
		for name, raw := range old.Values {
			next.Values[name] = raw
		}
	}
	for _, v := range vals {
		next.set(specs[v.field].name, v.raw, errs)
	}
	if wrong := sortedKeys(errs); len(wrong) > 0 {
		if errs[wrong[0]] == msgMissing {
			return errorV2(http.StatusBadRequest, "The required field '"+wrong[0]+"' was not supplied.")
		}
		return errorV2(http.StatusBadRequest, "The field '"+wrong[0]+"' is invalid.")
	}
	if other := st.currencies().named(next.Code); other != nil && other.ID != next.ID {
		return errorV2(http.StatusConflict, "The currency "+next.Code+" exists already.")
	}
	if create {
		next.ID = st.nextID(kindCurrency, 1)
	}
	next.Updated = st.sb.now().Unix()
	st.currencies().put(next.ID, next)
	if next.Default && st.info.Currency != next.Code {
		st.makeDefaultCurrency(next)
	}
	st.flush()
	return okJSON(http.StatusOK, next.view())
}

// set takes one validated field of a request.
func (c *currency) set(name, raw string, errs map[string]string) {
	switch name {
	case "currency_code":
		if c.Code = strings.ToUpper(unquote(raw)); !currencyCode.MatchString(c.Code) {
			errs[name] = msgEnum
		}
		return
	case "is_default": // it may be set, never unset
		if raw != "true" && c.Default {
			errs[name] = msgEnum
		}
		c.Default = c.Default || raw == "true"
		return
	case "currency_exchange_rate":
		if n, err := strconv.ParseFloat(unquote(raw), 64); err != nil || n <= 0 {
			errs[name] = msgNumber
		}
	case "token_location":
		if side := unquote(raw); side != "left" && side != "right" {
			errs[name] = msgEnum
		}
	}
	c.Values[name] = json.RawMessage(raw)
}

// makeDefaultCurrency makes a currency the store's own, in the place of the one before.
func (st *Store) makeDefaultCurrency(c *currency) {
	for _, other := range st.currencies().byID {
		if other.ID != c.ID && other.Default {
			was := *other
			was.Default = false
			st.currencies().put(was.ID, &was)
		}
	}
	st.info.Currency = c.Code
	st.record(kindStore, 0, st.infoLocked())
	st.fire("store/information/updated", "store", 0)
}

func deleteCurrency(c *call) reply {
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	found, r := c.currency()
	if r != nil {
		return *r
	}
	if found.Default {
		return errorV2(http.StatusBadRequest, "The default currency cannot be deleted.")
	}
	st.currencies().drop(found.ID)
	st.flush()
	return noContent
}

// deleteCurrencies deletes all but the default one.
func deleteCurrencies(c *call) reply {
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, id := range sortedKeys(st.currencies().byID) {
		if !st.currencies().byID[id].Default {
			st.currencies().drop(id)
		}
	}
	st.flush()
	return noContent
}
