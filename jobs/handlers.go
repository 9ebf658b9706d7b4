package jobs

// Kinds of jobs; others stand in the files of what they are about. A kind's payload is stated at
// its handler; both are stored, so neither may change its meaning.
const (
	kindHooksRegister  = "hooks.register"
	kindHooksHeard     = "hooks.heard"
	kindStoreRefresh   = "store.refresh"
	kindStoreUninstall = "store.uninstall" // of SystemStore: a store's own jobs are dropped by it
	kindHousekeeping   = "housekeeping"    // of SystemStore
)

// handlers has every job that this version carries out. One of another kind is a newer version's:
// it is kept, and reported (EndUnknown).
func (w *Workers) handlers() map[string]handler {
	return map[string]handler{
		kindRunStep:        w.doRunStep,
		kindHooksRegister:  w.doHooksRegister,
		kindHooksHeard:     w.doHooksHeard,
		kindStoreRefresh:   w.doStoreRefresh,
		kindStoreUninstall: w.doStoreUninstall,
		kindUninstallLook:  w.doUninstallLook,
		kindStorePurge:     w.doStorePurge,
		kindEvent:          w.doEvent,
		kindHousekeeping:   w.doHousekeeping,

		kindStorefrontChannels: w.doStorefrontChannels,
		kindStorefrontScripts:  w.doStorefrontScripts,
		kindSharedAddress:      w.doSharedAddress,
	}
}
