package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// maxCustomerBatch is how many customers a request may have.
const maxCustomerBatch = 10

// customerFields are those of customers.v3.yml (customer_Post, customer_Put).
var customerFields = []fieldSpec{
	{name: "id", kind: kInteger},
	{name: "email", kind: kString, minLen: 3, maxLen: 250, required: true}, // 255 in PUT: see customerPutFields
	{name: "first_name", kind: kString, minLen: 1, maxLen: 100, required: true},
	{name: "last_name", kind: kString, minLen: 1, maxLen: 100, required: true},
	{name: "company", kind: kString, maxLen: 255},
	{name: "phone", kind: kString, maxLen: 50},
	{name: "notes", kind: kString},
	{name: "tax_exempt_category", kind: kString, maxLen: 255},
	{name: "customer_group_id", kind: kInteger, min: num(0), max: num(maxInt32)},
	{name: "addresses", kind: kObjects, maxItems: 10},
	{name: "authentication", kind: kObject},
	{name: "accepts_product_review_abandoned_cart_emails", kind: kBool},
	{name: "store_credit_amounts", kind: kObjects},
	{name: "origin_channel_id", kind: kInteger, min: num(1)},
	{name: "channel_ids", kind: kIntegers, nullable: true},
	{name: "trigger_account_created_notification", kind: kBool}, // no mail leaves a sandbox
}

var customerPutFields = func() []fieldSpec {
	out := slices.Clone(customerFields)
	for i := range out {
		switch out[i].name {
		case "email":
			out[i].maxLen = 255
		case "addresses", "origin_channel_id", "trigger_account_created_notification":
			out[i].readOnly = true // documented: sub-resources are not updated, the origin never changes
		}
	}
	return out
}()

var customerIndex = index(customerFields)

// customerReadOnly are the fields whose presence a create is refused for.
var customerReadOnly = []string{"id", "registration_ip_address", "date_created", "date_modified"}

var addressFields = []fieldSpec{
	{name: "first_name", kind: kString, minLen: 1, maxLen: 255, required: true},
	{name: "last_name", kind: kString, minLen: 1, maxLen: 255, required: true},
	{name: "company", kind: kString, maxLen: 255},
	{name: "address1", kind: kString, minLen: 1, required: true},
	{name: "address2", kind: kString},
	{name: "city", kind: kString, minLen: 1, maxLen: 100, required: true},
	{name: "state_or_province", kind: kString, maxLen: 100},
	{name: "postal_code", kind: kString, maxLen: 30},
	{name: "country_code", kind: kString, minLen: 2, maxLen: 2, required: true},
	{name: "phone", kind: kString, maxLen: 50},
	{name: "address_type", kind: kString, enum: []string{"residential", "commercial"}},
}

var addressIndex = index(addressFields)

// neededIn is what an address needs besides in countries that need it to complete an address. The
// description names none of them; these need both beyond doubt.
var neededIn = map[string][]string{
	"US": {"state_or_province", "postal_code"}, "CA": {"state_or_province", "postal_code"}, "AU": {"state_or_province", "postal_code"},
}

// customerIncludes are the sub-resources that may be asked for; the beta ones of customers.v3.yml
// are taken and have nothing to show.
var customerIncludes = []string{"addresses", "storecredit", "attributes", "formfields", "shopper_profile_id", "segment_ids"}

func (c *Customer) view(include []string) map[string]any {
	out := map[string]any{
		"id": c.ID, "email": c.Email, "first_name": c.FirstName, "last_name": c.LastName, "company": c.Company, "phone": c.Phone,
		"registration_ip_address": c.RegistrationIP, "notes": c.Notes, "tax_exempt_category": c.TaxExemptCategory,
		"customer_group_id": c.GroupID, "date_created": zuluTime(c.Created), "date_modified": zuluTime(c.Modified),
		"address_count": len(c.Addresses), "attribute_count": 0,
		"authentication": map[string]bool{"force_password_reset": c.ForcePasswordReset},
		"accepts_product_review_abandoned_cart_emails": c.AcceptsEmails,
		"origin_channel_id":                            c.OriginChannelID,
	}
	if c.ChannelIDs != nil { // described as an array that is never null
		out["channel_ids"] = c.ChannelIDs
	}
	for _, what := range include {
		switch what {
		case "addresses":
			out["addresses"] = append([]Address{}, c.Addresses...)
		case "storecredit":
			out["store_credit_amounts"] = []any{map[string]any{"amount": c.StoreCredit}}
		case "attributes":
			out["attributes"] = []any{}
		case "formfields":
			out["form_fields"] = []any{}
		}
	}
	return out
}

func (s *Sandbox) listCustomers(c *call) reply {
	q := c.q
	f := q.customerFilter()
	include := q.names("include", func(n string) bool { return slices.Contains(customerIncludes, n) })
	after, before := q.cursor("after"), q.cursor("before")
	if after != nil && before != nil {
		q.errs["before"] = "error.expected.one: send before or after"
	}
	page, limit := q.page()
	if r := q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	list := f.search(c.st.shop.customers)
	from, to := window(len(list), page, limit)
	meta := map[string]any{}
	if after != nil || before != nil {
		from, to = cursorPage(list, after, before, limit)
	} else {
		meta["pagination"] = q.meta(len(list), to-from, page, limit)
	}
	if page == 1 {
		meta["cursor_pagination"] = q.cursorMeta(list, from, to, limit)
	}
	rows := make([]any, 0, to-from)
	for _, cu := range list[from:to] {
		rows = append(rows, cu.view(include))
	}
	return okJSON(http.StatusOK, map[string]any{"data": rows, "meta": meta})
}

func (s *Sandbox) createCustomers(c *call) reply {
	list, r := c.customerBatch()
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	errs, made, weak := map[string]string{}, make([]Customer, len(list)), false
	for i, in := range list {
		prefix := strconv.Itoa(i) + "."
		for _, name := range customerReadOnly {
			if _, sent := in[name]; sent {
				errs[prefix+name] = "error.readonly"
			}
		}
		vals, es := validate(customerFields, customerIndex, in, true, prefix)
		maps.Copy(errs, es)
		made[i] = Customer{OriginChannelID: defaultChannelID, GroupID: st.defaultGroupLocked()}
		made[i].assign(customerFields, vals, prefix, errs)
		weak = weak || weakPassword(in)
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	if r := st.customersFit(made, weak, "Create customers failed.", ".customer_create", "Error creating customers"); r != nil {
		return *r
	}
	rows := make([]any, len(made))
	for i := range made {
		rows[i] = st.insertCustomerLocked(made[i]).view([]string{"addresses", "storecredit"})
	}
	return value(http.StatusOK, rows)
}

// customersFit is the 422 of a batch that contradicts the store, or nil. As documented it does not
// say which customer is at fault, nor the id of the one that is in the way; as recorded it quotes
// an e-mail address that is taken. Callers hold st.mu.
func (st *Store) customersFit(list []Customer, weak bool, title, key, message string) *reply {
	failed := func(why string) *reply {
		r := fail(http.StatusUnprocessableEntity, title, map[string]string{key: message + why})
		return &r
	}
	emails := map[string]bool{}
	for i := range list {
		email := emailKey(list[i].Email)
		if id, taken := st.shop.emails[email]; emails[email] || taken && id != list[i].ID {
			return failed(": email " + list[i].Email + " already in use")
		}
		if st.checkCustomerLocked(&list[i]) != "" {
			return failed("")
		}
		emails[email] = true
	}
	if weak {
		return failed(": " + msgWeakPassword)
	}
	return nil
}

// msgWeakPassword is the description's own (form_fields.sf.yml, requirements of a password field).
const msgWeakPassword = "Passwords must be at least 7 characters and contain both alphabetic and numeric characters."

// weakPassword reports whether a customer is to get a password that shoppers themselves may not
// have.
func weakPassword(in map[string]any) bool {
	auth, _ := in["authentication"].(map[string]any)
	secret, sent := auth["new_password"].(string)
	return sent && (utf8.RuneCountInString(secret) < 7 || !hasLetter.MatchString(secret) || !hasDigit.MatchString(secret))
}

var (
	hasLetter = regexp.MustCompile(`[A-Za-z]`)
	hasDigit  = regexp.MustCompile(`[0-9]`)
)

func (s *Sandbox) updateCustomers(c *call) reply {
	list, r := c.customerBatch()
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	errs, nexts, weak := map[string]string{}, make([]Customer, len(list)), false
	seen := map[int64]bool{}
	for i, in := range list {
		prefix := strconv.Itoa(i) + "."
		if in["id"] == nil {
			return invalid(map[string]string{"id": msgMissing}) // without the place in the batch
		}
		id := batchNumber(in, "id", prefix, errs)
		vals, es := validate(customerPutFields, customerIndex, in, false, prefix)
		maps.Copy(errs, es)
		old := st.shop.customers[id]
		if old == nil || seen[id] {
			if errs[prefix+"id"] == "" {
				errs[prefix+"id"] = "invalid customer ID"
			}
			old = &Customer{ID: id}
		}
		seen[id] = true
		nexts[i] = *old
		nexts[i].assign(customerPutFields, vals, prefix, errs)
		weak = weak || weakPassword(in)
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	if r := st.customersFit(nexts, weak, "Update customers failed.", ".customer_update", "Error updating customers"); r != nil {
		return *r
	}
	rows := make([]any, len(nexts))
	for i := range nexts {
		st.replaceCustomerLocked(&nexts[i])
		rows[i] = nexts[i].view([]string{"addresses", "storecredit"})
	}
	return value(http.StatusOK, rows)
}

// customerBatch reads a POST or PUT of customers.
func (c *call) customerBatch() ([]map[string]any, *reply) {
	if r := c.q.problem(); r != nil {
		return nil, r
	}
	list, r := c.readObjects()
	if r != nil {
		return nil, r
	}
	if len(list) == 0 {
		r := invalid(map[string]string{"obj": "error.minItems"})
		return nil, &r
	}
	if len(list) > maxCustomerBatch {
		r := fail(http.StatusRequestEntityTooLarge, "The request payload is too large. The maximum number of items allowed in the array is 10.", nil)
		return nil, &r
	}
	for _, in := range list {
		for _, name := range []string{"attributes", "form_fields"} {
			if l, ok := in[name].([]any); ok && len(l) > 0 {
				r := fail(http.StatusNotImplemented, "The sandbox does not simulate customer "+name+".", nil)
				return nil, &r
			}
		}
	}
	return list, nil
}

// assign puts validated fields into a customer.
func (c *Customer) assign(specs []fieldSpec, vals []fieldValue, prefix string, errs map[string]string) {
	for _, v := range vals {
		text := func() string { return unquote(v.raw) }
		switch name := specs[v.field].name; name {
		case "email":
			if c.Email = text(); !validEmail(c.Email) {
				errs[prefix+name] = "error.email"
			}
		case "first_name":
			c.FirstName = text()
		case "last_name":
			c.LastName = text()
		case "company":
			c.Company = text()
		case "phone":
			c.Phone = text()
		case "notes":
			c.Notes = text()
		case "tax_exempt_category":
			c.TaxExemptCategory = text()
		case "customer_group_id":
			c.GroupID = parseID(v.raw)
		case "accepts_product_review_abandoned_cart_emails":
			c.AcceptsEmails = v.raw == "true"
		case "origin_channel_id":
			c.OriginChannelID = parseID(v.raw)
		case "channel_ids":
			c.ChannelIDs = nil
			_ = json.Unmarshal([]byte(v.raw), &c.ChannelIDs) // validated: integers or null
			if c.ChannelIDs != nil && len(c.ChannelIDs) == 0 {
				errs[prefix+name] = "error.minItems"
			}
		case "authentication":
			c.authenticate(v.raw, prefix+name, errs)
		case "store_credit_amounts":
			c.credit(v.raw, prefix+name, errs)
		case "addresses":
			c.addresses(v.raw, prefix+name, errs)
		}
	}
}

// decodeRaw reads validated JSON back, with numbers as json.Number.
func decodeRaw[T any](raw string) T {
	v, _ := readJSON(strings.NewReader(raw)) // it was encoded by compact
	out, _ := v.(T)
	return out
}

var authenticationFields = []fieldSpec{
	{name: "force_password_reset", kind: kBool},
	{name: "new_password", kind: kString, minLen: 1},
}

var authenticationIndex = index(authenticationFields)

func (c *Customer) authenticate(raw, path string, errs map[string]string) {
	vals, es := validate(authenticationFields, authenticationIndex, decodeRaw[map[string]any](raw), false, path+".")
	maps.Copy(errs, es)
	for _, v := range vals {
		switch authenticationFields[v.field].name {
		case "force_password_reset":
			c.ForcePasswordReset = v.raw == "true"
		case "new_password":
			c.Password = newPassword(unquote(v.raw))
		}
	}
}

func (c *Customer) credit(raw, path string, errs map[string]string) {
	spec := fieldSpec{name: "amount", kind: kNumber, min: num(0)}
	for i, e := range decodeRaw[[]any](raw) {
		amount, msg := spec.canonical(e.(map[string]any)["amount"])
		if msg != "" {
			errs[fmt.Sprintf("%s.%d.amount", path, i)] = msg
			continue
		}
		c.StoreCredit = json.Number(amount)
	}
}

func (c *Customer) addresses(raw, path string, errs map[string]string) {
	for i, e := range decodeRaw[[]any](raw) {
		prefix := fmt.Sprintf("%s.%d.", path, i)
		vals, es := validate(addressFields, addressIndex, e.(map[string]any), true, prefix)
		maps.Copy(errs, es)
		a := Address{Type: "residential"}
		into := map[string]*string{
			"first_name": &a.FirstName, "last_name": &a.LastName, "company": &a.Company, "address1": &a.Address1, "address2": &a.Address2,
			"city": &a.City, "state_or_province": &a.State, "postal_code": &a.PostalCode, "country_code": &a.CountryISO,
			"phone": &a.Phone, "address_type": &a.Type,
		}
		for _, v := range vals {
			*into[addressFields[v.field].name] = unquote(v.raw)
		}
		for _, name := range neededIn[a.CountryISO] {
			if strings.TrimSpace(*into[name]) == "" && errs[prefix+name] == "" {
				errs[prefix+name] = msgMissing
			}
		}
		region, err := language.ParseRegion(a.CountryISO)
		if es[prefix+"country_code"] == "" && (err != nil || !region.IsCountry()) {
			errs[prefix+"country_code"] = "error.invalid.country"
		}
		a.Country = display.English.Regions().Name(region)
		c.Addresses = append(c.Addresses, a)
	}
}

// deleteCustomers without id:in changes nothing and says so to nobody, as documented.
func (s *Sandbox) deleteCustomers(c *call) reply {
	ids := c.q.onlyIntegers("id:in")
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	for _, id := range ids {
		c.st.dropCustomerLocked(id)
	}
	return noContent
}
