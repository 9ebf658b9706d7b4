package sandbox

import (
	"net/http"

	"sluice/internal/sandbox/idp"
)

// storefrontAdminRoutes are what a test does with storefronts and the identity provider, over HTTP.
//
//	GET    /sandbox/stores/{hash}/storefronts   {storefronts: [{channel_id, name, platform, url}], shoppers: [{email, password}]}
//	PUT    /sandbox/stores/{hash}/storefronts   {consent_banner, theme}: those that are given change
//	PUT    /sandbox/stores/{hash}/password      {email, password}: a shopper sets one, as by the link that the store mails
//	GET    /sandbox/stores/{hash}/sign-ins      attempts to sign in at the storefronts, and why they were refused
//	GET    /sandbox/idp                         {issuer, users, faults, fault_kinds}
//	PUT    /sandbox/idp/faults                  {faults: […]}: exactly these are on
//	PUT    /sandbox/idp/users                   idp.User: adds a person, or replaces the one with this sub
//	PUT    /sandbox/idp/clients                 idp.Client: registers a client, or replaces it
func (s *Sandbox) storefrontAdminRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /sandbox/stores/{hash}/storefronts", s.adminStorefronts)
	mux.HandleFunc("PUT /sandbox/stores/{hash}/storefronts", s.adminSetStorefronts)
	mux.HandleFunc("PUT /sandbox/stores/{hash}/password", s.adminSetPassword)
	mux.HandleFunc("GET /sandbox/stores/{hash}/sign-ins", s.adminSignIns)
	mux.HandleFunc("GET /sandbox/idp", s.adminProvider)
	mux.HandleFunc("PUT /sandbox/idp/faults", s.adminProviderFaults)
	mux.HandleFunc("PUT /sandbox/idp/users", s.adminProviderUser)
	mux.HandleFunc("PUT /sandbox/idp/clients", s.adminProviderClient)
}

func (s *Sandbox) adminStorefronts(w http.ResponseWriter, r *http.Request) {
	if st := s.adminStore(w, r); st != nil {
		adminJSON(w, http.StatusOK, map[string]any{"storefronts": st.Storefronts(), "shoppers": st.Shoppers()})
	}
}

func (s *Sandbox) adminSetStorefronts(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ConsentBanner *bool   `json:"consent_banner"`
		Theme         *string `json:"theme"`
	}
	st := s.adminStore(w, r)
	if st == nil || !adminRead(w, r, &in) {
		return
	}
	if in.ConsentBanner != nil {
		st.SetConsentBanner(*in.ConsentBanner)
	}
	if in.Theme != nil {
		st.SetTheme(*in.Theme)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sandbox) adminSetPassword(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	st := s.adminStore(w, r)
	if st == nil || !adminRead(w, r, &in) {
		return
	}
	c, _ := st.CustomerByEmail(in.Email)
	adminDone(w, st.SetPassword(c.ID, in.Password))
}

func (s *Sandbox) adminSignIns(w http.ResponseWriter, r *http.Request) {
	if st := s.adminStore(w, r); st != nil {
		adminJSON(w, http.StatusOK, map[string]any{"sign_ins": st.SignIns()})
	}
}

func (s *Sandbox) adminProvider(w http.ResponseWriter, _ *http.Request) {
	p := s.provider.p
	adminJSON(w, http.StatusOK, map[string]any{"issuer": p.Issuer(), "users": p.Users(), "faults": p.Faults(), "fault_kinds": idp.FaultKinds})
}

func (s *Sandbox) adminProviderFaults(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Faults []string `json:"faults"`
	}
	if adminRead(w, r, &in) {
		adminDone(w, s.provider.p.SetFaults(in.Faults...))
	}
}

func (s *Sandbox) adminProviderUser(w http.ResponseWriter, r *http.Request) {
	var u idp.User
	if adminRead(w, r, &u) {
		adminDone(w, s.provider.p.PutUser(u))
	}
}

func (s *Sandbox) adminProviderClient(w http.ResponseWriter, r *http.Request) {
	var c idp.Client
	if adminRead(w, r, &c) {
		adminDone(w, s.provider.p.Register(c))
	}
}
