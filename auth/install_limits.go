package auth

import (
	"net/netip"
	"regexp"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/internal/ratelimit"
)

// codeForm and scopeForm are what an authorization code and a list of scopes can look like. They
// are checked before anything is done for whoever brings one.
var (
	codeForm  = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]{1,512}$`)
	scopeForm = regexp.MustCompile(`^[A-Za-z0-9_ :.-]{1,1000}$`)
)

// installLimits bound the codes that are brought to /auth: each costs a row and a request to
// BigCommerce, and anybody can make one up, for any store.
type installLimits struct {
	perAddress, perBoth *ratelimit.Limit
	// A store's rate has two halves, because nothing but BigCommerce's answer tells its merchant from
	// a stranger who wants to use it up: one is for addresses that brought no more codes than seldom
	// admits, whatever the others do.
	seldom, perStoreSeldom, perStore *ratelimit.Limit
}

func newInstallLimits(l *limits.Limits) installLimits {
	store := l.Rate(limits.InstallRate)
	every, burst := 2*store.Every, max(1, store.Burst/2)
	return installLimits{
		perAddress: &ratelimit.Limit{Name: "install-address", Every: store.Every, Burst: store.Burst}, // an agency's too
		// One address must not use up a store's rate: the merchant could not install meanwhile.
		perBoth: &ratelimit.Limit{Name: "install-address-store", Every: 10 * store.Every, Burst: max(1, store.Burst/10)},
		// A merchant whose install failed tries again once or twice. Over all stores, so that made-up
		// names make no address a new one.
		seldom:         &ratelimit.Limit{Name: "install-seldom", Every: 20 * time.Minute, Burst: 3, Apart: true},
		perStoreSeldom: &ratelimit.Limit{Name: "install-store-seldom", Every: every, Burst: burst, Apart: true},
		perStore:       &ratelimit.Limit{Name: store.Name, Every: every, Burst: burst},
	}
}

// wait admits a code that an address brings for a store, or returns how long until one would be
// admitted.
func (i installLimits) wait(l *ratelimit.Limiter, store string, address netip.Addr) time.Duration {
	if wait := l.Wait(i.perAddress, "", address); wait > 0 {
		return wait
	}
	if wait := l.Wait(i.perBoth, store, address); wait > 0 {
		return wait
	}
	if l.Wait(i.seldom, "", address) == 0 && l.Wait(i.perStoreSeldom, store, netip.Addr{}) == 0 {
		return 0
	}
	return l.Wait(i.perStore, store, netip.Addr{})
}

// mayInstall refuses a code when its address, or its store, brought too many, and when too many
// installs wait for BigCommerce. release must be called when the install is over.
func (a *Auth) mayInstall(c *gin.Context, store string) (release func(), err error) {
	if a.cfg.Limiter != nil {
		if wait := a.installs.wait(a.cfg.Limiter, store, ratelimit.Address(c)); wait > 0 {
			seconds := int64((wait + time.Second - 1) / time.Second)
			c.Header("Retry-After", strconv.FormatInt(seconds, 10))
			return nil, problem.New(problem.RateLimited, "Sluice was installed too often just now. Wait %d seconds and load this page again.", seconds)
		}
	}
	release, err = a.cfg.Limits.Hold(limits.Installs, "")
	if err != nil {
		c.Header("Retry-After", "5")
	}
	return release, err
}
