package upserttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// workshopList is where the parts of a Workshop's gadgets are written without an answer.
const workshopList = 1

// Gadget is one of a Workshop.
type Gadget struct {
	ID    int64    `json:"id"`
	Ref   string   `json:"ref"` // where it is kept
	Code  string   `json:"code"`
	Title string   `json:"title"`
	Size  int64    `json:"size"`
	Parts []string `json:"parts"`
}

// What a Workshop refuses: gadgets with this title, and with this part.
const (
	RefusedTitle = "forbidden"
	RefusedPart  = "forbidden"
)

// Workshop is an API of gadgets in memory. It speaks as BigCommerce's products and price lists do,
// so that the client needs to know nothing of gadgets:
//
//	GET  /v3/catalog/products?id:in=|sku:in=|id:greater=   gadgets, sku is their code
//	POST /v3/catalog/products                              one, without its parts; 409 if its code is taken
//	PUT  /v3/catalog/products                              at most 10; all or nothing: 404 if one is gone, 422 if one is refused
//	PUT  /v3/pricelists/1/records                          {sku: Ref, parts}, one request at a time
type Workshop struct {
	mu      sync.Mutex
	last    int64
	gadgets map[int64]*Gadget

	writing atomic.Int32 // requests to the list under way
	crowded atomic.Bool  // there were two at once
}

// NewWorkshop returns an empty Workshop.
func NewWorkshop() *Workshop { return &Workshop{gadgets: make(map[int64]*Gadget)} }

// Gadgets returns copies of all gadgets, by id.
func (s *Workshop) Gadgets() []Gadget {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Gadget, 0, len(s.gadgets))
	for _, g := range s.gadgets {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Gadget) int { return int(a.ID - b.ID) })
	return out
}

// Add makes a gadget by another hand.
func (s *Workshop) Add(g Gadget) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(g).ID
}

func (s *Workshop) add(g Gadget) *Gadget {
	s.last++
	g.ID = 1000 + s.last
	g.Ref = fmt.Sprintf("shelf-%d", g.ID)
	s.gadgets[g.ID] = &g
	return &g
}

// Edit changes the gadget with a code by another hand.
func (s *Workshop) Edit(code string, change func(g *Gadget)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.byCode(code); g != nil {
		change(g)
	}
}

// Remove deletes the gadget with a code by another hand.
func (s *Workshop) Remove(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.byCode(code); g != nil {
		delete(s.gadgets, g.ID)
	}
}

// Move puts the gadget with a code to another place: the parts' endpoint says where it is now, and
// knows the old one no more.
func (s *Workshop) Move(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.byCode(code); g != nil {
		g.Ref += "/next"
	}
}

// Crowded reports whether two requests to the list were under way at once.
func (s *Workshop) Crowded() bool { return s.crowded.Load() }

func (s *Workshop) byCode(code string) *Gadget {
	for _, g := range s.gadgets {
		if strings.EqualFold(g.Code, code) {
			return g
		}
	}
	return nil
}

func (s *Workshop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, path, _ := strings.Cut(r.URL.Path, "/v3/")
	switch r.Method + " " + path {
	case "GET catalog/products":
		s.list(w, r)
	case "POST catalog/products":
		s.create(w, r)
	case "PUT catalog/products":
		s.update(w, r)
	case "PUT pricelists/1/records":
		s.putParts(w, r)
	default:
		http.Error(w, r.Method+" "+r.URL.Path, http.StatusNotFound)
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, title, field string) {
	errs := map[string]string{}
	if field != "" {
		errs[field] = title
	}
	reply(w, status, map[string]any{"status": status, "title": title, "type": "workshop", "errors": errs})
}

func (s *Workshop) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	ids, codes := strings.Split(q.Get("id:in"), ","), strings.Split(q.Get("sku:in"), ",")
	after, _ := strconv.ParseInt(q.Get("id:greater"), 10, 64)
	var found []Gadget
	for _, g := range s.Gadgets() {
		if (!q.Has("id:in") || slices.Contains(ids, strconv.FormatInt(g.ID, 10))) && g.ID > after &&
			(!q.Has("sku:in") || slices.ContainsFunc(codes, func(c string) bool { return strings.EqualFold(c, g.Code) })) {
			found = append(found, g)
		}
	}
	total := len(found)
	if limit, err := strconv.Atoi(q.Get("limit")); err == nil {
		found = found[:min(limit, total)]
	}
	reply(w, http.StatusOK, map[string]any{"data": found, "meta": map[string]any{"pagination": map[string]any{
		"total": total, "count": len(found), "per_page": gadgetsPage, "current_page": 1, "total_pages": (total + gadgetsPage - 1) / gadgetsPage,
	}}})
}

func (s *Workshop) create(w http.ResponseWriter, r *http.Request) {
	var g Gadget
	if json.NewDecoder(r.Body).Decode(&g) != nil || g.Parts != nil {
		refuse(w, http.StatusUnprocessableEntity, "a new gadget has no parts", "parts")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case g.Title == RefusedTitle:
		refuse(w, http.StatusUnprocessableEntity, "no gadget may be called so", "title")
	case s.byCode(g.Code) != nil:
		refuse(w, http.StatusConflict, "the code is taken", "code")
	default:
		reply(w, http.StatusOK, map[string]any{"data": s.add(g), "meta": map[string]any{}})
	}
}

func (s *Workshop) update(w http.ResponseWriter, r *http.Request) {
	var docs []map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&docs); err != nil || len(docs) > gadgetsBatch {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("%d gadgets: %v", len(docs), err), "")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := make([]*Gadget, len(docs))
	for i, doc := range docs {
		var id int64
		_ = json.Unmarshal(doc["id"], &id)
		was := s.gadgets[id]
		if was == nil {
			refuse(w, http.StatusNotFound, "no such gadget", "")
			return
		}
		now := *was
		now.Parts = slices.Clone(was.Parts)
		body, _ := json.Marshal(doc)
		if json.Unmarshal(body, &now) != nil || now.Title == RefusedTitle {
			refuse(w, http.StatusUnprocessableEntity, "no gadget may be called so", "title")
			return
		}
		if slices.Contains(now.Parts, RefusedPart) {
			refuse(w, http.StatusUnprocessableEntity, "there is no such part", "parts")
			return
		}
		changed[i] = &now
	}
	for _, g := range changed {
		s.gadgets[g.ID] = g
	}
	reply(w, http.StatusOK, map[string]any{"data": changed, "meta": map[string]any{}})
}

func (s *Workshop) putParts(w http.ResponseWriter, r *http.Request) {
	if s.writing.Add(1) > 1 {
		s.crowded.Store(true)
	}
	defer s.writing.Add(-1)
	for range 200 {
		runtime.Gosched() // whoever else is under way comes in
	}
	var records []struct {
		Ref   string   `json:"sku"`
		Parts []string `json:"parts"`
	}
	if err := json.NewDecoder(r.Body).Decode(&records); err != nil {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("%d records: %v", len(records), err), "")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	byRef := make(map[string]*Gadget)
	for _, g := range s.gadgets {
		byRef[g.Ref] = g
	}
	var wrong []map[string]any
	name := func(ref, field, text string) {
		wrong = append(wrong, map[string]any{"data": map[string]any{"sku": ref, "currency": "none"}, "field_errors": map[string]string{field: text}})
	}
	for _, rec := range records {
		moved := ""
		for ref := range byRef {
			if ref != rec.Ref && strings.HasPrefix(ref, rec.Ref+"/") {
				moved = ref
			}
		}
		switch {
		case moved != "":
			name(rec.Ref, "moved", moved)
		case byRef[rec.Ref] == nil:
			name(rec.Ref, "gone", "yes")
		case slices.Contains(rec.Parts, RefusedPart):
			name(rec.Ref, "parts", "there is no such part")
		}
	}
	if wrong != nil {
		reply(w, http.StatusUnprocessableEntity, map[string]any{"batch_errors": wrong})
		return
	}
	for _, rec := range records {
		byRef[rec.Ref].Parts = rec.Parts
	}
	reply(w, http.StatusOK, map[string]any{"data": []any{}, "meta": map[string]any{}})
}
