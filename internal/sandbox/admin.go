package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// adminRoutes are the sandbox's own endpoints; they are no part of BigCommerce and need no token.
//
//	GET    /sandbox/stores                              what stores there are
//	GET    /sandbox/stores/{hash}/requests?since=&client=  counts after a mark, and a new mark
//	GET    /sandbox/stores/{hash}/windows               what each client did in each quota window that has ended
//	GET    /sandbox/stores/{hash}/deliveries            webhook delivery attempts
//	POST   /sandbox/faults  {store, method, path_prefix, kind, times, every, ms}  sets a fault
//	GET    /sandbox/faults                              lists them
//	DELETE /sandbox/faults[?id=]                        clears one or all
//
// and those of shopAdminRoutes.
func (s *Sandbox) adminRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /sandbox/stores", s.adminStores)
	mux.HandleFunc("GET /sandbox/stores/{hash}/requests", s.adminRequests)
	mux.HandleFunc("GET /sandbox/stores/{hash}/windows", s.adminWindows)
	mux.HandleFunc("GET /sandbox/stores/{hash}/deliveries", s.adminDeliveries)
	mux.HandleFunc("POST /sandbox/faults", s.adminAddFault)
	mux.HandleFunc("GET /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		adminJSON(w, http.StatusOK, map[string]any{"faults": s.Faults()})
	})
	mux.HandleFunc("DELETE /sandbox/faults", s.adminClearFaults)
	s.shopAdminRoutes(mux)
}

func adminJSON(w http.ResponseWriter, status int, v any) {
	writeReply(w, okJSON(status, v))
}

func adminError(w http.ResponseWriter, status int, msg string) {
	adminJSON(w, status, map[string]string{"error": msg})
}

func (s *Sandbox) adminStores(w http.ResponseWriter, _ *http.Request) {
	type view struct {
		Hash      string `json:"hash"`
		Name      string `json:"name"`
		Plan      string `json:"plan"`
		Products  int    `json:"products"`
		Installed bool   `json:"installed"`
	}
	list := []view{}
	for _, st := range s.Stores() {
		in, _ := st.Installed()
		list = append(list, view{st.Hash, st.Name(), st.Plan(), st.Products(), in})
	}
	adminJSON(w, http.StatusOK, map[string]any{"stores": list})
}

func (s *Sandbox) adminStore(w http.ResponseWriter, r *http.Request) *Store {
	st := s.Store(r.PathValue("hash"))
	if st == nil {
		adminError(w, http.StatusNotFound, "no such store")
	}
	return st
}

func (s *Sandbox) adminRequests(w http.ResponseWriter, r *http.Request) {
	st := s.adminStore(w, r)
	if st == nil {
		return
	}
	var since uint64
	if v := r.URL.Query().Get("since"); v != "" {
		var err error
		if since, err = strconv.ParseUint(v, 10, 64); err != nil {
			adminError(w, http.StatusBadRequest, "since must be a mark from an earlier answer")
			return
		}
	}
	counts := st.log.Since(Mark(since))
	if client := r.URL.Query().Get("client"); client != "" {
		counts = st.log.ClientSince(client, Mark(since))
	}
	adminJSON(w, http.StatusOK, struct {
		Mark Mark `json:"mark"`
		Counts
		Clients map[string]Counts `json:"clients"`
	}{st.log.Mark(), counts, st.log.Clients()})
}

func (s *Sandbox) adminWindows(w http.ResponseWriter, r *http.Request) {
	if st := s.adminStore(w, r); st != nil {
		list := st.QuotaWindows()
		if list == nil {
			list = []QuotaWindow{}
		}
		adminJSON(w, http.StatusOK, map[string]any{"windows": list})
	}
}

func (s *Sandbox) adminDeliveries(w http.ResponseWriter, r *http.Request) {
	if st := s.adminStore(w, r); st != nil {
		list := st.Deliveries()
		if list == nil {
			list = []Delivery{}
		}
		adminJSON(w, http.StatusOK, map[string]any{"deliveries": list})
	}
}

func (s *Sandbox) adminAddFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	dec := json.NewDecoder(io.LimitReader(r.Body, 64<<10))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		adminError(w, http.StatusBadRequest, "the body must be a fault: "+err.Error())
		return
	}
	id, err := s.AddFault(f)
	if err != nil {
		adminError(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	adminJSON(w, http.StatusCreated, map[string]int{"id": id})
}

func (s *Sandbox) adminClearFaults(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query().Get("id")
	if v == "" {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
		return
	}
	id, err := strconv.Atoi(v)
	if err != nil {
		adminError(w, http.StatusBadRequest, "id must be a fault's id")
		return
	}
	s.ClearFaults(id)
	w.WriteHeader(http.StatusNoContent)
}
