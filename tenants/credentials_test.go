package tenants_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/tenants"
)

const credentialsFile = `ACCESS TOKEN: abc123token
CLIENT NAME: Sluice
CLIENT ID: client1
CLIENT SECRET: secret1
NAME: My store account
API PATH: https://api.bigcommerce.com/stores/ab12cd34ef/v3/
`

var credentials = tenants.Credentials{
	Name: "My store account", StoreHash: "ab12cd34ef", AccessToken: "abc123token",
	ClientID: "client1", ClientSecret: "secret1", APIPath: "https://api.bigcommerce.com/stores/ab12cd34ef/v3/",
}

func TestParseCredentialsFile(t *testing.T) {
	without := func(line string) string { return strings.ReplaceAll(credentialsFile, line, "") }
	unnamed := credentials
	unnamed.Name = ""
	for name, tt := range map[string]struct {
		text string
		want tenants.Credentials
	}{
		"as downloaded":              {credentialsFile, credentials},
		"CRLF":                       {strings.ReplaceAll(credentialsFile, "\n", "\r\n"), credentials},
		"CR":                         {strings.ReplaceAll(credentialsFile, "\n", "\r"), credentials},
		"byte-order mark":            {"\uFEFF" + credentialsFile, credentials},
		"other cases and spaces":     {"Access Token :  abc123token \n\n client_id: client1\nclient-secret:secret1\nname: My store account\nApi Path: https://api.bigcommerce.com/stores/ab12cd34ef/v3/", credentials},
		"json":                       {`{"access_token":"abc123token","client_id":"client1","client_secret":"secret1","name":"My store account","api_path":"https://api.bigcommerce.com/stores/ab12cd34ef/v3/","extra":[1]}`, credentials},
		"json, names as in the text": {`{"ACCESS TOKEN":"abc123token","CLIENT ID":"client1","CLIENT SECRET":"secret1","API PATH":"https://api.bigcommerce.com/stores/ab12cd34ef/v3/"}`, unnamed},
		"json with the hash":         {`{"access_token":"t","store_hash":"ab12"}`, tenants.Credentials{AccessToken: "t", StoreHash: "ab12"}},
		"V2 path without the slash":  {"ACCESS TOKEN: t\nAPI PATH: http://127.0.0.1:8080/stores/ab12", tenants.Credentials{AccessToken: "t", StoreHash: "ab12", APIPath: "http://127.0.0.1:8080/stores/ab12"}},
		"client name for a name":     {without("NAME: My store account\n"), func() tenants.Credentials { c := credentials; c.Name = "Sluice"; return c }()},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tenants.ParseCredentialsFile(strings.NewReader(tt.text))
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	for name, tt := range map[string]struct{ text, field string }{
		"empty":              {"", "access_token"},
		"something else":     {"PartNum,Price\nA,1\n", "access_token"},
		"no token":           {without("ACCESS TOKEN: abc123token\n"), "access_token"},
		"broken token":       {"ACCESS TOKEN: abc 123\nAPI PATH: https://x/stores/a/", "access_token"},
		"no path":            {without("API PATH: https://api.bigcommerce.com/stores/ab12cd34ef/v3/\n"), "api_path"},
		"path without store": {"ACCESS TOKEN: t\nAPI PATH: https://api.bigcommerce.com/v3/", "api_path"},
		"store in the query": {"ACCESS TOKEN: t\nAPI PATH: https://x/?a=/stores/ab12/", "api_path"},
		"no URL":             {"ACCESS TOKEN: t\nAPI PATH: stores/ab12/v3", "api_path"},
		"two stores":         {"ACCESS TOKEN: t\nSTORE HASH: other\nAPI PATH: https://x/stores/ab12/", "store_hash"},
		"broken json":        {`{"access_token":"t"`, ""},
		"binary":             {"\x89PNG\r\n\xff\xfe", ""},
		"huge":               {strings.Repeat("x", 1<<20), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tenants.ParseCredentialsFile(strings.NewReader(tt.text))
			wantCode(t, err, problem.Invalid)
			var p *problem.Error
			if errors.As(err, &p) && tt.field != "" && (len(p.Fields) != 1 || p.Fields[0].Field != tt.field) {
				t.Errorf("fields %+v, want %s", p.Fields, tt.field)
			}
			if got != (tenants.Credentials{}) {
				t.Errorf("%+v beside an error", got)
			}
		})
	}
	if _, err := tenants.ParseCredentialsFile(iotest.ErrReader(errors.New("disk"))); err == nil {
		t.Error("a failed read is no error")
	}
}

// FuzzParseCredentialsFile: what is accepted can be used, what is not is explained without quoting
// it.
func FuzzParseCredentialsFile(f *testing.F) {
	f.Add(credentialsFile)
	f.Add(strings.ReplaceAll(credentialsFile, "\n", "\r\n"))
	f.Add(`{"access_token":"t","api_path":"https://x/stores/ab/"}`)
	f.Add("{}")
	f.Add("ACCESS TOKEN:\x00\nAPI PATH: %zz")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := tenants.ParseCredentialsFile(strings.NewReader(text))
		if err != nil {
			if problem.CodeOf(err) != problem.Invalid {
				t.Fatalf("%v is nothing a person can act on", err)
			}
			return
		}
		if c.AccessToken == "" || strings.ContainsAny(c.AccessToken, " \r\n\x00") || !tenants.ValidStoreHash(c.StoreHash) {
			t.Fatalf("accepted %+v", c)
		}
	})
}
