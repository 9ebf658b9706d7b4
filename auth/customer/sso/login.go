package sso

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"sluice/auth/customer/login"
	"sluice/auth/customer/signin"
	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/tenants"
)

// place is where a sign-in leads: a store that takes them, one of its storefronts, and the
// provider.
type place struct {
	store    *tenants.Store
	at       signin.Channel
	row      *tenants.IdentityProvider
	provider *provider
	mappings mappings
}

// back is the storefront to link to from a page of ours.
func (p *place) back() string {
	if p.at.Origin == "" {
		return ""
	}
	return p.at.Origin + "/"
}

// storeParam returns the store of a request's address and the context of it.
func storeParam(c *gin.Context) (context.Context, bool) {
	hash := c.Param("store_hash")
	if !tenants.ValidStoreHash(hash) {
		return c.Request.Context(), false
	}
	ctx := tenants.WithStore(c.Request.Context(), hash)
	c.Request = c.Request.WithContext(ctx)
	return ctx, true
}

// find fills p as far as it can, so that a page can link back, and says why nobody can sign in
// there.
func (s *Service) find(ctx context.Context, p *place, channelID int64) (err error) {
	if p.store, err = s.cfg.SignIn.Store(ctx); err != nil {
		return err
	}
	if p.at, err = s.cfg.SignIn.Channel(ctx, p.store, channelID); err != nil {
		return err
	}
	settings, err := s.cfg.DB.StorefrontSettings(ctx)
	if err != nil {
		return err
	}
	if !settings.AllowSignIn {
		return refuse(codeOff, http.StatusForbidden, "This shop does not use this sign-in. Go back to the shop and sign in there.",
			"Sign-in is switched off in Sluice (Storefront, sign-in).")
	}
	if p.row, err = s.cfg.DB.IdentityProvider(ctx); err != nil {
		return err
	}
	if p.row == nil || !p.row.Enabled {
		return refuse(codeNoProvider, http.StatusForbidden, "This shop does not use this sign-in. Go back to the shop and sign in there.",
			"No identity provider is set up in Sluice, or it is switched off (Storefront, identity provider).")
	}
	if err := s.cfg.SignIn.MayRead(p.store); err != nil {
		return err
	}
	// What was saved has been checked; an expression that no longer compiles is left out like one that
	// fails.
	p.mappings, _ = compileClaims(p.row.Claims)
	if p.provider, err = s.provider(ctx, p.row.Issuer); err != nil {
		return err
	}
	if p.provider.ResponseHasIssuer != p.row.AnnouncesIssuer {
		if err := s.cfg.DB.NoteAnnouncement(ctx, p.row.Issuer, p.provider.ResponseHasIssuer); err != nil {
			return err
		}
	}
	return s.addressRefusal(p.row, p.provider)
}

// addressRefusal says why nobody can come back from a provider by the address that it knows, nil if
// they can.
func (s *Service) addressRefusal(row *tenants.IdentityProvider, p *provider) error {
	if !row.SharedAddressRefused(p.ResponseHasIssuer, s.now()) {
		return nil
	}
	own := OwnAddresses(s.cfg.AppURL, row.StoreHash)
	return refuse(codeSharedAddress, http.StatusForbidden, askMerchant,
		"The redirect address that all stores shared ended on %s. Register %s with the provider as the redirect URI and %s as the post-logout redirect URI, then switch to them in Sluice (Storefront, single sign-on).",
		row.SharedUntil.UTC().Format(time.DateOnly), own.Callback, own.LoggedOut)
}

// Announces reports whether a provider says that its answers name their issuer (RFC 9207), and
// records it for ctx's store.
func (s *Service) Announces(ctx context.Context, issuer string) (bool, error) {
	p, err := s.providers.get(ctx, issuer)
	if err != nil {
		return false, err
	}
	return p.ResponseHasIssuer, s.cfg.DB.NoteAnnouncement(ctx, issuer, p.ResponseHasIssuer)
}

// provider returns an issuer's provider, or why a shopper cannot be sent there.
func (s *Service) provider(ctx context.Context, issuer string) (*provider, error) {
	p, err := s.providers.get(ctx, issuer)
	var d *discoveryError
	switch {
	case !errors.As(err, &d):
		return p, err
	case d.away:
		return nil, refuse(codeProviderAway, http.StatusBadGateway, "The sign-in service of the shop did not answer. Wait a minute, go back to the shop and sign in again.", "%s", d.message)
	}
	return nil, refuse(codeProviderConfig, http.StatusBadGateway, askMerchant, "%s", d.message)
}

// channelParam reads channel_id, 0 if there is none.
func channelParam(c *gin.Context) (int64, error) {
	text := c.Query("channel_id")
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 32)
	if err != nil || id < 0 {
		return 0, problem.New(problem.ChannelUnknown, "The channel in the sign-in's address is not a number: check channel_id.")
	}
	return id, nil
}

// enter returns the context of the store in the address. It answers the request itself, and reports
// false, when there have been too many or no store can have that hash.
func (s *Service) enter(c *gin.Context) (context.Context, bool) {
	ctx, ok := storeParam(c)
	if !s.pass(c, tenants.StoreHash(ctx)) {
		return ctx, false
	}
	if ok = ok && s.installed(ctx, tenants.StoreHash(ctx)); !ok {
		s.refused(c, nil, "", problem.New(problem.StoreNotInstalled, "There is no such store."))
	}
	return ctx, ok
}

// login answers GET /sso/{store_hash}/login: it sends the browser to the store's provider.
func (s *Service) login(c *gin.Context) {
	ctx, ok := s.enter(c)
	if !ok {
		return
	}
	var p place
	target, err := s.begin(ctx, c, &p)
	if err != nil {
		var row *tenants.SignIn
		if p.store != nil {
			row = &tenants.SignIn{Method: tenants.MethodSSO, ChannelID: p.at.ID}
		}
		s.refused(c, row, p.back(), err)
		return
	}
	c.Redirect(http.StatusFound, target)
}

func (s *Service) begin(ctx context.Context, c *gin.Context, p *place) (string, error) {
	channel, err := channelParam(c)
	if err == nil {
		err = s.find(ctx, p, channel)
	}
	if err != nil {
		return "", err
	}
	to, err := login.RedirectPath(c.Query("redirect_to"))
	if err != nil {
		return "", refuse(codeRedirect, http.StatusBadRequest, "The page to go to after the sign-in is not one of this shop. "+tryAgain, "%s", redirectDetail(err))
	}
	verifier, nonce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	store := tenants.StoreHash(ctx)
	state, err := s.keep(ctx, flow{
		Own: !p.row.OnSharedAddress(), ChannelID: p.at.ID, RedirectTo: to, Browser: s.bindBrowser(c, store), Nonce: nonce, Verifier: verifier,
		Issuer: p.row.Issuer, ClientID: p.row.ClientID, NeedIssuer: p.provider.ResponseHasIssuer,
	})
	if err != nil {
		return "", err
	}
	return s.oauth(p.provider, p.row, s.addresses(store, p.row), "").AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

func redirectDetail(err error) string {
	for _, f := range problem.BodyOf(err).Errors {
		return "redirect_to " + f.Message + "."
	}
	return problem.MessageOf(err)
}

// callback answers GET /sso/{store_hash}/callback and GET /sso/callback: the provider has sent the
// browser back.
func (s *Service) callback(c *gin.Context) {
	ctx, id, ok, wrong := answered(c)
	if !s.pass(c, tenants.StoreHash(ctx)) {
		return
	}
	if wrong == nil && !ok {
		wrong = refuse(codeStateMissing, http.StatusBadRequest, "This page is only for the way back from the sign-in service. "+tryAgain,
			"The provider's answer has no state of ours.")
		s.refused(c, nil, "", wrong)
		return
	}
	var p place
	row := tenants.SignIn{Method: tenants.MethodSSO, Result: tenants.SignInOK}
	target, err := "", wrong
	if err == nil {
		target, err = s.finish(ctx, c, id, &p, &row)
	}
	if err != nil {
		if p.store == nil {
			// Not yet looked up: for the link back, and so that a stranger's store gets no row.
			p.store, _ = s.cfg.SignIn.Store(ctx)
			if p.store != nil {
				p.at, _ = s.cfg.SignIn.Channel(ctx, p.store, row.ChannelID)
			}
		}
		log := &row
		if p.store == nil {
			log = nil
		}
		s.refused(c, log, p.back(), err)
		return
	}
	s.cfg.SignIn.Record(ctx, row)
	c.Redirect(http.StatusSeeOther, target)
}

// finish takes the provider's answer and returns the login address. It notes in p where and in row
// who.
func (s *Service) finish(ctx context.Context, c *gin.Context, id string, p *place, row *tenants.SignIn) (string, error) {
	f, err := s.take(ctx, id)
	if err != nil {
		return "", err
	}
	row.ChannelID = f.ChannelID
	if f.Out || !s.sameBrowser(c, tenants.StoreHash(ctx), f) {
		return "", refuse(codeStateBrowser, http.StatusBadRequest, "This sign-in was begun in another browser, or your browser takes no cookies. "+tryAgain,
			"The provider's answer came in another browser than the sign-in was begun in, or without its cookie.")
	}
	_, own := c.Params.Get("store_hash")
	if own != f.Own {
		return "", refuse(codeStoreMixUp, http.StatusBadRequest, tryAgain, "The provider's answer came to another address than the shopper's sign-in was to come back to.")
	}
	if err := s.find(ctx, p, f.ChannelID); err != nil {
		return "", err
	}
	if p.row.Issuer != f.Issuer || p.row.ClientID != f.ClientID || p.row.OnSharedAddress() == own {
		return "", refuse(codeProviderChanged, http.StatusConflict, "The shop changed its sign-in just now. "+tryAgain, "The identity provider was changed while this shopper was signing in.")
	}
	code, err := authorizationCode(c, p.provider, f.NeedIssuer)
	if err != nil {
		return "", err
	}
	who, idToken, err := s.exchange(ctx, p.provider, p.row, f, code, p.mappings)
	if err != nil {
		return "", err
	}
	row.Email = who.email
	if row.Email == "" {
		row.Email = who.subject // so that the merchant can tell who it was
	}
	ctx, client, err := s.cfg.SignIn.Client(ctx, p.store)
	if err != nil {
		return "", err
	}
	match := matching{s: s, client: client, store: p.store, at: p.at, row: p.row, who: who, says: p.mappings.apply(ctx, who.claims)}
	customer, err := match.customer(ctx)
	if err != nil {
		return "", err
	}
	row.CustomerID = customer.ID
	row.Detail = strings.Join(match.update(ctx, customer), " ")
	verified := ""
	if who.verified {
		verified = who.email
	}
	if err := s.cfg.DB.NoteVerifiedEmail(ctx, who.issuer, who.subject, verified); err != nil {
		return "", err
	}
	to := login.Request{CustomerID: customer.ID, RedirectTo: f.RedirectTo}
	if p.row.RequestIP {
		to.RequestIP = shopperAddress(c)
	}
	target, _, err := s.cfg.SignIn.URL(ctx, client, p.at, to)
	if err != nil {
		return "", err
	}
	if p.row.EndSession && p.provider.EndSessionURL != "" {
		s.keepHint(c, p.row, idToken)
	}
	return target, nil
}

// shopperAddress is the address that BigCommerce is to insist on, "" if it cannot be told. An IPv4
// address inside an IPv6 one is written as what the storefront sees.
func shopperAddress(c *gin.Context) string {
	addr := ratelimit.Address(c).Unmap().WithZone("")
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

// authorizationCode reads the code from the provider's answer, or why there is none. announced: the
// provider said when the sign-in began that its answer names its issuer (RFC 9207, section 2.4).
func authorizationCode(c *gin.Context, p *provider, announced bool) (string, error) {
	for _, name := range []string{"iss", "code", "error"} {
		if len(c.QueryArray(name)) > 1 {
			return "", refuse(codeNoCode, http.StatusBadRequest, tryAgain, "The provider's answer has %s more than once.", name)
		}
	}
	if iss, given := c.GetQuery("iss"); (given && iss != p.Issuer) || (!given && (announced || p.ResponseHasIssuer)) {
		return "", refuse(codeMixUp, http.StatusBadRequest, tryAgain, "The answer is not of the provider that the shopper was sent to (iss).")
	}
	if code := errorCode(c.Query("error")); code != "" {
		if code == "access_denied" {
			return "", refuse(codeDenied, http.StatusForbidden, "The sign-in was cancelled, or you may not use it. "+tryAgain, "The shopper cancelled, or the provider does not let this user use the app.")
		}
		return "", refuse(codeProviderError, http.StatusBadGateway, askMerchant, "The provider answers with the error %q: look it up in its documentation. Often something that Sluice asks for is not allowed, or the user may not use the app.", code)
	}
	code := c.Query("code")
	if code == "" || len(code) > 4096 {
		return "", refuse(codeNoCode, http.StatusBadRequest, tryAgain, "The provider's answer has neither a code nor an error.")
	}
	return code, nil
}

// errorForm is that of an error code of OAuth 2.0 (RFC 6749, section 4.1.2.1), as far as one is
// shown.
var errorForm = regexp.MustCompile(`^[a-z0-9_.-]{1,64}$`)

// errorCode returns an OAuth error code that is fit to be shown.
func errorCode(text string) string {
	if text == "" || errorForm.MatchString(text) {
		return text
	}
	return "unknown"
}
