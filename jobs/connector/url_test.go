package connector

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
)

const secret = "Bearer s3cr3t-of-the-merchant"

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// feedServer is a merchant's server with TLS, and a source that may reach it.
func feedServer(t *testing.T, opts URLOptions, h http.HandlerFunc) (*httptest.Server, Source) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	t.Cleanup(s.Close)
	opts.RootCAs = x509.NewCertPool()
	opts.RootCAs.AddCert(s.Certificate())
	if opts.AllowPrivate == nil {
		opts.AllowPrivate = loopback
	}
	return s, NewURL(opts)
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

// cut sends head and half a body and drops the connection.
func cut(w http.ResponseWriter, head, body string) {
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = rw.WriteString(head + "\r\n\r\n" + body)
	_ = rw.Flush()
	_ = conn.Close()
}

func TestFetch(t *testing.T) {
	feed := "sku,name\n" + strings.Repeat("A,Cap\n", 50_000)
	tests := map[string]struct {
		opts    URLOptions
		handler http.HandlerFunc
		want    string
		result  Got
		code    problem.Code
		message string
	}{
		"a file": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"v1"`)
				w.Header().Set("Last-Modified", "Wed, 21 Oct 2026 07:28:00 GMT")
				w.Header().Set("Content-Type", "text/csv")
				fmt.Fprint(w, feed)
			},
			want:   feed,
			result: Got{Have: Have{ETag: `"v1"`, LastModified: "Wed, 21 Oct 2026 07:28:00 GMT"}, ContentType: "text/csv", Complete: true},
		},
		"short, empty": {
			handler: func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", "text/csv") },
			result:  Got{ContentType: "text/csv", Complete: true},
		},
		"gzip": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Content-Type", "text/csv")
				_, _ = w.Write(gzipped([]byte(feed)))
			},
			want: feed, result: Got{ContentType: "text/csv", Complete: true},
		},
		"gzip that is cut": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Content-Type", "text/csv")
				b := gzipped([]byte("sku,name\nA,Cap\n"))
				_, _ = w.Write(b[:len(b)-4])
			},
			want: "sku,name\nA,Cap\n", result: Got{ContentType: "text/csv"},
		},
		"gzip that is none": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				fmt.Fprint(w, "sku,name and more than ten bytes")
			},
			code: problem.Invalid, message: "it is not",
		},
		"an encoding that was not asked for": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "br")
				fmt.Fprint(w, "x")
			},
			code: problem.Invalid, message: `"br"`,
		},
		"a gzip bomb": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(gzipped(bytes.Repeat([]byte("a"), bombFree+1<<20)))
			},
			code: problem.TooLarge, message: "unpacks to more than",
		},
		"gzip over the limit": {
			opts: URLOptions{MaxBytes: 1000},
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(gzipped([]byte(feed)))
			},
			code: problem.TooLarge, message: "larger than 1000 bytes",
		},
		"a length over the limit": {
			opts:    URLOptions{MaxBytes: 10 << 20},
			handler: func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "10485761") },
			code:    problem.TooLarge, message: "larger than 10 MiB",
		},
		"a body over the limit": {
			opts: URLOptions{MaxBytes: 100_000},
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.(http.Flusher).Flush()
				fmt.Fprint(w, feed)
			},
			code: problem.TooLarge, message: "larger than",
		},
		"cut, with a length": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				cut(w, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: \"half\"", "sku,name\nA,C")
			},
			want: "sku,name\nA,C", result: Got{Have: Have{ETag: `"half"`}},
		},
		"cut, in chunks": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				cut(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "f\r\nsku,name\nA,Cap\n\r\n10\r\nB,H")
			},
			want: "sku,name\nA,Cap\nB,H", result: Got{},
		},
		"cut before the first byte": {
			handler: func(w http.ResponseWriter, r *http.Request) { cut(w, "HTTP/1.1 200 OK\r\nContent-Length: 1000", "") },
			code:    problem.Unavailable, message: "before it sent anything",
		},
		"cut before the answer": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				conn, _, _ := w.(http.Hijacker).Hijack()
				_ = conn.Close()
			},
			code: problem.Unavailable, message: "before it answered",
		},
		"404":                       {handler: http.NotFound, code: problem.Invalid, message: "no file at this address (404)"},
		"401":                       {handler: status(401), code: problem.Invalid, message: "enter or renew the Authorization header"},
		"403":                       {handler: status(403), code: problem.Invalid, message: "refuses access"},
		"500":                       {handler: status(500), code: problem.Unavailable, message: "error of its own (500)"},
		"429":                       {handler: status(429), code: problem.Unavailable, message: "too often"},
		"204":                       {handler: status(204), code: problem.Invalid, message: "file is empty"},
		"304 that nobody asked for": {handler: status(304), code: problem.Invalid, message: "(304)"},
		"418":                       {handler: status(418), code: problem.Invalid, message: "status 418"},
		"HTML by type": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprint(w, "sku,name\n")
			},
			code: problem.Invalid, message: "web page",
		},
		"HTML by its look": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/csv")
				fmt.Fprint(w, "\xef\xbb\xbf\n <!DOCTYPE html><html>")
			},
			code: problem.Invalid, message: "web page",
		},
		"redirect": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://cdn.example.com/feed?key=hidden", http.StatusFound)
			},
			code: problem.Invalid, message: "redirect to cdn.example.com: enter",
		},
		"redirect that cannot be parsed": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "https://[bad?key=hidden")
				w.WriteHeader(302)
			},
			code: problem.Invalid, message: "leads nowhere",
		},
		"redirects in a circle": {
			opts:    URLOptions{AllowRedirects: true},
			handler: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) },
			code:    problem.Invalid, message: "more than 5 times",
		},
		"redirect to plain http": {
			opts: URLOptions{AllowRedirects: true},
			handler: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://example.com/", http.StatusFound)
			},
			code: problem.Invalid, message: "must begin with https",
		},
		"redirect into the host's network": {
			opts: URLOptions{AllowRedirects: true},
			handler: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://169.254.169.254/latest/meta-data?key=hidden", http.StatusFound)
			},
			code: problem.Invalid, message: "169.254.169.254 is inside a private network",
		},
		"no answer in time": {
			opts:    URLOptions{HeaderTimeout: 20 * time.Millisecond},
			handler: func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			code:    problem.Unavailable, message: "does not answer in time",
		},
		"takes too long": {
			opts:    URLOptions{TotalTimeout: 20 * time.Millisecond},
			handler: func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			code:    problem.Unavailable, message: "takes too long",
		},
		"takes too long after its headers": {
			opts:    URLOptions{TotalTimeout: 50 * time.Millisecond},
			handler: headersOnly,
			code:    problem.Unavailable, message: "takes too long",
		},
		"stands still after its headers": {
			opts:    URLOptions{IdleTimeout: 20 * time.Millisecond},
			handler: headersOnly,
			code:    problem.Unavailable, message: "does not answer in time",
		},
		"stands still": {
			opts: URLOptions{IdleTimeout: 20 * time.Millisecond},
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/csv")
				fmt.Fprint(w, "sku\nA\n")
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			},
			want: "sku\nA\n", result: Got{ContentType: "text/csv"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, f := feedServer(t, tt.opts, tt.handler)
			var w bytes.Buffer
			got, err := f.Fetch(t.Context(), Settings{URL: s.URL + "/feed.csv?key=hidden"}, secret, Have{}, &w)
			if err != nil && (strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "s3cr3t")) {
				t.Errorf("the error shows a secret: %v", err)
			}
			if tt.code != "" {
				if problem.CodeOf(err) != tt.code || !strings.Contains(problem.MessageOf(err), tt.message) {
					t.Fatalf("error %v", err)
				}
				if strings.Contains(w.String(), "<") {
					t.Errorf("wrote %q", w.String())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			tt.result.Filename = "feed.csv"
			if diff := cmp.Diff(tt.result, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if w.String() != tt.want {
				t.Errorf("wrote %d bytes, not the feed", w.Len())
			}
		})
	}
}

// headersOnly is a server that begins an answer and then hangs.
func headersOnly(w http.ResponseWriter, r *http.Request) {
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }
}

func TestFetchConditional(t *testing.T) {
	s, f := feedServer(t, URLOptions{UserAgent: "Sluice/test"}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != secret || r.UserAgent() != "Sluice/test" || r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("headers %v", r.Header)
		}
		if r.Header.Get("If-None-Match") == `"v1"` || r.Header.Get("If-Modified-Since") == "then" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"v2"`)
		fmt.Fprint(w, "sku\n")
	})
	for name, tt := range map[string]struct {
		have Have
		want Got
	}{
		"same tag":  {Have{ETag: `"v1"`, LastModified: "x"}, Got{Unchanged: true, Complete: true, Have: Have{ETag: `"v1"`, LastModified: "x"}}},
		"same date": {Have{LastModified: "then"}, Got{Unchanged: true, Complete: true, Have: Have{LastModified: "then"}}},
		"other tag": {Have{ETag: `"v0"`}, Got{Have: Have{ETag: `"v2"`}, Complete: true, ContentType: "text/plain; charset=utf-8"}},
	} {
		t.Run(name, func(t *testing.T) {
			var w bytes.Buffer
			got, err := f.Fetch(t.Context(), Settings{URL: s.URL}, secret, tt.have, &w)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFetchRedirectDropsTheSecret(t *testing.T) {
	got := make(chan string, 2)
	target, _ := feedServer(t, URLOptions{}, func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("Authorization") + r.Header.Get("Referer")
		fmt.Fprint(w, "sku\nA\n")
	})
	s, f := feedServer(t, URLOptions{AllowRedirects: true}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, "/same-host", http.StatusFound)
		case "/same-host":
			got <- r.Header.Get("Authorization")
			http.Redirect(w, r, target.URL, http.StatusTemporaryRedirect) // the same address, another port
		}
	})
	var w bytes.Buffer
	if _, err := f.Fetch(t.Context(), Settings{URL: s.URL}, secret, Have{}, &w); err != nil {
		t.Fatal(err)
	}
	if a, b := <-got, <-got; a != secret || b != "" || w.String() != "sku\nA\n" {
		t.Errorf("the same host got %q, the other %q; read %q", a, b, w.String())
	}
}

func TestFetchRefusesURLs(t *testing.T) {
	f := NewURL(URLOptions{})
	for raw, message := range map[string]string{
		"http://example.com/a.csv":            "must begin with https",
		"ftp://example.com/a.csv":             "must begin with https",
		"file:///etc/passwd":                  "must begin with https",
		"/products.csv":                       "must begin with https",
		"":                                    "must begin with https",
		"https://":                            "no host name",
		"https://user:hidden@example.com/":    "must not hold a user name",
		"https://exa mple.com/?key=hidden":    "not a valid URL",
		"https://127.0.0.1/":                  "private network",
		"https://[::1]/":                      "private network",
		"https://[::ffff:127.0.0.1]/":         "private network",
		"https://localhost/":                  "private network",
		"https://169.254.169.254/?key=hidden": "private network",
		"https://0.0.0.0/":                    "private network",
		"https://10.0.0.1:8443/":              "private network",
		"https://[fe80::1]/":                  "private network",
		"https://example.com/\x00":            "not a valid URL",
	} {
		_, err := f.Fetch(t.Context(), Settings{URL: raw}, "", Have{}, io.Discard)
		if problem.CodeOf(err) != problem.Invalid || !strings.Contains(problem.MessageOf(err), message) {
			t.Errorf("%q: %v", raw, err)
		}
		if strings.Contains(fmt.Sprint(err), "hidden") {
			t.Errorf("%q: the error shows a secret", raw)
		}
	}
	_, err := f.Fetch(t.Context(), Settings{URL: "https://127.0.0.1/"}, "a\r\nX: b", Have{}, io.Discard)
	if !strings.Contains(problem.MessageOf(err), "one line") {
		t.Errorf("header with a line break: %v", err)
	}
}

func TestFetchPlainHTTP(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "sku\nA\n") }))
	defer s.Close()
	port := strconv.Itoa(s.Listener.Addr().(*net.TCPAddr).Port)
	for name, tt := range map[string]struct {
		opts URLOptions
		url  string
		ok   bool
	}{
		"allowed address":               {URLOptions{AllowHTTP: true, AllowPrivate: loopback}, s.URL, true},
		"allowed address behind a name": {URLOptions{AllowHTTP: true, AllowPrivate: loopback}, "http://localhost:" + port, true},
		"http not allowed":              {URLOptions{AllowPrivate: loopback}, s.URL, false},
		"address not allowed":           {URLOptions{AllowHTTP: true, AllowPrivate: loopback[1:]}, s.URL, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewURL(tt.opts).Fetch(t.Context(), Settings{URL: tt.url}, "", Have{}, io.Discard)
			if (err == nil) != tt.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestFetchTLS(t *testing.T) {
	s, f := feedServer(t, URLOptions{}, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "sku\n") })
	unknown := NewURL(URLOptions{AllowPrivate: loopback})
	if _, err := unknown.Fetch(t.Context(), Settings{URL: s.URL}, "", Have{}, io.Discard); !strings.Contains(problem.MessageOf(err), "authority that is not known") {
		t.Errorf("unknown authority: %v", err)
	}
	port := strconv.Itoa(s.Listener.Addr().(*net.TCPAddr).Port)
	if _, err := f.Fetch(t.Context(), Settings{URL: "https://localhost:" + port}, "", Have{}, io.Discard); !strings.Contains(problem.MessageOf(err), "another name") {
		t.Errorf("wrong name: %v", err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	if _, err := f.Fetch(t.Context(), Settings{URL: strings.Replace(plain.URL, "http", "https", 1)}, "", Have{}, io.Discard); !strings.Contains(problem.MessageOf(err), "does not speak https") {
		t.Errorf("no TLS: %v", err)
	}
	plain.Close()
	if _, err := f.Fetch(t.Context(), Settings{URL: strings.Replace(plain.URL, "http", "https", 1)}, "", Have{}, io.Discard); !strings.Contains(problem.MessageOf(err), "refuses the connection") {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestFetchNames(t *testing.T) {
	f := NewURL(URLOptions{resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server")
	}}})
	_, err := f.Fetch(t.Context(), Settings{URL: "https://shop.example/feed.csv"}, "", Have{}, io.Discard)
	if problem.CodeOf(err) != problem.Unavailable || !strings.Contains(problem.MessageOf(err), "shop.example cannot be looked up") {
		t.Errorf("error %v", err)
	}
	err = explain(t.Context(), mustURL("https://shop.example/"), &net.DNSError{Err: "no such host", Name: "shop.example", IsNotFound: true})
	if problem.CodeOf(err) != problem.Invalid || !strings.Contains(problem.MessageOf(err), "shop.example does not exist") {
		t.Errorf("error %v", err)
	}
}

func TestFetchCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, f := feedServer(t, URLOptions{}, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "sku\n")
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	if _, err := f.Fetch(ctx, Settings{URL: s.URL}, "", Have{}, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := f.Fetch(ctx, Settings{URL: s.URL}, "", Have{}, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestFetchWriterFails(t *testing.T) {
	full := errors.New("disk full")
	s, f := feedServer(t, URLOptions{}, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "sku\nA\n") })
	pr, pw := io.Pipe()
	_ = pr.CloseWithError(full)
	if _, err := f.Fetch(t.Context(), Settings{URL: s.URL}, "", Have{}, pw); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

func TestSettingsKeepTheirSecret(t *testing.T) {
	settings := Settings{URL: "https://shop.example/feed?key=hidden"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("fetch", "settings", settings)
	for _, text := range []string{fmt.Sprint(settings), fmt.Sprintf("%v %+v %#v %s", settings, settings, settings, settings), log.String()} {
		if strings.Contains(text, "hidden") || !strings.Contains(text, "shop.example") {
			t.Errorf("printed as %q", text)
		}
	}
}
