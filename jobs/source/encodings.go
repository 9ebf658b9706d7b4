package source

import (
	"mime"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

const (
	encUTF8    = "utf-8"
	encUTF16LE = "utf-16le"
	encUTF16BE = "utf-16be"
	encLatin1  = "latin-1"
	encTwice   = "utf-8-twice"
)

// Encoding is a way to read bytes as text.
type Encoding struct {
	Name  string // of tenants.Format
	Label string // for people
	code  encoding.Encoding
	wide  bool // East Asian: a character is one or several bytes
}

// encodings are those that a merchant may choose. Where the bytes of a file mean the same in
// several, the first is named.
//
// latin-1 is Windows-1252, not ISO 8859-1: the two agree on every printable character, and where
// 8859-1 has control characters that no text holds, Windows has the euro sign, dashes and curly
// quotes that files called "Latin-1" are full of. The WHATWG Encoding Standard reads the label
// "latin1" in the same way.
var encodings = []Encoding{
	{encUTF8, "UTF-8", encoding.Nop, false},
	{encUTF16LE, "Unicode (UTF-16)", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), false},
	{encUTF16BE, "Unicode (UTF-16, big-endian)", unicode.UTF16(unicode.BigEndian, unicode.UseBOM), false},
	{encTwice, "UTF-8, encoded twice", twice{}, false},
	{encLatin1, "Western European (code page 1252, Latin-1)", charmap.Windows1252, false},
	{"windows-1250", "Central European (code page 1250)", charmap.Windows1250, false},
	{"windows-1251", "Cyrillic (code page 1251)", charmap.Windows1251, false},
	{"windows-1253", "Greek (code page 1253)", charmap.Windows1253, false},
	{"windows-1254", "Turkish (code page 1254)", charmap.Windows1254, false},
	{"windows-1255", "Hebrew (code page 1255)", charmap.Windows1255, false},
	{"windows-1256", "Arabic (code page 1256)", charmap.Windows1256, false},
	{"windows-1257", "Baltic (code page 1257)", charmap.Windows1257, false},
	{"windows-1258", "Vietnamese (code page 1258)", charmap.Windows1258, false},
	{"windows-874", "Thai (code page 874)", charmap.Windows874, false},
	{"ibm437", "DOS (code page 437)", charmap.CodePage437, false},
	{"ibm850", "DOS, Western European (code page 850)", charmap.CodePage850, false},
	{"ibm852", "DOS, Central European (code page 852)", charmap.CodePage852, false},
	{"ibm866", "DOS, Cyrillic (code page 866)", charmap.CodePage866, false},
	{"macintosh", "Mac (Roman)", charmap.Macintosh, false},
	{"x-mac-cyrillic", "Mac (Cyrillic)", charmap.MacintoshCyrillic, false},
	{"koi8-r", "Russian (KOI8-R)", charmap.KOI8R, false},
	{"koi8-u", "Ukrainian (KOI8-U)", charmap.KOI8U, false},
	{"iso-8859-2", "Central European (ISO 8859-2)", charmap.ISO8859_2, false},
	{"iso-8859-3", "South European (ISO 8859-3)", charmap.ISO8859_3, false},
	{"iso-8859-4", "North European (ISO 8859-4)", charmap.ISO8859_4, false},
	{"iso-8859-5", "Cyrillic (ISO 8859-5)", charmap.ISO8859_5, false},
	{"iso-8859-6", "Arabic (ISO 8859-6)", charmap.ISO8859_6, false},
	{"iso-8859-7", "Greek (ISO 8859-7)", charmap.ISO8859_7, false},
	{"iso-8859-8", "Hebrew (ISO 8859-8)", charmap.ISO8859_8, false},
	{"iso-8859-10", "Nordic (ISO 8859-10)", charmap.ISO8859_10, false},
	{"iso-8859-13", "Baltic (ISO 8859-13)", charmap.ISO8859_13, false},
	{"iso-8859-14", "Celtic (ISO 8859-14)", charmap.ISO8859_14, false},
	{"iso-8859-15", "Western European (ISO 8859-15)", charmap.ISO8859_15, false},
	{"iso-8859-16", "South-Eastern European (ISO 8859-16)", charmap.ISO8859_16, false},
	{"shift_jis", "Japanese (Shift-JIS)", japanese.ShiftJIS, true},
	{"euc-jp", "Japanese (EUC-JP)", japanese.EUCJP, true},
	{"gbk", "Chinese, simplified (GBK)", simplifiedchinese.GB18030, true},
	{"big5", "Chinese, traditional (Big5)", traditionalchinese.Big5, true},
	{"euc-kr", "Korean (EUC-KR)", korean.EUCKR, true},
}

// bytewise are the encodings whose bytes are no Unicode.
func bytewise() []Encoding { return encodings[4:] }

// encodingNamed returns the encoding of a format.
func encodingNamed(name string) (Encoding, bool) {
	for _, e := range encodings {
		if e.Name == name {
			return e, true
		}
	}
	return Encoding{}, false
}

// declared returns the encoding that a content type names, "" if it names none that we know.
func declared(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return charsetNamed(params["charset"])
}

// charsetNamed returns our name of a charset.
func charsetNamed(label string) string {
	label = strings.ToLower(strings.TrimSpace(label))
	if e, ok := encodingNamed(label); ok {
		return e.Name
	}
	switch label {
	case "cp437":
		return "ibm437"
	case "cp850":
		return "ibm850"
	case "cp852":
		return "ibm852"
	case "utf-16", "utf16":
		return encUTF16LE // a byte order mark says otherwise
	}
	code, err := htmlindex.Get(label)
	if err != nil {
		return ""
	}
	name, err := htmlindex.Name(code)
	switch {
	case err != nil:
		return ""
	case name == "windows-1252":
		return encLatin1
	case name == "gb18030":
		return "gbk"
	}
	if e, ok := encodingNamed(name); ok {
		return e.Name
	}
	return ""
}
