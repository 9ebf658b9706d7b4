package sso

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"sluice/auth/customer/signin"
	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants"
)

// matching finds the customer of an identity at a storefront.
type matching struct {
	s      *Service
	client *bigcommerce.Client
	store  *tenants.Store
	at     signin.Channel
	row    *tenants.IdentityProvider
	who    *identity
	says   mapped
	// secured: nobody knows a password of the customer from before the link
	// (tenants.SubjectLink.Secured).
	secured bool
	notes   []string // for the merchant
}

// customer returns the customer that an identity is, by its link, by an e-mail that the provider
// verified, or with a new customer.
func (m *matching) customer(ctx context.Context) (*bigcommerce.Customer, error) {
	link, err := m.s.cfg.DB.SubjectLink(ctx, m.who.issuer, m.who.subject)
	if err != nil {
		return nil, err
	}
	if link != nil {
		c, err := m.linked(ctx, link.CustomerID)
		if err == nil {
			m.secureLinked(ctx, link)
		}
		return c, err
	}
	switch {
	case m.who.email == "" || strings.ContainsAny(m.who.email, ", \t\r\n") || len(m.who.email) > bigcommerce.MaxCustomerEmail:
		return nil, refuse(codeEmailMissing, http.StatusForbidden, "Your account at the sign-in service has no e-mail address. Add one there, or contact the shop.",
			"The provider named no e-mail that a customer could have. What Sluice asks the provider for needs email, and the user an e-mail at the provider.")
	case !m.who.verified:
		return nil, refuse(codeEmailUnverified, http.StatusForbidden, "Your e-mail address at the sign-in service is not verified. Verify it there and sign in again, or contact the shop.",
			"%s", m.who.doubt)
	}
	c, err := signin.CustomerByEmail(ctx, m.client, m.who.email, m.at)
	if problem.CodeOf(err) == problem.CustomerNotFound {
		c, m.secured, err = m.create(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := m.takeOver(ctx, c); err != nil {
		return nil, err
	}
	linked, err := m.s.cfg.DB.LinkSubject(ctx, m.who.issuer, m.who.subject, c.ID, m.secured)
	if err == nil && !linked {
		err = m.anothers(c)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// takeOver gives a customer whom Sluice did not create a password that nobody knows, before the
// link that makes it the subject's: whoever registered with this e-mail before its owner came could
// go on signing in. A crash in between repeats it at the next sign-in, which is no harm.
func (m *matching) takeOver(ctx context.Context, c *bigcommerce.Customer) error {
	if m.secured || m.row.KeepPasswords {
		return nil
	}
	// A customer who is another subject's already stays as it is.
	link, err := m.s.cfg.DB.LinkOfCustomer(ctx, m.who.issuer, c.ID)
	if err != nil {
		return err
	}
	if link != nil && link.Subject != m.who.subject {
		return m.anothers(c)
	}
	if err := m.s.cfg.SignIn.MayWrite(m.store); err != nil {
		return err
	}
	err = signin.LockPassword(ctx, m.client, c.ID)
	if problem.CodeOf(err) == problem.Conflict {
		return refuse(codePassword, http.StatusConflict, "Your customer account could not be connected with the sign-in service. "+tryAgain+" If it happens again, contact the shop.",
			"%s The customer was registered before the first single sign-on, so Sluice replaces its password. Try again, or allow old passwords in Sluice (Storefront, single sign-on).", problem.MessageOf(err))
	}
	m.secured = err == nil
	return err
}

func (m *matching) anothers(c *bigcommerce.Customer) error {
	return refuse(codeCustomerLinked, http.StatusForbidden, "Another account at the sign-in service belongs to this customer. Sign in with that one, or contact the shop.",
		"Customer %d is linked to another user of the provider. If that user's account is the same person's old one, undo the link in Sluice (Storefront, sign-ins) and have the shopper sign in again.", c.ID)
}

// secureLinked makes up for what takeOver would have done for a link from before Sluice did it, or
// from a time when the merchant did not want it. A shopper who signed in so far is not turned away
// if it fails: the card by e-mail waits until it succeeds.
func (m *matching) secureLinked(ctx context.Context, link *tenants.SubjectLink) {
	if m.secured = link.Secured; m.secured || m.row.KeepPasswords {
		return
	}
	err := m.s.cfg.SignIn.MayWrite(m.store)
	if err == nil {
		err = signin.LockPassword(ctx, m.client, link.CustomerID)
	}
	if err == nil {
		err = m.s.cfg.DB.SecureLink(ctx, link.Issuer, link.Subject, link.CustomerID)
	}
	if m.secured = err == nil; !m.secured {
		m.notes = append(m.notes, "The customer's old password could not be replaced, so no account card is shown by e-mail: "+problem.MessageOf(err))
	}
}

// linked returns the customer of a link, unless it is gone or the subject now has another's e-mail.
func (m *matching) linked(ctx context.Context, id int64) (*bigcommerce.Customer, error) {
	c, err := signin.CustomerByID(ctx, m.client, id, m.at)
	if problem.CodeOf(err) == problem.CustomerNotFound {
		return nil, refuse(codeCustomerDeleted, http.StatusForbidden, "Your customer account was closed. Contact the shop to open it again.",
			"Customer %d, whom this user was linked to, was deleted. To let the user have a new account, undo the link in Sluice (Storefront, sign-ins).", id)
	}
	if err != nil {
		return nil, err
	}
	if email := m.who.email; email != "" && tenants.FoldEmail(email) != tenants.FoldEmail(c.Email) && !strings.ContainsAny(email, ", \t\r\n") {
		others, err := m.client.Customers.ByEmail(ctx, email)
		if err != nil {
			return nil, problem.Wrap(err, problem.Unavailable, "BigCommerce did not answer in time. Try again in a minute.")
		}
		for _, other := range others {
			if other.ID != c.ID {
				return nil, refuse(codeEmailOther, http.StatusForbidden, "Your e-mail address belongs to another customer account of this shop. Contact the shop.",
					"The user is linked to customer %d, but has the e-mail of customer %d at the provider. Merge the two customers, or undo the link in Sluice (Storefront, sign-ins).", c.ID, other.ID)
			}
		}
	}
	return c, nil
}

// create makes a customer for an identity whose e-mail nobody has, if the merchant allows it. At
// the default channel it is one of every storefront, as there; elsewhere it belongs to that
// channel. ours is as signin.Create has it.
func (m *matching) create(ctx context.Context) (made *bigcommerce.Customer, ours bool, err error) {
	if !m.row.CreateCustomers {
		return nil, false, refuse(codeCustomerMissing, http.StatusForbidden, "There is no customer account with your e-mail address. Contact the shop to get one.",
			"The store has no customer with this e-mail, and Sluice is not to create any (Storefront, identity provider).")
	}
	if err := m.s.cfg.SignIn.MayWrite(m.store); err != nil {
		return nil, false, err
	}
	c := m.says.newCustomer(m.who.claims, m.who.email)
	c.OriginChannelID = m.at.ID
	if m.at.ID != signin.DefaultChannel {
		c.ChannelIDs = []int64{m.at.ID}
	}
	if c.GroupID == 0 {
		c.GroupID = m.row.GroupID
	}
	made, ours, err = signin.Create(ctx, m.client, c)
	if problem.CodeOf(err) == problem.Conflict {
		return nil, false, refuse(codeCustomerRefused, http.StatusConflict, "Your customer account could not be opened. "+tryAgain+" If it happens again, contact the shop.",
			"%s", problem.MessageOf(err)).with(err)
	}
	return made, ours, err
}

// update brings the customer's fields to what the claims say, and tells the back-office account
// whose it is. What fails is noted and keeps nobody from signing in.
func (m *matching) update(ctx context.Context, c *bigcommerce.Customer) (notes []string) {
	notes = slices.Concat(m.notes, m.says.notes)
	if change := m.says.change(c); change != nil {
		err := m.s.cfg.SignIn.MayWrite(m.store)
		if err == nil {
			err = signin.Update(ctx, m.client, *change)
		}
		if err != nil {
			notes = append(notes, "The customer's fields were left as they are: "+problem.MessageOf(err))
		}
	}
	if external := m.says.text[TargetExternalID]; external != "" && !m.secured && !m.row.KeepPasswords {
		notes = append(notes, "The account "+external+" was not given to the customer, whose old password still works.")
	} else if external != "" {
		whose, err := m.s.cfg.DB.GiveAccount(ctx, external, c.ID)
		switch {
		case err != nil:
			m.s.cfg.Log.ErrorContext(ctx, "back-office account not given to its customer", "store", m.store.Hash, "error", err)
			notes = append(notes, "The account "+external+" could not be given to the customer.")
		case whose == 0:
			notes = append(notes, "No account "+external+" was sent by the back-office system.")
		case whose != c.ID:
			notes = append(notes, "The account "+external+" is another customer's.")
		}
	}
	return notes
}
