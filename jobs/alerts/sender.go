package alerts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"sluice/internal/problem"
	"sluice/internal/publicnet"
	"sluice/tenants"
)

// Config is the operator's part of alerts.
type Config struct {
	DB           *tenants.DB
	SMTPURL      string         // "" for no mail
	From         string         // of mails
	AllowPrivate []netip.Prefix // addresses inside the host's network that channels may reach
	RootCAs      *x509.CertPool // certificate authorities to trust; nil is the system's
	UserAgent    string
	Now          func() time.Time // nil: time.Now
}

// Sender sends messages by channels, and empties the outbox.
type Sender struct {
	db     *tenants.DB
	mail   *mailServer // nil: none
	http   *http.Client
	agent  string
	now    func() time.Time
	closer func()
}

// New returns a Sender; it connects to nobody yet. Close must be called.
func New(cfg Config) (*Sender, error) {
	s := &Sender{db: cfg.DB, agent: cfg.UserAgent, now: cfg.Now}
	if s.now == nil {
		s.now = time.Now
	}
	if cfg.SMTPURL != "" {
		var err error
		if s.mail, err = parseMail(cfg.SMTPURL, cfg.From); err != nil {
			return nil, err
		}
	}
	transport := &http.Transport{
		TLSClientConfig:        &tls.Config{RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    postTime,
		ResponseHeaderTimeout:  postTime,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true, // messages are rare; a kept connection would skip the checks
	}
	s.http = &http.Client{
		Timeout:   postTime,
		Transport: publicnet.Guard{AllowPrivate: cfg.AllowPrivate}.Transport(transport, postTime),
		// What a redirect leads to was not what the merchant entered.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	s.closer = transport.CloseIdleConnections
	return s, nil
}

// Close ends open connections.
func (s *Sender) Close() { s.closer() }

// Reaches reports whether messages leave by channels of a kind at all.
func (s *Sender) Reaches(kind tenants.AlertChannelKind) bool {
	return kind != tenants.ChannelMail || s.mail != nil
}

// deliveryError is why a message did not arrive.
type deliveryError struct {
	words string // for the merchant
	final bool   // trying again cannot help
	cause error  // for the log; nil if words say all
}

func (e *deliveryError) Error() string {
	if e.cause != nil {
		return e.words + " " + e.cause.Error()
	}
	return e.words
}

func (e *deliveryError) Unwrap() error { return e.cause }

// send sends m by a channel of ctx's store. Its errors are deliveryErrors but for the database's.
func (s *Sender) send(ctx context.Context, c *tenants.AlertChannel, m message) error {
	if c.Kind == tenants.ChannelMail {
		if s.mail == nil {
			return &deliveryError{words: "No mail server is set up. Ask whoever runs Sluice, or choose another way.", final: true}
		}
		return s.mail.send(ctx, c.Recipient, m)
	}
	address, secret, err := s.db.OpenChannel(ctx, c)
	if err != nil {
		return err
	}
	return s.post(ctx, c.Kind, address, secret, m)
}

// Test sends a message that says nothing but that it arrived, at once, and says what happened.
func (s *Sender) Test(ctx context.Context, c *tenants.AlertChannel) (delivered bool, words string, err error) {
	store, err := s.db.Store(ctx, tenants.StoreHash(ctx))
	if err != nil {
		return false, "", err
	}
	err = s.send(ctx, c, message{id: tenants.NewID(), store: store, at: s.now(), test: true})
	switch failure := wordsOf(err); {
	case err == nil && c.Kind == tenants.ChannelMail:
		return true, "The mail server took the message for " + c.Recipient + ".", nil
	case err == nil:
		return true, "The message was taken by " + c.Recipient + ".", nil
	case failure != "":
		return false, failure, nil
	}
	return false, "", err
}

// wordsOf is what a merchant reads of a failure; "" if it is not about the delivery.
func wordsOf(err error) string {
	var failed *deliveryError
	if errors.As(err, &failed) {
		return failed.words
	}
	if problem.CodeOf(err) == problem.Unavailable {
		return problem.MessageOf(err)
	}
	return ""
}
