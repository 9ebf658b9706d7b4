package sandbox

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"sluice/internal/sandbox/idp"
)

// kindProvider is a journal entry of no store: a providerState.
const kindProvider = "identity_provider"

// providerState is what the identity provider keeps between processes, so that an app that is set
// up with it stays so: its issuer, hence its port; its client; its key.
type providerState struct {
	Port         int
	ClientID     string
	ClientSecret string
	Key          []byte `json:",omitempty"` // PKCS #8; absent until the first ID token is signed
}

// provider is the identity provider beside the platform.
type provider struct {
	p    *idp.Provider
	mu   sync.Mutex // guards kept
	kept providerState
}

// newProvider makes the provider, with what the state file knew of it.
func (s *Sandbox) newProvider(kept providerState) error {
	if kept.ClientID == "" {
		kept.ClientID, kept.ClientSecret = "storefront-sign-in", randomToken(32)
	}
	s.provider.kept = kept
	o := idp.Options{Now: s.opts.Now, Log: s.log, OnKey: s.keepKey}
	if len(kept.Key) > 0 {
		key, err := x509.ParsePKCS8PrivateKey(kept.Key)
		if err != nil {
			return fmt.Errorf("sandbox: key of the identity provider: %w", err)
		}
		var ok bool
		if o.Key, ok = key.(*rsa.PrivateKey); !ok {
			return fmt.Errorf("sandbox: key of the identity provider: not RSA")
		}
	}
	s.provider.p = idp.New(o)
	return s.registerApp()
}

// registerApp registers the app at the provider, as the merchants' administrators do: its callbacks
// lie beside its auth callback, one for each store and the one that stores shared before.
func (s *Sandbox) registerApp() error {
	p, id := s.provider.p, s.provider.kept.ClientID
	if _, ok := p.Client(id); !ok {
		if err := p.Register(idp.Client{ID: id, Secret: s.provider.kept.ClientSecret}); err != nil {
			return err
		}
	}
	places := []string{"/sso"}
	for _, st := range s.Stores() {
		places = append(places, "/sso/"+st.Hash)
	}
	return s.allowApp(places...)
}

// allowApp has the provider lead to the app's callbacks at places.
func (s *Sandbox) allowApp(places ...string) error {
	base, ok := strings.CutSuffix(s.callbacks().auth, "/auth")
	if !ok {
		return nil
	}
	var redirects, signOuts []string
	for _, place := range places {
		redirects, signOuts = append(redirects, base+place+"/callback"), append(signOuts, base+place+"/logged-out")
	}
	return s.provider.p.Allow(s.provider.kept.ClientID, redirects, signOuts)
}

// allowSignOutTo lets sign-outs at the provider lead to a storefront.
func (s *Sandbox) allowSignOutTo(origin string) {
	err := s.provider.p.Allow(s.provider.kept.ClientID, nil, []string{origin + "/", origin + "/login.php", origin + "/login.php?action=logout"})
	if err != nil {
		s.log.Error("sandbox: identity provider", "error", err)
	}
}

// startProvider serves the provider on an origin of its own.
func (s *Sandbox) startProvider() (*http.Server, error) {
	var l net.Listener
	var err error
	if s.opts.IdentityAddr != "" {
		l, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.opts.IdentityAddr)
	} else {
		l, err = listenAgain("127.0.0.1", s.provider.kept.Port)
	}
	if err != nil {
		return nil, fmt.Errorf("sandbox: identity provider: %w", err)
	}
	s.provider.p.SetIssuer("http://" + l.Addr().String())
	s.provider.mu.Lock()
	s.provider.kept.Port = portOf(l)
	s.provider.mu.Unlock()
	s.keepProvider()
	return s.serve(l, s.provider.p.Handler()), nil
}

func (s *Sandbox) keepKey(key *rsa.PrivateKey) {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.log.Error("sandbox: key of the identity provider", "error", err)
		return
	}
	s.provider.mu.Lock()
	s.provider.kept.Key = raw
	s.provider.mu.Unlock()
	s.keepProvider()
}

func (s *Sandbox) keepProvider() {
	s.provider.mu.Lock()
	defer s.provider.mu.Unlock()
	s.journal(entry{Kind: kindProvider, Value: json.RawMessage(compact(s.provider.kept))})
}
