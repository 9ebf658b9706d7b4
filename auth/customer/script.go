package customer

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// The script's texts. Settings are data- attributes of its element, never part of the text, so a
// text changes with releases only and all stores share it.
//
// A page keeps asking for the version that its tag names, with that version's integrity hash, until
// the tag is replaced; so every text that was released is kept, as script/released/<version>.js.
// Whoever changes sluice.js first copies the old text there, unless it was never released.
//
//go:embed script/sluice.js script/released
var scriptFiles embed.FS

// scriptText is one version of the script.
type scriptText struct {
	version   string // the first 16 hexadecimal digits of the text's SHA-256
	integrity string // "sha384-…", as a script element has it
	plain     []byte
	gzipped   []byte
}

// currentText is what new tags name; scriptTexts are all that are served, by version.
var currentText, scriptTexts = loadTexts()

func loadTexts() (*scriptText, map[string]*scriptText) {
	texts := map[string]*scriptText{}
	var current *scriptText
	err := fs.WalkDir(scriptFiles, "script", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".js" {
			return err
		}
		plain, err := scriptFiles.ReadFile(name)
		if err != nil {
			return err
		}
		text := newText(plain)
		texts[text.version] = text
		if name == "script/sluice.js" {
			current = text
		} else if path.Base(name) != text.version+".js" {
			return fmt.Errorf("%s was changed: its text has the version %s", name, text.version)
		}
		return nil
	})
	if err != nil {
		panic("auth/customer: " + err.Error()) // the program was built so: a test finds it
	}
	return current, texts
}

func newText(plain []byte) *scriptText {
	version, integrity := sha256.Sum256(plain), sha512.Sum384(plain)
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic("auth/customer: " + err.Error()) // memory does not fail to be written
	}
	return &scriptText{
		version:   hex.EncodeToString(version[:8]),
		integrity: "sha384-" + base64.StdEncoding.EncodeToString(integrity[:]),
		plain:     plain, gzipped: b.Bytes(),
	}
}

// ScriptSettings are what a channel's script tag says.
type ScriptSettings struct {
	AppURL    string // public base URL of the app, with or without a trailing slash
	ClientID  string // of the app: storefronts make tokens for it
	StoreHash string
	ChannelID int64
	// SignIn: Sluice.login() and .logout() go through single sign-on; else to the store's own pages.
	SignIn bool
	// ConsentCategory is that of the Scripts API: part of what is installed, though not of the tag.
	ConsentCategory string
}

// ScriptTag is the storefront script as it is installed on a channel.
type ScriptTag struct {
	// Version changes with anything that would have to be installed anew: the text, an address, a
	// setting. 16 hexadecimal digits.
	Version   string
	URL       string // of this text, cacheable for ever
	Integrity string // of this text, "sha384-…"
	// HTML is the tag, for the Scripts API: kind script_tag, load_method default. It has
	// {{customer.id}} in it, which BigCommerce replaces when it renders a page.
	HTML  string
	Bytes int // of the text
	Gzip  int // of the text as it travels
}

// Script returns the tag of the current text with s.
func Script(s ScriptSettings) ScriptTag {
	text := currentText
	tag := ScriptTag{
		URL:       strings.TrimRight(s.AppURL, "/") + "/storefront/" + s.StoreHash + "/sluice.js?v=" + text.version,
		Integrity: text.integrity, Bytes: len(text.plain), Gzip: len(text.gzipped),
	}
	signIn := "store"
	if s.SignIn {
		signIn = "sso"
	}
	var b strings.Builder
	b.WriteString("<script")
	for _, attribute := range [][2]string{
		{"src", tag.URL}, {"integrity", tag.Integrity}, {"crossorigin", "anonymous"}, {"data-client", s.ClientID},
		{"data-channel", strconv.FormatInt(s.ChannelID, 10)}, {"data-sign-in", signIn}, {"data-customer", "{{customer.id}}"},
	} {
		b.WriteString(" " + attribute[0] + `="` + html.EscapeString(attribute[1]) + `"`)
	}
	b.WriteString(" defer></script>")
	tag.HTML = b.String()
	sum := sha256.Sum256([]byte(s.ConsentCategory + "\n" + tag.HTML))
	tag.Version = hex.EncodeToString(sum[:8])
	return tag
}
