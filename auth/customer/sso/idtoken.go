package sso

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"sluice/tenants"
)

const (
	// clockLeeway is how far a provider's clock may be from ours.
	clockLeeway = time.Minute
	// maxIDToken bounds an ID token in bytes: one with hundreds of groups has some 20 KB.
	maxIDToken = 64 << 10
	// maxSubject is OpenID Connect Core 1.0 section 2: at most 255 ASCII characters.
	maxSubject = 255
)

// identity is who the provider says the shopper is.
type identity struct {
	issuer   string
	subject  string
	email    string // "" if the provider named none
	verified bool   // the provider vouches for the e-mail, or the merchant does
	doubt    string // why it does not, for the merchant
	claims   map[string]any
}

// exchange redeems the code of a flow and returns the verified identity, and the ID token for a
// later sign-out.
func (s *Service) exchange(ctx context.Context, p *provider, row *tenants.IdentityProvider, f *flow, code string, wanted mappings) (*identity, string, error) {
	secret, err := s.cfg.DB.IdentityProviderSecret(ctx)
	if err != nil {
		return nil, "", err
	}
	client := oidc.ClientContext(ctx, s.http)
	token, err := s.oauth(p, row, s.addresses(tenants.StoreHash(ctx), row), secret).Exchange(client, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return nil, "", exchangeRefusal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, "", refuse(codeTokenMissing, http.StatusBadGateway, askMerchant,
			"The provider answered without an ID token. The app at the provider must be one of OpenID Connect, and what Sluice asks for must have openid.")
	}
	idToken, err := s.verify(client, p, row.ClientID, raw, f)
	if err != nil {
		return nil, "", err
	}
	if idToken.AccessTokenHash != "" {
		if err := idToken.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, "", refuse(codeTokenHash, http.StatusBadGateway, tryAgain, "The access token is not the one that the ID token was made with.")
		}
	}
	claims := map[string]any{}
	if err := idToken.Claims(&claims); err != nil {
		return nil, "", refuse(codeTokenInvalid, http.StatusBadGateway, tryAgain, "The claims of the ID token cannot be read.")
	}
	rule := emailRuleOf(row)
	var info userInfo
	if rule.incomplete(claims, wanted) && p.UserInfoURL != "" {
		if info, err = s.userInfo(client, p, idToken.Subject, token); err != nil {
			return nil, "", err
		}
	}
	who := &identity{issuer: row.Issuer, subject: idToken.Subject}
	rule.identify(who, claims, info)
	return who, raw, nil
}

// oauth is the client that a merchant registered with the provider.
func (s *Service) oauth(p *provider, row *tenants.IdentityProvider, back Addresses, secret string) *oauth2.Config {
	endpoint := oauth2.Endpoint{AuthURL: p.AuthURL, TokenURL: p.TokenURL, AuthStyle: oauth2.AuthStyleInHeader}
	// Without a list it is client_secret_basic (OpenID Connect Discovery 1.0 section 3). A client
	// without a secret only names itself.
	if secret == "" || (len(p.TokenAuth) > 0 && !slices.Contains(p.TokenAuth, "client_secret_basic")) {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: row.ClientID, ClientSecret: secret, Endpoint: endpoint, RedirectURL: back.Callback, Scopes: strings.Fields(row.Scopes),
	}
}

// exchangeRefusal says why a code was not redeemed. The provider's text stays out of it: it may
// repeat what was sent.
func exchangeRefusal(err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		if errors.Is(err, context.Canceled) {
			return err
		}
		return refuse(codeProviderAway, http.StatusBadGateway, "The sign-in service of the shop did not answer. Wait a minute, go back to the shop and sign in again.",
			"The provider's token endpoint did not answer, or not with what it has to.")
	}
	status := 0
	if answer.Response != nil {
		status = answer.Response.StatusCode
	}
	switch {
	case answer.ErrorCode == "invalid_client" || answer.ErrorCode == "unauthorized_client" || status == http.StatusUnauthorized:
		return refuse(codeExchange, http.StatusBadGateway, askMerchant,
			"The provider does not accept the client id and secret: check them, and whether the secret has expired.")
	case answer.ErrorCode == "invalid_grant":
		return refuse(codeExchange, http.StatusBadRequest, tryAgain,
			"The provider does not accept the code: it was used, is too old, or the redirect URI is not the one that is registered.")
	case status >= http.StatusInternalServerError:
		return refuse(codeProviderAway, http.StatusBadGateway, "The sign-in service of the shop did not answer. Wait a minute, go back to the shop and sign in again.",
			"The provider's token endpoint answers with status %d.", status)
	}
	return refuse(codeExchange, http.StatusBadGateway, askMerchant, "The provider's token endpoint refuses the code with %q, status %d.", errorCode(answer.ErrorCode), status)
}

// verify checks an ID token of a flow: OpenID Connect Core 1.0 section 3.1.3.7.
func (s *Service) verify(ctx context.Context, p *provider, clientID, raw string, f *flow) (*oidc.IDToken, error) {
	if len(raw) > maxIDToken {
		return nil, refuse(codeTokenInvalid, http.StatusBadGateway, askMerchant, "The ID token is larger than %d KB: have the provider put fewer groups into it.", maxIDToken>>10)
	}
	now := s.now()
	idToken, err := p.oidc.Verifier(&oidc.Config{ClientID: clientID, Now: func() time.Time { return now }}).Verify(ctx, raw)
	if err != nil {
		return nil, s.tokenRefusal(p, clientID, raw, err)
	}
	var more struct {
		AuthorizedParty string           `json:"azp"`
		NotBefore       *jwt.NumericDate `json:"nbf"`
	}
	if err := idToken.Claims(&more); err != nil {
		return nil, refuse(codeTokenInvalid, http.StatusBadGateway, tryAgain, "The claims of the ID token cannot be read.")
	}
	switch {
	case (len(idToken.Audience) > 1 && more.AuthorizedParty == "") || (more.AuthorizedParty != "" && more.AuthorizedParty != clientID):
		return nil, refuse(codeTokenAudience, http.StatusBadGateway, tryAgain, "The ID token was made for another app (azp).")
	case subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(f.Nonce)) != 1 || f.Nonce == "":
		return nil, refuse(codeTokenNonce, http.StatusBadRequest, tryAgain, "The ID token was made for another sign-in (nonce).")
	case more.NotBefore != nil && more.NotBefore.After(now.Add(clockLeeway)): // go-oidc's own leeway is longer
		return nil, refuse(codeTokenEarly, http.StatusBadGateway, tryAgain, "The ID token is not valid yet: the provider's clock is more than %s ahead.", clockLeeway)
	case idToken.IssuedAt.After(now.Add(clockLeeway)):
		return nil, refuse(codeTokenEarly, http.StatusBadGateway, tryAgain, "The ID token is from the future: the provider's clock is more than %s ahead.", clockLeeway)
	case idToken.IssuedAt.Before(f.Began.Add(-clockLeeway)):
		return nil, refuse(codeTokenEarly, http.StatusBadGateway, tryAgain, "The ID token is from before the sign-in began: it is an old one, or the provider's clock is more than %s behind.", clockLeeway)
	case !validSubject(idToken.Subject):
		return nil, refuse(codeTokenSubject, http.StatusBadGateway, askMerchant, "The ID token's subject is empty, or longer than %d ASCII characters.", maxSubject)
	}
	return idToken, nil
}

func validSubject(s string) bool {
	return s != "" && len(s) <= maxSubject && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// tokenRefusal says why the library did not take an ID token. What it looks at is not verified and
// decides nothing but the code.
func (s *Service) tokenRefusal(p *provider, clientID, raw string, err error) error {
	var expired *oidc.TokenExpiredError
	if errors.As(err, &expired) {
		return refuse(codeTokenExpired, http.StatusBadGateway, tryAgain, "The ID token has expired: the provider's clock or ours is wrong, or it is an old one.")
	}
	invalid := refuse(codeTokenInvalid, http.StatusBadGateway, tryAgain, "The ID token is not one that the provider signed.")
	claims := jwt.MapClaims{}
	token, _, parseErr := jwt.NewParser(jwt.WithoutClaimsValidation()).ParseUnverified(raw, claims)
	if token == nil {
		return invalid
	}
	if alg, _ := token.Header["alg"].(string); alg != "" && !slices.Contains(p.usable(), alg) {
		return refuse(codeTokenAlgorithm, http.StatusBadGateway, askMerchant, "The ID token is signed with %q, which the provider's document does not announce or which cannot be verified.", shorten(alg))
	}
	if parseErr != nil || strings.Contains(err.Error(), "verify signature") {
		return invalid
	}
	issuer, _ := claims.GetIssuer()
	audience, _ := claims.GetAudience()
	notBefore, _ := claims.GetNotBefore()
	switch {
	case issuer != p.Issuer:
		return refuse(codeTokenIssuer, http.StatusBadGateway, askMerchant, "The ID token is of another issuer, %q.", shorten(issuer))
	case !slices.Contains(audience, clientID):
		return refuse(codeTokenAudience, http.StatusBadGateway, askMerchant, "The ID token was made for another app.")
	case notBefore != nil && notBefore.After(s.now()):
		return refuse(codeTokenEarly, http.StatusBadGateway, tryAgain, "The ID token is not valid yet: the provider's clock is more than %s ahead.", clockLeeway)
	}
	return invalid
}

// incomplete reports whether the ID token lacks claims that are needed: several providers put only
// the subject there.
func (r emailRule) incomplete(idToken map[string]any, wanted mappings) bool {
	names := wanted.names()
	if r.flag == emailFlag { // Entra's userinfo does not have its own
		names = append(names, r.flag)
	}
	return r.path.text(idToken) == "" || slices.ContainsFunc(names, func(name string) bool { _, ok := idToken[name]; return !ok })
}

// userInfo asks the provider's userinfo endpoint for the claims of the ID token's subject.
func (s *Service) userInfo(ctx context.Context, p *provider, subject string, token *oauth2.Token) (userInfo, error) {
	info, err := p.oidc.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return userInfo{}, err
		}
		s.cfg.Log.WarnContext(ctx, "a provider's userinfo endpoint did not answer with claims; those of the ID token are used", "store", tenants.StoreHash(ctx))
		return userInfo{failed: true}, nil
	}
	if info.Subject != subject {
		return userInfo{}, refuse(codeUserInfo, http.StatusBadGateway, tryAgain, "The provider's userinfo is of another subject than its ID token.")
	}
	claims := map[string]any{}
	if err := info.Claims(&claims); err != nil {
		return userInfo{}, refuse(codeUserInfo, http.StatusBadGateway, tryAgain, "The claims of the provider's userinfo cannot be read.")
	}
	return userInfo{claims: claims}, nil
}
