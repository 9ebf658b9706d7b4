package main

import (
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"

	"sluice/jobs"
	"sluice/ui"
)

// outsideGate are the routes that the limiter by address does not stand in front of, each with its
// reason. Those that prove callers count whoever proves nothing against the address themselves,
// before anything else is done for them (ratelimit.Gate.Pass).
var outsideGate = []struct{ route, reason string }{
	{"/healthz", "a probe of whoever runs the process; it asks nothing of others"},
	{readyPath, "a probe of whoever runs the process; what it asks is asked once a second at most"},
	{ui.Prefix + "/", "callers prove who they are by a session or an API key, and are counted by that"},
	{jobs.WebhookPath, "BigCommerce delivers thousands from few addresses, each signed"},
	{"/load", "BigCommerce signs the address"},
	{"/uninstall", "BigCommerce's server calls, for all stores, with a signed payload"},
	{"/remove_user", "BigCommerce's server calls, for all stores, with a signed payload"},
}

// provesItself reports whether a route is outside the gate. An address that is no route never is.
func provesItself(route string) bool {
	for _, o := range outsideGate {
		if route == o.route || strings.HasSuffix(o.route, "/") && strings.HasPrefix(route, o.route) {
			return true
		}
	}
	return false
}

// insideNetworks are the addresses that nobody on the internet has: a request from one that was
// forwarded came through a proxy of ours.
var insideNetworks = func() (all []netip.Prefix) {
	for _, text := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"} {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}()

// noteProxy notices requests that a proxy forwards which TRUSTED_PROXIES does not have: all callers
// then share the proxy's address, and one of them uses up everybody's rate. /healthz tells the
// doctor.
func (h *health) noteProxy(trusted []netip.Prefix) gin.HandlerFunc {
	return func(c *gin.Context) {
		if h.unknownProxy.Load() || c.GetHeader("X-Forwarded-For") == "" {
			return
		}
		peer, err := netip.ParseAddr(c.RemoteIP())
		if err != nil {
			return
		}
		peer = peer.Unmap().WithZone("")
		if within(trusted, peer) || !within(insideNetworks, peer) || !h.unknownProxy.CompareAndSwap(false, true) {
			return
		}
		h.log.WarnContext(c.Request.Context(), "requests come through a proxy that TRUSTED_PROXIES does not have: all callers are counted as one, and a single one can use up everybody's rate. Set TRUSTED_PROXIES to the proxy's network",
			"proxy", peer.String())
	}
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	for _, p := range networks {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
