package connector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"sluice/internal/problem"
	"sluice/internal/publicnet"
	"sluice/jobs/source"
)

// statusError says what a merchant can do about an answer that is no file, nil for 200.
func statusError(resp *http.Response, u *url.URL) error {
	switch s := resp.StatusCode; {
	case s == http.StatusOK:
		return nil
	case s == http.StatusNotFound || s == http.StatusGone:
		return problem.New(problem.Invalid, "There is no file at this address (%d): check the address, or export the file again.", s)
	case s == http.StatusUnauthorized:
		return problem.New(problem.Invalid, "%s asks for a sign-in (401): enter or renew the Authorization header.", u.Host)
	case s == http.StatusForbidden:
		return problem.New(problem.Invalid, "%s refuses access to the file (403): check the Authorization header, and whether it only lets certain addresses in.", u.Host)
	case s == http.StatusNoContent:
		return source.ErrEmpty()
	case s == http.StatusTooManyRequests:
		return problem.New(problem.Unavailable, "%s says that it is asked too often: try again later.", u.Host)
	case s >= 300 && s < 400: // without a Location, or a 304 that nobody asked for
		return problem.New(problem.Invalid, "The address answers with a redirect that leads nowhere (%d): enter the address of the file itself.", s)
	case s >= 500:
		return problem.New(problem.Unavailable, "%s has an error of its own (%d): try again later, or look at its log.", u.Host, s)
	default:
		return problem.New(problem.Invalid, "%s answers with status %d instead of the file: check the address.", u.Host, s)
	}
}

// explain turns a failed request into what a merchant can do. The cause is kept without the URL
// that net/http puts around it: a query may hold a key.
func explain(ctx context.Context, u *url.URL, err error) error {
	var around *url.Error
	if errors.As(err, &around) {
		err = around.Err
		if last, parseErr := url.Parse(around.URL); parseErr == nil && last.Host != "" {
			u = last // after a redirect
		}
	}
	host := u.Host

	var (
		redirect *redirectError
		blocked  *publicnet.BlockedError
		dns      *net.DNSError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		verify   *tls.CertificateVerificationError
		alert    tls.AlertError
		timeout  net.Error
	)
	switch {
	case errors.As(err, &redirect):
		return redirect.err
	case errors.As(err, &blocked) && blocked.Plain:
		return problem.Wrap(err, problem.Invalid, "The address must begin with https:// so that nobody can change the data on its way.")
	case errors.As(err, &blocked):
		return problem.Wrap(err, problem.Invalid, "%s is inside a private network, which sources may not reach: use a public address, or ask whoever runs Sluice to allow it.", host)
	case errors.As(err, &dns) && dns.IsNotFound:
		return problem.Wrap(err, problem.Invalid, "The host name %s does not exist: check the address.", u.Hostname())
	case errors.As(err, &dns):
		return problem.Wrap(err, problem.Unavailable, "The host name %s cannot be looked up at the moment: try again later.", u.Hostname())
	case errors.As(err, &unknown):
		return problem.Wrap(err, problem.Invalid, "%s has a certificate from an authority that is not known: install a public one, with its intermediate certificates.", host)
	case errors.As(err, &hostname):
		return problem.Wrap(err, problem.Invalid, "%s has a certificate for another name: use the name that it is made for.", host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return problem.Wrap(err, problem.Invalid, "The certificate of %s has expired or is not yet valid: renew it.", host)
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return problem.Wrap(err, problem.Invalid, "%s does not speak https on this port: check the address.", host)
	case errors.As(err, &invalid), errors.As(err, &verify), errors.As(err, &alert):
		return problem.Wrap(err, problem.Invalid, "No secure connection to %s is possible: check its certificate and TLS settings.", host)
	case errors.Is(context.Cause(ctx), errTotal):
		return problem.Wrap(errTotal, problem.Unavailable, "%s takes too long to send the file: try again later, or make the file smaller.", host)
	case errors.Is(context.Cause(ctx), errIdle), errors.As(err, &timeout) && timeout.Timeout():
		return problem.Wrap(err, problem.Unavailable, "%s does not answer in time: try again later, or look at its log.", host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return problem.Wrap(err, problem.Unavailable, "%s refuses the connection: check the address and port, and whether the server runs.", host)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return problem.Wrap(err, problem.Unavailable, "%s closed the connection before it answered: try again, or look at its log.", host)
	}
	if strings.Contains(err.Error(), "Location") { // a redirect that cannot be parsed, with its text
		return problem.New(problem.Invalid, "The address answers with a redirect that leads nowhere: enter the address of the file itself.")
	}
	return problem.Wrap(err, problem.Unavailable, "%s cannot be reached: check the address and try again.", host)
}
