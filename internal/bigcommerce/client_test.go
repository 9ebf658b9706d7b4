package bigcommerce

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	good := Config{StoreHash: testHash, AccessToken: testToken}
	for name, change := range map[string]func(*Config){
		"no hash":            func(c *Config) { c.StoreHash = "" },
		"hash with a path":   func(c *Config) { c.StoreHash = "../v3" },
		"no token":           func(c *Config) { c.AccessToken = "" },
		"token with a break": func(c *Config) { c.AccessToken = testToken + "\r\nX-Other: 1" },
		"URL without host":   func(c *Config) { c.APIURL = "api.bigcommerce.com" },
		"URL of a file":      func(c *Config) { c.APIURL = "file:///etc/passwd" },
		"URL with password":  func(c *Config) { c.APIURL = "https://me:pass@api.bigcommerce.com" },
		"URL with query":     func(c *Config) { c.APIURL = "https://api.bigcommerce.com?x=1" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			change(&cfg)
			_, err := New(cfg)
			if err == nil {
				t.Fatal("New accepted it")
			}
			if strings.Contains(err.Error(), testToken) || strings.Contains(err.Error(), "pass@") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
	c, err := New(good)
	if err != nil {
		t.Fatal(err)
	}
	if want := DefaultAPIURL + "/stores/" + testHash; c.base != want || c.StoreHash() != testHash {
		t.Errorf("base %q of store %q, want %q", c.base, c.StoreHash(), want)
	}
}

func TestRequestHeadersAndPath(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":{"id":1,"name":"Bolt"},"meta":{}}`))
	description := `<p title="x">Nuts & bolts</p>`
	if _, err := f.Products.Create(t.Context(), Fields{"name": "Bolt", "description": description}, "name", "sku"); err != nil {
		t.Fatal(err)
	}
	got := f.log()[0]
	if got.Method != http.MethodPost || got.Path != "/stores/abc123/v3/catalog/products" || got.Query != "include_fields=name,sku" {
		t.Errorf("request was %s %s?%s", got.Method, got.Path, got.Query)
	}
	if want := `{"description":"<p title=\"x\">Nuts & bolts</p>","name":"Bolt"}`; got.Body != want {
		t.Errorf("body %s, want %s", got.Body, want)
	}
	for header, want := range map[string]string{
		"X-Auth-Token": testToken, "Accept": "application/json", "Content-Type": "application/json",
		"User-Agent": "Sluice/test", "Accept-Encoding": "gzip",
	} {
		if v := got.Header.Values(header); len(v) != 1 || v[0] != want {
			t.Errorf("%s is %q, want %q once", header, v, want)
		}
	}
}

func TestGzipIsDecompressedAndBounded(t *testing.T) {
	gzipped := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				http.Error(w, "gzip was not asked for", http.StatusNotAcceptable)
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, body)
			_ = z.Close()
		}
	}
	t.Run("success", func(t *testing.T) {
		f := newFixture(t, gzipped(`{"time":1529512970}`))
		now, err := f.Store.Time(t.Context())
		if err != nil || now.Unix() != 1529512970 {
			t.Fatalf("%v, %v", now, err)
		}
	})
	t.Run("error", func(t *testing.T) {
		f := newFixture(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(http.StatusNotFound)
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, `{"status":404,"title":"The resource was not found."}`)
			_ = z.Close()
		})
		_, err := f.Store.Get(t.Context())
		var e *NotFoundError
		if !errors.As(err, &e) || e.Title != "The resource was not found." {
			t.Fatalf("%v", err)
		}
	})
	t.Run("bomb", func(t *testing.T) {
		f := newFixture(t, gzipped(`{"data":"`+strings.Repeat("a", 1<<20)+`"}`))
		f.maxAnswer = 64 << 10
		_, err := f.Store.Get(t.Context())
		var e *UnavailableError
		if !errors.As(err, &e) || !errors.Is(err, ErrAnswerTooLarge) {
			t.Fatalf("%v", err)
		}
		if n := len(f.log()); n != 1 {
			t.Errorf("an answer that is too large was asked for %d times", n)
		}
	})
	t.Run("bomb in an error", func(t *testing.T) {
		f := newFixture(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(http.StatusBadRequest)
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, strings.Repeat("a", 1<<20))
			_ = z.Close()
		})
		_, err := f.Store.Get(t.Context())
		var e *ValidationError
		if !errors.As(err, &e) || len(e.Body) > maxBodyExcerpt {
			t.Fatalf("%v, body of %d bytes", err, len(e.Body))
		}
	})
}

// net/http would send X-Auth-Token on to whatever host an answer names.
func TestRedirectIsNotFollowed(t *testing.T) {
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer elsewhere.Close()
	f := newFixture(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}, func(c *Config) {
		c.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
	})
	_, err := f.Products.Create(t.Context(), Fields{"name": "Bolt"})
	var e *APIError
	if !errors.As(err, &e) || e.Status != http.StatusTemporaryRedirect {
		t.Fatalf("%v", err)
	}
	if reached {
		t.Error("the redirect was followed")
	}
}

// The server here repeats the token wherever it can, and so does the transport's error.
func TestTokenNeverLeaks(t *testing.T) {
	var log bytes.Buffer
	debug := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	check := func(t *testing.T, what, text string) {
		t.Helper()
		if strings.Contains(text, testToken) {
			t.Errorf("%s tells the access token: %s", what, text)
		}
	}
	checkErr := func(t *testing.T, err error) {
		t.Helper()
		if err == nil {
			t.Fatal("no error")
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			check(t, verb+" of the error", fmt.Sprintf(verb, err))
		}
		var e *APIError
		if !errors.As(err, &e) {
			t.Fatalf("%v has no APIError", err)
		}
		check(t, "%+v of the APIError", fmt.Sprintf("%+v", *e))
		check(t, "the log", log.String())
	}
	for _, status := range []int{302, 400, 401, 403, 404, 409, 413, 418, 422, 429, 500, 503} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			f := newFixture(t, func(w http.ResponseWriter, r *http.Request) {
				token := r.Header.Get("X-Auth-Token")
				answer(status, mustJSON(map[string]any{
					"status": status, "title": "bad " + token, "type": token, "errors": map[string]string{token: token},
				}))(w, r)
			}, func(c *Config) { c.Log = debug })
			_, err := f.Store.Get(t.Context())
			checkErr(t, err)
		})
	}
	t.Run("multi-status", func(t *testing.T) {
		f := newFixture(t, func(w http.ResponseWriter, r *http.Request) {
			answer(207, `{"data":{"id":1},"errors":{"status":207,"title":"`+r.Header.Get("X-Auth-Token")+`"}}`)(w, r)
		}, func(c *Config) { c.Log = debug })
		_, err := f.Products.Create(t.Context(), Fields{"name": "Bolt"})
		checkErr(t, err)
	})
	t.Run("transport", func(t *testing.T) {
		f := newFixture(t, answer(200, `{}`), func(c *Config) {
			c.Log = debug
			c.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				return nil, fmt.Errorf("proxy refused %v: %w", r.Header, io.ErrClosedPipe)
			})}
		})
		_, err := f.Store.Get(t.Context())
		checkErr(t, err)
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the cause is lost: %v", err)
		}
	})
	t.Run("printing", func(t *testing.T) {
		cfg := Config{StoreHash: testHash, AccessToken: testToken, Log: debug}
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []any{cfg, &cfg, c, *c, c.Products, *c.Products, struct{ C *Client }{c}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				check(t, fmt.Sprintf("%s of a %T", verb, v), fmt.Sprintf(verb, v))
			}
		}
		debug.Info("made", "config", cfg, "client", c)
		check(t, "the log", log.String())
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestInteractiveCallsSaySo(t *testing.T) {
	f := newFixture(t, answer(200, `{"time":1}`))
	for _, ctx := range []context.Context{t.Context(), WithInteractive(t.Context())} {
		if _, err := f.Store.Time(ctx); err != nil {
			t.Fatal(err)
		}
	}
	want := []Call{{Cost: 1}, {Cost: 1, Interactive: true}}
	for i, call := range f.limiter.calls {
		if call != want[i] {
			t.Errorf("call %d was %+v, want %+v", i, call, want[i])
		}
	}
}
