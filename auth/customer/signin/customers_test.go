package signin

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/internal/sandbox"
)

// BigCommerce quotes the e-mail address that is in the way. Neither the error, which is logged and
// noted in the store's sign-ins, nor what a person reads may have it.
func TestATakenAddressIsNotTold(t *testing.T) {
	s, err := sandbox.New(sandbox.Options{Plan: "enterprise"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	st := s.AddStore(sandbox.StoreSpec{Hash: "abc123"})
	if _, err := st.AddCustomer(sandbox.CustomerSpec{Email: "jane.doe@example.com"}); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := bigcommerce.New(bigcommerce.Config{
		APIURL: s.URLs().API, StoreHash: st.Hash, AccessToken: st.Token(), HTTP: &http.Client{Transport: transport},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = Create(t.Context(), client, bigcommerce.NewCustomer{Email: "Jane.Doe@example.com", FirstName: "J", LastName: "D"})
	if problem.CodeOf(err) != problem.Conflict || !strings.Contains(problem.MessageOf(err), "already in use") {
		t.Fatalf("%v", err)
	}
	var api *bigcommerce.APIError
	if !errors.As(err, &api) || api.Status != http.StatusUnprocessableEntity {
		t.Fatalf("%v", err)
	}
	for what, text := range map[string]string{"the error": err.Error(), "the message": problem.MessageOf(err), "the body": api.Body} {
		if strings.Contains(strings.ToLower(text), "jane.doe") {
			t.Errorf("%s tells of the shopper: %s", what, text)
		}
	}
	name := "X"
	err = Update(t.Context(), client, bigcommerce.CustomerChange{ID: 77, FirstName: &name})
	if problem.CodeOf(err) != problem.Invalid || !strings.Contains(problem.MessageOf(err), "invalid customer ID") {
		t.Errorf("%v", err)
	}
}
