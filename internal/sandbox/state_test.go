package sandbox

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kill stops a sandbox as kill -9 does for its files: nothing is folded.
func kill(s *Sandbox) {
	s.state = nil
	_ = s.Close()
}

// picture is everything of a store that must survive.
func picture(r *rig) map[string]string {
	out := map[string]string{}
	for _, path := range []string{"/v3/catalog/products?include=variants,custom_fields", "/v3/catalog/brands", "/v3/catalog/trees/categories", "/v3/hooks", "/v2/store",
		"/v3/customers?include=addresses,storecredit", "/v2/customer_groups", "/v3/channels", "/v3/sites", "/v3/content/scripts"} {
		raw := r.want(200, "GET", path, nil).raw
		// The panel's port differs between processes.
		out[path] = strings.ReplaceAll(raw, r.s.URLs().ControlPanel, "PANEL")
	}
	return out
}

func fill(r *rig) {
	r.want(201, "POST", "/v3/catalog/trees/categories", `[{"name":"Bath","tree_id":1,"description":"<b>x</b>"}]`)
	r.want(200, "POST", "/v3/catalog/products", `{`+minimal+`,"sku":"S-1","brand_name":"Acme","categories":[24],"custom_fields":[{"name":"a","value":"b"}]}`)
	r.product("Two", "S-2")
	r.product("Three", "S-3")
	r.want(200, "PUT", "/v3/catalog/products", `[{"id":77,"price":12.5,"name":"Renamed"},{"id":78,"description":"line\nbreak"}]`)
	r.want(200, "PUT", "/v3/catalog/variants", `[{"id":2,"purchasing_disabled":true}]`)
	r.want(204, "DELETE", "/v3/catalog/products/79", nil)
	r.want(200, "POST", "/v3/hooks", `{"scope":"store/product/*","destination":"https://app.example/hooks","headers":{"k":"v"}}`)
	r.want(200, "POST", "/v2/customer_groups", `{"name":"Wholesale","is_default":true}`)
	r.want(200, "POST", "/v2/customer_groups", `{"name":"Trade","is_default":true}`)
	r.want(200, "POST", "/v3/channels", `{"name":"Two","platform":"next","type":"storefront"}`)
	r.want(201, "POST", "/v3/sites", `{"url":"https://two.example.com","channel_id":1000001}`)
	r.want(200, "PUT", "/v3/sites/1000", `{"url":"https://shop.example.com"}`)
	r.want(200, "POST", "/v3/customers", `[{"email":"a@x.example","first_name":"A","last_name":"<B>","authentication":{"new_password":"right123"},"channel_ids":[1],
		"addresses":[{"first_name":"A","last_name":"B","address1":"1","city":"C","country_code":"DE"}]},{"email":"b@x.example","first_name":"A","last_name":"B"}]`)
	r.want(204, "DELETE", "/v3/customers?id:in=2", nil)
	r.want(200, "POST", "/v3/content/scripts", `{"name":"S","kind":"script_tag","html":"<script>1 < 2</script>"}`)
	r.shirt()
}

func TestStateSurvives(t *testing.T) {
	for name, stop := range map[string]func(*Sandbox){"close": func(s *Sandbox) { _ = s.Close() }, "kill": kill} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "deep", "sandbox.json")
			r := newRig(t, Options{StateFile: file})
			fill(r)
			r.st.AddUser(UserSpec{Email: "bob@example.com"})
			before, users := picture(r), r.st.Users()
			id, secret, token := r.s.ClientID(), r.s.ClientSecret(), r.token
			if name == "kill" {
				if raw, err := os.ReadFile(file); err != nil || strings.Contains(string(raw), "Renamed") {
					t.Fatalf("the state file should not have it yet: %v", err)
				}
			}
			stop(r.s)

			s, err := New(Options{StateFile: file, Plan: "enterprise"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			if err := s.Start(context.Background()); err != nil {
				t.Fatal(err)
			}
			r.s, r.st = s, s.Store("abc123")
			if r.st == nil {
				t.Fatal("the store is gone")
			}
			if d := cmp.Diff(before, picture(r)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(users, r.st.Users()); d != "" {
				t.Error(d)
			}
			if s.ClientID() != id || s.ClientSecret() != secret || r.token != token {
				t.Error("credentials changed")
			}
			if _, ok := r.st.CheckPassword(1, "A@x.example", "right123"); !ok {
				t.Error("the shopper's password is gone")
			}
			c := r.want(200, "POST", "/v3/customers", `[{"email":"b@x.example","first_name":"A","last_name":"B",
				"addresses":[{"first_name":"A","last_name":"B","address1":"1","city":"C","country_code":"DE"}]}]`).data()[0]
			if c["id"] != 3. || c["customer_group_id"] != 2. || c["addresses"].([]any)[0].(map[string]any)["id"] != 2. {
				t.Errorf("%v: an id was given twice, or the default group is gone", c)
			}
			if raw, err := os.ReadFile(file); err != nil || strings.Contains(string(raw), "right123") {
				t.Errorf("the state file has a password: %v", err)
			}
			if got := r.product("new", "S-1x"); got != 81 {
				t.Errorf("the next id is %d: an id was given twice", got)
			}
			if p := r.want(200, "GET", "/v3/catalog/products/81", nil).one(); p["base_variant_id"] != 7.0 {
				t.Errorf("%v: a variant's id was given twice", p["base_variant_id"])
			}
			if fi, err := os.Stat(file); err != nil || fi.Mode().Perm() != 0o600 {
				t.Errorf("state file: %v %v", fi.Mode(), err)
			}
		})
	}
}

func TestTornJournalLineIsDropped(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sandbox.json")
	r := newRig(t, Options{StateFile: file})
	r.product("One", "S1")
	r.product("Two", "S2")
	kill(r.s)
	wal, err := os.ReadFile(file + ".wal")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".wal", wal[:len(wal)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{StateFile: file})
	if err != nil {
		t.Fatal(err)
	}
	if n := s.Store("abc123").Products(); n != 1 {
		t.Errorf("%d products, want the one whose line is whole", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if wal, _ := os.ReadFile(file + ".wal"); len(wal) != 0 {
		t.Errorf("the journal was not folded: %d bytes", len(wal))
	}
}

func TestDamagedStateIsAnError(t *testing.T) {
	for name, files := range map[string][2]string{
		"state no JSON":      {`{"version":1,`, ""},
		"another version":    {`{"version":9}`, ""},
		"journal line":       {"", "{nonsense}\n"},
		"entry of no store":  {"", `{"store":"x","kind":"product","id":1,"value":{}}` + "\n"},
		"unknown kind":       {`{"version":1,"entries":[{"store":"x","kind":"store","value":{"Plan":"pro"}},{"store":"x","kind":"colour"}]}`, ""},
		"unknown in product": {`{"version":1,"entries":[{"store":"x","kind":"store","value":{"Plan":"pro"}},{"store":"x","kind":"product","id":1,"value":{"Values":{"colour":1}}}]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "sandbox.json")
			for i, suffix := range []string{"", ".wal"} {
				if files[i] != "" {
					if err := os.WriteFile(file+suffix, []byte(files[i]), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			if _, err := New(Options{StateFile: file}); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestAddStoreAgainKeepsIt(t *testing.T) {
	r := newRig(t, Options{})
	r.product("One", "S1")
	again := r.s.AddStore(StoreSpec{Hash: "abc123", Plan: "pro", Name: "Another name"})
	if again != r.st || again.Products() != 1 || again.Plan() != "pro" || again.Name() != "Test store" {
		t.Errorf("%s, %d products, plan %s", again.Name(), again.Products(), again.Plan())
	}
}

func FuzzJournal(f *testing.F) {
	f.Add(`{"store":"x","kind":"store","value":{"Plan":"pro"}}` + "\n" + `{"store":"x","kind":"product","id":5,"value":{"ID":5,"Name":"n"}}` + "\n")
	f.Add(`{"store":"x","kind":"user","id":5}` + "\n")
	f.Add("{torn")
	f.Fuzz(func(t *testing.T, wal string) {
		file := filepath.Join(t.TempDir(), "s.json")
		if err := os.WriteFile(file+".wal", []byte(wal), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := New(Options{StateFile: file})
		if err != nil {
			return
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := New(Options{StateFile: file})
		if err != nil {
			t.Fatalf("what was folded cannot be read: %v", err)
		}
		_ = again.Close()
	})
}

// A state file from before stores had storefronts gets the default one, once.
func TestOldStateGetsTheDefaultStorefront(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sandbox.json")
	old := `{"version":1,"client_id":"c","client_secret":"s","entries":[{"store":"abc123","kind":"store","value":{"Name":"Old","Plan":"plus","Timezone":"UTC","Currency":"USD","NumericID":1000001,"Created":1700000000}},` +
		`{"store":"abc123","kind":"user","id":5,"value":{"id":5,"email":"a@example.com","owner":true}}]}`
	if err := os.WriteFile(file, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s, err := New(Options{StateFile: file})
		if err != nil {
			t.Fatal(err)
		}
		st := s.Store("abc123")
		ch, ok := st.Channel(1)
		site, has := st.SiteOf(1)
		if !ok || ch.Name != "Old" || ch.Created != 1700000000 || !has || site.ID != firstSiteID || len(st.Channels()) != 1 {
			t.Errorf("%+v, %+v", ch, site)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
