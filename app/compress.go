package main

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// minCompressed is the smallest answer that is worth compressing: below it, it fits a network
// packet anyway.
const minCompressed = 1400

// compressedTypes are what shrinks. HTML is left out on purpose: the panel's page carries a
// session, and a compressed page tells its secrets to whoever can choose a part of it and count
// bytes (BREACH). An event stream is left out because it must not wait for a compressor's buffer.
var compressedTypes = []string{
	"application/json", "application/problem+json", "text/javascript", "application/javascript",
	"text/css", "text/csv", "text/plain", "image/svg+xml",
}

// compressed compresses next's answers for clients that accept it.
func compressed(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(minCompressed),
		gzhttp.ContentTypes(compressedTypes),
		// One coding that every browser and proxy has.
		gzhttp.EnableZstd(false),
		// Types are set by the handlers; none is to be guessed here.
		gzhttp.SetContentType(false),
	)
	if err != nil {
		return nil, err
	}
	return wrap(next), nil
}
