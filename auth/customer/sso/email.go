package sso

import (
	"maps"
	"slices"

	"sluice/tenants"
)

// What a provider says of an e-mail: nothing, that it verified it, or that it did not.
type word int

const (
	unsaid word = iota
	saidYes
	saidNo
)

// emailClaim is where a provider names e-mails if the merchant chose nothing else.
const emailClaim = "email"

// emailRule is how a merchant's provider names and vouches for e-mails.
type emailRule struct {
	path  claimPath
	flag  string // the claim that vouches: email_verified or xms_edov
	trust bool   // the merchant takes e-mails for verified of which the provider never says
}

func emailRuleOf(row *tenants.IdentityProvider) emailRule {
	preset, ok := presetOf(row.Preset)
	if !ok {
		preset, _ = presetOf(custom)
	}
	// What was saved has been checked; a path that cannot be read names no e-mail.
	path, wrong := parseClaimPath(emailClaimOf(row))
	if wrong != "" {
		path = claimPath{{name: ""}}
	}
	return emailRule{path, preset.verifiedBy, row.TrustEmail}
}

func emailClaimOf(row *tenants.IdentityProvider) string {
	if row.EmailClaim == "" {
		return emailClaim
	}
	return row.EmailClaim
}

// word returns what a document says of an e-mail that it names. The flag is about the claim email
// (OpenID Connect Core 1.0, section 5.1): where that is another e-mail, nobody vouches for this
// one.
func (r emailRule) word(claims map[string]any, email string) word {
	flag, given := claims[r.flag]
	standard, _ := claims[emailClaim].(string)
	switch {
	case !given:
		return unsaid
	case !truth(flag), standard != "" && !sameEmail(standard, email):
		return saidNo
	}
	return saidYes
}

// sameEmail compares e-mails in any case of the letters A to Z, as BigCommerce does, and in nothing
// else.
func sameEmail(a, b string) bool { return tenants.FoldEmail(a) == tenants.FoldEmail(b) }

// userInfo is what the userinfo endpoint answered.
type userInfo struct {
	claims map[string]any // nil: it was not asked, or there is none
	failed bool           // it was asked and did not answer with claims
}

// identify fills in the e-mail of an identity and its claims, from the ID token's claims and the
// userinfo.
//
// An e-mail and what vouches for it come from one document. The ID token's e-mail goes before the
// other; the userinfo may vouch for it if it names the same e-mail. What is said of an e-mail that
// is not there is no word for the other document's.
func (r emailRule) identify(who *identity, idToken map[string]any, info userInfo) {
	who.email = r.path.text(idToken)
	fromInfo := false
	if who.email == "" {
		who.email = r.path.text(info.claims)
		fromInfo = who.email != ""
	}
	own, other := idToken, info.claims
	if fromInfo {
		own, other = other, own
	}
	said := r.word(own, who.email)
	_, alsoOther := other[r.flag]
	vouched := false // by the userinfo, for the ID token's e-mail
	switch {
	case said != unsaid || !alsoOther:
	case !fromInfo && sameEmail(r.path.text(other), who.email):
		said, vouched = r.word(other, who.email), true
	default:
		said = saidNo
		who.doubt = "The provider vouches for an e-mail in another document than the one that names this e-mail: ID token and userinfo do not name the same one. " +
			"Have it put email and email_verified into the ID token."
	}
	who.verified = who.email != "" && (said == saidYes || said == unsaid && r.trust && !info.failed)
	if !who.verified && who.doubt == "" {
		who.doubt = r.doubt(said, info)
	}
	who.claims = r.merge(idToken, info.claims, fromInfo, vouched)
}

// doubt says to the merchant why an e-mail is not taken for verified.
func (r emailRule) doubt(said word, info userInfo) string {
	switch {
	case r.flag == entraFlag:
		return "Entra did not say that the organisation owns the e-mail's domain. Add the optional claim xms_edov to the ID token in Entra (Token configuration)."
	case said == unsaid && r.trust && info.failed:
		return "The provider's userinfo did not answer, so it is not known whether it vouches for the e-mail. Have it answer, or put email_verified into the ID token."
	case said == unsaid:
		return "The provider did not say whether it verified the e-mail (email_verified). Have it say so. If it never does and lets nobody choose an e-mail that is not theirs, trust its e-mails in Sluice (Storefront, single sign-on)."
	}
	return "The provider did not say that it verified the e-mail (email_verified). Have the user verify it at the provider."
}

// merge returns the claims that expressions see: the ID token's, and those of the userinfo that it
// lacks. Claims that speak of one another come from one document.
func (r emailRule) merge(idToken, info map[string]any, fromInfo, vouched bool) map[string]any {
	email := []string{emailClaim, emailFlag, entraFlag, r.path.root()}
	groups := [][]string{email, {"phone_number", "phone_number_verified"}}
	merged := maps.Clone(idToken)
	if fromInfo {
		for _, name := range email {
			delete(merged, name)
		}
	}
	for name, v := range info {
		_, have := merged[name]
		split := slices.ContainsFunc(groups, func(group []string) bool {
			return slices.Contains(group, name) && slices.ContainsFunc(group, func(other string) bool { _, told := idToken[other]; return told })
		})
		if fromInfo && slices.Contains(email, name) {
			split = false
		}
		if !have && !split {
			merged[name] = v
		}
	}
	if vouched {
		merged[r.flag] = info[r.flag]
	}
	return merged
}
