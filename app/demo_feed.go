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
	"strconv"
	"strings"
	"sync"
	"time"
)

// feedServer is the back-office system of the demo: it serves files, as an ERP's exports would be,
// on a loopback port. A file of the user's is read at each request, so that it may be edited
// meanwhile.
type feedServer struct {
	base   string // URL, with a trailing slash
	server *http.Server

	mu    sync.Mutex
	files map[string]string // path of a file by its name below base; "" for the example
}

// exampleFile is the name of the example's parts.
const exampleFile = "parts.csv"

func newFeedServer(l net.Listener) *feedServer {
	mux := http.NewServeMux()
	f := &feedServer{
		base: "http://" + l.Addr().String() + "/export/", files: map[string]string{},
		server: &http.Server{Handler: mux, ReadHeaderTimeout: readHeaderTimeout},
	}
	mux.HandleFunc("GET /export/{file...}", f.answer)
	go func() {
		if err := f.server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the listener is ours and open: this cannot happen
		}
	}()
	return f
}

// serve serves the file at path, or the example parts when path is empty, and returns its address.
// Files of the same name have addresses of their own.
func (f *feedServer) serve(path string) (address string, err error) {
	name := exampleFile
	if path != "" {
		name = filepath.Base(path)
		if _, err := os.Stat(path); err != nil {
			return "", err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	below := name
	for i := 2; ; i++ {
		if served, taken := f.files[below]; !taken || served == path {
			break
		}
		below = strconv.Itoa(i) + "/" + name
	}
	f.files[below] = path
	return f.base + strings.TrimSuffix(below, name) + url.PathEscape(name), nil
}

func (f *feedServer) answer(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	path, served := f.files[r.PathValue("file")]
	f.mu.Unlock()
	if !served {
		http.NotFound(w, r)
		return
	}
	var data []byte
	var err error
	if path == "" {
		data, err = exampleFeed()
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		http.Error(w, "the feed's file cannot be read", http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256(data)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	w.Header().Set("Content-Type", "text/csv")
	http.ServeContent(w, r, r.PathValue("file"), time.Time{}, bytes.NewReader(data))
}

// exampleFeed returns the example's parts.
var exampleFeed = sync.OnceValues(func() ([]byte, error) {
	var b bytes.Buffer
	err := writeExampleFeed(&b, exampleParts)
	return b.Bytes(), err
})

func (f *feedServer) close() { _ = f.server.Close() }
