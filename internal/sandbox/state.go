package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Kinds of journal entries.
const (
	kindStore    = "store"
	kindUser     = "user"
	kindToken    = "token"
	kindProduct  = "product"
	kindBrand    = "brand"
	kindCategory = "category"
	kindTree     = "category_tree"
	kindHook     = "hook"
	kindCustomer = "customer"
	kindChannel  = "channel"
	kindSite     = "site"
	kindScript   = "script"
	kindVariant  = "variant" // sequences only: variants travel with their product
	kindSKU      = "sku"
	kindOption   = "option"
	kindAddress  = "address" // a sequence only: addresses travel with their customer
)

// entry is one line of the journal and one element of the state file: the whole new value of a
// thing, or its deletion (no value). Applying one twice changes nothing, so a journal may be read
// over a state file that holds part of it already.
type entry struct {
	Store string          `json:"store"`
	Kind  string          `json:"kind"`
	ID    int64           `json:"id,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

// stateDoc is the state file.
type stateDoc struct {
	Version      int     `json:"version"`
	ClientID     string  `json:"client_id"`
	ClientSecret string  `json:"client_secret"`
	Entries      []entry `json:"entries"`
}

const stateVersion = 1

// stateFile is the state at path and its journal at path+".wal". Every mutation is in the journal,
// handed to the kernel, before it is answered: a killed process loses nothing that was acknowledged
// (the page cache survives it; the machine's own crash is not the sandbox's concern, hence no
// fsync).
type stateFile struct {
	path string
	mu   sync.Mutex
	wal  *os.File
}

func openState(path string) (*stateFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("sandbox: state directory: %w", err)
	}
	wal, err := os.OpenFile(path+".wal", os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sandbox: journal: %w", err)
	}
	return &stateFile{path: path, wal: wal}, nil
}

// load reads the state file, then the journal, whose last line may be torn.
func (f *stateFile) load() (*stateDoc, error) {
	doc := &stateDoc{Version: stateVersion}
	raw, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("sandbox: read state: %w", err)
	default:
		if err := json.Unmarshal(raw, doc); err != nil {
			return nil, fmt.Errorf("sandbox: state file %s is damaged: %w", f.path, err)
		}
		if doc.Version != stateVersion {
			return nil, fmt.Errorf("sandbox: state file %s has version %d; this program reads %d", f.path, doc.Version, stateVersion)
		}
	}
	if _, err := f.wal.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("sandbox: journal: %w", err)
	}
	r := bufio.NewReaderSize(f.wal, 1<<20)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return doc, nil // what follows the last line break was torn by a kill and never acknowledged
		}
		if err != nil {
			return nil, fmt.Errorf("sandbox: journal: %w", err)
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("sandbox: journal %s.wal, line %d is damaged: %w", f.path, n, err)
		}
		doc.Entries = append(doc.Entries, e)
	}
}

func (f *stateFile) append(lines []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.wal.Write(lines)
	return err
}

// replace writes the whole state in one rename, then empties the journal.
func (f *stateFile) replace(doc *stateDoc) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	tmp, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("sandbox: write state: %w", err)
	}
	w := bufio.NewWriterSize(tmp, 1<<20)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // values are kept as they are shown, byte for byte
	err = errors.Join(enc.Encode(doc), w.Flush(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("sandbox: write state: %w", err)
	}
	if err := f.wal.Truncate(0); err != nil {
		return fmt.Errorf("sandbox: empty journal: %w", err)
	}
	return nil
}

func (f *stateFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wal.Close()
}

// record adds a journal line to the mutation under way; a nil value is a deletion. Callers hold
// st.mu.
func (st *Store) record(kind string, id int64, value any) {
	if st.sb.state == nil {
		return
	}
	e := entry{Store: st.Hash, Kind: kind, ID: id}
	if value != nil {
		e.Value = json.RawMessage(compact(value))
	}
	st.pending.WriteString(compact(e))
	st.pending.WriteByte('\n')
}

// flush hands the mutation's lines to the journal in one write. Callers hold st.mu.
func (st *Store) flush() {
	if st.pending.Len() == 0 {
		return
	}
	if err := st.sb.state.append(st.pending.Bytes()); err != nil {
		st.sb.log.Error("sandbox: journal", "error", err)
	}
	st.pending.Reset()
}

// infoLocked is the store's own journal value.
func (st *Store) infoLocked() *storeInfo { return &st.info }

// restore applies a state file and its journal.
func (s *Sandbox) restore(f *stateFile) error {
	doc, err := f.load()
	if err != nil {
		return err
	}
	if s.clientID == "" {
		s.clientID = doc.ClientID
	}
	if s.clientSecret == "" {
		s.clientSecret = doc.ClientSecret
	}
	for i := range doc.Entries {
		if err := s.apply(&doc.Entries[i]); err != nil {
			return fmt.Errorf("sandbox: state file %s, entry %d (%s): %w", f.path, i, doc.Entries[i].Kind, err)
		}
	}
	for _, st := range s.stores {
		st.countHooks()
		if st.shop.channels[defaultChannelID] == nil { // a state file from before stores had storefronts
			st.defaultsLocked()
		}
		st.beginKept()
	}
	return nil
}

func (s *Sandbox) apply(e *entry) error {
	if e.Kind == kindProvider {
		return json.Unmarshal(e.Value, &s.provider.kept)
	}
	if e.Kind == kindStore {
		st := s.stores[e.Store]
		if st == nil {
			st = newStore(s, StoreSpec{Hash: e.Store})
			st.users = nil
			s.stores[e.Store] = st
		}
		next := st.info.Next
		var info storeInfo
		if err := json.Unmarshal(e.Value, &info); err != nil {
			return err
		}
		st.info = info
		if st.info.Next == nil {
			st.info.Next = map[string]int64{}
		}
		for k, n := range next {
			st.info.Next[k] = max(n, st.info.Next[k])
		}
		st.quota.setLimit(planQuota[info.Plan])
		return nil
	}
	st := s.stores[e.Store]
	if st == nil {
		return fmt.Errorf("store %q is not in the file", e.Store)
	}
	if e.Kind == kindStorefront {
		return s.fronts.apply(e)
	}
	st.info.Next[e.Kind] = max(st.info.Next[e.Kind], e.ID+1)
	if known, err := st.applyShop(e); known {
		return err
	}
	if known, err := st.applyKept(e); known {
		return err
	}
	switch e.Kind {
	case kindUser:
		return st.applyUser(e)
	case kindToken:
		var t token
		if err := json.Unmarshal(e.Value, &t); err != nil {
			return err
		}
		delete(st.tokens, t.Digest)
		if t.ClientID != "" {
			st.tokens[t.Digest] = &t
		}
		return nil
	case kindProduct:
		return st.applyProduct(e)
	case kindBrand:
		return st.applyBrand(e)
	case kindCategory:
		return st.applyCategory(e)
	case kindTree:
		return st.applyTree(e)
	case kindHook:
		delete(st.hooks, e.ID)
		if e.Value == nil {
			return nil
		}
		var h hook
		if err := json.Unmarshal(e.Value, &h); err != nil {
			return err
		}
		st.hooks[e.ID] = &h
		return nil
	}
	return fmt.Errorf("unknown kind")
}

func (st *Store) applyUser(e *entry) error {
	for i, u := range st.users {
		if u.ID == e.ID {
			st.users = append(st.users[:i], st.users[i+1:]...)
			break
		}
	}
	if e.Value == nil {
		return nil
	}
	var u User
	if err := json.Unmarshal(e.Value, &u); err != nil {
		return err
	}
	st.users = append(st.users, &u)
	return nil
}

// fold writes everything into the state file and empties the journal. Stores stay locked meanwhile,
// so that no line can be appended between the two.
func (s *Sandbox) fold() error {
	doc := &stateDoc{Version: stateVersion, ClientID: s.clientID, ClientSecret: s.clientSecret, Entries: []entry{}}
	stores := s.Stores()
	for _, st := range stores {
		st.mu.Lock()
		defer st.mu.Unlock()
	}
	s.provider.mu.Lock()
	defer s.provider.mu.Unlock()
	doc.Entries = append(doc.Entries, entry{Kind: kindProvider, Value: json.RawMessage(compact(s.provider.kept))})
	for _, st := range stores {
		add := func(kind string, id int64, v any) {
			doc.Entries = append(doc.Entries, entry{Store: st.Hash, Kind: kind, ID: id, Value: json.RawMessage(compact(v))})
		}
		add(kindStore, 0, st.infoLocked())
		for _, u := range st.users {
			add(kindUser, u.ID, u)
		}
		for _, t := range st.tokens {
			add(kindToken, 0, t)
		}
		for _, id := range sortedKeys(st.cat.trees) {
			add(kindTree, id, st.cat.trees[id])
		}
		for _, id := range sortedKeys(st.cat.categories) {
			add(kindCategory, id, st.cat.categories[id])
		}
		for _, id := range sortedKeys(st.cat.brands) {
			add(kindBrand, id, st.cat.brands[id])
		}
		for _, p := range st.cat.order {
			add(kindProduct, p.id, p)
		}
		for _, id := range sortedKeys(st.hooks) {
			add(kindHook, id, st.hooks[id])
		}
		for _, k := range st.kept {
			if k != nil {
				k.fold(add)
			}
		}
		st.shop.fold(add)
		s.fronts.fold(st.Hash, add)
	}
	return s.state.replace(doc)
}

// timeString is the form of dates in V3 answers.
func timeString(t int64) string { return time.Unix(t, 0).UTC().Format("2006-01-02T15:04:05+00:00") }

// zuluTime is the form of dates in the answers about customers, channels, sites and scripts.
func zuluTime(t int64) string { return time.Unix(t, 0).UTC().Format("2006-01-02T15:04:05Z") }

// jsonString encodes s without escaping HTML, as the platform does.
func jsonString(s string) string {
	if plain(s) {
		return `"` + s + `"`
	}
	return compact(s)
}

// plain reports whether s needs no escaping: the way of nearly every name and SKU.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// journal appends an entry that belongs to no mutation of a store.
func (s *Sandbox) journal(e entry) {
	if s.state == nil {
		return
	}
	if err := s.state.append([]byte(compact(e) + "\n")); err != nil {
		s.log.Error("sandbox: journal", "error", err)
	}
}
