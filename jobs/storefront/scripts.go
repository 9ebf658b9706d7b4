package storefront

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// scriptName is by what merchants know the script in the control panel's Script Manager.
const scriptName = "Sluice storefront"

// scriptPath is what the address of a store's script has in it, whatever host the app is or was on.
func scriptPath(store string) string { return "/storefront/" + store + "/sluice.js" }

// storefrontScript is the script as BigCommerce is to have it. Visibility storefront leaves out the
// checkout, which would need another scope.
func storefrontScript(channelID int64, tag ScriptTag, consent string) bigcommerce.Script {
	return bigcommerce.Script{
		Name: scriptName, Description: "Lets this storefront's pages know the signed-in customer and show their account card. Managed by Sluice.",
		Kind: "script_tag", HTML: tag.HTML, AutoUninstall: true, LoadMethod: "default", Location: "head",
		Visibility: "storefront", ConsentCategory: consent, Enabled: true, ChannelID: channelID,
	}
}

// sameScript reports whether what BigCommerce has does what the wanted script does.
func sameScript(have *bigcommerce.Script, want bigcommerce.Script) bool {
	h := *have
	h.UUID, h.Description, h.Src, h.IntegrityHashes = "", want.Description, want.Src, nil
	h.HTML = strings.TrimSpace(h.HTML)
	return h.Name == want.Name && h.Kind == want.Kind && h.HTML == want.HTML && h.AutoUninstall == want.AutoUninstall &&
		h.LoadMethod == want.LoadMethod && h.Location == want.Location && h.Visibility == want.Visibility &&
		h.ConsentCategory == want.ConsentCategory && h.Enabled == want.Enabled && h.ChannelID == want.ChannelID
}

// scriptWork is one look at the scripts of a store.
type scriptWork struct {
	s        *Storefronts
	store    *tenants.Store
	client   *bigcommerce.Client
	settings tenants.StorefrontSettings
	channels map[int64]*tenants.Channel
	ours     map[int64][]*bigcommerce.Script // by channel; the one to keep first
	n        int                             // scripts that the app has in the store, these or others
}

// FixScripts makes the store's scripts what the merchant wants: creates, fixes and removes, and
// records what is there. Scripts are looked for before any is created, by name and address, so that
// one whose creation was never answered for is found again; second ones are removed.
//
// A no of BigCommerce is recorded for the merchant and is no error. last reports whether nobody
// tries again after an error: then the merchant is told of it.
func (s *Storefronts) FixScripts(ctx context.Context, store *tenants.Store, last func(error) bool) error {
	scripts, err := s.cfg.DB.StorefrontScripts(ctx)
	if err != nil || len(scripts) == 0 {
		return err
	}
	err = s.tendScripts(ctx, store, scripts)
	switch {
	case forbidden(err):
		return s.failScripts(ctx, scriptScopeMessage)
	case err == nil, !last(err):
		return err
	}
	return errors.Join(err, s.failScripts(ctx, noAnswerMessage))
}

// failScripts records that what was asked for could not be done.
func (s *Storefronts) failScripts(ctx context.Context, message string) error {
	scripts, err := s.cfg.DB.StorefrontScripts(ctx)
	if err != nil {
		return err
	}
	now := s.cfg.Now()
	for _, sc := range scripts {
		if !sc.Wanted && sc.State == tenants.ScriptRemoved {
			continue
		}
		sc.State, sc.Error, sc.CheckedAt = tenants.ScriptFailed, message, &now
		if err := s.cfg.DB.PutStorefrontScript(ctx, sc); err != nil {
			return err
		}
	}
	s.cfg.Changed(ctx)
	return nil
}

func (s *Storefronts) tendScripts(ctx context.Context, store *tenants.Store, scripts []tenants.StorefrontScript) error {
	if lacks(store, bigcommerce.ScopeScripts) {
		return s.failScripts(ctx, scriptScopeMessage)
	}
	settings, err := s.cfg.DB.ScriptSettings(ctx)
	if err != nil {
		return err
	}
	channels, err := s.cfg.DB.Channels(ctx)
	if err != nil {
		return err
	}
	client, err := s.cfg.Clients.Client(ctx, store.Hash, nil)
	if err != nil {
		return err
	}
	work := &scriptWork{s: s, store: store, client: client, settings: settings, channels: map[int64]*tenants.Channel{}}
	for i := range channels {
		work.channels[channels[i].ChannelID] = &channels[i]
	}
	if err := work.look(ctx, scripts); err != nil {
		return err
	}
	// What goes makes room for what comes.
	slices.SortStableFunc(scripts, func(a, b tenants.StorefrontScript) int { return cmp.Compare(order(a), order(b)) })
	for _, sc := range scripts {
		if err := work.tend(ctx, sc); err != nil {
			return fmt.Errorf("script of channel %d: %w", sc.ChannelID, err)
		}
	}
	s.cfg.Changed(ctx)
	return nil
}

func order(sc tenants.StorefrontScript) int {
	if sc.Wanted {
		return 1
	}
	return 0
}

// look lists the app's scripts in the store and finds those that are the storefront script: by the
// remembered id, the name or the address, whichever a merchant left as it was.
func (k *scriptWork) look(ctx context.Context, scripts []tenants.StorefrontScript) error {
	k.ours = map[int64][]*bigcommerce.Script{}
	remembered := map[string]bool{}
	for _, sc := range scripts {
		remembered[sc.ScriptUUID] = sc.ScriptUUID != ""
	}
	for s, err := range k.client.Scripts.List(ctx) {
		if err != nil {
			return fmt.Errorf("list scripts: %w", err)
		}
		k.n++
		s.ChannelID = cmp.Or(s.ChannelID, tenants.DefaultChannel) // of a script from before stores had several
		if remembered[s.UUID] || s.Name == scriptName || strings.Contains(s.HTML, scriptPath(k.store.Hash)) {
			k.ours[s.ChannelID] = append(k.ours[s.ChannelID], s)
		}
	}
	for _, list := range k.ours {
		slices.SortFunc(list, func(a, b *bigcommerce.Script) int { // the remembered one, else the same one each time
			if remembered[a.UUID] != remembered[b.UUID] {
				if remembered[a.UUID] {
					return -1
				}
				return 1
			}
			return strings.Compare(a.UUID, b.UUID)
		})
	}
	return nil
}

// tend makes one channel's script what it should be. Its error is what a later attempt may
// overcome.
func (k *scriptWork) tend(ctx context.Context, sc tenants.StorefrontScript) error {
	ours := k.ours[sc.ChannelID]
	was := sc
	sc.Error = ""
	var have *bigcommerce.Script
	channel := k.channels[sc.ChannelID]
	headless := channel != nil && channel.Headless() // wanted by who was told so only later
	if sc.Wanted && !headless && len(ours) > 0 {
		have, ours = ours[0], ours[1:]
	}
	for _, extra := range ours {
		if err := k.remove(ctx, extra); err != nil {
			return k.settle(ctx, was, sc, err)
		}
	}
	if !sc.Wanted {
		sc.State, sc.ScriptUUID, sc.Version = tenants.ScriptRemoved, "", ""
		return k.settle(ctx, was, sc, nil)
	}
	if have == nil {
		sc.ScriptUUID, sc.Version = "", ""
	}
	if channel == nil || headless || !channel.Available() {
		sc.State = tenants.ScriptFailed
		switch {
		case channel == nil:
			sc.Error = fmt.Sprintf("This store has no channel %d any more.", sc.ChannelID)
		case headless:
			sc.Error = headlessMessage(channel)
		default:
			sc.Error = unavailableMessage(channel)
		}
		return k.settle(ctx, was, sc, nil)
	}
	tag := k.s.cfg.ScriptTag(k.store.Hash, sc.ChannelID, k.settings)
	want := storefrontScript(sc.ChannelID, tag, k.settings.ConsentCategory)
	var err error
	switch {
	case have == nil && k.n >= bigcommerce.MaxScripts:
		sc.State, sc.Error = tenants.ScriptFailed, fullMessage
		return k.settle(ctx, was, sc, nil)
	case have == nil:
		if have, err = k.client.Scripts.Create(ctx, want); err == nil {
			k.n++
		}
	case !sameScript(have, want):
		have, err = k.client.Scripts.Update(ctx, have.UUID, want)
	}
	if err == nil {
		sc.State, sc.ScriptUUID, sc.Version = tenants.ScriptInstalled, have.UUID, tag.Version
	}
	return k.settle(ctx, was, sc, err)
}

// remove deletes a script; one that is gone already is what was wanted.
func (k *scriptWork) remove(ctx context.Context, s *bigcommerce.Script) error {
	err := k.client.Scripts.Delete(ctx, s.UUID)
	var gone *bigcommerce.NotFoundError
	if err == nil || errors.As(err, &gone) {
		k.n--
		return nil
	}
	return err
}

// settle records what became of a channel's script, if it is known: err that is no final no is
// returned.
func (k *scriptWork) settle(ctx context.Context, was, sc tenants.StorefrontScript, err error) error {
	var gone *bigcommerce.NotFoundError
	var invalid *bigcommerce.ValidationError
	switch {
	case err == nil:
	case errors.As(err, &gone): // removed between the look and the change: look again
		return err
	case errors.As(err, &invalid):
		k.s.cfg.Log.WarnContext(ctx, "BigCommerce refused the storefront script", "channel", sc.ChannelID, "error", err)
		sc.State, sc.Error = tenants.ScriptFailed, refusal(invalid.APIError)
	default:
		return err
	}
	now := k.s.cfg.Now()
	sc.CheckedAt = &now
	if err := k.s.cfg.DB.PutStorefrontScript(ctx, sc); err != nil {
		return err
	}
	if sc.State != was.State || sc.Version != was.Version || sc.ScriptUUID != was.ScriptUUID {
		k.s.cfg.Audit(ctx, "storefront.script_"+string(sc.State), fmt.Sprintf("channel:%d", sc.ChannelID), sc.Error)
	}
	return nil
}

// refusal words BigCommerce's no to a script for the merchant.
func refusal(e *bigcommerce.APIError) string {
	var said []string
	for field, message := range e.Fields {
		said = append(said, strings.TrimPrefix(field+": "+message, ": "))
	}
	slices.Sort(said)
	if len(said) == 0 {
		said = []string{e.Title}
	}
	return "BigCommerce refused the script: " + strings.Join(said, "; ") + "."
}
