package source

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/encoding/charmap"

	"sluice/internal/problem"
	"sluice/tenants"
)

func fileOf(data []byte) File {
	return File{Open: openBytes(data), Size: int64(len(data)), Complete: true}
}

// FuzzWorkbook: whatever stands in a sheet, it is rows in order or the reason why it is none. Texts
// are what encoding/xml reads of them.
func FuzzWorkbook(f *testing.F) {
	f.Add(inline("a", "b")+`<row r="5"><c r="B5" t="s"><v>0</v></c><c s="1"><v>5.5</v></c></row>`, `<si><t>x</t></si>`, "dd.mm.yyyy", "1.5")
	f.Add(`<row><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c><c><f>1</f></c></row>`, `<si><r><t>a</t></r><rPh><t>b</t></rPh></si>`, "00000", "7")
	f.Add(`<row r="2"><c r="ZZ2" t="str"><v>_x0041_</v></c></row><row r="1"/>`, ``, "[h]:mm;@", "1E+30")
	f.Fuzz(func(t *testing.T, rows, texts, code, number string) {
		if len(rows)+len(texts)+len(code)+len(number) > 10_000 {
			return
		}
		var style, value bytes.Buffer
		if xml.EscapeText(&style, []byte(code)) != nil || xml.EscapeText(&value, []byte(number)) != nil {
			return
		}
		b := book{
			sheets: [][2]string{{"S", rows + `<row><c s="0"><v>` + value.String() + `</v></c></row>`}}, strings: texts,
			styles: `<numFmts><numFmt numFmtId="164" formatCode="` + style.String() + `"/></numFmts><cellXfs><xf numFmtId="164"/></cellXfs>`,
		}
		file := fileOf([]byte(b.zip(t)))
		found, err := Detect(file, tenants.Format{})
		if err != nil {
			if code := problem.CodeOf(err); code != problem.Invalid && code != problem.TooLarge {
				t.Fatal(err)
			}
			return
		}
		header, read := readConverted(t, file, found.Format)
		number0 := int64(0)
		for _, r := range read {
			if r.Number <= number0 || r.Line != r.Number || r.Err == nil && len(r.Values) != len(header) {
				t.Fatalf("row %+v after %d, %d columns", r, number0, len(header))
			}
			number0 = r.Number
			for _, v := range r.Values {
				if !utf8.ValidString(v) {
					t.Fatalf("%q", v)
				}
			}
		}
	})
}

// FuzzNumbers: the number of a cell without a format is the same number, to 15 digits.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"0.1", "0.30000000000000004", "1E-7", "-12345678901234567890", "123456789012345.678", "1e300", "5.", ".5", "00012", "1.7976931348623157E+308", "4.9E-324", "9.9999999999999995E+22"} {
		f.Add(s, uint8(0))
	}
	f.Fuzz(func(t *testing.T, stored string, zeros uint8) {
		if len(stored) > 100 {
			return
		}
		got := numberText(stored, numberFormat{}, false)
		want, _, err := big.ParseFloat(strings.TrimSpace(stored), 10, 500, big.ToNearestEven)
		if err != nil || strings.Trim(strings.TrimSpace(stored), "0123456789+-.eE") != "" {
			return
		}
		value, _, err := big.ParseFloat(got, 10, 500, big.ToNearestEven)
		if err != nil {
			t.Fatalf("%q became %q", stored, got)
		}
		if f, _ := want.Float64(); f == 0 || want.IsInf() || f > 1e308 || f < -1e308 || f < 1e-300 && f > -1e-300 {
			return // of which spreadsheets know no digits
		}
		off := new(big.Float).Quo(new(big.Float).Sub(value, want), want)
		if off.Abs(off).Cmp(big.NewFloat(5.001e-15)) > 0 {
			t.Fatalf("%q became %q", stored, got)
		}
		if digits := strings.Trim(got, "-"); zeros > 1 && strings.Trim(digits, "0123456789") == "" && got == digits {
			format := strings.Repeat("0", int(zeros%20)+2)
			padded := fillDigits(got, format)
			if len(padded) != max(len(got), len(format)) || strings.TrimLeft(padded, "0") != strings.TrimLeft(got, "0") {
				t.Fatalf("%q with %q is %q", got, format, padded)
			}
		}
	})
}

// domNode is an element of a document that is read whole.
type domNode struct {
	name     string
	children []*domNode
	text     string
	mixed    bool
}

// dom reads a document with the decoder's own checks of what is nested; nil if it is broken.
func dom(data []byte) *domNode {
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	root := &domNode{}
	open := []*domNode{root}
	for {
		t, err := dec.RawToken()
		if errors.Is(err, io.EOF) && len(open) == 1 && len(root.children) == 1 {
			return root.children[0]
		}
		if err != nil {
			return nil
		}
		last := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			n := &domNode{name: nameOf(t.Name)}
			last.children = append(last.children, n)
			open = append(open, n)
		case xml.EndElement:
			if len(open) == 1 || last.name != nameOf(t.Name) {
				return nil
			}
			open = open[:len(open)-1]
		case xml.CharData:
			last.text += string(t)
			last.mixed = last.mixed || len(last.children) > 0 && strings.TrimSpace(string(t)) != ""
		}
	}
}

// at returns the elements at a path.
func (n *domNode) at(path []string) []*domNode {
	if n.name != path[0] {
		return nil
	}
	if len(path) == 1 {
		return []*domNode{n}
	}
	var out []*domNode
	for _, c := range n.children {
		out = append(out, c.at(path[1:])...)
	}
	return out
}

// FuzzXML: the records of a document are those that a walk over the whole of it finds, and the texts
// of elements that do not repeat are theirs.
func FuzzXML(f *testing.F) {
	for _, s := range []string{
		`<l><p a="1"><n>x</n><n>y</n></p><p><q><r/></q></p></l>`, `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY e "x">]><l><p>&amp;</p></l>`,
		`<l><p><n>&e;</n></p></l>`, `<l><p><![CDATA[<a>]]></p><!-- x --><p/></l>`, `<l><p>a<b>c</b>d</p></l>`, `<l><p><f><name>a</name><value>b</value></f></p></l>`,
		`<l><p></l></p>`, `<x:l xmlns:x="u"><x:p x:a="1"><y>1</y></x:p></x:l>`,
	} {
		f.Add([]byte(s), "l/p")
	}
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		if len(data) > 10_000 || !utf8.Valid(data) || path == "" {
			return
		}
		file := fileOf(data)
		var out bytes.Buffer
		_, err := Convert(t.Context(), file, tenants.Format{Type: typeXML, Encoding: encUTF8, Path: path}, &out)
		if err != nil && problem.CodeOf(err) != problem.Invalid {
			t.Fatal(err)
		}
		if found, err := Detect(file, tenants.Format{Type: typeXML, Encoding: encUTF8}); err == nil && found.Format.Path == "" {
			t.Fatalf("found %+v", found)
		}
		root := dom(bytes.TrimPrefix(data, utf8BOM))
		if root == nil || err != nil {
			if root == nil && err == nil {
				t.Fatal("a broken document was read")
			}
			return
		}
		_, rows := readConverted(t, file, tenants.Format{Type: typeXML, Encoding: encUTF8, Path: path})
		want := root.at(strings.Split(path, "/"))
		if len(rows) != len(want) {
			t.Fatalf("%d records, want %d", len(rows), len(want))
		}
		for i, r := range rows {
			for j, c := range want[i].children {
				twice := slices.ContainsFunc(want[i].children, func(o *domNode) bool { return o != c && o.name == c.name })
				if twice || len(c.children) > 0 || want[i].children[j].mixed || r.Err != nil {
					continue
				}
				got, ok := r.Object[c.name]
				if !ok { // its name is of its attributes
					continue
				}
				if list, ok := got.([]any); ok && slices.Contains(list, any(strings.TrimSpace(c.text))) {
					continue // the record's own text has its name
				}
				if d := cmp.Diff(any(strings.TrimSpace(c.text)), got); d != "" {
					t.Fatalf("%s: %s", c.name, d)
				}
			}
		}
	})
}

// FuzzArchive: bytes that may be an archive are read or refused, never with more than their ratio.
func FuzzArchive(f *testing.F) {
	f.Add([]byte(zipped(f, "a.csv", "a,b\n1,2\n", "b.xml", "<l><p><a>1</a></p></l>")))
	f.Add([]byte(gzipped(f, "a,b\n1,2\n")))
	f.Add([]byte(book{sheets: [][2]string{{"S", inline("a", "b") + inline("1", "2")}}, strings: "<si><t>x</t></si>"}.zip(f)))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := fileOf(data)
		found, err := Detect(file, tenants.Format{})
		if err != nil {
			if code := problem.CodeOf(err); code != problem.Invalid && code != problem.TooLarge {
				t.Fatal(err)
			}
			return
		}
		if Converts(found.Format) {
			readConverted(t, file, found.Format)
		}
	})
}

// FuzzEncodings: the rows of a file in an encoding are those of its text as golang.org/x/text
// decodes it.
func FuzzEncodings(f *testing.F) {
	for i := range encodings {
		f.Add([]byte("sku;name\nA;Gr\xfcn \x93x\x94\n"), uint8(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		e := encodings[int(which)%len(encodings)]
		format := tenants.Format{Type: typeCSV, Encoding: e.Name, Delimiter: ";", HeaderRow: 1}
		text, err := e.code.NewDecoder().Bytes(data)
		if err != nil || bytes.Contains(text, []byte("\uFFFD")) || e.Name == encUTF8 {
			return
		}
		_, got := readConverted(t, fileOf(data), format)
		format.Encoding = encUTF8
		r, err := NewReader(openBytes(text), format, nil)
		if err != nil {
			if got != nil {
				t.Fatalf("%+v, %v", got, err)
			}
			return
		}
		if d := cmp.Diff(briefs(readAll(t, r)), briefs(got), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%s: %s", e.Name, d)
		}
	})
}

// FuzzTwice: a text that was encoded twice is the text again, and another stays what it is.
func FuzzTwice(f *testing.F) {
	for _, s := range []string{"Stühle für Gäste", "€ 5", "Стул", "木椅", "CAFÉ®", "naïve – “x”", "😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		var again strings.Builder
		for _, b := range []byte(s) {
			c := charmap.Windows1252.DecodeByte(b)
			if c == utf8.RuneError { // browsers make control characters of these
				c = rune(b)
			}
			again.WriteRune(c)
		}
		code := twice{}.NewDecoder()
		got, err := code.String(again.String())
		if err != nil || got != s {
			t.Fatalf("%q became %q, %v", s, got, err)
		}
		plain := strings.Map(func(c rune) rune {
			if c >= 0x80 && c < 0x2123 { // what Windows-1252 has stands no more beside each other
				return -1
			}
			return c
		}, s)
		if got, err := code.String(plain); err != nil || got != plain {
			t.Fatalf("%q became %q, %v", plain, got, err)
		}
	})
}

// FuzzSeparators: cells that are joined by several characters are read as they were.
func FuzzSeparators(f *testing.F) {
	f.Add("x|y", "a||b", "", uint8(0))
	f.Add("~", "\"", "|", uint8(1))
	f.Fuzz(func(t *testing.T, a, b, c string, which uint8) {
		all := a + b + c
		if !utf8.ValidString(a) || !utf8.ValidString(b) || !utf8.ValidString(c) || strings.ContainsAny(all, "\x1f\x00\r") || len(all) > 1000 {
			return
		}
		d := longDelimiters[int(which)%len(longDelimiters)]
		quoted := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		text := "x" + d + "y" + d + "z\n" + quoted(a) + d + quoted(b) + d + quoted(c) + "\n"
		if allBlank([]string{a, b, c}) || noRecord([]string{cellText(a), cellText(b), cellText(c)}, 3) != "" {
			return
		}
		_, rows := readConverted(t, fileOf([]byte(text)), tenants.Format{Type: typeCSV, Encoding: encUTF8, Delimiter: d, HeaderRow: 1})
		if len(rows) != 1 || rows[0].Err != nil {
			t.Fatalf("%q: %+v", text, rows)
		}
		if diff := cmp.Diff([]string{cellText(a), cellText(b), cellText(c)}, rows[0].Values); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	})
}
