package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// feedServer is the back-office system of the demo: it serves one file, as an ERP's export would be,
// on a loopback port. A file of the user's is read at each request, so that it may be edited meanwhile.
type feedServer struct {
	URL    string
	server *http.Server
}

// newFeedServer serves the file at path, or the example parts when path is empty.
func newFeedServer(l net.Listener, path string) (*feedServer, error) {
	name := "parts.csv"
	var example bytes.Buffer
	if path == "" {
		if err := writeExampleFeed(&example, exampleParts); err != nil {
			return nil, err
		}
	} else {
		name = filepath.Base(path)
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /export/{file}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("file") != name {
			http.NotFound(w, r)
			return
		}
		data := example.Bytes()
		if path != "" {
			var err error
			if data, err = os.ReadFile(path); err != nil {
				http.Error(w, "the feed's file cannot be read", http.StatusInternalServerError)
				return
			}
		}
		sum := sha256.Sum256(data)
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
		w.Header().Set("Content-Type", "text/csv")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	})
	f := &feedServer{server: &http.Server{Handler: mux, ReadHeaderTimeout: readHeaderTimeout}}
	f.URL = "http://" + l.Addr().String() + "/export/" + url.PathEscape(name)
	go func() {
		if err := f.server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the listener is ours and open: this cannot happen
		}
	}()
	return f, nil
}

func (f *feedServer) close() { _ = f.server.Close() }
