package sso

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"sluice/auth/customer/login"
	"sluice/auth/customer/signin"
	"sluice/internal/problem"
	"sluice/tenants"
)

// storeLogout ends BigCommerce's session of the browser. It leads nowhere afterwards.
const storeLogout = "/login.php?action=logout"

// headlessLogout ends the session of a Catalyst storefront, and leads on to the path in its
// redirectTo.
const headlessLogout = "/logout"

// logout answers GET /sso/{store_hash}/logout: it ends the provider's session, and leads on to
// where the storefront's ends. Parameters: channel_id; redirect_to; storefront=done when the
// storefront's own session has ended already. It needs no sign-in of ours, so it also works when
// those were switched off.
func (s *Service) logout(c *gin.Context) {
	ctx, ok := s.enter(c)
	if !ok {
		return
	}
	at, err := s.storefront(ctx, c)
	if err != nil {
		s.refused(c, nil, "", err)
		return
	}
	to, err := login.RedirectPath(c.Query("redirect_to"))
	if err != nil {
		s.refused(c, nil, at.Origin+"/", refuse(codeRedirect, http.StatusBadRequest, "The page to go to after signing out is not one of this shop. Go back to the shop and sign out there.", "%s", redirectDetail(err)))
		return
	}
	f := flow{Out: true, ChannelID: at.ID, RedirectTo: to, StoreDone: c.Query("storefront") == "done"}
	target, err := s.endSession(ctx, c, f)
	if err != nil { // the provider's session stays; the shop's is ended all the same
		s.cfg.Log.WarnContext(ctx, "a provider's session was not ended", "store", tenants.StoreHash(ctx), "code", refusalOf(err).code)
	}
	if target == "" {
		target = at.after(f)
	}
	c.Redirect(http.StatusFound, target)
}

// storefront returns the channel of a request, of any store that has the app: whoever is signed in
// may sign out.
func (s *Service) storefront(ctx context.Context, c *gin.Context) (front, error) {
	channel, err := channelParam(c)
	if err != nil {
		return front{}, err
	}
	store, err := s.cfg.DB.Store(ctx, tenants.StoreHash(ctx))
	if err == nil && store.State == tenants.StoreUninstalled || problem.CodeOf(err) == problem.NotFound {
		err = problem.New(problem.StoreNotInstalled, "Sluice is not installed on this store.")
	}
	if err != nil {
		return front{}, err
	}
	at, err := s.cfg.SignIn.Channel(ctx, store, channel)
	return front{at}, err
}

// front is a storefront to go back to.
type front struct{ signin.Channel }

// after is where a sign-out leads in the end.
func (at front) after(f flow) string {
	if !f.StoreDone {
		return at.Origin + at.logoutPath(f.RedirectTo)
	}
	if f.RedirectTo == "" {
		return at.Origin + "/"
	}
	return at.Origin + f.RedirectTo
}

// logoutPath is where the storefront ends its own session.
func (at front) logoutPath(redirectTo string) string {
	switch {
	case !at.Headless:
		return storeLogout
	case redirectTo == "":
		return headlessLogout
	}
	return headlessLogout + "?" + url.Values{"redirectTo": {redirectTo}}.Encode()
}

// endSession returns the address that ends the provider's session (OpenID Connect RP-Initiated
// Logout 1.0, section 2), "" if there is none to end.
func (s *Service) endSession(ctx context.Context, c *gin.Context, f flow) (string, error) {
	row, err := s.cfg.DB.IdentityProvider(ctx)
	if err != nil || row == nil || !row.Enabled || !row.EndSession {
		return "", err
	}
	p, err := s.provider(ctx, row.Issuer)
	if err != nil || p.EndSessionURL == "" {
		return "", err
	}
	if err := s.addressRefusal(row, p); err != nil {
		return "", err
	}
	f.Own = !row.OnSharedAddress()
	u, err := url.Parse(p.EndSessionURL)
	if err != nil {
		return "", err
	}
	state, err := s.keep(ctx, f)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("client_id", row.ClientID)
	q.Set("post_logout_redirect_uri", s.addresses(tenants.StoreHash(ctx), row).LoggedOut)
	q.Set("state", state)
	if hint := s.takeHint(c, row); hint != "" {
		q.Set("id_token_hint", hint)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// loggedOut answers GET /sso/{store_hash}/logged-out and GET /sso/logged-out: the provider's
// session has ended, the storefront's is next. It leads to the storefront of the state's store and
// no other's.
func (s *Service) loggedOut(c *gin.Context) {
	ctx, id, ok, wrong := answered(c)
	if !s.pass(c, tenants.StoreHash(ctx)) {
		return
	}
	out := func() {
		show(c, http.StatusOK, "You are signed out", "You are signed out at the sign-in service. If the shop still shows you as signed in, sign out there too.", "", "")
	}
	switch {
	case wrong != nil:
		s.refused(c, nil, "", wrong)
		return
	case !ok:
		out()
		return
	}
	f, err := s.take(ctx, id)
	_, own := c.Params.Get("store_hash")
	var r *refusal
	switch {
	case errors.As(err, &r), err == nil && (!f.Out || f.Own != own):
		out()
		return
	case err != nil:
		s.refused(c, nil, "", err)
		return
	}
	row, err := s.cfg.DB.Store(ctx, tenants.StoreHash(ctx))
	if err == nil {
		var at signin.Channel
		if at, err = s.cfg.SignIn.Channel(ctx, row, f.ChannelID); err == nil {
			c.Redirect(http.StatusFound, front{at}.after(*f))
			return
		}
	}
	s.refused(c, nil, "", err)
}
