package jobs

import (
	"context"
	"time"
)

// kindSharedAddress looks at a store whose shoppers come back from the identity provider by the
// redirect URI that all stores share.
const kindSharedAddress = "identity.shared_address"

// doSharedAddress says in the log that a store's sign-in will end, or has, unless its merchant
// registers the store's own redirect URI: once a day, for as long as the provider does not name
// itself in its answers. No payload.
func (w *Workers) doSharedAddress(ctx context.Context, j *job) error {
	p, err := w.db.IdentityProvider(ctx)
	if err != nil || p == nil || !p.OnSharedAddress() {
		return err
	}
	announces := p.AnnouncesIssuer
	if w.cfg.AnnouncesIssuer != nil {
		now, err := w.cfg.AnnouncesIssuer(ctx, p.Issuer)
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err == nil { // a provider that is away is what it was
			announces = now
		}
	}
	if announces {
		return nil
	}
	message := "shoppers sign in by the redirect address that all stores share, which will end: have the merchant register the store's own"
	if p.SharedAddressRefused(announces, w.s.now()) {
		message = "nobody can sign in: the redirect address that all stores shared has ended. Have the merchant register the store's own"
	}
	j.log.WarnContext(ctx, message, "ends", p.SharedUntil.UTC().Format(time.RFC3339), "enabled", p.Enabled)
	return nil
}
