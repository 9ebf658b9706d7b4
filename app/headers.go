package main

import "net/http"

// hstsFor is how long browsers may reach the app by https only. Subdomains are whoever's who runs
// it.
const hstsFor = "max-age=31536000"

// secured gives every answer of next, also those that no handler makes, what keeps a browser from
// doing more with it than was meant. Pages that may do more, such as be framed, say so themselves.
// https says that the app is reached by TLS.
func secured(next http.Handler, https bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if https {
			h.Set("Strict-Transport-Security", hstsFor)
		}
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}
