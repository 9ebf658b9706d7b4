package idp

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// endSession is RP-Initiated Logout. With an ID token of ours about whoever is signed in it ends
// the session at once; without one a person is asked first, since any page can send a browser here.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) {
	v, err := params(w, r)
	if err != nil {
		p.problem(w, http.StatusBadRequest, "The request is wrong: "+err.Error()+".")
		return
	}
	q := &authRequest{kind: waitSignOut, client: v.Get("client_id"), state: v.Get("state"), at: p.now()}
	subject := ""
	if hint := v.Get("id_token_hint"); hint != "" {
		client, sub, err := p.hinted(hint)
		if err != nil {
			p.problem(w, http.StatusBadRequest, "The id_token_hint is not an ID token of this provider.")
			return
		}
		if q.client != "" && q.client != client {
			p.problem(w, http.StatusBadRequest, "client_id is not the client that the id_token_hint was made for.")
			return
		}
		q.client, subject = client, sub
	}
	if to := v.Get("post_logout_redirect_uri"); to != "" {
		c, ok := p.Client(q.client)
		if !ok || !slices.Contains(c.PostLogoutRedirectURIs, to) {
			p.problem(w, http.StatusBadRequest, "The post_logout_redirect_uri is not one that this application registered.")
			return
		}
		q.redirectURI = to
	}
	who := p.signedIn(r)
	if subject != "" && (who == nil || who.Subject == subject) {
		p.finish(w, r, q)
		return
	}
	p.render(w, http.StatusOK, "sign-out", page{Title: "Sign out", User: who, Ticket: p.wait(q)})
}

// hinted reads an ID token of ours, which may be expired (RP-Initiated Logout, section 2).
func (p *Provider) hinted(token string) (client, subject string, err error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	var claims jwt.RegisteredClaims
	if _, err := parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return &p.makeKey().PublicKey, nil }); err != nil {
		return "", "", err
	}
	if claims.Issuer != p.Issuer() || claims.Subject == "" || len(claims.Audience) != 1 {
		return "", "", errors.New("idp: a token of another kind")
	}
	return claims.Audience[0], claims.Subject, nil
}

// signOut is the confirmation's form.
func (p *Provider) signOut(w http.ResponseWriter, r *http.Request) {
	v, err := params(w, r)
	if err != nil {
		p.problem(w, http.StatusBadRequest, "The form is wrong: "+err.Error()+".")
		return
	}
	q := p.resume(v.Get("ticket"), waitSignOut)
	if q == nil {
		p.problem(w, http.StatusBadRequest, "This page is used up or too old. Go back to the application and sign out again.")
		return
	}
	p.finish(w, r, q)
}

// finish ends the session and leads back.
func (p *Provider) finish(w http.ResponseWriter, r *http.Request, q *authRequest) {
	p.dropSession(r)
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1})
	if q.redirectURI == "" {
		p.render(w, http.StatusOK, "signed-out", page{Title: "Signed out"})
		return
	}
	to := q.redirectURI
	if q.state != "" {
		sep := "?"
		if strings.Contains(to, "?") {
			sep = "&"
		}
		to += sep + url.Values{"state": {q.state}}.Encode()
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}
