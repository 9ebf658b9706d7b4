package sso

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

type claimsOf = map[string]any

// TestOneDocumentOneClaim: an e-mail and what vouches for it come from one document.
func TestOneDocumentOneClaim(t *testing.T) {
	const ada, ben = "ada@example.com", "ben@example.com"
	says := func(email any, verified ...any) claimsOf {
		c := claimsOf{"sub": "s"}
		if email != nil {
			c["email"] = email
		}
		if len(verified) > 0 {
			c["email_verified"] = verified[0]
		}
		return c
	}
	trust := tenants.IdentityProvider{Preset: custom, TrustEmail: true}
	list := tenants.IdentityProvider{Preset: custom, EmailClaim: "emails[0]"}
	tests := []struct {
		name          string
		row           tenants.IdentityProvider
		idToken, info claimsOf // nil info: not asked
		failed        bool
		email         string
		verified      bool
	}{
		{"ID token says both", tenants.IdentityProvider{}, says(ada, true), nil, false, ada, true},
		{"as a text", tenants.IdentityProvider{Preset: "okta"}, says(ada, "true"), nil, false, ada, true},
		{"as another word", tenants.IdentityProvider{}, says(ada, "yes"), nil, false, ada, false},
		{"as a list", tenants.IdentityProvider{}, says(ada, []any{true}), nil, false, ada, false},
		{"not verified", tenants.IdentityProvider{}, says(ada, false), says(ada, true), false, ada, false},
		{"userinfo says both", tenants.IdentityProvider{}, says(nil), says(ada, true), false, ada, true},
		{"userinfo vouches for the same", tenants.IdentityProvider{}, says(ada), says(ada, true), false, ada, true},
		{"in another case", tenants.IdentityProvider{}, says("ADA@Example.com"), says(" ada@example.com ", true), false, "ADA@Example.com", true},
		{"in a case of Unicode's", tenants.IdentityProvider{}, says("\u212a@example.com"), says("k@example.com", true), false, "\u212a@example.com", false},
		{"userinfo vouches for another", tenants.IdentityProvider{}, says(ada), says(ben, true), false, ada, false},
		{"userinfo vouches for nothing", tenants.IdentityProvider{}, says(ada), says(nil, true), false, ada, false},
		{"ID token vouches for the userinfo's", tenants.IdentityProvider{}, says(nil, true), says(ada), false, ada, false},
		{"ID token vouches, userinfo does not", tenants.IdentityProvider{}, says(nil, true), says(ada, false), false, ada, false},
		{"nobody says", tenants.IdentityProvider{}, says(ada), says(ada), false, ada, false},
		{"no e-mail, but a word for it", tenants.IdentityProvider{}, says(nil, true), says(nil, true), false, "", false},
		{"Entra, email_verified", tenants.IdentityProvider{Preset: "entra"}, says(ada, true), nil, false, ada, false},
		{"Entra, xms_edov", tenants.IdentityProvider{Preset: "entra"}, claimsOf{"email": ada, "xms_edov": true}, nil, false, ada, true},
		{"Entra, xms_edov as 1", tenants.IdentityProvider{Preset: "entra"}, claimsOf{"email": ada, "xms_edov": 1.0}, nil, false, ada, true},
		{"Entra, xms_edov as text", tenants.IdentityProvider{Preset: "entra"}, claimsOf{"email": ada, "xms_edov": "0"}, nil, false, ada, false},
		{"another provider, xms_edov", tenants.IdentityProvider{}, claimsOf{"email": ada, "xms_edov": true}, nil, false, ada, false},
		{"on trust", trust, says(ada), nil, false, ada, true},
		{"on trust, userinfo does not say either", trust, says(ada), says(ada), false, ada, true},
		{"on trust, from the userinfo", trust, says(nil), says(ada), false, ada, true},
		{"on trust, and not verified", trust, says(ada, false), nil, false, ada, false},
		{"on trust, not verified by the userinfo", trust, says(ada), says(ada, false), false, ada, false},
		{"on trust, the userinfo vouches for another", trust, says(ada), says(ben, true), false, ada, false},
		{"on trust, the ID token vouches for nothing", trust, says(nil, false), says(ada), false, ada, false},
		{"on trust, the userinfo did not answer", trust, says(ada), nil, true, ada, false},
		{"on trust, no e-mail", trust, says(nil), nil, false, "", false},
		{"a list", list, claimsOf{"emails": []any{ada, ben}, "email_verified": true}, nil, false, ada, true},
		{"a list that is a text", list, claimsOf{"emails": ada, "email_verified": true}, nil, false, "", false},
		{"an empty list", list, claimsOf{"emails": []any{}, "email_verified": true}, nil, false, "", false},
		{"a list, and the word is for email", list, claimsOf{"emails": []any{ben}, "email": ada, "email_verified": true}, nil, false, ben, false},
		{"a list in the userinfo", list, says(nil), claimsOf{"emails": []any{ada}, "email_verified": true}, false, ada, true},
		{"a list, vouched for by the userinfo's", list, claimsOf{"emails": []any{ada}}, claimsOf{"emails": []any{ben}, "email_verified": true}, false, ada, false},
		{"a list, vouched for by the userinfo's email", list, claimsOf{"emails": []any{ada}}, says(ada, true), false, ada, false},
	}
	for _, tt := range tests {
		who := &identity{}
		emailRuleOf(&tt.row).identify(who, tt.idToken, userInfo{tt.info, tt.failed})
		if who.email != tt.email || who.verified != tt.verified || (who.doubt == "") != tt.verified {
			t.Errorf("%s: %q, verified %v, %q", tt.name, who.email, who.verified, who.doubt)
		}
		// Expressions see no word for an e-mail that it was not said of.
		if flag := who.claims["email_verified"]; !tt.verified && truth(flag) && who.email != "" && who.claims["email"] == who.email && tt.row.Preset != "entra" {
			t.Errorf("%s: expressions see %v", tt.name, who.claims)
		}
	}
}

// TestMergedClaims: the userinfo fills in what the ID token lacks, but for what belongs to
// something in it.
func TestMergedClaims(t *testing.T) {
	rule := emailRuleOf(&tenants.IdentityProvider{Preset: custom})
	idToken := claimsOf{"sub": "s", "email": "a@example.com", "phone_number": "1", "company": "A"}
	info := claimsOf{"sub": "s", "email": "b@example.com", "email_verified": true, "phone_number": "2", "phone_number_verified": true, "company": "B", "group": "C"}
	var who identity
	rule.identify(&who, idToken, userInfo{claims: info})
	got, err := json.Marshal(who.claims)
	if err != nil || string(got) != `{"company":"A","email":"a@example.com","group":"C","phone_number":"1","sub":"s"}` {
		t.Errorf("%s, %v", got, err)
	}
	if idToken["group"] != nil {
		t.Error("the ID token's own claims were changed")
	}
}

// TestSignInByList is a recorded user of Azure AD B2C, who has a list of e-mails and no email.
func TestSignInByList(t *testing.T) {
	s := newShop(t)
	const recorded = `{"sub":"u5","given_name":"A","family_name":"B","emails":["billie@STORE.example"],"email_verified":true}`
	var user map[string]any
	if err := json.Unmarshal([]byte(recorded), &user); err != nil {
		t.Fatal(err)
	}
	billie := s.platform.Add(storeA, bigcommerce.Customer{Email: "billie@store.example"})
	s.idp.user = user
	s.refusedWith("without a place for the e-mail", s.browser().signIn(storeA, ""), codeEmailMissing)
	for _, place := range []string{"emails[0]", "emails.0"} {
		s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.EmailClaim = place })
		if _, claims := s.signedIn(s.browser().signIn(storeA, "")); claims["customer_id"] != float64(billie) {
			t.Error(place, claims)
		}
	}
	// The provider usually says nothing of whether it verified them.
	delete(s.idp.user, "email_verified")
	if _, err := s.db.UnlinkCustomer(s.ctx(storeA), billie); err != nil {
		t.Fatal(err)
	}
	s.refusedWith("nothing is said", s.browser().signIn(storeA, ""), codeEmailUnverified)
	s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.TrustEmail = true })
	s.signedIn(s.browser().signIn(storeA, ""))
}

// TestUserInfoOfAnotherEmail signs nobody in by an e-mail that nobody vouches for.
func TestUserInfoOfAnotherEmail(t *testing.T) {
	s := newShop(t)
	s.platform.Add(storeA, bigcommerce.Customer{Email: "victim@example.com"})
	s.idp.user = map[string]any{"sub": "mallory", "email": "victim@example.com"}
	s.idp.userInfo = map[string]any{"sub": "mallory", "email": "mallory@example.com", "email_verified": true}
	s.refusedWith("another e-mail", s.browser().signIn(storeA, ""), codeEmailUnverified)
	if s.links() != 0 {
		t.Error("linked")
	}
}

// TestLookalikeEmail: letters whose other case is another person's letter are that other letter to
// nobody.
func TestLookalikeEmail(t *testing.T) {
	s := newShop(t)
	s.platform.Add(storeA, bigcommerce.Customer{Email: "kim@example.com"})
	s.idp.user = map[string]any{"sub": "mallory", "email": "\u212aim@example.com", "email_verified": true} // the Kelvin sign
	s.refusedWith("a lookalike", s.browser().signIn(storeA, ""), codeCustomerMissing)
}

func TestClaimPath(t *testing.T) {
	doc := map[string]any{
		"email": " a ", "emails": []any{"b", []any{"c"}, map[string]any{"mail": "d"}}, "user": map[string]any{"mail": "e", "0": "zero"},
		"https://x.example/mail": "f", "n": 1.0, "extension_E-Mail": "g", "": "h",
	}
	for text, want := range map[string]string{
		"email": "a", "emails[0]": "b", "emails.0": "b", "emails[1][0]": "c", "emails.1.0": "c", "emails[2].mail": "d", "emails.2.mail": "d", `emails[2]["mail"]`: "d",
		"user.mail": "e", `["https://x.example/mail"]`: "f", `["user"].mail`: "e", "extension_E-Mail": "g",
		"n": "", "user": "", "emails": "", "emails[9]": "", "email[0]": "", "user[0]": "", "email.mail": "", "nothing.at.all[3]": "",
	} {
		path, wrong := parseClaimPath(text)
		if wrong != "" || path.text(doc) != want {
			t.Errorf("%s: %q, %s; want %q", text, path.text(doc), wrong, want)
		}
	}
	for _, text := range []string{
		"", " ", ".", "[0]", "0", "emails[", "emails[]", "emails[00]", "emails[-1]", "emails[100]", "emails[0", "emails.", "emails..0", "emails.100", "emails.0x",
		"emails[0]x", "e mail", "émail", `["a"`, `[""]`, `["a\"b"]`, `["a b"]`, "a+b", "a()", "email\n", strings.Repeat("a", maxClaimPath+1), "a" + strings.Repeat(".a", maxClaimSteps),
	} {
		if _, wrong := parseClaimPath(text); wrong == "" {
			t.Errorf("%q is taken", text)
		}
	}
}

// FuzzClaimPath: what is taken stays within its limits, means the same when it is written anew, and
// can be followed through any document.
func FuzzClaimPath(f *testing.F) {
	for _, text := range []string{"email", "emails[0]", "emails.0.mail", `["https://x.example/mail"][3]`, "a[", "a.0b", `a["]"]`} {
		f.Add(text, `{"email":"a","emails":["b",{"mail":"c"}],"a":[[["d"]]]}`)
	}
	f.Fuzz(func(t *testing.T, text, document string) {
		path, wrong := parseClaimPath(text)
		if wrong != "" {
			if path != nil {
				t.Fatalf("%q is both refused and read", text)
			}
			return
		}
		if len(path) == 0 || len(path) > maxClaimSteps || path.root() == "" {
			t.Fatalf("%q has %d steps", text, len(path))
		}
		var b strings.Builder
		for _, step := range path {
			if step.name != "" {
				b.WriteString(`["` + step.name + `"]`)
			} else {
				b.WriteString("[" + strings.TrimLeft(string(rune('0'+step.index/10)), "0") + string(rune('0'+step.index%10)) + "]")
			}
		}
		var claims map[string]any
		if json.Unmarshal([]byte(document), &claims) != nil {
			claims = nil
		}
		got := path.text(claims)
		if b.Len() <= maxClaimPath {
			again, wrong := parseClaimPath(b.String())
			if wrong != "" || again.text(claims) != got {
				t.Fatalf("%q is %s: %q and %q, %s", text, b.String(), got, again.text(claims), wrong)
			}
		}
	})
}
