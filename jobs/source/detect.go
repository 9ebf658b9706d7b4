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
	Format tenants.Format // complete; what Ask asks is as the likeliest answer says
	// Ask is what nobody but the merchant can tell, "" for nothing: AskEncoding, AskSheet, AskMember.
	Ask      string
	Readings []Reading // texts that the bytes may be, the likeliest first, if that is asked
	Sheets   []Choice  // of a workbook: those with rows
	Paths    []Choice  // of JSON and XML: where records may be, the likeliest first
	Members  []Choice  // of a zip archive
}

// Detect says how to read a file, by its beginning, its middle and its end. What want has is taken
// as it is. A *problem.Error says what the file is when it is no table.
func Detect(f File, want tenants.Format) (Found, error) {
	head, err := f.part(0, DetectBytes)
	if err != nil {
		return Found{}, err
	}
	archive := archiveOf(head)
	if archive == "" {
		want.Archive, want.Member = "", ""
		return detectText(f, head, want)
	}
	found := Found{Format: want}
	found.Format.Archive, found.Format.Member = archive, ""
	if archive == archiveZip {
		at := &readerAt{file: f}
		list, err := members(at, f.Size)
		if err = errors.Join(err, at.Close()); err != nil {
			return Found{}, err
		}
		if book, err := isWorkbook(list); book || err != nil {
			if err != nil {
				return Found{}, err
			}
			return detectWorkbook(f, want)
		}
		if err := found.chooseMember(list, want.Member); err != nil {
			return Found{}, err
		}
		f.Filename = found.Format.Member
	}
	f.ContentType = ""
	f.Filename = strings.TrimSuffix(f.Filename, ".gz")
	inside, more, err := lookInside(f, found.Format)
	if err != nil {
		return Found{}, err
	}
	if archiveOf(inside) != "" {
		return Found{}, problem.New(problem.Invalid, "There is an archive or a workbook in the archive: give the file that is in it.")
	}
	in, err := detect(inside, more, f, found.Format)
	if err != nil {
		return Found{}, err
	}
	in.Members = found.Members
	if found.Ask != "" {
		in.Ask = found.Ask
	}
	return in, nil
}

// detectText is Detect for a file that is not packed.
func detectText(f File, head []byte, want tenants.Format) (Found, error) {
	var more []byte
	if f.Size > DetectBytes {
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
	return detect(head, more, f, want)
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

// detect fills in what want leaves empty. head is the beginning of the text, unpacked, and more is
// from further on.
func detect(head, more []byte, file File, want tenants.Format) (Found, error) {
	if err := refuse(head, file.ContentType); err != nil {
		return Found{}, err
	}
	if want.Delimiter != "" && !isDelimiter(want.Delimiter) {
		return Found{}, problem.New(problem.Invalid, "The delimiter must be one character that is no letter, digit, quote or space, such as , ; | or a tab, or two or three of them.")
	}
	if want.HeaderRow < NoHeader || want.HeaderRow > maxHeaderRow {
		return Found{}, problem.New(problem.Invalid, "The header's row must be 1 to %d, or %d for a file without a header.", maxHeaderRow, NoHeader)
	}
	found := Found{Format: want}
	f := &found.Format
	f.Sheet = ""
	whole := len(head) < DetectBytes
	if f.Encoding == "" {
		f.Encoding, found.Readings = encodingOf(head, more, whole, charsetOf(head, file.ContentType))
		if len(found.Readings) > 0 {
			found.Ask = AskEncoding
		}
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
		text = bytes.TrimPrefix(decoded, utf8BOM)
	}
	if err := refuseText(text); err != nil {
		return Found{}, err
	}
	if err := found.setType(text, file, whole); err != nil {
		return Found{}, err
	}
	switch f.Type {
	case typeXML:
		f.Delimiter, f.HeaderRow = "", 0
		if file.Open == nil { // only the beginning is known
			return found, nil
		}
		return found, found.choosePath(file)
	case typeJSON, typeNDJSON:
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
		if row := headerRow(sampleOf(text, f.Delimiter, whole)); row != 1 {
			f.HeaderRow = row
		}
	}
	return found, nil
}

// setType tells the type by the beginning of the text, and where a JSON document has its records.
func (f *Found) setType(text []byte, file File, whole bool) error {
	path, lists, document := documentOf(text, whole)
	if f.Format.Type == "" {
		switch {
		case isXML(text):
			f.Format.Type = typeXML
		case document:
			f.Format.Type = typeJSON
		default:
			f.Format.Type = typeOf(text, file.ContentType, file.Filename, whole)
		}
	}
	switch f.Format.Type {
	case typeJSON:
		f.Paths = lists
		if f.Format.Path == "" {
			f.Format.Path = path
		}
	case typeXML, typeNDJSON:
	case typeCSV:
		if isXML(text) {
			return problem.New(problem.Invalid, "The file is XML: choose XML as its type, or leave the type to be found.")
		}
	case typeXLSX:
		return problem.New(problem.Invalid, "The file is no Excel workbook (.xlsx): choose another type, or leave the type to be found.")
	default:
		return problem.New(problem.Invalid, "The type must be csv, ndjson, json, xml or xlsx.")
	}
	if f.Format.Type != typeJSON && f.Format.Type != typeXML {
		f.Format.Path = ""
	}
	return nil
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
	controls := 0
	for _, c := range head {
		if (c < ' ' && !strings.ContainsRune("\t\n\r"+controlDelimiters, rune(c))) || c == 0x7f {
			controls++
		}
	}
	if controls > 16 && controls > len(head)/20 {
		return problem.New(problem.Invalid, "The file is not text: export it as CSV, Excel (.xlsx), XML or JSON.")
	}
	return nil
}

// magics are the beginnings of files that people mistake for CSV.
var magics = []struct{ prefix, message string }{
	{"\xd0\xcf\x11\xe0", "The file is an old Excel workbook (.xls), or one that is locked with a password: save it without one as an Excel workbook (.xlsx)."},
	{"%PDF-", "The file is a PDF: export it as CSV, Excel (.xlsx), XML or JSON."},
	{"\x89PNG", msgPicture},
	{"\xff\xd8\xff", msgPicture},
	{"GIF8", msgPicture},
}

const msgPicture = "The file is a picture: use the address of the product file itself."

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
	return problem.New(problem.Invalid, "The address answers with a web page (HTML) instead of data: it is often a login page. Use the address of the file itself.")
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
func encodingOf(head, more []byte, whole bool, charset string) (string, []Reading) {
	switch {
	case bytes.HasPrefix(head, utf8BOM):
		return utf8Of(head, more)
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
	return utf8Of(head, more)
}

// utf8Of is for a text that is UTF-8: it may have been encoded twice.
func utf8Of(head, more []byte) (string, []Reading) {
	sample := slices.Concat(head, []byte("\n"), more)
	if !encodedTwice(sample) {
		return encUTF8, nil
	}
	var readings []Reading
	words := highWords(sample)
	for _, name := range []string{encTwice, encUTF8} {
		e, _ := encodingNamed(name)
		if text, err := e.code.NewDecoder().Bytes(words); err == nil {
			readings = append(readings, Reading{e.Name, e.Label, examples(string(text))})
		}
	}
	return encTwice, readings
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
