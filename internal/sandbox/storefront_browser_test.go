package sandbox

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"sluice/internal/testenv"
)

// TestStorefrontInChromium uses the pages as a person does. The steps are in
// testdata/storefront.mjs.
func TestStorefrontInChromium(t *testing.T) {
	chromium, ok := testenv.Chromium(t)
	if !ok {
		return
	}
	const panelSource = "../../ui/web"
	if _, err := os.Stat(filepath.Join(panelSource, "node_modules/playwright-core/package.json")); err != nil {
		t.Fatalf("the panel's packages are not installed (%v): run make first", err)
	}
	sr := newShop(t)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><title>Callback</title><link rel="icon" href="data:,">`))
	}))
	t.Cleanup(app.Close)
	sr.s.SetApp(app.URL+"/auth", app.URL+"/load", "", "")
	sr.st.SetConsentBanner(true)
	sr.addScript(1, `"name":"f","kind":"script_tag","consent_category":"functional","html":"<script>window.functional = \"ran\"</script>"`)
	client := sr.s.IdentityProviderClient()
	authorize := (&oauth2.Config{ClientID: client.ID, RedirectURL: client.RedirectURIs[0], Scopes: []string{"openid", "email"},
		Endpoint: oauth2.Endpoint{AuthURL: sr.s.URLs().Issuer + "/authorize"}}).AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()))
	script, err := filepath.Abs("testdata/storefront.mjs")
	if err != nil {
		t.Fatal(err)
	}
	browse := exec.CommandContext(t.Context(), "node", script)
	browse.Dir = panelSource
	browse.Env = append(os.Environ(), "SHOP_CHROMIUM="+chromium, "SHOP_STENCIL="+sr.url, "SHOP_HEADLESS="+sr.headless.URL,
		"SHOP_EMAIL=sam.shopper@example.com", "SHOP_PASSWORD="+ShopperPassword, "SHOP_AUTHORIZE="+authorize, "SHOP_CALLBACK="+client.RedirectURIs[0])
	browse.WaitDelay = 10 * time.Second
	if out, err := browse.CombinedOutput(); err != nil {
		t.Errorf("node storefront.mjs: %v\n%s", err, out)
	}
}
