package sso

import (
	"net/url"
	"regexp"
	"strings"

	"sluice/tenants"
)

// Preset is what is known of a provider beforehand.
type Preset struct {
	Preset         string                 `json:"preset"`
	Name           string                 `json:"name"`
	IssuerTemplate string                 `json:"issuer_template"` // with {parts} to fill in; "" for any
	Scopes         string                 `json:"scopes"`
	Help           string                 `json:"help"` // for the merchant: where to find what
	Claims         []tenants.ClaimMapping `json:"claims"`

	issuer     *regexp.Regexp // that its issuers match; nil: any
	verifiedBy string         // the claim that vouches for an e-mail
}

// The claims that vouch for an e-mail: OpenID Connect's own, and Entra's ("e-mail domain owner
// verified"). Entra has no email_verified, and its e-mails are whatever an administrator of any
// tenant typed in.
const (
	emailFlag = "email_verified"
	entraFlag = "xms_edov"
)

// defaultScopes ask for the subject, the name and the e-mail.
const defaultScopes = "openid profile email"

var nameClaims = []tenants.ClaimMapping{
	{Target: TargetFirstName, Expression: "given_name"},
	{Target: TargetLastName, Expression: "family_name"},
}

const custom = "custom"

var presets = []Preset{
	{
		Preset: "google", Name: "Google", IssuerTemplate: "https://accounts.google.com", Scopes: defaultScopes, Claims: nameClaims,
		Help: "In the Google Cloud console, under APIs & Services, Credentials, create an OAuth client ID of type Web application and add the redirect URI below. " +
			"Google has no sign-out for apps: signing out ends the shop's session only.",
		issuer: regexp.MustCompile(`^https://accounts\.google\.com$`), verifiedBy: emailFlag,
	},
	{
		Preset: "entra", Name: "Microsoft Entra ID", IssuerTemplate: "https://login.microsoftonline.com/{tenant}/v2.0", Scopes: defaultScopes, Claims: nameClaims,
		Help: "In the Entra admin centre register an app for this organisation's accounts only, with the redirect URI below as platform Web, and make a client secret. {tenant} is the Directory (tenant) ID. " +
			"Entra does not say whether it verified an e-mail unless you add the optional claim xms_edov to the ID token (Token configuration); without it new shoppers cannot be recognised by their e-mail.",
		issuer: regexp.MustCompile(`^https://login\.microsoftonline\.(com|us)/[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}/v2\.0$`), verifiedBy: entraFlag,
	},
	{
		Preset: "okta", Name: "Okta", IssuerTemplate: "https://{domain}.okta.com", Scopes: defaultScopes, Claims: nameClaims,
		Help: "In the Okta admin console create an app integration, OIDC, Web Application, with the redirect URIs below. " +
			"With a custom authorization server the issuer ends in /oauth2/{server}, such as /oauth2/default.",
		verifiedBy: emailFlag,
	},
	{
		Preset: "auth0", Name: "Auth0", IssuerTemplate: "https://{tenant}.auth0.com/", Scopes: defaultScopes, Claims: nameClaims,
		Help: "In the Auth0 dashboard create a Regular Web Application and add the redirect URIs below as Allowed Callback URLs and Allowed Logout URLs. " +
			"The issuer ends with a slash. Claims of your own have names such as https://your-company.example/company: write claim[\"https://your-company.example/company\"].",
		verifiedBy: emailFlag,
	},
	{
		Preset: "keycloak", Name: "Keycloak", IssuerTemplate: "https://{host}/realms/{realm}", Scopes: defaultScopes, Claims: nameClaims,
		Help: "In the realm create a client with Client authentication on and Standard flow, and add the redirect URIs below as Valid redirect URIs and Valid post logout redirect URIs. " +
			"Mappers of the client add claims such as company.",
		verifiedBy: emailFlag,
	},
	{
		Preset: custom, Name: "Another provider", Scopes: defaultScopes, Claims: nameClaims,
		Help:       "Any provider of OpenID Connect with a discovery document: the issuer is its address without /.well-known/openid-configuration.",
		verifiedBy: emailFlag,
	},
}

// Presets returns what is known of providers, in the order a choice shows them.
func Presets() []Preset { return presets }

func presetOf(name string) (Preset, bool) {
	for _, p := range presets {
		if p.Preset == name {
			return p, true
		}
	}
	return Preset{}, false
}

// truth takes true, "true", 1 and "1", the forms in which providers write it.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case float64:
		return v == 1
	case string:
		return v == "1" || strings.EqualFold(v, "true")
	}
	return false
}

// sharedIssuers are those of Entra that stand for every organisation of the world, or every
// personal account: an administrator of any of them can give a user any e-mail.
var sharedIssuers = regexp.MustCompile(`(?i)^/(common|organizations|consumers|9188040d-6c67-4c5b-b112-36a304b66dad)(/|$)`) //nolint:misspell // Entra's name

// entraHosts are those whose first segment is a tenant.
var entraHosts = map[string]bool{
	"login.microsoftonline.com": true, "login.microsoftonline.us": true, "login.microsoft.com": true, "login.windows.net": true, "sts.windows.net": true,
	"login.partner.microsoftonline.cn": true,
}

// entraIssuer reports whether an issuer is one of Entra's, under whichever preset, and shared
// whether it is one of no single organisation.
func entraIssuer(issuer string) (is, shared bool) {
	u, err := url.Parse(issuer)
	if err != nil || !entraHosts[strings.ToLower(u.Hostname())] {
		return false, false
	}
	return true, sharedIssuers.MatchString(u.Path)
}

// checkIssuer says what is wrong with an issuer for a preset, "" if nothing is.
func checkIssuer(p Preset, issuer string, allowHTTP bool) string {
	if len(issuer) > 500 {
		return "is longer than 500 characters"
	}
	if wrong := checkEndpoint(issuer, allowHTTP); wrong != "" {
		return wrong
	}
	if u, _ := url.Parse(issuer); u.RawQuery != "" || strings.HasSuffix(issuer, "/.well-known/openid-configuration") {
		return "is the address without /.well-known/openid-configuration and without a ?"
	}
	if strings.ContainsAny(issuer, "{}") {
		return "still has a {part} to fill in"
	}
	entra, shared := entraIssuer(issuer)
	switch {
	case shared:
		return "is for the users of every organisation (common, organizations or consumers), any of whom could take a customer's e-mail: use your own tenant's, https://login.microsoftonline.com/{tenant}/v2.0" //nolint:misspell // Entra's name
	case entra && p.Preset != "entra":
		return "is Microsoft's: choose the preset for Microsoft Entra ID, which knows what Entra's e-mails are worth"
	case p.issuer != nil && !p.issuer.MatchString(issuer):
		return "has to look like " + p.IssuerTemplate
	}
	return ""
}
