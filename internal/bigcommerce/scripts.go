package bigcommerce

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

const scriptsPath = "/v3/content/scripts"

// MaxScripts is how many scripts one app may have in a store, from BigCommerce's description of
// POST /content/scripts.
const MaxScripts = 10

// ScriptsService is the storefront scripts of this app on this store (V3): others are not seen.
// Scope store_v2_content.
type ScriptsService struct{ service }

// Script is a script that BigCommerce puts into a channel's pages.
type Script struct {
	UUID            string   `json:"uuid,omitempty"` // read-only
	Name            string   `json:"name"`
	Description     string   `json:"description,omitempty"`
	Kind            string   `json:"kind"`                       // src or script_tag
	Src             string   `json:"src,omitempty"`              // kind src only
	HTML            string   `json:"html,omitempty"`             // kind script_tag only: exactly one script tag
	IntegrityHashes []string `json:"integrity_hashes,omitempty"` // kind src: at most five
	AutoUninstall   bool     `json:"auto_uninstall"`
	LoadMethod      string   `json:"load_method"` // default, async or defer; default with script_tag
	Location        string   `json:"location"`    // head or footer
	Visibility      string   `json:"visibility"`  // storefront, checkout, all_pages or order_confirmation
	ConsentCategory string   `json:"consent_category"`
	Enabled         bool     `json:"enabled"`
	ChannelID       int64    `json:"channel_id,omitempty"`
}

// List walks every script of this app.
func (s *ScriptsService) List(ctx context.Context) iter.Seq2[*Script, error] {
	return collect[*Script](ctx, s.client, scriptsPath, MaxPageSize, nil)
}

// Create installs a script. It is never sent twice: after an *UnavailableError with Sent, list
// first.
func (s *ScriptsService) Create(ctx context.Context, script Script) (*Script, error) {
	script.UUID = ""
	return writeOne[*Script](ctx, s.client, request{method: http.MethodPost, path: scriptsPath, body: script})
}

// Update replaces the script uuid.
func (s *ScriptsService) Update(ctx context.Context, uuid string, script Script) (*Script, error) {
	script.UUID = ""
	return writeOne[*Script](ctx, s.client, request{method: http.MethodPut, path: scriptsPath + "/" + url.PathEscape(uuid), body: script})
}

// Delete removes a script. One that is not there is a *NotFoundError.
func (s *ScriptsService) Delete(ctx context.Context, uuid string) error {
	_, _, err := send[none](ctx, s.client, request{method: http.MethodDelete, path: scriptsPath + "/" + url.PathEscape(uuid)})
	return err
}
