package tenants_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// hostile are the characters that no name may keep.
const hostile = "\x00\x07\x1b\n\r\t\x7f\u0085\u2028\u2029\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad\U000e0041"

func TestPlainName(t *testing.T) {
	for in, want := range map[string]string{
		"parts.csv":         "parts.csv",
		"cod\u202evsc.exe":  "codvsc.exe",
		"a" + hostile + "b": "ab",
		"می\u200cخواهم":     "می\u200cخواهم",
		"👩\u200d🔧":          "👩\u200d🔧",
		"Größe ＋ – “x”":     "Größe ＋ – “x”",
		"bad\xffbyte":       "bad\ufffdbyte",
	} {
		if got := tenants.PlainName(in); got != want {
			t.Errorf("PlainName(%q) = %q", in, got)
		}
	}
	for in, want := range map[string]string{
		"parts.csv": "parts.csv", `..\..\parts.csv`: "parts.csv", "../../etc/passwd": "passwd", `C:\feeds\a.csv`: "a.csv", "a/": "", "..": "", ".": "", " ": "",
		"/": "", "": "", "x\u202e/\u2066y.csv": "y.csv", ". .": "", ".csv": ".csv",
	} {
		if got := tenants.FileName(in); got != want {
			t.Errorf("FileName(%q) = %q", in, got)
		}
	}
}

func FuzzFileName(f *testing.F) {
	f.Add("a" + hostile + "/b.csv")
	f.Add(`..\x`)
	f.Fuzz(func(t *testing.T, s string) {
		name := tenants.FileName(s)
		if !utf8.ValidString(name) || strings.ContainsAny(name, `/\`) || name == "." || name == ".." || strings.ContainsAny(name, hostile) ||
			strings.ContainsFunc(name, unicode.IsControl) || strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }) {
			t.Fatalf("%q became %q", s, name)
		}
	})
}

// TestNamesAreKeptPlain saves a hostile name wherever one can come from outside.
func TestNamesAreKeptPlain(t *testing.T) {
	db := tenantstest.NewDB(t)
	ctx := tenants.WithStore(t.Context(), "aaa111")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	name := "a" + hostile + "b"
	flow := &tenants.Flow{Kind: "products", Name: name}
	must(db.CreateFlow(ctx, flow))
	created := flow.Name
	flow.Name = name
	must(db.UpdateFlow(ctx, flow))
	connection := &tenants.Connection{Kind: "upload", Name: name}
	must(db.SaveConnection(ctx, connection, nil))
	key := &tenants.APIKey{Name: name, SecretHash: "h"}
	must(db.CreateAPIKey(ctx, key))
	user, err := db.EnsureUser(ctx, tenants.UserSeen{UserID: 1, Email: name, Locale: name, Owner: true})
	must(err)
	must(db.Audit(ctx, tenants.AuditEntry{Actor: "user:x", Action: "flow.created", Detail: name}))
	entries, _, err := db.AuditLog(ctx, tenants.Page{})
	must(err)
	w, err := db.NewSnapshotWriter(ctx, tenants.Snapshot{Filename: "x/" + name, ContentType: name})
	must(err)
	_, err = w.Write([]byte("x"))
	must(err)
	file, err := w.Commit(true, tenants.SnapshotMeta{})
	must(err)
	must(db.RecordSignIn(ctx, tenants.SignIn{Method: tenants.MethodSSO, Result: tenants.SignInOK, Email: name}))
	signIns, _, err := db.SignIns(ctx, tenants.Page{})
	must(err)
	for what, got := range map[string]string{
		"flow": created, "changed flow": flow.Name, "connection": connection.Name, "key": key.Name, "e-mail": user.Email, "locale": user.Locale,
		"audit": entries[0].Detail, "file": file.Filename, "content type": file.ContentType, "sign-in": signIns[0].Email,
	} {
		if got != "ab" {
			t.Errorf("the name of a %s is kept as %q", what, got)
		}
	}
}
