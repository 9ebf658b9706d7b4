package sso

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/internal/bigcommerce"
	"sluice/internal/expression"
	"sluice/internal/problem"
	"sluice/tenants"
)

// The fields that claims may fill.
const (
	TargetFirstName  = "first_name"
	TargetLastName   = "last_name"
	TargetCompany    = "company"
	TargetPhone      = "phone"
	TargetGroup      = "customer_group_id" // a number, the id of one of the store's customer groups
	TargetExternalID = "external_id"       // of the account that the back-office system sent
)

// Targets lists them.
var Targets = []string{TargetFirstName, TargetLastName, TargetCompany, TargetPhone, TargetGroup, TargetExternalID}

// targetLength is the longest text of a target in characters.
var targetLength = map[string]int{
	TargetFirstName: bigcommerce.MaxCustomerName, TargetLastName: bigcommerce.MaxCustomerName,
	TargetCompany: bigcommerce.MaxCustomerCompany, TargetPhone: bigcommerce.MaxCustomerPhone, TargetExternalID: 100,
}

// claimRoot is what expressions call all claims together: claim["https://example.com/company"].
const claimRoot = "claim"

// mappings are a merchant's expressions, compiled. The zero value has none.
type mappings struct {
	machine *expression.Machine
	all     []mapping
}

type mapping struct {
	target  string
	program *expression.Program
}

// compileClaims compiles a merchant's expressions; wrong names each that cannot be.
func compileClaims(claims []tenants.ClaimMapping) (out mappings, wrong []problem.Field) {
	seen := map[string]bool{}
	out.machine = expression.NewMachine()
	for i, c := range claims {
		at := "claims." + strconv.Itoa(i)
		switch {
		case !slices.Contains(Targets, c.Target):
			wrong = append(wrong, problem.Field{Field: at + ".target", Message: "choose one of " + strings.Join(Targets, ", ")})
			continue
		case seen[c.Target]:
			wrong = append(wrong, problem.Field{Field: at + ".target", Message: c.Target + " is filled twice: remove one of the two"})
			continue
		}
		seen[c.Target] = true
		program, msg := out.machine.Compile(c.Expression, claimRoot)
		if msg != "" {
			wrong = append(wrong, problem.Field{Field: at + ".expression", Message: msg})
			continue
		}
		out.all = append(out.all, mapping{c.Target, program})
	}
	return out, wrong
}

// names are the claims that the expressions use.
func (m mappings) names() (out []string) {
	for _, one := range m.all {
		out = append(out, one.program.Names()...)
	}
	return out
}

// mapped is what claims say of a customer. Empty texts and a nil group say nothing.
type mapped struct {
	text  map[string]string // by target
	group *int64
	notes []string // what was left out and why, for the merchant
}

// apply evaluates the expressions within one budget. One that fails leaves its field as it is and
// is noted: a shopper is not turned away for a phone number.
func (m mappings) apply(ctx context.Context, claims map[string]any) mapped {
	out := mapped{text: map[string]string{}}
	if len(m.all) == 0 {
		return out
	}
	m.machine.Begin(ctx)
	defer m.machine.End()
	for _, one := range m.all {
		v, err := one.program.Run(claims)
		msg := ""
		if err != nil {
			msg = expression.RunMessage(err)
		} else {
			msg = out.set(one.target, v)
		}
		if msg != "" {
			out.notes = append(out.notes, one.target+" was left as it is: "+msg+".")
		}
	}
	return out
}

func (m *mapped) set(target string, v any) (wrong string) {
	if target == TargetGroup {
		id, wrong := groupID(v)
		m.group = id
		return wrong
	}
	s, err := expression.Text(v)
	if err != nil {
		return err.Error()
	}
	s = expression.TrimText(s)
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "the value has characters that do not belong in it"
	case n > targetLength[target]:
		return fmt.Sprintf("the value has %d characters; the limit is %d", n, targetLength[target])
	}
	m.text[target] = s
	return ""
}

// groupID takes a whole number from 0, also as text. An empty value is no group to change to.
func groupID(v any) (*int64, string) {
	s, err := expression.Text(v)
	if err != nil {
		return nil, err.Error()
	}
	if s = expression.TrimText(s); s == "" {
		return nil, ""
	}
	id, err := strconv.ParseInt(s, 10, 32)
	if err != nil || id < 0 {
		return nil, expression.Quote(s) + " is not the id of a customer group, a whole number such as 3"
	}
	return &id, ""
}

// change is what has to be written so that c is as the claims say, nil for nothing.
func (m *mapped) change(c *bigcommerce.Customer) *bigcommerce.CustomerChange {
	out, changed := bigcommerce.CustomerChange{ID: c.ID}, false
	for target, f := range map[string]struct {
		is  string
		set **string
	}{
		TargetFirstName: {c.FirstName, &out.FirstName}, TargetLastName: {c.LastName, &out.LastName},
		TargetCompany: {c.Company, &out.Company}, TargetPhone: {c.Phone, &out.Phone},
	} {
		if s := m.text[target]; s != "" && s != f.is {
			*f.set, changed = &s, true
		}
	}
	if m.group != nil && *m.group != c.GroupID {
		out.GroupID, changed = m.group, true
	}
	if !changed {
		return nil
	}
	return &out
}

// newCustomer is a customer with what the claims say, and names even if they say none: BigCommerce
// needs both.
func (m *mapped) newCustomer(claims map[string]any, email string) bigcommerce.NewCustomer {
	claim := func(name string) string {
		s, _ := claims[name].(string)
		return plainName(s)
	}
	first, last := m.text[TargetFirstName], m.text[TargetLastName]
	whole := claim("name")
	head, tail, _ := strings.Cut(whole, " ")
	local, _, _ := strings.Cut(email, "@")
	pick := func(candidates ...string) string {
		for _, c := range candidates {
			if c != "" {
				return c
			}
		}
		return "-"
	}
	c := bigcommerce.NewCustomer{
		Email: email, FirstName: pick(first, claim("given_name"), plainName(head), plainName(local)), LastName: pick(last, claim("family_name"), plainName(tail)),
		Company: m.text[TargetCompany], Phone: m.text[TargetPhone],
	}
	if m.group != nil {
		c.GroupID = *m.group
	}
	return c
}

// plainName is a text as a name: on one line and not too long.
func plainName(s string) string {
	s = expression.TrimText(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	return tenants.Clean(tenants.PlainName(s), bigcommerce.MaxCustomerName)
}
