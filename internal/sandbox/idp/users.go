package idp

// SharedEmail is the verified address of a person who is a shopper of several stores.
const SharedEmail = "sam.shopper@example.com"

// DefaultUsers are people who between them make every decision of a sign-in necessary.
func DefaultUsers() []User {
	yes, no := true, false
	return []User{
		{
			Subject: "user-sam", GivenName: "Sam", FamilyName: "Shopper", Email: SharedEmail, EmailVerified: &yes, Phone: "+1 555 0100",
			Claims: map[string]any{"company": "Halyard & Co.", "groups": []string{"wholesale"}, "customer_number": "C-10001"},
			About:  "verified e-mail; a shopper of every sandbox store",
		},
		{
			Subject: "user-ada", GivenName: "Ada", FamilyName: "Acquisti", Email: "ada.acquisti@example.com", EmailVerified: &yes, Phone: "+1 555 0101",
			Claims: map[string]any{"company": "Acquisti Marine", "groups": []string{"wholesale", "net-30"}, "customer_number": "C-10042"},
			About:  "verified e-mail; no shopper yet",
		},
		{
			Subject: "user-uma", GivenName: "Uma", FamilyName: "Unverified", Email: SharedEmail, EmailVerified: &no,
			Claims: map[string]any{"company": "Uma's", "groups": []string{}, "customer_number": "C-10077"},
			About:  "claims Sam's e-mail, which is not verified",
		},
		{
			Subject: "user-noel", GivenName: "Noel", FamilyName: "Noclaim", Email: "noel.noclaim@example.com",
			Claims: map[string]any{"company": "Noclaim Ltd", "groups": []string{"retail"}, "customer_number": "C-10078"},
			About:  "the provider does not say whether the e-mail is verified",
		},
		{
			Subject: "user-eli", GivenName: "Eli", FamilyName: "Emailless",
			Claims: map[string]any{"customer_number": "C-10079"},
			About:  "has no e-mail at all",
		},
	}
}
