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

// codeForm and scopeForm are what an authorization code and a list of scopes can look like. They are checked
// before anything is done for whoever brings one.
var (
	codeForm  = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]{1,512}$`)
	scopeForm = regexp.MustCompile(`^[A-Za-z0-9_ :.-]{1,1000}$`)
)

// installLimits bound the codes that are brought to /auth: each costs a row and a request to BigCommerce, and
// anybody can make one up.
type installLimits struct {
	perAddress, perStore, perBoth *ratelimit.Limit
}

func newInstallLimits(l *limits.Limits) installLimits {
	store := l.Rate(limits.InstallRate)
	return installLimits{
		perStore:   store,
		perAddress: &ratelimit.Limit{Name: "install-address", Every: store.Every, Burst: store.Burst}, // an agency's too
		// One address must not use up a store's rate: the merchant could not install meanwhile.
		perBoth: &ratelimit.Limit{Name: "install-address-store", Every: 10 * store.Every, Burst: max(1, store.Burst/10)},
	}
}

// mayInstall refuses a code when its address, or its store, brought too many, and when too many installs wait
// for BigCommerce. release must be called when the install is over.
func (a *Auth) mayInstall(c *gin.Context, store string) (release func(), err error) {
	if a.cfg.Limiter != nil {
		address := ratelimit.Address(c)
		wait := a.cfg.Limiter.Wait(a.installs.perAddress, "", address)
		if wait == 0 {
			wait = a.cfg.Limiter.Wait(a.installs.perBoth, store, address)
		}
		if wait == 0 {
			wait = a.cfg.Limiter.Wait(a.installs.perStore, store, netip.Addr{})
		}
		if wait > 0 {
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
