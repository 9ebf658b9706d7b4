package testenv

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
)

// Mail is a message that an SMTP server took.
type Mail struct {
	From string
	To   []string
	*mail.Message
	Body string // of Message, as it came
}

// SMTP is a mail server on this machine that keeps what it is sent. It speaks plain SMTP.
type SMTP struct {
	Addr string

	mu     sync.Mutex
	mails  []Mail
	refuse string // answer to RCPT; "" takes everybody
}

// NewSMTP starts a mail server that stops with the test.
func NewSMTP(t testing.TB) *SMTP {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	s := &SMTP{Addr: l.Addr().String()}
	var talks sync.WaitGroup
	talks.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			talks.Go(func() {
				defer conn.Close()
				if err := s.talk(conn); err != nil {
					t.Errorf("SMTP: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		talks.Wait()
	})
	return s
}

// URL is the server's address as SMTP_URL has it.
func (s *SMTP) URL() string { return "smtp://" + s.Addr + "?tls=none" }

// Refuse makes the server answer so to each recipient, such as "550 5.1.1 unknown"; "" takes them.
func (s *SMTP) Refuse(answer string) { s.mu.Lock(); defer s.mu.Unlock(); s.refuse = answer }

// Mails returns what was taken so far.
func (s *SMTP) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// talk is one connection, from the greeting to QUIT.
func (s *SMTP) talk(conn net.Conn) error {
	r := bufio.NewReader(conn)
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 mail.example ESMTP")
	var m Mail
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil //nolint:nilerr // whoever hangs up has said enough
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			say("250-mail.example\r\n250 8BITMIME")
		case "MAIL":
			m = Mail{From: address(rest)}
			say("250 2.1.0 ok")
		case "RCPT":
			s.mu.Lock()
			refuse := s.refuse
			s.mu.Unlock()
			if refuse != "" {
				say(refuse)
				continue
			}
			m.To = append(m.To, address(rest))
			say("250 2.1.5 ok")
		case "DATA":
			say("354 go on")
			if err := s.take(r, m); err != nil {
				return err
			}
			say("250 2.0.0 taken")
		case "QUIT":
			say("221 2.0.0 bye")
			return nil
		case "RSET", "NOOP":
			say("250 2.0.0 ok")
		default:
			say("502 5.5.1 " + verb + " is not known")
		}
	}
}

// take reads a message to the line that is a dot.
func (s *SMTP) take(r *bufio.Reader, m Mail) error {
	var text strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("in the message: %w", err)
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	message, err := mail.ReadMessage(strings.NewReader(text.String()))
	if err != nil {
		return fmt.Errorf("message: %w", err)
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return fmt.Errorf("message: %w", err)
	}
	m.Message, m.Body = message, string(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
	return nil
}

// address is what stands between < and >.
func address(text string) string {
	_, text, _ = strings.Cut(text, "<")
	text, _, _ = strings.Cut(text, ">")
	return text
}
