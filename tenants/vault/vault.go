package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Errors of Open. They say what is wrong and never contain key material or data.
var (
	// ErrFormat: the bytes are not a sealed value that this version understands.
	ErrFormat = errors.New("vault: not a sealed value")
	// ErrUnknownKey: the value was sealed with a key that is not in ENCRYPTION_KEYS any more.
	ErrUnknownKey = errors.New("vault: sealed with a key that is not configured")
	// ErrOpen: the value was changed, or belongs to another store or column, or its key id now names
	// another key.
	ErrOpen = errors.New("vault: cannot open: changed, of another store or column, or another key under the same id")
)

// A sealed value is
//
//	magic    1 byte  0xE5, never the first byte of UTF-8 text of a token
//	version  1 byte
//	id size  1 byte  1..maxID
//	id               the key-encryption key's id
//	wrap     60 bytes  nonce(12) · sealed data key(32) · tag(16)
//	body             nonce(12) · sealed plain value · tag(16)
//
// Everything before the wrap is part of both seals' associated data.
const (
	magic    = 0xE5
	version  = 1
	keySize  = 32 // AES-256
	nonce    = 12
	tag      = 16
	wrapSize = nonce + keySize + tag
	maxID    = 32
)

// Vault seals and opens values. It is safe for concurrent use.
type Vault struct {
	current string
	keys    map[string]cipher.AEAD
	mark    []byte // the key of fingerprints, made of the current one
}

// New reads the operator's keys, "id:base64,id2:base64". Each key is 32 bytes in standard or
// URL-safe base64, with or without padding. The first seals; all open. Ids are 1 to 32 letters,
// digits, "-", "_" or ".".
//
// A key may also be 64 hexadecimal digits alone, which is what hosts generate (Heroku's "secret"
// generator, openssl rand -hex 32). Its id then follows from the key: "sha256-" and the first 8
// digits of its SHA-256.
func New(keys string) (*Vault, error) {
	v := &Vault{keys: map[string]cipher.AEAD{}}
	var seen [][]byte
	for i, part := range strings.Split(keys, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			if strings.TrimSpace(keys) == "" {
				return nil, errors.New("vault: no encryption key: set ENCRYPTION_KEYS to id:base64")
			}
			continue // a trailing comma
		}
		id, key, err := parseKey(part)
		if err != nil {
			return nil, fmt.Errorf("vault: encryption key %d%w", i+1, err)
		}
		if _, dup := v.keys[id]; dup {
			return nil, fmt.Errorf("vault: two encryption keys have the id %q", id)
		}
		if slices.ContainsFunc(seen, func(k []byte) bool { return bytes.Equal(k, key) }) {
			return nil, fmt.Errorf("vault: encryption key %q repeats another key under a new id", id)
		}
		seen = append(seen, key)
		if v.keys[id], err = newGCM(key); err != nil {
			return nil, err
		}
		if v.current == "" {
			v.current = id
			if v.mark, err = hkdf.Key(sha256.New, key, nil, "sluice fingerprint v1", keySize); err != nil {
				return nil, err
			}
		}
	}
	if v.current == "" {
		return nil, errors.New("vault: no encryption key: set ENCRYPTION_KEYS to id:base64")
	}
	return v, nil
}

// GenerateKey returns a new random key in the form of New, "id:base64".
func GenerateKey(id string) (string, error) {
	if err := checkID(id); err != nil {
		return "", fmt.Errorf("vault: %w", err)
	}
	return id + ":" + base64.StdEncoding.EncodeToString(randomBytes(keySize)), nil
}

// Current returns the id of the key that seals.
func (v *Vault) Current() string { return v.current }

// KeyID returns the id of the key that sealed, "" if sealed is no sealed value. The key need not be
// configured.
func (v *Vault) KeyID(sealed []byte) string {
	_, id, _, _, err := parse(sealed)
	if err != nil {
		return ""
	}
	return id
}

// Seal encrypts plain for one column ("table.column") of one store with the current key. Two seals
// of the same value differ.
func (v *Vault) Seal(storeHash, column string, plain []byte) ([]byte, error) {
	if storeHash == "" || column == "" || strings.ContainsRune(storeHash, 0) {
		return nil, errors.New("vault: a store hash and a column are needed to seal")
	}
	header := append([]byte{magic, version, byte(len(v.current))}, v.current...)
	aad := associated(header, storeHash, column)

	dataKey := randomBytes(keySize)
	defer clear(dataKey)
	body, err := newGCM(dataKey)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(header)+wrapSize+nonce+len(plain)+tag)
	out = append(out, header...)
	out = sealTo(out, v.keys[v.current], dataKey, aad)
	return sealTo(out, body, plain, aad), nil
}

// Fingerprint returns 64 hexadecimal digits that are the same for the same value of a store's
// column, and tell nothing of it to whoever lacks the key. They change when another key becomes the
// current one.
func (v *Vault) Fingerprint(storeHash, column, value string) string {
	mac := hmac.New(sha256.New, v.mark)
	mac.Write(associated(nil, storeHash, column))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil))
}

// Open decrypts what Seal made for the same store and column. Its errors match ErrFormat,
// ErrUnknownKey or ErrOpen.
func (v *Vault) Open(storeHash, column string, sealed []byte) ([]byte, error) {
	header, id, wrap, body, err := parse(sealed)
	if err != nil {
		return nil, err
	}
	kek, ok := v.keys[id]
	if !ok {
		return nil, fmt.Errorf("%w: add the key with the id %q to ENCRYPTION_KEYS", ErrUnknownKey, id)
	}
	aad := associated(header, storeHash, column)
	dataKey, err := kek.Open(nil, wrap[:nonce], wrap[nonce:], aad)
	if err != nil {
		return nil, ErrOpen
	}
	defer clear(dataKey)
	aead, err := newGCM(dataKey)
	if err != nil {
		return nil, ErrOpen
	}
	plain, err := aead.Open([]byte{}, body[:nonce], body[nonce:], aad)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// parse splits a sealed value without checking it. The slices share sealed's memory.
func parse(sealed []byte) (header []byte, id string, wrap, body []byte, err error) {
	if len(sealed) < 3 || sealed[0] != magic {
		return nil, "", nil, nil, ErrFormat
	}
	if sealed[1] != version {
		return nil, "", nil, nil, fmt.Errorf("%w: version %d, written by a newer Sluice", ErrFormat, sealed[1])
	}
	n := int(sealed[2])
	if n == 0 || n > maxID || len(sealed) < 3+n+wrapSize+nonce+tag {
		return nil, "", nil, nil, ErrFormat
	}
	id = string(sealed[3 : 3+n])
	if checkID(id) != nil {
		return nil, "", nil, nil, ErrFormat
	}
	header, rest := sealed[:3+n], sealed[3+n:]
	return header, id, rest[:wrapSize], rest[wrapSize:], nil
}

// associated is what both seals are bound to besides their key. The store hash has no NUL (Seal
// refuses it), so the parts cannot be shifted into one another.
func associated(header []byte, storeHash, column string) []byte {
	aad := make([]byte, 0, len(header)+len(storeHash)+1+len(column))
	aad = append(aad, header...)
	aad = append(aad, storeHash...)
	aad = append(aad, 0)
	return append(aad, column...)
}

func sealTo(dst []byte, aead cipher.AEAD, plain, aad []byte) []byte {
	n := randomBytes(nonce)
	return aead.Seal(append(dst, n...), n, plain, aad)
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errors.New("vault: a key must have 32 bytes")
	}
	return cipher.NewGCM(block)
}

// parseKey reads one key of ENCRYPTION_KEYS. Its errors go on after "encryption key 1" and never
// quote the text, which may be the key itself.
func parseKey(part string) (id string, key []byte, err error) {
	id, text, ok := strings.Cut(part, ":")
	if !ok {
		if key, err = hex.DecodeString(part); err != nil || len(key) != keySize {
			return "", nil, errors.New(" has no id: write it as id:base64, or as 64 hexadecimal digits alone")
		}
		sum := sha256.Sum256(key)
		return "sha256-" + hex.EncodeToString(sum[:4]), key, nil
	}
	if err := checkID(id); err != nil {
		return "", nil, fmt.Errorf(": %w", err)
	}
	if key, err = decodeKey(text); err != nil {
		return "", nil, fmt.Errorf(" (%s): %w", id, err)
	}
	return id, key, nil
}

func decodeKey(text string) ([]byte, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	key, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil { // the decoder's error quotes nothing, but its offset is of no use to anyone
		return nil, errors.New("not base64")
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("%d bytes long: it must have %d", len(key), keySize)
	}
	return key, nil
}

func checkID(id string) error {
	if id == "" || len(id) > maxID {
		return fmt.Errorf("a key's id must have 1 to %d characters", maxID)
	}
	for _, r := range id {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
		default:
			return errors.New("a key's id may have letters, digits, -, _ and . only")
		}
	}
	return nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return b
}
