package main

import (
	"context"
	"net/netip"

	"github.com/redis/go-redis/v9"

	"sluice/auth"
	"sluice/auth/customer"
	"sluice/auth/customer/login"
	"sluice/auth/customer/signin"
	"sluice/auth/customer/sso"
	"sluice/jobs"
	"sluice/jobs/storefront"
	"sluice/tenants"
)

// identity is what signs shoppers in at storefronts, and tells who is signed in.
type identity struct {
	signIn  *signin.Service
	sso     *sso.Service
	current *customer.Service
}

// assembleIdentity builds what signs shoppers in. Providers may be where feeds may be: on the
// internet, and in the ranges that the operator allows.
func (p *program) assembleIdentity(rdb redis.UniversalClient, clients *jobs.Clients, private []netip.Prefix) (*identity, error) {
	minter, err := login.NewMinter(p.cfg.ClientID, p.cfg.ClientSecret)
	if err != nil {
		return nil, err
	}
	signIn := &signin.Service{DB: p.db, Clients: clients, Minter: minter, Clock: login.NewClock(nil, p.log), Log: p.log}
	single, err := sso.New(sso.Config{
		AppURL: p.cfg.AppURL, DB: p.db, Redis: rdb, SignIn: signIn, Limiter: p.limiter, AllowPrivate: private, UserAgent: userAgent(), Log: p.log,
	})
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, single.Close)
	current, err := customer.New(customer.Config{
		ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, AppURL: p.cfg.AppURL, DB: p.db, Limits: p.limiter, Log: p.log,
	})
	if err != nil {
		return nil, err
	}
	return &identity{signIn: signIn, sso: single, current: current}, nil
}

// lifecycle tells jobs of installs and uninstalls, and has the storefront's endpoints forget what
// they remember of the store: shoppers of a store that uninstalled are refused from the next
// request on. Other processes notice within seconds (customer.Service.Forget).
type lifecycle struct {
	auth.Lifecycle // of jobs
	current        *customer.Service
}

func (l lifecycle) Installed(ctx context.Context, storeHash string) error {
	l.current.Forget(storeHash)
	return l.Lifecycle.Installed(ctx, storeHash)
}

func (l lifecycle) Uninstalled(ctx context.Context, storeHash string) error {
	l.current.Forget(storeHash)
	return l.Lifecycle.Uninstalled(ctx, storeHash)
}

// scriptTag is the storefront script of a store's channel, as it is installed and as the panel
// tells of it.
func (c *Config) scriptTag(storeHash string, channelID int64, settings tenants.StorefrontSettings) customer.ScriptTag {
	return customer.Script(customer.ScriptSettings{
		AppURL: c.AppURL, ClientID: c.ClientID, StoreHash: storeHash, ChannelID: channelID,
		SignIn: settings.AllowSignIn, ConsentCategory: settings.ConsentCategory,
	})
}

// jobsScriptTag is scriptTag for jobs, which knows nothing of package customer.
func (c *Config) jobsScriptTag(storeHash string, channelID int64, settings tenants.StorefrontSettings) storefront.ScriptTag {
	tag := c.scriptTag(storeHash, channelID, settings)
	return storefront.ScriptTag{Version: tag.Version, HTML: tag.HTML}
}
