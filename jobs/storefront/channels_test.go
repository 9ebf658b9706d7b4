package storefront

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/tenants"
)

// channelLines tells a store's channels and origins, one a line.
func (m *mall) channelLines(hash string) string {
	m.t.Helper()
	channels, err := m.db.Channels(m.of(hash))
	m.must(err)
	origins, err := m.db.ChannelOrigins(m.of(hash))
	m.must(err)
	var b strings.Builder
	for _, c := range channels {
		fmt.Fprintf(&b, "%d %s %s %s %s:", c.ChannelID, c.Name, c.Type, c.Status, c.SiteURL)
		for _, o := range origins {
			if o.ChannelID == c.ChannelID {
				b.WriteString(" " + o.Origin)
			}
		}
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

func TestStorefrontChannels(t *testing.T) {
	m := newMall(t)
	two := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Trade", Platform: "catalyst", URL: "http://Trade.Example.com/"})
	three := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Till", Type: "pos", Platform: "square"})
	other := m.addChannel(otherStore, sandbox.ChannelSpec{Name: "Theirs", Platform: "custom", URL: "https://theirs.example:8443"})
	for _, hash := range []string{testStore, otherStore} {
		m.look(hash)
	}
	own := m.channelLines(testStore)
	at := func(hash string, channel int64) string { return m.stores[hash].StorefrontURL(channel) }
	ownWant := fmt.Sprintf("1 Store abc123 storefront active %[3]s: %[3]s\n"+
		"%[1]d Trade storefront active https://trade.example.com: %[4]s https://trade.example.com\n"+
		"%[2]d Till pos connected :", two, three, at(testStore, 1), at(testStore, two))
	if diff := cmp.Diff(ownWant, own); diff != "" {
		t.Error(diff)
	}
	theirs := fmt.Sprintf("1 Store other1 storefront active %[2]s: %[2]s\n"+
		"%[1]d Theirs storefront active https://theirs.example:8443: %[3]s https://theirs.example:8443", other, at(otherStore, 1), at(otherStore, other))
	if diff := cmp.Diff(theirs, m.channelLines(otherStore)); diff != "" {
		t.Error(diff)
	}

	// What the merchant changes is found by the next look; a channel that is not in use loses its
	// origins.
	m.must(m.stores[testStore].SetSite(1, "https://shop.example.com"))
	m.must(m.stores[testStore].SetChannelStatus(two, "archived"))
	m.look(testStore)
	ownWant = fmt.Sprintf("1 Store abc123 storefront active https://shop.example.com: %s https://shop.example.com\n"+
		"%d Trade storefront archived https://trade.example.com:\n%d Till pos connected :", at(testStore, 1), two, three)
	if diff := cmp.Diff(ownWant, m.channelLines(testStore)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(theirs, m.channelLines(otherStore)); diff != "" {
		t.Errorf("the other store: %s", diff)
	}

	// Without a scope nothing is asked for that it would take, and what is known stays.
	m.grant(testStore, bigcommerce.ScopeChannelsRead)
	m.must(m.stores[testStore].SetChannelStatus(two, "active"))
	calls := m.sent(testStore, func() { m.look(testStore) })
	if diff := cmp.Diff([]string{"GET /v3/channels"}, calls); diff != "" {
		t.Error(diff)
	}
	ownWant = fmt.Sprintf("1 Store abc123 storefront active https://shop.example.com: %s https://shop.example.com\n"+
		"%d Trade storefront active https://trade.example.com:\n%d Till pos connected :", at(testStore, 1), two, three)
	if diff := cmp.Diff(ownWant, m.channelLines(testStore)); diff != "" {
		t.Error(diff)
	}
}

// A store that grants nothing of storefronts still has its own one.
func TestStorefrontChannelsWithoutScopes(t *testing.T) {
	m := newMall(t)
	m.grant(testStore)
	m.must(m.db.SetStoreInfo(t.Context(), testStore, tenants.StoreInfo{Name: "Parts Ltd", SecureURL: "https://parts.example/"}))
	store, err := m.db.Store(t.Context(), testStore)
	m.must(err)
	if diff := cmp.Diff(Scopes, store.MissingScopes(Scopes...)); diff != "" {
		t.Error(diff)
	}
	calls := m.sent(testStore, func() { m.look(testStore) })
	const want = "1 Parts Ltd storefront active https://parts.example: https://parts.example"
	if got := m.channelLines(testStore); got != want || len(calls) != 0 {
		t.Errorf("%q after %q", got, calls)
	}

	// Store-level credentials do not say what they grant: BigCommerce's no is taken for an answer.
	_, err = m.db.UpsertInstalledStore(m.ctx, tenants.Install{StoreHash: testStore, AccessToken: m.stores[testStore].Token("store_v2_products"), Origin: tenants.OriginCredentials})
	m.must(err)
	calls = m.sent(testStore, func() { m.look(testStore) })
	if diff := cmp.Diff([]string{"GET /v3/channels", "GET /v3/sites"}, calls); diff != "" {
		t.Error(diff)
	}
	if got := m.channelLines(testStore); got != want {
		t.Errorf("%q", got)
	}
	if store, err = m.db.Store(t.Context(), testStore); err != nil || store.State != tenants.StoreActive {
		t.Errorf("store %+v, %v", store, err)
	}
}
