package customer

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"strings"
	"sync"
)

// strict refuses what has bits to spare: each signature has one form.
var strict = base64.RawURLEncoding.Strict()

// signer signs with one HMAC and key. It keeps what the standard library and the JWT library would make
// anew each time: the key's schedule and buffers, which are most of what a verification allocates.
type signer struct {
	header string // the token's first part with its dot, of the tokens that it makes
	pool   sync.Pool
}

// scratch is what one signature needs.
type scratch struct {
	mac hash.Hash
	buf []byte // the text, then what is decoded or signed
	sum []byte
}

func newSigner(alg string, newHash func() hash.Hash, key []byte) *signer {
	return &signer{
		header: strict.EncodeToString([]byte(`{"alg":"`+alg+`","typ":"JWT"}`)) + ".",
		pool:   sync.Pool{New: func() any { return &scratch{mac: hmac.New(newHash, key)} }},
	}
}

// sum is the signature of text; it is good until the next use of s.
func (s *scratch) sign(text []byte) []byte {
	s.mac.Reset()
	_, _ = s.mac.Write(text) // a hash does not fail
	s.sum = s.mac.Sum(s.sum[:0])
	return s.sum
}

// token makes a token of claims, which are JSON.
func (g *signer) token(claims []byte) string {
	s := g.pool.Get().(*scratch)
	defer g.pool.Put(s)
	s.buf = strict.AppendEncode(append(s.buf[:0], g.header...), claims)
	signature := s.sign(s.buf)
	s.buf = strict.AppendEncode(append(s.buf, '.'), signature)
	return string(s.buf)
}

// signed calls read with the claims of a token, text.signature, that has this signature, and reports
// whether it did. read must keep nothing of what it is given.
func (g *signer) signed(text, signature string, read func(claims []byte)) bool {
	s := g.pool.Get().(*scratch)
	defer g.pool.Put(s)
	s.buf = append(append(s.buf[:0], text...), signature...)
	end := len(s.buf)
	made := s.sign(s.buf[:len(text)])
	s.buf, _ = strict.AppendDecode(s.buf, s.buf[len(text):end])
	if !hmac.Equal(made, s.buf[end:]) { // what could not be decoded is too short
		return false
	}
	claims := s.buf[strings.IndexByte(text, '.')+1 : len(text)]
	mark := len(s.buf)
	var err error
	if s.buf, err = strict.AppendDecode(s.buf, claims); err != nil {
		return false
	}
	read(s.buf[mark:])
	return true
}

// usualSigners are the HMACs of BigCommerce's tokens by the first part that JWT libraries write, with its
// dot: in this order or the other.
func usualSigners(key []byte) map[string]*signer {
	list := map[string]*signer{}
	for alg, newHash := range map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New} {
		g := newSigner(alg, newHash, key)
		list[g.header] = g
		list[strict.EncodeToString([]byte(`{"typ":"JWT","alg":"`+alg+`"}`))+"."] = g
	}
	return list
}

// tokenText reports whether raw has the letters of a JWT only. Decoders skip line ends, which would give
// a token several forms.
func tokenText(raw string) bool {
	for i := range len(raw) {
		c := raw[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
