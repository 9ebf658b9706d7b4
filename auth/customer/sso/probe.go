package sso

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"sluice/tenants"
)

// checkCredentials tries the client id and secret with a code that cannot be one: a provider looks
// at the client first (RFC 6749, section 3.2.1), so invalid_grant says that the client is right.
func (s *Service) checkCredentials(ctx context.Context, m *metadata, row *tenants.IdentityProvider, secret string) Check {
	const name = "client_credentials"
	p := &provider{metadata: *m}
	_, err := s.oauth(p, row, s.addresses(tenants.StoreHash(ctx), row), secret).Exchange(oidc.ClientContext(ctx, s.http), "sluice-test-no-code", oauth2.VerifierOption(oauth2.GenerateVerifier()))
	var answer *oauth2.RetrieveError
	switch {
	case !errors.As(err, &answer):
		return Check{name, false, "The token endpoint at " + hostOf(m.TokenURL) + " did not answer as one does. Check that the provider is up, and try again."}
	case answer.ErrorCode == "invalid_grant":
		return Check{name, true, "The provider accepts the client id and secret."}
	case answer.ErrorCode == "invalid_client", answer.ErrorCode == "unauthorized_client",
		answer.Response != nil && answer.Response.StatusCode == http.StatusUnauthorized:
		return Check{name, false, "The provider does not accept the client id and secret: copy both again, and check that the secret has not expired."}
	case answer.ErrorCode == "invalid_request":
		return Check{name, true, "The provider looks at the code before the client, so the client secret is only tried by a sign-in."}
	}
	return Check{name, false, "The token endpoint answers with the error " + errorCode(answer.ErrorCode) + ": look it up in the provider's documentation. Often the redirect URI is not registered yet."}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}
