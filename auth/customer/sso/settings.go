package sso

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/auth/customer/signin"
	"sluice/internal/problem"
	"sluice/tenants"
)

// maxClaims bounds the expressions of a provider: there are no more targets.
var maxClaims = len(Targets)

// CheckProvider says everything that is wrong with the settings of a provider at once, as a
// problem.Invalid with the fields' names, and puts defaults where nothing was chosen.
func (s *Service) CheckProvider(p *tenants.IdentityProvider) error {
	refusal := problem.New(problem.Invalid, "The identity provider could not be saved.")
	preset, ok := presetOf(p.Preset)
	if !ok {
		names := make([]string, len(presets))
		for i, one := range presets {
			names[i] = one.Preset
		}
		refusal = refusal.WithField("preset", "choose one of %s", strings.Join(names, ", "))
	} else if wrong := checkIssuer(preset, p.Issuer, s.providers.allowHTTP); wrong != "" {
		refusal = refusal.WithField("issuer", "%s", wrong)
	}
	if p.ClientID == "" || len(p.ClientID) > 255 || strings.ContainsFunc(p.ClientID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		refusal = refusal.WithField("client_id", "enter the client id that the provider gave the app")
	}
	if strings.TrimSpace(p.Scopes) == "" {
		p.Scopes = defaultScopes
	}
	scopes := strings.Fields(p.Scopes)
	p.Scopes = strings.Join(scopes, " ")
	switch {
	case !slices.Contains(scopes, "openid"):
		refusal = refusal.WithField("scopes", "must have openid, else the provider sends no ID token")
	case len(p.Scopes) > 500 || strings.ContainsFunc(p.Scopes, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }):
		refusal = refusal.WithField("scopes", "are names with spaces between, such as %s", defaultScopes)
	}
	if p.GroupID < 0 {
		refusal = refusal.WithField("group_id", "choose one of the store's customer groups")
	}
	if p.EmailClaim = strings.TrimSpace(p.EmailClaim); p.EmailClaim != "" {
		if _, wrong := parseClaimPath(p.EmailClaim); wrong != "" {
			refusal = refusal.WithField("email_claim", "%s", wrong)
		}
	}
	if p.TrustEmail && ok && preset.verifiedBy == entraFlag {
		refusal = refusal.WithField("trust_email", "is not for Entra, where an administrator of another organisation can write any e-mail: add the optional claim xms_edov to the ID token instead")
	}
	if len(p.Claims) > maxClaims {
		refusal = refusal.WithField("claims", "there are no more than %d fields to fill", maxClaims)
	} else if _, wrong := compileClaims(p.Claims); len(wrong) > 0 {
		refusal.Fields = append(refusal.Fields, wrong...)
	}
	if p.Claims == nil {
		p.Claims = []tenants.ClaimMapping{}
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	s.providers.forget(p.Issuer)
	return nil
}

// Check is one thing that a sign-in needs, and how it stands.
type Check struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Message string `json:"message"` // what is wrong and what to do, or what was found
}

// TestProvider tries everything that can be tried without a person: p as CheckProvider left it,
// with its client secret. It changes nothing.
func (s *Service) TestProvider(ctx context.Context, p *tenants.IdentityProvider, secret string) []Check {
	var checks []Check
	add := func(name string, ok bool, message string) { checks = append(checks, Check{name, ok, message}) }
	store, err := s.cfg.SignIn.Store(ctx)
	if err == nil {
		err = s.cfg.SignIn.MayRead(store)
	}
	if err != nil {
		add("store", false, problem.MessageOf(err))
	} else {
		add("store", true, "The store lets Sluice look customers up and sign them in.")
	}
	if p.CreateCustomers && store != nil {
		if err := s.cfg.SignIn.MayWrite(store); err != nil {
			add("create_customers", false, problem.MessageOf(err))
		} else {
			add("create_customers", true, "The store lets Sluice create customers.")
		}
	}
	if !p.KeepPasswords && store != nil {
		if err := s.cfg.SignIn.MayWrite(store); err != nil {
			add("passwords", false, "Sluice could not replace the passwords of customers who registered before: "+problem.MessageOf(err))
		} else {
			add("passwords", true, "The store lets Sluice replace the passwords of customers who registered before.")
		}
	}
	if store != nil {
		checks = append(checks, s.checkGroups(ctx, store, p)...)
	}
	m, err := fetchMetadata(ctx, s.http, p.Issuer, s.providers.allowHTTP)
	if err != nil {
		add("discovery", false, err.Error())
		return append(checks, s.checkRedirects(ctx, p, nil))
	}
	add("discovery", true, "The document at "+wellKnown(p.Issuer)+" is the issuer's.")
	add("algorithms", true, "ID tokens may be signed with "+strings.Join(m.usable(), ", ")+".")
	checks = append(checks, checkFlow(m), checkPKCE(m), checkScopes(m, p.Scopes), s.checkKeys(ctx, m), checkSecret(m, secret))
	if p.EndSession {
		if m.EndSessionURL == "" {
			add("end_session", false, "The provider has no end_session_endpoint: signing out can end the shop's session only. Switch it off here.")
		} else {
			add("end_session", true, "Register "+s.addresses(tenants.StoreHash(ctx), p).LoggedOut+" with the provider as a post-logout redirect URI.")
		}
	}
	if p.Preset == "entra" {
		add("email_verified", true, "Entra has no email_verified. Add the optional claim xms_edov to the ID token (Token configuration), else no shopper is recognised by e-mail.")
	}
	if secret != "" || slices.Contains(m.TokenAuth, "none") {
		checks = append(checks, s.checkCredentials(ctx, m, p, secret))
	}
	return append(checks, s.checkRedirects(ctx, p, m))
}

// checkRedirects says which redirect URI to register; m is nil where it is not known.
func (s *Service) checkRedirects(ctx context.Context, p *tenants.IdentityProvider, m *metadata) Check {
	const name = "redirect_uri"
	own := OwnAddresses(s.cfg.AppURL, tenants.StoreHash(ctx)).Callback
	if !p.OnSharedAddress() {
		return Check{name, true, "Register " + own + " with the provider as the redirect URI, exactly so and no other of Sluice's. Only a sign-in shows whether that is done."}
	}
	move := "Register " + own + " with the provider, then switch to it here."
	switch until := p.SharedUntil.UTC().Format(time.DateOnly); {
	case m != nil && m.ResponseHasIssuer:
		return Check{name, true, "Shoppers come back to the address that all stores share. The provider names itself in its answers (RFC 9207), so that goes on. Better still: " + move}
	case p.SharedAddressRefused(false, s.now()):
		return Check{name, false, "The redirect address that all stores shared ended on " + until + ": nobody can sign in. " + move}
	default:
		return Check{name, false, "Shoppers come back to the address that all stores share, and the provider does not name itself in its answers (RFC 9207). That ends on " + until + ". " + move}
	}
}

// checkGroups looks whether the chosen customer group is there.
func (s *Service) checkGroups(ctx context.Context, store *tenants.Store, p *tenants.IdentityProvider) []Check {
	if p.GroupID == 0 {
		return nil
	}
	ctx, client, err := s.cfg.SignIn.Client(ctx, store)
	if err == nil {
		groups, listErr := signin.Groups(ctx, client)
		for _, g := range groups {
			if g.ID == p.GroupID {
				return []Check{{"customer_group", true, "New customers are put into " + g.Name + "."}}
			}
		}
		err = listErr
	}
	if err != nil {
		return []Check{{"customer_group", false, problem.MessageOf(err)}}
	}
	return []Check{{"customer_group", false, "The store has no customer group " + strconv.FormatInt(p.GroupID, 10) + ": choose another."}}
}

func checkFlow(m *metadata) Check {
	if len(m.ResponseTypes) > 0 && !slices.Contains(m.ResponseTypes, "code") {
		return Check{"authorization_code", false, "The provider does not offer sign-in by an authorization code (response type code), which is the only way that Sluice uses."}
	}
	return Check{"authorization_code", true, "Shoppers are sent to " + hostOf(m.AuthURL) + "."}
}

func checkPKCE(m *metadata) Check {
	switch {
	case slices.Contains(m.ChallengeMethods, "S256"):
		return Check{"pkce", true, "The provider checks PKCE with S256."}
	case len(m.ChallengeMethods) == 0:
		return Check{"pkce", true, "The provider's document does not speak of PKCE. Sluice sends it all the same; providers that do not know it leave it aside."}
	}
	return Check{"pkce", false, "The provider does not take PKCE with S256, only " + shorten(strings.Join(m.ChallengeMethods, ", ")) + ", which protects nobody. Switch S256 on at the provider."}
}

func checkScopes(m *metadata, scopes string) Check {
	var unknown []string
	for _, scope := range strings.Fields(scopes) {
		if len(m.Scopes) > 0 && !slices.Contains(m.Scopes, scope) {
			unknown = append(unknown, scope)
		}
	}
	switch {
	case !slices.Contains(strings.Fields(scopes), "email"):
		return Check{"scopes", false, "Unless Sluice asks for email the provider names no e-mail, and no shopper is recognised by it. Add email."}
	case len(unknown) > 0: // a document need not list every scope (OpenID Connect Discovery 1.0, section 3)
		return Check{"scopes", true, "The provider's document does not list " + strings.Join(unknown, ", ") + ". If sign-ins fail with invalid_scope, take them out."}
	}
	return Check{"scopes", true, "The provider knows all that Sluice asks for."}
}

// checkKeys looks whether the provider's keys can be read and used.
func (s *Service) checkKeys(ctx context.Context, m *metadata) Check {
	var set struct {
		Keys []struct {
			Type string `json:"kty"`
			Use  string `json:"use"`
			Alg  string `json:"alg"`
		} `json:"keys"`
	}
	if err := getJSON(ctx, s.http, m.JWKSURL, &set); err != nil {
		return Check{"keys", false, err.Error()}
	}
	n := 0
	for _, k := range set.Keys {
		if k.Type != "oct" && (k.Use == "" || k.Use == "sig") && (k.Alg == "" || slices.Contains(m.usable(), k.Alg)) {
			n++
		}
	}
	if n == 0 {
		return Check{"keys", false, "There is no key at " + m.JWKSURL + " that ID tokens could be verified with. The provider needs a signing key of RSA or EC."}
	}
	if n == 1 {
		return Check{"keys", true, "One signing key was found."}
	}
	return Check{"keys", true, strconv.Itoa(n) + " signing keys were found."}
}

func checkSecret(m *metadata, secret string) Check {
	switch {
	case secret != "":
		return Check{"client_secret", true, "A client secret is there."}
	case len(m.TokenAuth) > 0 && !slices.Contains(m.TokenAuth, "none"):
		return Check{"client_secret", false, "The provider wants a client secret: enter it."}
	}
	return Check{"client_secret", true, "No client secret was entered: the app at the provider must be a public client with PKCE."}
}
