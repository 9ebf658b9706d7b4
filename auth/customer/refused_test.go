package customer

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/problem"
)

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// with is a good token's claims with one changed; a nil value takes it away.
func with(name string, value any) func(jwt.MapClaims) {
	return func(c jwt.MapClaims) {
		if value == nil {
			delete(c, name)
			return
		}
		c[name] = value
	}
}

func customerIs(fields map[string]any) func(jwt.MapClaims) {
	return func(c jwt.MapClaims) { c["customer"] = fields }
}

// badTokens are tokens that must be refused at store A, each with its code.
func badTokens(t testing.TB) map[string]struct {
	token string
	code  problem.Code
} {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hs256 := jwt.SigningMethodHS256
	changed := func(change func(jwt.MapClaims)) string { return sign(t, hs256, claimsOf(storeA, 5, change), nil) }
	good := token(t, storeA, 5)
	part := strings.Split(good, ".")
	signed := func(header, claims string) string { // by the app's secret, whatever the header says
		text := b64(header) + "." + b64(claims)
		signature, err := hs256.Sign(text, []byte(testSecret))
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	claims := func() string { b, _ := base64.RawURLEncoding.DecodeString(part[1]); return string(b) }()
	ago := func(d time.Duration) int64 { return began.Add(-d).Unix() }
	type bad = struct {
		token string
		code  problem.Code
	}
	const invalid, expired, app, store = problem.TokenInvalid, problem.TokenExpired, problem.WrongApp, problem.WrongStore
	session := newSessions([]byte(testSecret), func() time.Time { return began })
	sessionToken, _, err := session.issue(storeA, Shopper{ID: 5})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]bad{
		// Algorithms.
		"alg none":                     {sign(t, jwt.SigningMethodNone, claimsOf(storeA, 5, nil), jwt.UnsafeAllowNoneSignatureType), invalid},
		"alg none with a signature":    {signed(`{"alg":"none","typ":"JWT"}`, claims), invalid},
		"alg None":                     {signed(`{"alg":"None"}`, claims), invalid},
		"alg hs256 in lower case":      {signed(`{"alg":"hs256"}`, claims), invalid},
		"alg missing":                  {signed(`{"typ":"JWT"}`, claims), invalid},
		"alg a number":                 {signed(`{"alg":256}`, claims), invalid},
		"alg another HMAC than signed": {signed(`{"alg":"HS512"}`, claims), invalid},
		"alg unknown":                  {signed(`{"alg":"HS1"}`, claims), invalid},
		"RS256":                        {sign(t, jwt.SigningMethodRS256, claimsOf(storeA, 5, nil), rsaKey), invalid},
		"RS256 of HMAC":                {signed(`{"alg":"RS256"}`, claims), invalid},
		"PS256":                        {sign(t, jwt.SigningMethodPS256, claimsOf(storeA, 5, nil), rsaKey), invalid},
		"ES256":                        {sign(t, jwt.SigningMethodES256, claimsOf(storeA, 5, nil), ecKey), invalid},
		"ES256 of another app":         {sign(t, jwt.SigningMethodES256, claimsOf(storeA, 5, with("aud", "x")), ecKey), invalid},
		// Keys.
		"another secret":               {sign(t, hs256, claimsOf(storeA, 5, nil), []byte("another")), invalid},
		"an empty secret":              {sign(t, hs256, claimsOf(storeA, 5, nil), []byte("")), invalid},
		"the client id as secret":      {sign(t, hs256, claimsOf(storeA, 5, nil), []byte(testClient)), invalid},
		"the secret in other case":     {sign(t, hs256, claimsOf(storeA, 5, nil), []byte(strings.ToUpper(testSecret))), invalid},
		"a signature of other claims":  {part[0] + "." + b64(strings.Replace(claims, `"id":5`, `"id":6`, 1)) + "." + part[2], invalid},
		"no signature":                 {part[0] + "." + part[1] + ".", invalid},
		"a signature cut short":        {good[:len(good)-2], invalid},
		"expired, of another secret":   {sign(t, hs256, claimsOf(storeA, 5, with("exp", ago(time.Hour))), []byte("another")), invalid},
		"another app, another secret":  {sign(t, hs256, claimsOf(storeA, 5, with("aud", "other-app")), []byte("another")), app},
		"kid, jku and jwk are ignored": {signed(`{"alg":"HS256","kid":"../../dev/null","jku":"https://evil.example"}`, strings.ReplaceAll(claims, storeA, storeB)), store},
		// Claims.
		"aud missing":                  {changed(with("aud", nil)), invalid},
		"aud empty":                    {changed(with("aud", "")), invalid},
		"aud another app":              {changed(with("aud", "other-app")), app},
		"aud application_id":           {changed(with("aud", "6sv16tasdgr2b5hs5dd67g2srvq")), app},
		"aud in other case":            {changed(with("aud", strings.ToUpper(testClient))), app},
		"aud a list":                   {changed(with("aud", []string{testClient, "other"})), invalid},
		"iss missing":                  {changed(with("iss", nil)), invalid},
		"iss of signed payloads":       {changed(with("iss", "bc")), invalid},
		"iss of our login tokens":      {changed(with("iss", testClient)), invalid},
		"operation missing":            {changed(with("operation", nil)), invalid},
		"operation customer_login":     {changed(with("operation", "customer_login")), invalid},
		"sub missing":                  {changed(with("sub", nil)), invalid},
		"sub another store":            {changed(with("sub", storeB)), invalid},
		"sub of a signed payload":      {changed(with("sub", "stores/"+storeA)), invalid},
		"store_hash missing":           {changed(with("store_hash", nil)), invalid},
		"store_hash another store":     {changed(with("store_hash", storeB)), invalid},
		"both another store":           {sign(t, hs256, claimsOf(storeB, 5, nil), nil), store},
		"both a store in other case":   {sign(t, hs256, claimsOf("ABC123", 5, nil), nil), store},
		"another store and expired":    {sign(t, hs256, claimsOf(storeB, 5, with("exp", ago(time.Minute))), nil), invalid}, // before iat
		"another store, another app":   {sign(t, hs256, claimsOf(storeB, 5, with("aud", "x")), nil), app},
		"customer missing":             {changed(with("customer", nil)), invalid},
		"customer null":                {changed(customerIs(nil)), invalid},
		"customer id missing":          {changed(customerIs(map[string]any{"email": "a@example.com"})), invalid},
		"customer id 0, a guest":       {changed(customerIs(map[string]any{"id": 0})), invalid},
		"customer id negative":         {changed(customerIs(map[string]any{"id": -5})), invalid},
		"customer id text":             {changed(customerIs(map[string]any{"id": "5"})), invalid},
		"customer id a fraction":       {changed(customerIs(map[string]any{"id": 5.5})), invalid},
		"customer id too large":        {changed(customerIs(map[string]any{"id": 1e300})), invalid},
		"customer e-mail a number":     {changed(customerIs(map[string]any{"id": 5, "email": 5})), invalid},
		"group an object":              {changed(customerIs(map[string]any{"id": 5, "group_id": map[string]any{}})), invalid},
		"a session of ours as a token": {sessionToken, invalid},
		"claims a list":                {signed(`{"alg":"HS256"}`, `[]`), invalid},
		"claims null":                  {signed(`{"alg":"HS256"}`, `null`), invalid},
		"claims text":                  {signed(`{"alg":"HS256"}`, `"x"`), invalid},
		"claims of two JSON values":    {signed(`{"alg":"HS256"}`, claims+claims), invalid},
		"claims not JSON":              {signed(`{"alg":"HS256"}`, `{`), invalid},
		"header a list":                {signed(`["HS256"]`, claims), invalid},
		// Times.
		"exp missing":             {changed(with("exp", nil)), invalid},
		"exp text":                {changed(with("exp", "tomorrow")), invalid},
		"exp in quotes":           {changed(with("exp", strconv.FormatInt(ago(-time.Hour), 10))), invalid},
		"exp beyond all time":     {changed(with("exp", 1e300)), invalid},
		"iat beyond all time":     {changed(with("iat", 1e300)), invalid},
		"nbf beyond all time":     {changed(with("nbf", 1e300)), invalid},
		"exp before iat":          {changed(with("exp", ago(time.Second))), invalid},
		"exp 0":                   {changed(with("exp", 0)), invalid},
		"exp negative":            {changed(with("exp", -1)), invalid},
		"iat missing":             {changed(with("iat", nil)), invalid},
		"iat in the future":       {changed(func(c jwt.MapClaims) { c["iat"], c["exp"] = ago(-time.Minute), ago(-time.Hour) }), invalid},
		"nbf in the future":       {changed(with("nbf", ago(-time.Minute))), invalid},
		"expired":                 {changed(func(c jwt.MapClaims) { c["iat"], c["exp"] = ago(time.Hour), ago(45*time.Minute) }), expired},
		"expired past the leeway": {changed(func(c jwt.MapClaims) { c["iat"], c["exp"] = ago(time.Hour), ago(leeway) }), expired},
		"expired long ago":        {changed(func(c jwt.MapClaims) { c["iat"], c["exp"] = 1480831863, 1480832763 }), expired},
		// Encodings.
		"two parts":                   {part[0] + "." + part[1], invalid},
		"four parts":                  {good + ".x", invalid},
		"five parts, encrypted":       {good + "." + part[0] + "." + part[1], invalid},
		"padding":                     {good + "=", invalid},
		"standard base64":             {part[0] + "." + part[1] + "." + strings.NewReplacer("-", "+", "_", "/").Replace(part[2]) + "+/", invalid},
		"a space inside":              {part[0] + ". " + part[1] + "." + part[2], invalid},
		"a line end inside":           {part[0] + "\r\n." + part[1] + "." + part[2], invalid},
		"a line end in the signature": {good[:len(good)-9] + "\n" + good[len(good)-9:], invalid},
		"NUL inside":                  {part[0] + ".\x00" + part[1] + "." + part[2], invalid},
		"not UTF-8":                   {"\xff\xfe." + part[1] + "." + part[2], invalid},
		"dots":                        {"..", invalid},
		"words":                       {"not a token", invalid},
		"in quotes":                   {`"` + good + `"`, invalid},
		"with Bearer":                 {"Bearer " + good, invalid},
		"twice":                       {good + "\n" + good, invalid},
		"bits after the signature":    {loosen(good), invalid},
		"a page of HTML":              {"<!doctype html><title>Not found</title>", invalid},
		"a long token of no meaning":  {strings.Repeat("A", 5000) + "." + strings.Repeat("B", 5000) + "." + strings.Repeat("C", 5000), invalid},
	}
}

// loosen changes the bits of the last character that decoding drops, which strict decoding refuses.
func loosen(raw string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, raw[len(raw)-1])
	return raw[:len(raw)-1] + string(alphabet[last^1])
}

func TestRefusedTokens(t *testing.T) {
	f := newFixture(t)
	tokens := badTokens(t)
	if len(tokens) < 40 {
		t.Fatalf("only %d tokens", len(tokens))
	}
	for name, bad := range tokens {
		t.Run(name, func(t *testing.T) {
			w := f.verify(storeA, originA, bad.token)
			refused(t, w, bad.code)
			if len(bad.token) > 20 && strings.Contains(w.Body.String(), bad.token[:20]) {
				t.Errorf("the answer repeats the token: %s", w.Body)
			}
			f.service.cfg.Limits = fresh(f) // so many refusals would be too often
		})
	}
	if w := f.verify(storeA, originA, token(t, storeA, 5)); w.Code != http.StatusOK {
		t.Errorf("the token that they were made of: %d %s", w.Code, w.Body)
	}
}

func TestRefusedRequests(t *testing.T) {
	f := newFixture(t)
	good := token(t, storeA, 5)
	const path = "/storefront/" + storeA + "/current-customer"
	text, asJSON := map[string]string{"Content-Type": "text/plain"}, map[string]string{"Content-Type": "application/json"}
	header := func(pairs ...string) map[string]string {
		h := map[string]string{"Content-Type": "text/plain"}
		for i := 0; i < len(pairs); i += 2 {
			h[pairs[i]] = pairs[i+1]
		}
		return h
	}
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	_, _ = zip.Write([]byte(good))
	_ = zip.Close()
	session := f.session(storeA, 5).Session
	bearer := func(s string) map[string]string { return map[string]string{"Authorization": s} }
	const card = "/storefront/" + storeA + "/account"
	sessionsWith := func(change func(*sessionClaims)) string {
		c := sessionClaims{RegisteredClaims: jwt.RegisteredClaims{
			Issuer: sessionIssuer, Audience: jwt.ClaimStrings{sessionAudience}, Subject: "5", ExpiresAt: jwt.NewNumericDate(began.Add(sessionFor)),
		}, StoreHash: storeA}
		change(&c)
		return "Bearer " + sign(t, jwt.SigningMethodHS256, c, f.service.sessions.key)
	}
	for name, test := range map[string]struct {
		request
		code problem.Code
	}{
		// Stores.
		"a store that nobody knows":   {request{"POST", "/storefront/zzz999/current-customer", good, text}, problem.StoreNotInstalled},
		"a store that uninstalled":    {request{"POST", "/storefront/gone00/current-customer", token(t, "gone00", 5), text}, problem.StoreNotInstalled},
		"no store hash":               {request{"POST", "/storefront/ABC123/current-customer", good, text}, problem.StoreNotInstalled},
		"a hash that is too long":     {request{"POST", "/storefront/" + strings.Repeat("a", 33) + "/current-customer", good, text}, problem.StoreNotInstalled},
		"a hash with SQL":             {request{"POST", "/storefront/a'%20or%201=1/current-customer", good, text}, problem.StoreNotInstalled},
		"another store's address":     {request{"POST", "/storefront/" + storeB + "/current-customer", good, text}, problem.WrongStore},
		"a card of an unknown store":  {request{"GET", "/storefront/zzz999/account", "", bearer("Bearer " + session)}, problem.StoreNotInstalled},
		"a preflight of a gone store": {request{"OPTIONS", "/storefront/gone00/account", "", nil}, problem.StoreNotInstalled},
		// Bodies.
		"nothing":                     {request{"POST", path, "", text}, problem.Invalid},
		"spaces":                      {request{"POST", path, " \r\n ", text}, problem.Invalid},
		"no type":                     {request{"POST", path, good, nil}, problem.Invalid},
		"a form":                      {request{"POST", path, "token=" + good, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, problem.Invalid},
		"HTML":                        {request{"POST", path, good, map[string]string{"Content-Type": "text/html"}}, problem.Invalid},
		"JSON of another kind":        {request{"POST", path, `{"token":"` + good + `"}`, map[string]string{"Content-Type": "application/jwt"}}, problem.Invalid},
		"UTF-16":                      {request{"POST", path, good, map[string]string{"Content-Type": "text/plain; charset=utf-16"}}, problem.Invalid},
		"a broken type":               {request{"POST", path, good, map[string]string{"Content-Type": "text/plain; charset"}}, problem.Invalid},
		"compressed":                  {request{"POST", path, zipped.String(), header("Content-Encoding", "gzip")}, problem.Invalid},
		"the token alone as JSON":     {request{"POST", path, `"` + good + `"`, asJSON}, problem.Invalid},
		"text as JSON":                {request{"POST", path, good, asJSON}, problem.Invalid},
		"JSON as text":                {request{"POST", path, `{"token":"` + good + `"}`, text}, problem.TokenInvalid},
		"JSON without token":          {request{"POST", path, `{}`, asJSON}, problem.Invalid},
		"JSON null":                   {request{"POST", path, `null`, asJSON}, problem.Invalid},
		"token null":                  {request{"POST", path, `{"token":null}`, asJSON}, problem.Invalid},
		"token a number":              {request{"POST", path, `{"token":1}`, asJSON}, problem.Invalid},
		"token a list":                {request{"POST", path, `{"token":["` + good + `"]}`, asJSON}, problem.Invalid},
		"another field":               {request{"POST", path, `{"jwt":"` + good + `"}`, asJSON}, problem.Invalid},
		"a field more":                {request{"POST", path, `{"token":"` + good + `","store":"x"}`, asJSON}, problem.Invalid},
		"two values":                  {request{"POST", path, `{"token":"` + good + `"}{}`, asJSON}, problem.Invalid},
		"JSON cut short":              {request{"POST", path, `{"token":"` + good, asJSON}, problem.Invalid},
		"17 KB of text":               {request{"POST", path, strings.Repeat("a", 17<<10), text}, problem.TooLarge},
		"17 KB of JSON":               {request{"POST", path, `{"token":"` + strings.Repeat("a", 17<<10) + `"}`, asJSON}, problem.TooLarge},
		"one byte too many of spaces": {request{"POST", path, good + strings.Repeat(" ", maxBody+1-len(good)), text}, problem.TooLarge},
		// Origins.
		"another site's page":         {request{"POST", path, good, header("Origin", "https://evil.example")}, problem.OriginRefused},
		"another store's page":        {request{"POST", path, good, header("Origin", originB)}, problem.OriginRefused},
		"the same host without TLS":   {request{"POST", path, good, header("Origin", "http://shop-a.example")}, problem.OriginRefused},
		"the same host, another port": {request{"POST", path, good, header("Origin", originA+":8443")}, problem.OriginRefused},
		"a host below":                {request{"POST", path, good, header("Origin", "https://x.shop-a.example")}, problem.OriginRefused},
		"a host that begins so":       {request{"POST", path, good, header("Origin", originA+".evil.example")}, problem.OriginRefused},
		"origin null":                 {request{"POST", path, good, header("Origin", "null")}, problem.OriginRefused},
		"origin empty":                {request{"POST", path, good, header("Origin", "")}, problem.OriginRefused},
		"origin with a path":          {request{"POST", path, good, header("Origin", originA+"/")}, problem.OriginRefused},
		"origin in upper case":        {request{"POST", path, good, header("Origin", "https://SHOP-A.example")}, problem.OriginRefused},
		"origin a wildcard":           {request{"POST", path, good, header("Origin", "*")}, problem.OriginRefused},
		"a preflight from elsewhere":  {request{"OPTIONS", path, "", map[string]string{"Origin": originB, "Access-Control-Request-Method": "POST"}}, problem.OriginRefused},
		"a card for another page":     {request{"GET", card, "", map[string]string{"Authorization": "Bearer " + session, "Origin": originB}}, problem.OriginRefused},
		// Sessions.
		"no session":                          {request{"GET", card, "", nil}, problem.Unauthenticated},
		"an empty session":                    {request{"GET", card, "", bearer("Bearer ")}, problem.Unauthenticated},
		"another scheme":                      {request{"GET", card, "", bearer("Basic " + session)}, problem.Unauthenticated},
		"a session in the address":            {request{"GET", card + "?session=" + session, "", nil}, problem.Unauthenticated},
		"BigCommerce's token for a session":   {request{"GET", card, "", bearer("Bearer " + good)}, problem.TokenInvalid},
		"a session signed with the secret":    {request{"GET", card, "", bearer("Bearer " + sign(t, jwt.SigningMethodHS256, sessionClaims{RegisteredClaims: jwt.RegisteredClaims{Issuer: sessionIssuer, Audience: jwt.ClaimStrings{sessionAudience}, Subject: "5", ExpiresAt: jwt.NewNumericDate(began.Add(time.Hour))}, StoreHash: storeA}, nil))}, problem.TokenInvalid},
		"a session of another store":          {request{"GET", card, "", bearer("Bearer " + f.session(storeB, 5).Session)}, problem.WrongStore},
		"a session of no store":               {request{"GET", card, "", bearer(sessionsWith(func(c *sessionClaims) { c.StoreHash = "" }))}, problem.TokenInvalid},
		"a session of nobody":                 {request{"GET", card, "", bearer(sessionsWith(func(c *sessionClaims) { c.Subject = "" }))}, problem.TokenInvalid},
		"a session of customer 0":             {request{"GET", card, "", bearer(sessionsWith(func(c *sessionClaims) { c.Subject = "0" }))}, problem.TokenInvalid},
		"a session for the panel":             {request{"GET", card, "", bearer(sessionsWith(func(c *sessionClaims) { c.Audience = jwt.ClaimStrings{"sluice-panel"} }))}, problem.TokenInvalid},
		"a session of another issuer":         {request{"GET", card, "", bearer(sessionsWith(func(c *sessionClaims) { c.Issuer = "bc" }))}, problem.TokenInvalid},
		"a session without end":               {request{"GET", card, "", bearer(sessionsWith(func(c *sessionClaims) { c.ExpiresAt = nil }))}, problem.TokenInvalid},
		"a session that is over":              {request{"GET", card, "", bearer(sessionsWith(func(c *sessionClaims) { c.ExpiresAt = jwt.NewNumericDate(began) }))}, problem.TokenExpired},
		"another store's session, over":       {request{"GET", card, "", bearer(sessionsWith(func(c *sessionClaims) { c.ExpiresAt = jwt.NewNumericDate(began); c.StoreHash = storeB }))}, problem.WrongStore},
		"a session with a line end":           {request{"GET", card, "", bearer("Bearer " + session[:len(session)-9] + "\n" + session[len(session)-9:])}, problem.TokenInvalid},
		"a session cut short":                 {request{"GET", card, "", bearer("Bearer " + session[:len(session)-3])}, problem.TokenInvalid},
		"a session as long as a body":         {request{"GET", card, "", bearer("Bearer " + strings.Repeat("a", maxSession+1))}, problem.TokenInvalid},
		"a session of algorithm none":         {request{"GET", card, "", bearer("Bearer " + sign(t, jwt.SigningMethodNone, jwt.MapClaims{"iss": sessionIssuer, "aud": sessionAudience, "sub": "5", "store": storeA, "exp": began.Add(time.Hour).Unix()}, jwt.UnsafeAllowNoneSignatureType))}, problem.TokenInvalid},
		"a session of a stronger HMAC method": {request{"GET", card, "", bearer("Bearer " + sign(t, jwt.SigningMethodHS512, jwt.MapClaims{"iss": sessionIssuer, "aud": sessionAudience, "sub": "5", "store": storeA, "exp": began.Add(time.Hour).Unix()}, f.service.sessions.key))}, problem.TokenInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			f.service.cfg.Limits = fresh(f)
			w := f.do(test.request)
			refused(t, w, test.code)
			origin, allowed := test.header["Origin"], w.Header().Get("Access-Control-Allow-Origin")
			if test.code == problem.OriginRefused && allowed != "" || allowed == "*" || allowed != "" && allowed != origin || w.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("a page may read it: %v", w.Header())
			}
		})
	}
}
