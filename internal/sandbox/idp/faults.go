package idp

import (
	"fmt"
	"slices"
	"strings"
)

// Faults. Each lasts until it is switched off; several may be on at once.
const (
	FaultWrongIssuer     = "wrong_issuer"      // ID tokens name another issuer
	FaultWrongAudience   = "wrong_audience"    // ID tokens are another client's
	FaultExpiredToken    = "expired_token"     // ID tokens expired an hour ago
	FaultBadSignature    = "bad_signature"     // ID tokens are signed with another key under the published key's id
	FaultAlgorithmNone   = "algorithm_none"    // ID tokens are not signed
	FaultAlgorithmHMAC   = "algorithm_hmac"    // ID tokens are signed HS256 with the public key's bytes
	FaultWrongNonce      = "wrong_nonce"       // ID tokens carry another nonce
	FaultNoNonce         = "no_nonce"          // ID tokens carry none
	FaultNoEmailVerified = "no_email_verified" // the claim is left out, for everybody
	FaultOtherSubject    = "other_subject"     // /userinfo is about somebody else than the ID token
	FaultJWKSAway        = "jwks_away"         // /jwks answers 503
	FaultTokenAway       = "token_away"        // /token answers 503
	FaultDiscoveryAway   = "discovery_away"    // the discovery document answers 503
	FaultDiscoveryIssuer = "discovery_issuer"  // the discovery document names another issuer
	FaultNoPKCE          = "no_pkce"           // the discovery document does not name S256
	FaultNoIssuer        = "no_iss"            // RFC 9207 is neither announced nor done, as with many providers
	FaultIssuerMissing   = "iss_missing"       // authorization responses lack the iss that is announced
	FaultOtherIssuer     = "other_iss"         // authorization responses name another issuer
)

// FaultKinds are all faults.
var FaultKinds = []string{FaultWrongIssuer, FaultWrongAudience, FaultExpiredToken, FaultBadSignature, FaultAlgorithmNone,
	FaultAlgorithmHMAC, FaultWrongNonce, FaultNoNonce, FaultNoEmailVerified, FaultOtherSubject, FaultJWKSAway, FaultTokenAway,
	FaultDiscoveryAway, FaultDiscoveryIssuer, FaultNoPKCE, FaultNoIssuer, FaultIssuerMissing, FaultOtherIssuer}

// SetFaults switches exactly these faults on and every other off.
func (p *Provider) SetFaults(kinds ...string) error {
	for _, k := range kinds {
		if !slices.Contains(FaultKinds, k) {
			return fmt.Errorf("unknown fault %q: use one of %s", k, strings.Join(FaultKinds, ", "))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = slices.Clone(kinds)
	return nil
}

// Faults returns those that are on.
func (p *Provider) Faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.faults...)
}

func (p *Provider) struck(kind string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.faults, kind)
}
