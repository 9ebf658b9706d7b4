package customer

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
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
	buf []byte // what is decoded
	sum []byte
}

func newSigner(alg string, newHash func() hash.Hash, key []byte) *signer {
	return &signer{
		header: strict.EncodeToString([]byte(`{"alg":"`+alg+`","typ":"JWT"}`)) + ".",
		pool:   sync.Pool{New: func() any { return &scratch{mac: hmac.New(newHash, key)} }},
	}
}

// sign returns the signature of text; it is good until the next use of s.
func (s *scratch) sign(text []byte) []byte {
	s.mac.Reset()
	_, _ = s.mac.Write(text) // a hash does not fail
	s.sum = s.mac.Sum(s.sum[:0])
	return s.sum
}

// appendToken appends a token of claims, which are JSON, to b.
func (g *signer) appendToken(b, claims []byte) []byte {
	s := g.pool.Get().(*scratch)
	defer g.pool.Put(s)
	begin := len(b)
	b = strict.AppendEncode(append(b, g.header...), claims)
	signature := s.sign(b[begin:])
	return strict.AppendEncode(append(b, '.'), signature)
}

// signed calls read with the claims of a token, header.claims.signature, of which text is all before the last dot,
// if it has this signature, and reports whether it did. read must keep nothing of what it is given.
func (g *signer) signed(text, claims, signature []byte, read func(claims []byte) bool) bool {
	s := g.pool.Get().(*scratch)
	defer g.pool.Put(s)
	made := s.sign(text)
	var err error
	if s.buf, err = strict.AppendDecode(s.buf[:0], signature); err != nil || !hmac.Equal(made, s.buf) {
		return false
	}
	if s.buf, err = strict.AppendDecode(s.buf[:0], claims); err != nil {
		return false
	}
	return read(s.buf)
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

// oneLine reports whether raw has no line ends. Decoders of base64 skip them, strict ones too, which would give a
// token several forms; whatever else is no letter of a token they refuse.
func oneLine(raw []byte) bool {
	return bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0
}
