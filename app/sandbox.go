package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sluice/internal/sandbox"
)

type sandboxCommand struct {
	Serve sandboxServeCommand `cmd:"" default:"withargs" help:"Serve it until the process is stopped; this is what happens without a word."`
	Dump  sandboxDumpCommand  `cmd:"" help:"Print what a store holds as one JSON object."`
}

// sandboxDumpCommand prints one store of a state that a sandbox or a demo left, or is using.
type sandboxDumpCommand struct {
	State string `help:"The folder that a demo keeps its state in, or the file that a sandbox does." required:"" placeholder:"DIR"`
	Store string `help:"Hash of the store; may be left out where there is one." placeholder:"HASH"`
}

// Run prints products, customers, stock and so on.
func (c *sandboxDumpCommand) Run() error {
	state := c.State
	if info, err := os.Stat(state); err == nil && info.IsDir() {
		state = filepath.Join(state, sandboxState)
	}
	dump, err := sandbox.Dump(state, c.Store)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("there is no state of a sandbox in %s: name the folder that was given to `sluice demo --state`", c.State)
	case err != nil:
		return err
	}
	_, err = fmt.Println(string(dump))
	return err
}

// sandboxState is the file in a demo's folder that holds its sandbox.
const sandboxState = "sandbox.json"

type sandboxServeCommand struct {
	Plan     string        `help:"Plan of the stores: ${enum}." enum:"standard,plus,pro,enterprise" default:"standard"`
	Window   time.Duration `help:"Length of a quota window." default:"30s"`
	Latency  time.Duration `help:"Added to every API answer."`
	Stores   int           `help:"How many stores there are." default:"1"`
	Products int           `help:"How many products each new store has to begin with."`
	State    string        `help:"A JSON file that keeps the stores between calls." placeholder:"FILE"`
	AppURL   string        `help:"Public base URL of the app to install." default:"http://127.0.0.1:8080" env:"APP_URL"`
	API      string        `help:"Address to serve the API and the login on." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	Panel    string        `help:"Address to serve the control panel on." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	Identity string        `help:"Address to serve the identity provider on; by default that of the state file, or a free port." placeholder:"HOST:PORT"`
	Scopes   string        `help:"Scopes that the app asks for at install, separated by spaces." env:"APP_SCOPES"`
	JSON     bool          `name:"json" help:"Print URLs and credentials as one line of JSON."`
	Verbose  bool          `help:"Show the sandbox's log."`
}

// sandboxInfo is what --json prints: what an app needs to be installed here, and what a test needs.
type sandboxInfo struct {
	API          string             `json:"api_url"`
	Login        string             `json:"login_url"`
	ControlPanel string             `json:"control_panel_url"`
	Admin        string             `json:"admin_url"`
	ClientID     string             `json:"client_id"`
	ClientSecret string             `json:"client_secret"`
	Identity     sandboxIdentity    `json:"identity_provider"`
	Stores       []sandboxStoreInfo `json:"stores"`
}

// sandboxIdentity is the OpenID Connect provider and the client that the app is there.
type sandboxIdentity struct {
	Issuer       string `json:"issuer"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

type sandboxStoreInfo struct {
	Hash         string `json:"store_hash"`
	ClientID     string `json:"client_id"` // of store-level API credentials
	ClientSecret string `json:"client_secret"`
	Token        string `json:"access_token"`
	Panel        string `json:"control_panel_url"`
	Quota        int    `json:"quota"`
	WindowMS     int64  `json:"window_ms"`

	Storefronts []sandbox.Storefront `json:"storefronts"`
	Shoppers    []sandbox.Shopper    `json:"shoppers"`
}

// Run serves until the process is asked to stop.
func (c *sandboxServeCommand) Run(ctx context.Context) error {
	if c.Stores < 1 {
		return errors.New("--stores: at least 1")
	}
	log := slog.New(slog.DiscardHandler)
	if c.Verbose {
		log = newLogger(os.Stderr, slog.LevelDebug)
	}
	app := strings.TrimRight(c.AppURL, "/")
	s, err := sandbox.New(sandbox.Options{
		Plan: c.Plan, Window: c.Window, Latency: c.Latency, StateFile: c.State, APIAddr: c.API, PanelAddr: c.Panel, IdentityAddr: c.Identity, Log: log,
		Scopes:     strings.Fields(c.Scopes),
		AppAuthURL: app + "/auth", AppLoadURL: app + "/load", AppUninstallURL: app + "/uninstall", AppRemoveUserURL: app + "/remove_user",
	})
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	for i := len(s.Stores()); i < c.Stores; i++ {
		store := s.AddStore(sandbox.StoreSpec{Hash: fmt.Sprintf("sandbox%d", i+1), Name: fmt.Sprintf("Sandbox store %d", i+1)})
		if c.Products > 0 {
			store.SeedProducts(c.Products)
		}
	}
	for _, store := range s.Stores() {
		if err := store.SeedStorefronts(); err != nil {
			return err
		}
	}
	if err := c.print(s); err != nil {
		return err
	}
	<-ctx.Done()
	return s.Close()
}

func (c *sandboxServeCommand) print(s *sandbox.Sandbox) error {
	urls, client := s.URLs(), s.IdentityProviderClient()
	info := sandboxInfo{
		API: urls.API, Login: urls.Login, ControlPanel: urls.ControlPanel, Admin: urls.Admin,
		ClientID: s.ClientID(), ClientSecret: s.ClientSecret(),
		Identity: sandboxIdentity{urls.Issuer, client.ID, client.Secret},
	}
	for _, store := range s.Stores() {
		quota, window := store.Quota()
		account := store.APIAccount()
		info.Stores = append(info.Stores, sandboxStoreInfo{
			Hash: store.Hash, ClientID: account.ClientID, ClientSecret: account.ClientSecret, Token: account.AccessToken, Panel: appPanelURL(s, store), Quota: quota, WindowMS: window.Milliseconds(),
			Storefronts: store.Storefronts(), Shoppers: store.Shoppers(),
		})
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(info)
	}
	fmt.Printf("A simulated BigCommerce is running (%s plan, %d requests per %s).\n\n", c.Plan, info.Stores[0].Quota, c.Window)
	fmt.Printf("  export BIGCOMMERCE_API_URL=%s BIGCOMMERCE_LOGIN_URL=%s\n  export BIGCOMMERCE_CLIENT_ID=%s BIGCOMMERCE_CLIENT_SECRET=%s\n  export FRAME_ANCESTORS=%s APP_URL=%s\n\n",
		info.API, info.Login, info.ClientID, info.ClientSecret, info.ControlPanel, c.AppURL)
	for _, store := range info.Stores {
		fmt.Printf("  store %s: control panel %s\n", store.Hash, store.Panel)
		for _, front := range store.Storefronts {
			fmt.Printf("    storefront %s (channel %d): %s\n", front.Name, front.ChannelID, front.URL)
		}
		for _, shopper := range store.Shoppers {
			fmt.Printf("    shopper %s, password %s\n", shopper.Email, shopper.Password)
		}
	}
	fmt.Printf("\n  OpenID Connect provider for shoppers: %s\n    client id %s, secret %s\n", info.Identity.Issuer, info.Identity.ClientID, info.Identity.ClientSecret)
	fmt.Println("\nPress Ctrl-C to stop.")
	return nil
}
