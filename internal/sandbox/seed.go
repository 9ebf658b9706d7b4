package sandbox

import "sluice/internal/sandbox/idp"

// Shopper is an account that a person can sign in with at a storefront.
type Shopper struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// SeedStorefronts gives the store what a person needs to try its storefronts: shoppers with
// ShopperPassword, one of whom has the same address in every store, and a headless storefront
// beside the Stencil one, both open to them. What exists stays as it is.
func (st *Store) SeedStorefronts() error {
	for _, spec := range []CustomerSpec{
		{Email: idp.SharedEmail, FirstName: "Sam", LastName: "Shopper", Company: "Halyard & Co."},
		{Email: "alex@" + st.Hash + ".example", FirstName: "Alex", LastName: "Alvarez", Company: "Alvarez Sailmakers"},
		{Email: "billie@" + st.Hash + ".example", FirstName: "Billie", LastName: "Brandt"},
	} {
		spec.Password = ShopperPassword
		if _, there := st.CustomerByEmail(spec.Email); there {
			continue
		}
		if _, err := st.AddCustomer(spec); err != nil {
			return err
		}
	}
	for _, ch := range st.Channels() {
		if ch.Name == headlessName {
			return nil
		}
	}
	ch, err := st.AddChannel(ChannelSpec{Name: headlessName, Platform: "catalyst", URL: platformSite})
	if err != nil {
		return err
	}
	return st.SetGlobalLogins(ch.ID, true)
}

const headlessName = "Headless storefront"

// Shoppers are the accounts that a person can sign in with: those whose password is
// ShopperPassword.
func (st *Store) Shoppers() []Shopper {
	out := []Shopper{}
	for _, c := range st.seeded(0) {
		out = append(out, Shopper{c.Email, ShopperPassword})
	}
	return out
}
