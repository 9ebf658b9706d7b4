package problem_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

func TestCodesAndStatuses(t *testing.T) {
	cause := errors.New("a cause with a secret")
	for _, test := range []struct {
		err    error
		code   problem.Code
		status int
	}{
		{problem.New(problem.Invalid, "x"), problem.Invalid, 422},
		{fmt.Errorf("wrapped: %w", problem.New(problem.NotFound, "x")), problem.NotFound, 404},
		{problem.Wrap(cause, problem.Unavailable, "x"), problem.Unavailable, 503},
		{cause, problem.Internal, 500},
		{fmt.Errorf("query: %w", context.Canceled), problem.Gone, 499},
		{problem.Wrap(context.Canceled, problem.Conflict, "x"), problem.Conflict, 409},
		{context.DeadlineExceeded, problem.Internal, 500},
		{problem.New(problem.TokenExpired, "x"), "token_expired", 401},
		{problem.New(problem.TokenInvalid, "x"), "token_invalid", 401},
		{problem.New(problem.WrongApp, "x"), "wrong_app", 403},
		{problem.New(problem.WrongStore, "x"), "wrong_store", 403},
		{problem.New(problem.StoreNotInstalled, "x"), "store_not_installed", 404},
		{problem.New(problem.OriginRefused, "x"), "origin_refused", 403},
	} {
		if code, status := problem.CodeOf(test.err), problem.Status(test.err); code != test.code || status != test.status {
			t.Errorf("%v: %s %d, want %s %d", test.err, code, status, test.code, test.status)
		}
	}
	if problem.CodeOf(nil) != "" {
		t.Error("nil has a code")
	}
}

// TestOnlyTheMessageLeaves: the cause is for the log, and only of what is our fault.
func TestOnlyTheMessageLeaves(t *testing.T) {
	gin.SetMode(gin.TestMode)
	for _, test := range []struct {
		err    error
		detail string
		logged bool
	}{
		{problem.Wrap(errors.New("secret-cause"), problem.Invalid, "Fix it.").WithField("price", "is %q", "abc"), "Fix it.", false},
		{errors.New("secret-cause"), "Something went wrong on our side", true},
		{fmt.Errorf("secret-cause: %w", context.Canceled), "Something went wrong on our side", false},
	} {
		var log bytes.Buffer
		r := gin.New()
		r.Use(func(c *gin.Context) { c.Set(problem.RequestIDKey, "req-1") }, problem.Middleware(slog.New(slog.NewTextHandler(&log, nil))))
		r.GET("/", func(c *gin.Context) { _ = c.Error(test.err) })
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		var body problem.Body
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if ct := w.Header().Get("Content-Type"); ct != problem.ContentType || w.Code != body.Status || body.RequestID != "req-1" {
			t.Errorf("%s %d %+v", ct, w.Code, body)
		}
		if !strings.HasPrefix(body.Detail, test.detail) || strings.Contains(w.Body.String(), "secret-cause") {
			t.Errorf("answered %s", w.Body)
		}
		if logged := strings.Contains(log.String(), "secret-cause"); logged != test.logged {
			t.Errorf("%v: logged %v: %s", test.err, logged, log.String())
		}
	}
}
