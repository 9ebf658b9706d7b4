package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/internal/problem"
	"sluice/tenants"
)

// partBytes is how much of the middle and of the end of a file Detect looks at.
const partBytes = 256 << 10

// Found is what a file looks like.
type Found struct {
	Format tenants.Format // complete; Encoding is the first of Readings if there are any
	// Readings are the texts that the bytes may be, the likeliest first. There are none if that is
	// clear or was chosen: nobody but the merchant can tell which is right.
	Readings []Reading
}

// Detect says how to read a file, by its beginning, its middle and its end. What want has is taken
// as it is. A *problem.Error says what the file is when it is no table.
func Detect(f File, want tenants.Format) (Found, error) {
	head, err := f.part(0, DetectBytes)
	if err != nil {
		return Found{}, err
	}
	var more []byte
	if want.Archive = archiveOf(head); want.Archive == archiveZip {
		if want.Member, err = memberOf(f, want.Member); err != nil {
			return Found{}, err
		}
		f.Filename = want.Member
	} else {
		want.Member = ""
	}
	switch {
	case want.Archive != "":
		f.ContentType = ""
		f.Filename = strings.TrimSuffix(f.Filename, ".gz")
		if head, more, err = lookInside(f, want); err != nil {
			return Found{}, err
		}
	case f.Size > DetectBytes:
		for _, from := range []int64{max(DetectBytes, f.Size/2), max(DetectBytes, f.Size-partBytes)} {
			part, err := f.part(from, partBytes)
			if err != nil {
				return Found{}, err
			}
			// The first and the last character may be cut.
			from, to := bytes.IndexByte(part, '\n'), bytes.LastIndexByte(part, '\n')
			more = append(more, part[max(0, from):max(0, from, to)]...)
		}
	}
	return detect(head, more, f.ContentType, f.Filename, want)
}

// part reads n bytes from an offset on.
func (f File) part(offset, n int64) ([]byte, error) {
	r, err := f.Open(offset)
	if err != nil {
		return nil, fmt.Errorf("open the source: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(r, n))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("read the source: %w", err)
	}
	return b, nil
}

// detect fills in what want leaves empty. more is from further on in the file.
func detect(head, more []byte, contentType, filename string, want tenants.Format) (Found, error) {
	if err := refuse(head, contentType); err != nil {
		return Found{}, err
	}
	if want.Delimiter != "" && !isDelimiter(want.Delimiter) {
		return Found{}, problem.New(problem.Invalid, "The delimiter must be one character that is no letter, digit, quote or space: , ; | or a tab, for example.")
	}
	if want.HeaderRow < NoHeader || want.HeaderRow > maxHeaderRow {
		return Found{}, problem.New(problem.Invalid, "The header's row must be 1 to %d, or %d for a file without a header.", maxHeaderRow, NoHeader)
	}
	found := Found{Format: want}
	f := &found.Format
	whole := len(head) < DetectBytes
	if f.Encoding == "" {
		f.Encoding, found.Readings = encodingOf(head, more, whole, contentType)
	}
	e, ok := encodingNamed(f.Encoding)
	if !ok {
		return Found{}, errEncoding()
	}
	text := bytes.TrimPrefix(head, utf8BOM)
	if e.Name != encUTF8 {
		decoded, err := e.code.NewDecoder().Bytes(head)
		if err != nil {
			return Found{}, fmt.Errorf("decode the source: %w", err)
		}
		text = decoded
	}
	if err := refuseText(text); err != nil {
		return Found{}, err
	}
	switch f.Type {
	case "":
		if path, ok := documentOf(text, whole); ok {
			f.Type = typeJSON
			if f.Path == "" {
				f.Path = path
			}
		} else {
			f.Type = typeOf(text, contentType, filename, whole)
		}
	case typeCSV, typeNDJSON, typeJSON:
	default:
		return Found{}, problem.New(problem.Invalid, "The type must be csv, ndjson or json.")
	}
	if f.Type != typeJSON {
		f.Path = ""
	}
	if f.Type != typeCSV {
		f.Delimiter, f.HeaderRow = "", 0
		if f.Type == typeNDJSON && bytes.TrimLeft(text, " \t\r\n")[0] == '[' {
			return Found{}, problem.New(problem.Invalid, "The file is one JSON array: choose JSON as its type.")
		}
		return found, nil
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
	return found, nil
}

// refuse returns a *problem.Error for a file that is no table at all.
func refuse(head []byte, contentType string) error {
	if err := RefuseHTML(head, contentType); err != nil {
		return err
	}
	for _, m := range magics {
		if strings.HasPrefix(string(head), m.prefix) {
			return problem.New(problem.Invalid, "%s", m.message)
		}
	}
	return nil
}

// refuseText is refuse for the beginning of a text.
func refuseText(head []byte) error {
	text := bytes.TrimLeft(head, " \t\r\n")
	if len(text) == 0 {
		return ErrEmpty()
	}
	if hasPrefixFold(text, "<?xml", "<rss", "<feed") {
		return problem.New(problem.Invalid, "The file is XML: export it as CSV or NDJSON.")
	}
	controls := 0
	for _, c := range head {
		if (c < ' ' && !strings.ContainsRune("\t\n\r"+controlDelimiters, rune(c))) || c == 0x7f {
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
	{"\xd0\xcf\x11\xe0", "The file is an old Excel workbook: save it as CSV (UTF-8)."},
	{"%PDF-", "The file is a PDF: export it as CSV (UTF-8) or NDJSON."},
	{"\x89PNG", msgPicture},
	{"\xff\xd8\xff", msgPicture},
	{"GIF8", msgPicture},
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

// encodingOf tells the encoding by the bytes. A UTF-8 file with a few broken bytes is still UTF-8:
// its broken rows are named. Files in other encodings hardly ever hold a valid UTF-8 sequence. What
// the server declares counts for them, and while there is nothing but ASCII to see.
func encodingOf(head, more []byte, whole bool, contentType string) (string, []Reading) {
	switch {
	case bytes.HasPrefix(head, utf8BOM):
		return encUTF8, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return encUTF16LE, nil
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return encUTF16BE, nil
	}
	if name := utf16Of(head); name != "" {
		return name, nil
	}
	valid, invalid := sequences(head, !whole)
	v, i := sequences(more, true)
	valid, invalid = valid+v, invalid+i
	charset := declared(contentType)
	switch {
	case invalid > valid:
		name, readings := guess(slices.Concat(head, more), charset)
		if name == "" {
			name = readings[0].Encoding
		}
		return name, readings
	case valid == 0 && charset != "" && charset != encUTF16LE && charset != encUTF16BE:
		return charset, nil
	}
	return encUTF8, nil
}

// sequences counts the characters beyond ASCII that are valid UTF-8, and the bytes that are not.
// cut says that text may end inside a character.
func sequences(text []byte, cut bool) (valid, invalid int) {
	for len(text) > 0 {
		if text[0] < utf8.RuneSelf {
			text = text[1:]
			continue
		}
		c, n := utf8.DecodeRune(text)
		switch {
		case c != utf8.RuneError || n > 1:
			valid++
		case cut && !utf8.FullRune(text):
		default:
			invalid++
		}
		text = text[n:]
	}
	return valid, invalid
}

// utf16Of tells UTF-16 without a byte order mark: every other byte of mostly Latin text is 0.
func utf16Of(head []byte) string {
	head = head[:min(len(head), 4<<10)&^1]
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i&1]++
		}
	}
	switch most, least := len(head)/5, len(head)/50; {
	case len(head) < 8:
	case zeros[1] > most && zeros[0] <= least:
		return encUTF16LE
	case zeros[0] > most && zeros[1] <= least:
		return encUTF16BE
	}
	return ""
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
