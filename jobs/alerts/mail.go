package alerts

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// mailTime bounds the sending of one mail.
const mailTime = 45 * time.Second

// mailServer is what SMTP_URL says.
type mailServer struct {
	host     string
	port     int
	options  []gomail.Option
	from     *mail.Address
	hostname string // of Message-IDs
}

// parseMail reads SMTP_URL and ALERT_FROM: smtps://user:password@host:465, or smtp:// on port 587
// with STARTTLS, which the server must offer unless ?tls=none says that the way to it is safe.
func parseMail(smtpURL, from string) (*mailServer, error) {
	u, err := url.Parse(smtpURL)
	if err != nil { // its text repeats the URL, and with it the password
		return nil, errors.New("SMTP_URL: is not an address such as smtp://user:password@mail.example.com:587")
	}
	query := u.Query()
	tls := query.Get("tls")
	query.Del("tls")
	if u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || len(query) > 0 || tls != "" && tls != "none" {
		return nil, errors.New("SMTP_URL: write smtp://user:password@host:587 (STARTTLS), smtps://user:password@host:465, or smtp://host:25?tls=none for a server that can be reached without")
	}
	s := &mailServer{host: u.Hostname(), port: 587, options: []gomail.Option{gomail.WithTimeout(mailTime)}}
	switch {
	case u.Scheme == "smtps":
		s.port = 465
		s.options = append(s.options, gomail.WithSSL())
	case tls == "none":
		s.port = 25
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			return nil, errors.New("SMTP_URL: the port is not a number from 1 to 65535")
		}
	}
	s.options = append(s.options, gomail.WithPort(s.port))
	if u.User != nil {
		password, _ := u.User.Password()
		auth := gomail.SMTPAuthAutoDiscover
		if tls == "none" {
			auth = gomail.SMTPAuthPlainNoEnc
		}
		s.options = append(s.options, gomail.WithSMTPAuth(auth), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	if s.from, err = mail.ParseAddress(from); err != nil {
		return nil, fmt.Errorf("ALERT_FROM: %q is not a sender such as alerts@example.com or Sluice <alerts@example.com>", from)
	}
	if s.from.Name == "" {
		s.from.Name = "Sluice"
	}
	_, s.hostname, _ = strings.Cut(s.from.Address, "@")
	return s, nil
}

// CheckMail says what is wrong with SMTP_URL and ALERT_FROM; both may be empty, for no mail.
func CheckMail(smtpURL, from string) error {
	switch {
	case smtpURL == "" && from == "":
		return nil
	case smtpURL == "":
		return errors.New("SMTP_URL: is missing: ALERT_FROM is set, and no mail leaves without a server")
	case from == "":
		return errors.New("ALERT_FROM: is missing: SMTP_URL is set, and mails need a sender such as alerts@example.com")
	}
	_, err := parseMail(smtpURL, from)
	return err
}

// client connects to nobody yet.
func (s *mailServer) client() (*gomail.Client, error) {
	c, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return nil, fmt.Errorf("alerts: mail client: %w", err)
	}
	return c, nil
}

// send sends a message to the addresses of recipients, all at once.
func (s *mailServer) send(ctx context.Context, recipients string, m message) error {
	mail := gomail.NewMsg()
	mail.FromMailAddress(s.from)
	if err := mail.To(strings.Split(recipients, ", ")...); err != nil {
		return &deliveryError{words: "One of the mail addresses is not valid.", final: true}
	}
	mail.Subject(oneLine(m.subject()))
	mail.SetDateWithValue(m.at)
	mail.SetMessageIDWithValue(m.id + "@" + s.hostname)
	mail.SetGenHeader("Auto-Submitted", "auto-generated") // no absence notes, please
	text, page, err := written(m)
	if err != nil {
		return err
	}
	mail.SetBodyString(gomail.TypeTextPlain, text)
	mail.AddAlternativeString(gomail.TypeTextHTML, page)
	c, err := s.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	if err := c.DialAndSendWithContext(ctx, mail); err != nil {
		return mailFailure(err)
	}
	return nil
}

// mailFailure says what became of a mail that was not taken. Server's answers may repeat addresses,
// and go to the operator's log only.
func mailFailure(err error) error {
	var refused *gomail.SendError
	var dial *net.OpError
	switch {
	case errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500:
		return &deliveryError{words: fmt.Sprintf("The mail server refused the message (%d). Check the addresses.", refused.ErrorCode()), final: true, cause: err}
	case errors.As(err, &refused):
		return &deliveryError{words: "The mail server could not take the message. Sluice tries again.", cause: err}
	case errors.As(err, &dial):
		return &deliveryError{words: "The mail server could not be reached. Sluice tries again.", cause: err}
	}
	return &deliveryError{words: "The mail server did not take the message. Sluice tries again; if it goes on, tell whoever runs Sluice.", cause: err}
}

// oneLine keeps text from ending a header.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}

// written is the message as text and as HTML.
func written(m message) (text, page string, err error) {
	var b strings.Builder
	parts := m.sections()
	type drawnLine struct{ Title, Text, Since, Do string }
	type drawn struct {
		Heading string
		Lines   []drawnLine
	}
	var list []drawn
	for _, s := range parts {
		fmt.Fprintf(&b, "%s\n\n", s.heading)
		d := drawn{Heading: s.heading}
		for _, l := range s.lines {
			for _, t := range []string{l.title, l.text, l.do, l.since} {
				if t != "" {
					fmt.Fprintf(&b, "%s\n", t)
				}
			}
			b.WriteByte('\n')
			d.Lines = append(d.Lines, drawnLine{l.title, l.text, l.since, l.do})
		}
		list = append(list, d)
	}
	fmt.Fprintf(&b, "%s\n", where)
	var h strings.Builder
	err = mailPage.Execute(&h, map[string]any{"Subject": m.subject(), "Store": m.storeName(), "Sections": list, "Where": where})
	if err != nil {
		return "", "", fmt.Errorf("alerts: page: %w", err)
	}
	return b.String(), h.String(), nil
}

// mailPage is a mail's HTML. Mail programs know little CSS, and only in attributes.
var mailPage = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px;background:#f6f7f9;font-family:Arial,Helvetica,sans-serif;color:#313440">
<div style="max-width:600px;margin:0 auto;padding:24px;background:#ffffff;border-radius:4px">
<p style="margin:0 0 16px;color:#5e637a">{{.Store}}</p>
{{range .Sections}}<h2 style="font-size:20px;margin:16px 0 8px">{{.Heading}}</h2>
{{range .Lines}}<div style="margin:0 0 16px">{{if .Title}}<div style="font-weight:bold">{{.Title}}</div>{{end}}{{if .Text}}<div>{{.Text}}</div>{{end}}{{if .Do}}<div>{{.Do}}</div>{{end}}{{if .Since}}<div style="color:#5e637a">{{.Since}}</div>{{end}}</div>
{{end}}{{end}}<p style="margin:24px 0 0;color:#5e637a">{{.Where}}</p>
</div></body></html>
`))

// Probe connects to the mail server that SMTP_URL names, signs in and sends nothing.
func Probe(ctx context.Context, smtpURL, from string) error {
	s, err := parseMail(smtpURL, from)
	if err != nil {
		return err
	}
	c, err := s.client()
	if err != nil {
		return err
	}
	if err := c.DialWithContext(ctx); err != nil {
		return fmt.Errorf("the mail server did not let Sluice in: %w", err)
	}
	return c.Close()
}
