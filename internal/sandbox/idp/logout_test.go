package idp

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"
)

func TestEndSession(t *testing.T) {
	verifier := oauth2.GenerateVerifier()
	r := newRig(t)
	signIn := func(subject string) string {
		tok, err := r.config(oauth2.AuthStyleInParams).Exchange(r.ctx(), r.code(verifier, subject), oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		return tok.Extra("id_token").(string)
	}
	signedIn := func() bool {
		_, page := r.read(r.c.Get(r.url + "/"))
		return strings.Contains(page, "You are signed in as")
	}
	end := func(v url.Values) (*answer, string) {
		return r.read(r.c.Get(r.url + "/end_session?" + v.Encode()))
	}

	hint := signIn("user-sam")
	r.pass(2 * idTokenLife) // an expired ID token is still a good hint
	res, _ := end(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {loggedOut}, "state": {"s1"}})
	if got := res.Header.Get("Location"); res.StatusCode != 303 || got != loggedOut+"&state=s1" || signedIn() {
		t.Errorf("with a hint: %d %q", res.StatusCode, got)
	}
	// Signed out already: leads back all the same.
	if res, _ = end(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {loggedOut}}); res.Header.Get("Location") != loggedOut {
		t.Errorf("again: %d", res.StatusCode)
	}

	signIn("user-ada")
	for name, v := range map[string]url.Values{
		"unregistered address":   {"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://evil.example/"}},
		"address without client": {"post_logout_redirect_uri": {loggedOut}},
		"unknown client":         {"client_id": {"nobody"}, "post_logout_redirect_uri": {loggedOut}},
		"another client":         {"id_token_hint": {hint}, "client_id": {"nobody"}},
		"spoiled hint":           {"id_token_hint": {spoil(hint)}},
		"no token":               {"id_token_hint": {"x"}},
	} {
		if res, _ := end(v); res.StatusCode != 400 || !signedIn() {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	// Without a hint, or with one about somebody else, a person is asked.
	for _, v := range []url.Values{{"client_id": {clientID}, "post_logout_redirect_uri": {loggedOut}}, {"id_token_hint": {hint}, "post_logout_redirect_uri": {loggedOut}}} {
		signIn("user-ada")
		res, page := end(v)
		if res.StatusCode != 200 || !strings.Contains(page, "signed in as Ada") || !signedIn() {
			t.Fatalf("%v: %d", v, res.StatusCode)
		}
		if res, _ = r.submit("/sign-out", page, url.Values{"confirm": {"1"}}); res.Header.Get("Location") != loggedOut || signedIn() {
			t.Errorf("confirmed: %d", res.StatusCode)
		}
		if res, _ = r.submit("/sign-out", page, url.Values{"confirm": {"1"}}); res.StatusCode != 400 {
			t.Errorf("confirmed twice: %d", res.StatusCode)
		}
	}
	signIn("user-ada")
	_, page := end(url.Values{})
	if _, page = r.submit("/sign-out", page, url.Values{"confirm": {"1"}}); !strings.Contains(page, "You are signed out") || signedIn() {
		t.Error("without anything")
	}
}
