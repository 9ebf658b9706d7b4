package customer

import (
	"net/http"
	"testing"

	"sluice/internal/openapi/openapitest"
)

// TestDescribedLimits: the limits are what openapi.yaml tells those who call.
func TestDescribedLimits(t *testing.T) {
	const store = "/storefront/:store_hash/"
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		openapitest.CheckLimits(t, method, store+"sluice.js", scriptsPerAddress, nil)
	}
	for _, method := range []string{http.MethodPost, http.MethodOptions} {
		openapitest.CheckLimits(t, method, store+"current-customer", perAddress, perStore)
	}
	for _, method := range []string{http.MethodGet, http.MethodOptions} {
		openapitest.CheckLimits(t, method, store+"account", perAddress, perStore)
	}
	var most int
	op := openapitest.Load(t).Operation(http.MethodPost, store+"current-customer")
	if openapitest.Extension(t, op, "x-max-body-bytes", &most); most != maxBody {
		t.Errorf("bodies of %d bytes are described, and %d are read", most, maxBody)
	}
}
