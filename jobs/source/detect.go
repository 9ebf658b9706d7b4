package source

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"path"
	"strings"
	"unicode/utf8"

	"sluice/internal/problem"
	"sluice/tenants"
)

// Detect looks at the first DetectBytes of a file and says how to read it. contentType and filename
// are hints and may be empty. A *problem.Error says what the file is when it is no table.
func Detect(r io.Reader, contentType, filename string) (tenants.Format, error) {
	head, err := io.ReadAll(io.LimitReader(r, DetectBytes))
	if err != nil {
		return tenants.Format{}, fmt.Errorf("read the source: %w", err)
	}
	return detect(head, contentType, filename, tenants.Format{})
}

// detect fills in what want leaves empty.
func detect(head []byte, contentType, filename string, want tenants.Format) (tenants.Format, error) {
	if err := refuse(head, contentType); err != nil {
		return tenants.Format{}, err
	}
	if want.Delimiter != "" && !isDelimiter(want.Delimiter) {
		return tenants.Format{}, problem.New(problem.Invalid, "The delimiter must be one character that is no letter, digit, quote or space: , ; | or a tab, for example.")
	}
	if want.HeaderRow < NoHeader || want.HeaderRow > maxHeaderRow {
		return tenants.Format{}, problem.New(problem.Invalid, "The header's row must be 1 to %d, or %d for a file without a header.", maxHeaderRow, NoHeader)
	}
	f := want
	whole := len(head) < DetectBytes
	text := bytes.TrimPrefix(head, utf8BOM)
	switch f.Encoding {
	case "":
		f.Encoding = encodingOf(text, whole, contentType)
		if len(text) < len(head) {
			f.Encoding = encUTF8
		}
	case encUTF8, encLatin1:
	default:
		return tenants.Format{}, problem.New(problem.Invalid, "The encoding must be utf-8 or latin-1.")
	}
	switch f.Type {
	case "":
		f.Type = typeOf(text, contentType, filename, whole)
	case typeCSV, typeNDJSON:
	default:
		return tenants.Format{}, problem.New(problem.Invalid, "The type must be csv or ndjson.")
	}
	if f.Type == typeNDJSON {
		f.Delimiter, f.HeaderRow = "", 0
		trimmed := bytes.TrimLeft(text, " \t\r\n")
		if trimmed[0] == '[' {
			return tenants.Format{}, problem.New(problem.Invalid, "The file is one JSON array: write one object on each line instead (NDJSON), or CSV.")
		}
		return f, nil
	}
	sep, size := sepLine(text)
	text = text[size:]
	if f.Delimiter == "" {
		f.Delimiter = sep
	}
	if f.Delimiter == "" {
		f.Delimiter = delimiterOf(text, whole)
	}
	if f.HeaderRow == 0 {
		if row := headerRow(sampleOf(text, f.Delimiter[0], whole)); row != 1 {
			f.HeaderRow = row
		}
	}
	return f, nil
}

// refuse returns a *problem.Error for a file that is no table at all.
func refuse(head []byte, contentType string) error {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, utf8BOM), " \t\r\n")
	if err := RefuseHTML(head, contentType); err != nil {
		return err
	}
	for _, m := range magics {
		if strings.HasPrefix(string(head), m.prefix) {
			return problem.New(problem.Invalid, "%s", m.message)
		}
	}
	if len(text) == 0 {
		return ErrEmpty()
	}
	if hasPrefixFold(text, "<?xml", "<rss", "<feed") {
		return problem.New(problem.Invalid, "The file is XML: export it as CSV or NDJSON.")
	}
	if i := bytes.IndexByte(text, '{'); text[0] == '[' && i > 0 && len(bytes.TrimSpace(text[1:i])) == 0 {
		return problem.New(problem.Invalid, "The file is one JSON array: write one object on each line instead (NDJSON), or CSV.")
	}
	controls := 0
	for _, c := range head {
		if (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f {
			controls++
		}
	}
	if controls > 16 && controls > len(head)/20 {
		return problem.New(problem.Invalid, "The file is not text: export it as CSV (UTF-8) or NDJSON.")
	}
	return nil
}

// magics are the beginnings of files that people mistake for CSV.
var magics = []struct{ prefix, message string }{
	{"PK\x03\x04", "The file is an Excel workbook or a zip archive: save it as CSV (UTF-8)."},
	{"\xd0\xcf\x11\xe0", "The file is an old Excel workbook: save it as CSV (UTF-8)."},
	{"\x1f\x8b", "The file is compressed with gzip: unpack it, or serve it with the header Content-Encoding: gzip."},
	{"%PDF-", "The file is a PDF: export it as CSV (UTF-8) or NDJSON."},
	{"\x89PNG", msgPicture},
	{"\xff\xd8\xff", msgPicture},
	{"GIF8", msgPicture},
	{"\xff\xfe", "The file is in UTF-16 (Excel calls it Unicode text): save it as CSV UTF-8."},
	{"\xfe\xff", "The file is in UTF-16: save it as CSV UTF-8."},
}

const msgPicture = "The file is a picture: use the address of the CSV or NDJSON file itself."

// isHTML reports whether a file is a web page, by its declared type or by how it begins.
func isHTML(head []byte, contentType string) bool {
	if t, _, err := mime.ParseMediaType(contentType); err == nil && (t == "text/html" || t == "application/xhtml+xml") {
		return true
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, utf8BOM), " \t\r\n")
	return hasPrefixFold(text, "<!doctype html", "<html", "<head", "<body", "<script", "<title", "<meta", "<!--")
}

// RefuseHTML returns a *problem.Error for a web page, told by its declared type or by how it
// begins. Either may be empty.
func RefuseHTML(head []byte, contentType string) error {
	if !isHTML(head, contentType) {
		return nil
	}
	return problem.New(problem.Invalid, "The address answers with a web page (HTML) instead of data: it is often a login page. Use the address of the CSV or NDJSON file itself.")
}

func hasPrefixFold(b []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if len(b) >= len(p) && strings.EqualFold(string(b[:len(p)]), p) {
			return true
		}
	}
	return false
}

// encodingOf tells UTF-8 from Latin-1. A UTF-8 file with a few broken bytes is still UTF-8: its
// broken rows are named. A Latin-1 file hardly ever holds a valid UTF-8 sequence. What the server
// declares counts only while there is nothing but ASCII to see: servers declare their default.
func encodingOf(text []byte, whole bool, contentType string) string {
	valid, invalid := 0, 0
	for len(text) > 0 {
		if text[0] < utf8.RuneSelf {
			text = text[1:]
			continue
		}
		c, n := utf8.DecodeRune(text)
		switch {
		case c != utf8.RuneError || n > 1:
			valid++
		case !whole && !utf8.FullRune(text): // cut by DetectBytes
		default:
			invalid++
		}
		text = text[n:]
	}
	if invalid > valid {
		return encLatin1
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil && valid == 0 {
		switch strings.ToLower(params["charset"]) {
		case "iso-8859-1", "latin1", "windows-1252", "cp1252":
			return encLatin1
		}
	}
	return encUTF8
}

// typeOf tells NDJSON from CSV: by the first line, and by name or content type when that is broken.
func typeOf(text []byte, contentType, filename string, whole bool) string {
	text = bytes.TrimLeft(text, " \t\r\n")
	if text[0] != '{' {
		return typeCSV
	}
	line, _, cut := bytes.Cut(text, []byte("\n"))
	if _, err := decodeObject(line); err == nil || (!cut && !whole) {
		return typeNDJSON
	}
	t, _, _ := mime.ParseMediaType(contentType)
	ext := strings.ToLower(path.Ext(filename))
	if strings.Contains(t, "json") || ext == ".ndjson" || ext == ".jsonl" || ext == ".json" {
		return typeNDJSON
	}
	if len(line) > 1 && bytes.IndexByte([]byte(" \t\r\""), line[1]) >= 0 || string(bytes.TrimSpace(line)) == "{" {
		return typeNDJSON // {"… : JSON, though not well-formed; its rows say what is wrong
	}
	return typeCSV
}
