package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// shopAdminRoutes are what a test does as the merchant or as a shopper who registers, over HTTP.
// The bodies are CustomerSpec, ChannelSpec and the like; answers are those of the Management API.
//
//	GET    /sandbox/stores/{hash}/customers                  shoppers
//	POST   /sandbox/stores/{hash}/customers                  {email, password, first_name, …}: CustomerSpec
//	DELETE /sandbox/stores/{hash}/customers/{id}
//	PUT    /sandbox/stores/{hash}/customers/{id}/password    {password}
//	POST   /sandbox/stores/{hash}/groups                     {name}
//	POST   /sandbox/stores/{hash}/channels                   {name, platform, url, …}: ChannelSpec
//	PUT    /sandbox/stores/{hash}/channels/{id}              {status, allow_global_logins}
//	PUT    /sandbox/stores/{hash}/channels/{id}/site         {url}; "" is the platform's own address
//	GET    /sandbox/stores/{hash}/scripts                    those of every client
//	DELETE /sandbox/stores/{hash}/scripts/{uuid}
func (s *Sandbox) shopAdminRoutes(mux *http.ServeMux) {
	route := func(pattern string, h func(http.ResponseWriter, *http.Request, *Store)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if st := s.adminStore(w, r); st != nil {
				h(w, r, st)
			}
		})
	}
	route("GET /sandbox/stores/{hash}/customers", adminCustomers)
	route("POST /sandbox/stores/{hash}/customers", adminAddCustomer)
	route("DELETE /sandbox/stores/{hash}/customers/{id}", adminDeleteCustomer)
	route("PUT /sandbox/stores/{hash}/customers/{id}/password", adminSetPassword)
	route("POST /sandbox/stores/{hash}/groups", adminAddGroup)
	route("POST /sandbox/stores/{hash}/channels", adminAddChannel)
	route("PUT /sandbox/stores/{hash}/channels/{id}", adminSetChannel)
	route("PUT /sandbox/stores/{hash}/channels/{id}/site", adminSetSite)
	route("GET /sandbox/stores/{hash}/scripts", adminScripts)
	route("DELETE /sandbox/stores/{hash}/scripts/{uuid}", adminRemoveScript)
}

// adminRead decodes a body; it answers what is wrong with one and returns false.
func adminRead(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(io.LimitReader(r.Body, 64<<10))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		adminError(w, http.StatusBadRequest, "the body is not what this endpoint takes: "+err.Error())
		return false
	}
	return true
}

func adminID(w http.ResponseWriter, r *http.Request) (int64, bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		adminError(w, http.StatusBadRequest, "the id must be a number")
	}
	return id, err == nil
}

// adminDone answers 204, or 422 with the error.
func adminDone(w http.ResponseWriter, err error) {
	if err != nil {
		adminError(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// adminGone answers a deletion.
func adminGone(w http.ResponseWriter, was bool) {
	if !was {
		adminError(w, http.StatusNotFound, "there is no such thing in the store")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func adminCustomers(w http.ResponseWriter, _ *http.Request, st *Store) {
	list := []any{}
	for _, c := range st.Customers() {
		list = append(list, c.view(nil))
	}
	adminJSON(w, http.StatusOK, map[string]any{"customers": list})
}

func adminAddCustomer(w http.ResponseWriter, r *http.Request, st *Store) {
	var spec CustomerSpec
	if !adminRead(w, r, &spec) {
		return
	}
	c, err := st.AddCustomer(spec)
	if err != nil {
		adminError(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	adminJSON(w, http.StatusCreated, c.view(nil))
}

func adminDeleteCustomer(w http.ResponseWriter, r *http.Request, st *Store) {
	if id, ok := adminID(w, r); ok {
		adminGone(w, st.DeleteCustomer(id))
	}
}

func adminSetPassword(w http.ResponseWriter, r *http.Request, st *Store) {
	var in struct {
		Password string `json:"password"`
	}
	if id, ok := adminID(w, r); ok && adminRead(w, r, &in) {
		adminDone(w, st.SetPassword(id, in.Password))
	}
}

func adminAddGroup(w http.ResponseWriter, r *http.Request, st *Store) {
	var in struct {
		Name string `json:"name"`
	}
	if !adminRead(w, r, &in) {
		return
	}
	g, err := st.AddCustomerGroup(in.Name)
	if err != nil {
		adminError(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	adminJSON(w, http.StatusCreated, g.view())
}

func adminAddChannel(w http.ResponseWriter, r *http.Request, st *Store) {
	var spec ChannelSpec
	if !adminRead(w, r, &spec) {
		return
	}
	ch, err := st.AddChannel(spec)
	if err != nil {
		adminError(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	out := ch.view()
	out["url"] = st.PrimaryURL(ch.ID)
	adminJSON(w, http.StatusCreated, out)
}

func adminSetChannel(w http.ResponseWriter, r *http.Request, st *Store) {
	var in struct {
		Status       *string `json:"status"`
		GlobalLogins *bool   `json:"allow_global_logins"`
	}
	id, ok := adminID(w, r)
	if !ok || !adminRead(w, r, &in) {
		return
	}
	var err error
	if in.Status != nil {
		err = st.SetChannelStatus(id, *in.Status)
	}
	if err == nil && in.GlobalLogins != nil {
		err = st.SetGlobalLogins(id, *in.GlobalLogins)
	}
	adminDone(w, err)
}

func adminSetSite(w http.ResponseWriter, r *http.Request, st *Store) {
	var in struct {
		URL string `json:"url"`
	}
	if id, ok := adminID(w, r); ok && adminRead(w, r, &in) {
		adminDone(w, st.SetSite(id, in.URL))
	}
}

func adminScripts(w http.ResponseWriter, _ *http.Request, st *Store) {
	list := []any{}
	for _, sc := range st.Scripts() {
		list = append(list, sc.view())
	}
	adminJSON(w, http.StatusOK, map[string]any{"scripts": list})
}

func adminRemoveScript(w http.ResponseWriter, r *http.Request, st *Store) {
	adminGone(w, st.RemoveScript(r.PathValue("uuid")))
}
