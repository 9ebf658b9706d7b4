package alerts

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/mail"
	"net/url"
	"strings"

	"sluice/tenants"
)

const (
	// mostRecipients is how many mail addresses one channel has.
	mostRecipients = 10
	maxAddress     = 2000
)

// mask stands for what is hidden of an address: all but where it leads.
const mask = "/•••"

// MaskAddress is what is shown of an address that messages are posted to. Its path and query are
// the secret that lets anybody post there.
func MaskAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return mask
	}
	return u.Scheme + "://" + u.Host + mask
}

// CheckAddress says what is wrong with an address that messages are to be posted to, "" if nothing
// is. Where it leads is checked when a message is sent.
func CheckAddress(address string) string {
	u, err := url.Parse(address)
	switch {
	case len(address) > maxAddress:
		return "is too long"
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "enter a whole address that begins with https://"
	case u.User != nil:
		return "leave the user name and password out of the address"
	case strings.Contains(address, "•"):
		return "enter the whole address again: only what is shown of it is kept back"
	}
	return ""
}

// CheckRecipients returns mail addresses as a channel keeps them, and what is wrong with them, ""
// if nothing is.
func CheckRecipients(text string) (recipients, wrong string) {
	list, err := mail.ParseAddressList(text)
	if err != nil {
		return "", "enter mail addresses with commas between them"
	}
	if len(list) > mostRecipients {
		return "", fmt.Sprintf("a channel has at most %d mail addresses", mostRecipients)
	}
	var plain []string
	for _, a := range list {
		if len(a.Address) > 254 || strings.ContainsAny(a.Address, ",\" ") {
			return "", "enter mail addresses with commas between them"
		}
		plain = append(plain, a.Address)
	}
	recipients = strings.Join(plain, ", ")
	if len(recipients) > maxAddress {
		return "", "is too long"
	}
	return recipients, ""
}

// NewSecret makes what signs a webhook's messages.
func NewSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(b)
}

// Masked reports whether given is what is shown of a channel's address.
func Masked(c *tenants.AlertChannel, given string) bool { return c != nil && given == c.Recipient }
