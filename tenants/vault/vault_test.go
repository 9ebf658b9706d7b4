package vault_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"

	"sluice/tenants/vault"
)

const (
	keyA = "a:YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
	keyB = "b:YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI="
	// swapped has B's bytes under A's id.
	swapped = "a:YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI="
	secret  = "the-access-token-of-a-store"
	column  = "stores.access_token"
	// kept is secret as the first release sealed it with keyA: it must open for ever.
	kept = "e50101614a34a989748db7e7f791cf2bb7c556be9b0c7ad7cb071fa01a8798f47c2fc6efe34212b01762c90030d43d07839c" +
		"859cca34d5df2e138243bfb9be7099d86105296070ee2330c8e2c489a571562139bdf0a94bffd75dd08fb3b54f39321a2148" +
		"db85e3a8dbf5304770cbd9deda6bc191084a9c"
)

func open(t testing.TB, keys string) *vault.Vault {
	t.Helper()
	v, err := vault.New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func seal(t testing.TB, v *vault.Vault, plain string) []byte {
	t.Helper()
	sealed, err := v.Seal("aaa", column, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealAndOpen(t *testing.T) {
	v := open(t, keyA)
	for _, plain := range []string{"", "x", secret, strings.Repeat("long ", 10_000)} {
		sealed := seal(t, v, plain)
		if len(plain) > 8 && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the sealed value holds the plain one")
		}
		got, err := v.Open("aaa", column, sealed)
		if err != nil || string(got) != plain || got == nil {
			t.Errorf("opened %q, %v", got, err)
		}
	}
	if bytes.Equal(seal(t, v, secret), seal(t, v, secret)) {
		t.Error("two seals of one value are equal")
	}
}

func TestOldValuesStillOpen(t *testing.T) {
	sealed, err := hex.DecodeString(kept)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, keyA).Open("aaa", column, sealed); err != nil || string(got) != secret {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	v := open(t, keyA)
	sealed := seal(t, v, secret)
	newer := bytes.Clone(sealed)
	newer[1] = 2
	tests := []struct {
		name          string
		keys          string
		store, column string
		sealed        []byte
		want          error
	}{
		{"another store", keyA, "bbb", column, sealed, vault.ErrOpen},
		{"another column", keyA, "aaa", "connections.secret", sealed, vault.ErrOpen},
		{"store and column shifted", keyA, "aaa\x00stores", "access_token", sealed, vault.ErrOpen},
		{"key that is gone", keyB, "aaa", column, sealed, vault.ErrUnknownKey},
		{"another key under the id", swapped, "aaa", column, sealed, vault.ErrOpen},
		{"empty", keyA, "aaa", column, nil, vault.ErrFormat},
		{"plain text", keyA, "aaa", column, []byte(secret), vault.ErrFormat},
		{"newer version", keyA, "aaa", column, newer, vault.ErrFormat},
		{"with something after it", keyA, "aaa", column, append(bytes.Clone(sealed), 0), vault.ErrOpen},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := open(t, tt.keys).Open(tt.store, tt.column, tt.sealed)
			if !errors.Is(err, tt.want) || got != nil {
				t.Fatalf("%q, %v; want %v", got, err, tt.want)
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "YmJi") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
	for n := range sealed { // cut anywhere
		if _, err := v.Open("aaa", column, sealed[:n]); err == nil {
			t.Fatalf("opened the first %d bytes", n)
		}
	}
	for n := range sealed { // any bit changed
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[n] ^= 1 << bit
			if _, err := v.Open("aaa", column, changed); err == nil {
				t.Fatalf("opened with bit %d of byte %d changed", bit, n)
			}
		}
	}
}

func TestRotation(t *testing.T) {
	old := seal(t, open(t, keyA), secret)
	both := open(t, keyB+", "+keyA+",")
	if got, err := both.Open("aaa", column, old); err != nil || string(got) != secret {
		t.Fatalf("%q, %v", got, err)
	}
	if both.Current() != "b" || both.KeyID(old) != "a" || both.KeyID(seal(t, both, secret)) != "b" {
		t.Errorf("current %q, old %q", both.Current(), both.KeyID(old))
	}
	if id := both.KeyID([]byte("nothing sealed")); id != "" {
		t.Errorf("id %q of no sealed value", id)
	}
}

func TestKeys(t *testing.T) {
	made, err := vault.GenerateKey("k1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := vault.GenerateKey("k1")
	if err != nil || made == again {
		t.Fatalf("two keys are equal: %v", err)
	}
	if open(t, made).Current() != "k1" {
		t.Error("a generated key is not accepted")
	}
	if _, err := vault.GenerateKey("no:colon"); err == nil {
		t.Error("made a key with a bad id")
	}
	raw := bytes.Repeat([]byte{0xfb, 0xff}, 16) // all + and / in standard base64
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		open(t, "k:"+enc.EncodeToString(raw))
	}
	short := base64.StdEncoding.EncodeToString([]byte("PRIVATE-PRIVATE"))
	for name, keys := range map[string]string{
		"none": "", "blank": "  ", "commas": ",,", "no id": short, "empty id": ":" + short, "short": "k:" + short, "not base64": "k:%%%%PRIVATE",
		"bad id": "k k:" + short, "long id": strings.Repeat("k", 33) + keyA[1:], "same id twice": keyA + ",a" + keyB[1:], "same key twice": keyA + ",c" + keyA[1:],
	} {
		_, err := vault.New(keys)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "PRIVATE") || strings.Contains(err.Error(), short) || strings.Contains(err.Error(), "YWFh") {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
}

// TestHexadecimalKeys: hosts that make secrets themselves give 64 hexadecimal digits and no id.
func TestHexadecimalKeys(t *testing.T) {
	const (
		digits = "6161616161616161616161616161616161616161616161616161616161616161" // keyA's bytes
		id     = "sha256-3ba3f5f4"                                                  // printf 'a%.0s' {1..32} | sha256sum
	)
	for _, text := range []string{digits, " " + digits + " ", digits + ",", digits + "," + keyB} {
		if got := open(t, text).Current(); got != id {
			t.Errorf("the id is %q, want %q", got, id)
		}
	}
	letters := strings.Repeat("Ab", 32)
	if lower := open(t, strings.ToLower(letters)).Current(); lower != open(t, letters).Current() {
		t.Error("upper and lower case digits are two keys")
	}

	// It is a key like any other: it opens after a rotation, and its bytes are the bytes of the base64
	// form.
	old := seal(t, open(t, digits), secret)
	if got, err := open(t, keyB+","+digits).Open("aaa", column, old); err != nil || string(got) != secret {
		t.Errorf("after a rotation: %q, %v", got, err)
	}
	if got, err := open(t, id+keyA[1:]).Open("aaa", column, old); err != nil || string(got) != secret {
		t.Errorf("the same key written in base64: %q, %v", got, err)
	}
	for name, keys := range map[string]string{
		"63 digits": digits[1:], "66 digits": digits + "61", "not a digit": digits[1:] + "g", "twice": digits + "," + digits, "in both forms": digits + "," + keyA,
	} {
		_, err := vault.New(keys)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "6161") {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
}

func TestSealNeedsStoreAndColumn(t *testing.T) {
	v := open(t, keyA)
	for _, tt := range [][2]string{{"", column}, {"aaa", ""}, {"a\x00b", column}} {
		if _, err := v.Seal(tt[0], tt[1], []byte(secret)); err == nil {
			t.Errorf("sealed for %q, %q", tt[0], tt[1])
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	v := open(t, keyA)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				sealed, err := v.Seal("aaa", column, []byte(secret))
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := v.Open("aaa", column, sealed); err != nil || string(got) != secret {
					t.Errorf("%q, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

// FuzzOpen: nothing that Seal did not make opens, and nothing makes it panic.
func FuzzOpen(f *testing.F) {
	v := open(f, keyA)
	sealed, err := hex.DecodeString(kept) // not a fresh one: fuzzing runs in several processes
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add(sealed)
	f.Add(sealed[:20])
	f.Add([]byte{0xE5, 1, 1, 'a'})
	f.Add([]byte{0xE5, 1, 255, 'a'})
	f.Add([]byte(secret))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := v.Open("aaa", column, data)
		if bytes.Equal(data, sealed) {
			if err != nil || string(got) != secret {
				t.Fatalf("%q, %v", got, err)
			}
			return
		}
		if err == nil {
			t.Fatalf("opened %x", data)
		}
		_ = v.KeyID(data)
	})
}

// FuzzNew: no text makes New panic, and its errors never repeat what it was given.
func FuzzNew(f *testing.F) {
	for _, s := range []string{"", keyA, keyA + "," + keyB, "a", ":", "a:" + strings.Repeat("=", 9), "ä:b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, keys string) {
		v, err := vault.New(keys)
		if (v == nil) == (err == nil) {
			t.Fatalf("%v and %v", v, err)
		}
		_, text, _ := strings.Cut(keys, ":")
		if err != nil && len(text) > 64 && strings.Contains(err.Error(), text) {
			t.Fatalf("the error repeats the key: %v", err)
		}
	})
}
