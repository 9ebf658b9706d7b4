package sso

import (
	"net/http"
	"testing"

	"sluice/internal/openapi/openapitest"
)

// TestDescribedLimits: the limits are what openapi.yaml tells those who call.
func TestDescribedLimits(t *testing.T) {
	for _, path := range []string{loginPath, callbackPath, sharedCallbackPath, logoutPath, loggedOutPath, sharedLoggedOutPath} {
		openapitest.CheckLimits(t, http.MethodGet, path, perAddress, perStore)
	}
}
