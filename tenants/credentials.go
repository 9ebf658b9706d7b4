package tenants

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"sluice/internal/problem"
)

// maxCredentialsFile bounds what ParseCredentialsFile reads; a real file has some 500 bytes.
const maxCredentialsFile = 64 << 10

var apiPathStore = regexp.MustCompile(`/stores/([a-z0-9]{1,32})(?:/|$)`)

// ParseCredentialsFile reads the text file that BigCommerce's control panel offers once when a
// store-level API account is made:
//
//	ACCESS TOKEN: …
//	CLIENT NAME: …
//	CLIENT ID: …
//	CLIENT SECRET: …
//	NAME: …
//	API PATH: https://api.bigcommerce.com/stores/{hash}/v3/
//
// in any order, letter case and line ending, and JSON objects with the same names (access_token …).
// The store hash comes from the API path. What is missing is a problem.Invalid that names it and
// never quotes the file.
func ParseCredentialsFile(r io.Reader) (Credentials, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCredentialsFile+1))
	if err != nil {
		return Credentials{}, fmt.Errorf("tenants: credentials file: %w", err)
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	if len(data) > maxCredentialsFile || !utf8.ValidString(text) {
		return Credentials{}, problem.New(problem.Invalid, "This is not a credentials file from BigCommerce: it should be a short text file.")
	}
	values, err := credentialValues(strings.TrimSpace(text))
	if err != nil {
		return Credentials{}, err
	}
	c := Credentials{
		Name: values["NAME"], AccessToken: values["ACCESS TOKEN"], ClientID: values["CLIENT ID"],
		ClientSecret: values["CLIENT SECRET"], APIPath: values["API PATH"], StoreHash: values["STORE HASH"],
	}
	if c.Name == "" {
		c.Name = values["CLIENT NAME"]
	}
	if c.AccessToken == "" {
		return Credentials{}, problem.New(problem.Invalid, "The credentials file has no access token. Download it again when you create the API account: BigCommerce shows the token once.").
			WithField("access_token", "is missing")
	}
	if strings.ContainsFunc(c.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Credentials{}, problem.New(problem.Invalid, "The access token in the credentials file has characters that no token has. Download the file again.").
			WithField("access_token", "has a space or a special character")
	}
	if c.APIPath != "" {
		u, err := url.Parse(c.APIPath)
		if err != nil || u.Host == "" {
			return Credentials{}, problem.New(problem.Invalid, "The API path in the credentials file is not a URL.").WithField("api_path", "is not a URL")
		}
		m := apiPathStore.FindStringSubmatch(u.Path)
		if m == nil {
			return Credentials{}, problem.New(problem.Invalid, "The API path in the credentials file names no store: it should end in /stores/{hash}/v3/.").
				WithField("api_path", "has no store hash")
		}
		if c.StoreHash != "" && c.StoreHash != m[1] {
			return Credentials{}, problem.New(problem.Invalid, "The credentials file names two different stores.").WithField("store_hash", "is not the one in the API path")
		}
		c.StoreHash = m[1]
	}
	if !ValidStoreHash(c.StoreHash) {
		return Credentials{}, problem.New(problem.Invalid, "The credentials file has no API path, so the store is not known. Give the store hash yourself.").
			WithField("api_path", "is missing")
	}
	return c, nil
}

// credentialValues returns the file's values by name: upper case, words parted by one space.
func credentialValues(text string) (map[string]string, error) {
	values := map[string]string{}
	if strings.HasPrefix(text, "{") {
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			return nil, problem.New(problem.Invalid, "The credentials file looks like JSON but cannot be read. Download it again.")
		}
		for name, v := range object {
			if s, ok := v.(string); ok {
				values[credentialName(name)] = strings.TrimSpace(s)
			}
		}
		return values, nil
	}
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		name, value, ok := strings.Cut(line, ":")
		if name = credentialName(name); ok && name != "" {
			values[name] = strings.TrimSpace(value)
		}
	}
	return values, nil
}

func credentialName(s string) string {
	return strings.ToUpper(strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r == ' ' || r == '\t' || r == '_' || r == '-'
	}), " "))
}
