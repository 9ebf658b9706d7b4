package sso

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"
)

// TestMadeUpStoresShareALimit: each name is another, and an address has one rate for them all. Its
// sign-ins at a store that there is are not touched by it, and what nobody has is not looked up
// each time.
func TestMadeUpStoresShareALimit(t *testing.T) {
	for _, path := range []string{"/sso/%s/login", "/sso/%s/logout", "/sso/callback?state=%s.AAAAAAAAAAAAAAAAAAAAAAAAAA", "/sso/logged-out?state=%s.AAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		s := newShop(t)
		b := s.browser()
		admitted := 0
		for i := range 200 {
			if w := b.get(fmt.Sprintf(path, fmt.Sprint("made", i))); w.Code != http.StatusTooManyRequests {
				admitted++
			}
		}
		if admitted > perAddress.Burst {
			t.Errorf("%s: %d requests for made-up stores were admitted", path, admitted)
		}
		other := s.browser()
		other.addr = "203.0.113.8:1"
		if w := other.get("/sso/" + storeA + "/login"); w.Code != http.StatusFound {
			t.Errorf("%s: another address: %d", path, w.Code)
		}
		if w := b.get("/sso/" + storeA + "/login"); w.Code != http.StatusFound {
			t.Errorf("%s: the same address at a store that there is: %d", path, w.Code)
		}
	}
	s := newShop(t)
	b := s.browser()
	b.get("/sso/nobody/login")
	var asked atomic.Int64
	if err := s.db.AcrossStores(t.Context()).Callback().Query().After("gorm:query").Register("test:count", func(*gorm.DB) { asked.Add(1) }); err != nil {
		t.Fatal(err)
	}
	if w := b.get("/sso/nobody/login"); w.Code != http.StatusNotFound || asked.Load() != 0 {
		t.Errorf("a store that nobody has: %d after %d queries", w.Code, asked.Load())
	}
}
