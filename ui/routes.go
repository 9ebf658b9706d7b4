package ui

import (
	"github.com/gin-gonic/gin"

	"sluice/auth"
	"sluice/internal/limits"
	"sluice/internal/problem"
)

// Route is one address of the API and what it needs of its caller.
type Route struct {
	Method, Path string
	Access       auth.Access
	handler      gin.HandlerFunc
	slot         limits.Name // what of a store's slots a request takes while it is under way; "": limits.Requests
}

// Prefix is where the API is mounted.
const Prefix = "/api/v1"

// Routes lists every address of the API. There is no other way to add one, so none can be without
// an Access.
func (a *API) Routes() []Route {
	const read, write, admin, owner = auth.AccessRead, auth.AccessWrite, auth.AccessAdmin, auth.AccessOwner
	return []Route{
		{"GET", "/session", read, a.session, ""},
		{"POST", "/session/renew", read, a.renew, ""},
		{"POST", "/session/sign-out", read, a.signOut, ""},
		{"GET", "/quota", read, a.quota, ""},
		{"GET", "/quota/history", read, a.quotaHistory, ""},
		{"GET", "/events", read, a.events, limits.EventStreams},
		{"GET", "/expressions", read, a.expressions, ""},

		{"GET", "/kinds", read, a.kinds, ""},
		{"GET", "/kinds/:kind/fields", read, a.kindFields, ""},
		{"GET", "/connectors", read, a.connectors, ""},
		{"GET", "/overview", read, a.overview, ""},
		{"GET", "/activity", read, a.activity, ""},
		{"GET", "/flows", read, a.flows, ""},
		{"POST", "/flows", write, a.createFlow, ""},
		{"GET", "/flows/:id", read, a.flow, ""},
		{"PUT", "/flows/:id", write, a.updateFlow, ""},
		{"DELETE", "/flows/:id", write, a.deleteFlow, ""},
		{"PUT", "/flows/:id/enabled", write, a.enableFlow, ""},
		{"POST", "/flows/:id/duplicate", write, a.duplicateFlow, ""},
		{"POST", "/flows/:id/runs", write, a.startRun, ""},

		{"POST", "/uploads", write, a.upload, limits.Uploads},
		{"POST", "/sources/inspect", write, a.inspect, limits.Inspections},
		{"POST", "/mappings/preview", write, a.previewMapping, limits.Inspections},
		{"POST", "/mappings/check", write, a.checkMapping, limits.Inspections},
		{"POST", "/schedules/preview", read, a.previewSchedule, ""},

		{"GET", "/runs", read, a.runs, ""},
		{"GET", "/runs/:id", read, a.run, ""},
		{"POST", "/runs/:id/cancel", write, a.cancelRun, ""},
		{"POST", "/runs/:id/answer", write, a.answerRun, ""},
		{"POST", "/runs/:id/retry", write, a.retryRun, ""},
		{"GET", "/runs/:id/issues", read, a.issues, ""},
		{"GET", "/runs/:id/problems", read, a.runProblems, ""},
		{"GET", "/runs/:id/errors.csv", read, a.errorsCSV, limits.Downloads},
		{"GET", "/runs/:id/changes", read, a.changes, ""},
		{"GET", "/runs/:id/changes/fields", read, a.changedFields, ""},

		{"GET", "/attention", read, a.attention, ""},
		{"PUT", "/attention/:id", write, a.changeAttention, ""},
		{"GET", "/alerts", admin, a.alerts, ""},
		{"PUT", "/alerts", admin, a.saveAlerts, ""},
		{"POST", "/alerts/test", admin, a.testAlerts, limits.Inspections},

		{"GET", "/users", read, a.users, ""},
		{"PUT", "/users/:id", admin, a.setRole, ""},
		{"GET", "/api-keys", admin, a.apiKeys, ""},
		{"POST", "/api-keys", admin, a.createAPIKey, ""},
		{"DELETE", "/api-keys/:id", admin, a.revokeAPIKey, ""},
		{"POST", "/api-keys/:id/keep", owner, a.keepAPIKey, ""},
		{"GET", "/audit", admin, a.audit, ""},

		{"GET", "/customer-accounts", auth.AccessAccounts, a.findAccounts, ""},
		{"PUT", "/customer-accounts", auth.AccessAccounts, a.putAccounts, ""},
		{"DELETE", "/customer-accounts/*id", auth.AccessAccounts, a.deleteAccount, ""},

		{"GET", "/storefront", read, a.storefront, ""},
		{"PUT", "/storefront", admin, a.saveStorefront, ""},
		{"POST", "/storefront/channels/refresh", write, a.refreshStorefront, ""},
		{"PUT", "/storefront/channels/:id/script", admin, a.wantScript, ""},
		{"POST", "/storefront/preview", admin, a.previewCard, ""},
		{"GET", "/storefront/provider", read, a.identityProvider, ""},
		{"PUT", "/storefront/provider", owner, a.saveProvider, ""},
		{"DELETE", "/storefront/provider", owner, a.deleteProvider, ""},
		{"GET", "/storefront/provider/presets", read, a.providerPresets, ""},
		{"POST", "/storefront/provider/test", admin, a.testProvider, limits.Inspections},
		{"GET", "/storefront/customer-groups", read, a.customerGroups, ""},
		{"GET", "/storefront/sign-ins", admin, a.signIns, ""},
		{"DELETE", "/storefront/subject-links/:id", admin, a.unlinkCustomer, ""},

		{"POST", "/customer-login", auth.AccessLogin, a.customerLogin, ""},
	}
}

// Register mounts the API.
func (a *API) Register(r gin.IRouter) {
	api := r.Group(Prefix, noStore, problem.Middleware(a.cfg.Log))
	for _, route := range a.Routes() {
		api.Handle(route.Method, route.Path, a.cfg.Auth.Require(route.Access), a.hold(route.slot), route.handler)
	}
}

// retryHeld is the Retry-After, in seconds, of who found no slot free: somebody's request has to
// end first.
const retryHeld = "5"

// hold lets a request through while its store has a slot free, and keeps it to the end of the
// request.
func (a *API) hold(slot limits.Name) gin.HandlerFunc {
	if slot == "" {
		slot = limits.Requests
	}
	return func(c *gin.Context) {
		release, err := a.cfg.Limits.Hold(slot, caller(c).StoreHash)
		if err != nil {
			c.Header("Retry-After", retryHeld)
			_ = c.Error(err)
			c.Abort()
			return
		}
		defer release()
		c.Next()
	}
}

// noStore keeps a store's data out of every cache on the way.
func noStore(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
}
