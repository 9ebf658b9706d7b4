package main

import (
	"net/netip"

	"github.com/redis/go-redis/v9"

	"sluice/auth/customer/login"
	"sluice/auth/customer/signin"
	"sluice/auth/customer/sso"
	"sluice/internal/ratelimit"
	"sluice/jobs"
)

// identity is what signs shoppers in at storefronts.
type identity struct {
	signIn *signin.Service
	sso    *sso.Service
}

// assembleIdentity builds what signs shoppers in. Providers may be where feeds may be: on the internet,
// and in the ranges that the operator allows.
func (p *program) assembleIdentity(rdb redis.UniversalClient, clients *jobs.Clients, limiter *ratelimit.Limiter, private []netip.Prefix) (*identity, error) {
	minter, err := login.NewMinter(p.cfg.ClientID, p.cfg.ClientSecret)
	if err != nil {
		return nil, err
	}
	signIn := &signin.Service{DB: p.db, Clients: clients, Minter: minter, Clock: login.NewClock(nil, p.log), Log: p.log}
	single, err := sso.New(sso.Config{
		AppURL: p.cfg.AppURL, DB: p.db, Redis: rdb, SignIn: signIn, Limiter: limiter, AllowPrivate: private, UserAgent: userAgent(), Log: p.log,
	})
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, single.Close)
	return &identity{signIn: signIn, sso: single}, nil
}
