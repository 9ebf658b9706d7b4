package source

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/tenants"
)

// TestXMLColumns: what each shape of a record becomes.
func TestXMLColumns(t *testing.T) {
	type object = map[string]any
	for name, tt := range map[string]struct {
		record string
		want   object
	}{
		"texts":          {`<r id=" 7 "><a> x &amp; y&#33; </a><b/><c><![CDATA[<p>1 & 2</p>]]></c></r>`, object{"@id": "7", "a": "x & y!", "b": "", "c": "<p>1 & 2</p>"}},
		"nested":         {`<r><dim unit="cm"><w>2</w><in><h>3</h></in></dim></r>`, object{"dim.@unit": "cm", "dim.w": "2", "dim.in.h": "3"}},
		"prefixes":       {`<r xmlns:g="u"><g:price c="EUR">9</g:price></r>`, object{"g:price": "9", "g:price.@c": "EUR"}},
		"lists":          {`<r><t>a</t><x>1</x><t>b</t><t/></r>`, object{"t": []any{"a", "b", ""}, "x": "1"}},
		"beside others":  {`<r><i><u>a</u><alt>A</alt></i><i n="2"><u>b</u></i></r>`, object{"i.u": []any{"a", "b"}, "i.alt": []any{"A", ""}, "i.@n": []any{"", "2"}}},
		"lists in lists": {`<r><p><t>1</t><t>2</t></p><p><t>3</t></p></r>`, object{"p.t": []any{"1|2", "3"}}},
		"named values": {
			`<r><fs><s>E</s><f><FNAME>Color  x</FNAME><FVALUE>red</FVALUE></f><f><FNAME>V</FNAME><FVALUE>1</FVALUE><FVALUE>2</FVALUE><FUNIT>V</FUNIT></f></fs></r>`,
			object{"fs.s": "E", "fs.f[Color x]": "red", "fs.f[V]": []any{"1", "2"}, "fs.f[V].FUNIT": "V"},
		},
		"named values in what repeats": {
			`<r><fs><s>1</s><f><k.name>A</k.name><k.value>x</k.value></f></fs><fs><s>2</s></fs></r>`, object{"fs.f[A]": "x", "fs.s": []any{"1", "2"}},
		},
		"parameters":                 {`<r><param name="Цвет" unit="x">красный</param><attribute name="Size" value="L"/></r>`, object{"param[Цвет]": "красный", "param[Цвет].@unit": "x", "attribute[Size]": "L"}},
		"no parameters":              {`<r><image name="front">u</image></r>`, object{"image": "u", "image.@name": "front"}},
		"a name without a value":     {`<r><brand><name>Acme</name><id>1</id></brand></r>`, object{"brand.name": "Acme", "brand.id": "1"}},
		"the same name twice":        {`<r><p name="A" value="1"/><p name="A" value="2"/></r>`, object{"p[A]": []any{"1", "2"}}},
		"languages":                  {`<r><n xml:lang="de">Hut</n><n xml:lang="en">Hat</n></r>`, object{"n[de]": "Hut", "n[en]": "Hat"}},
		"one language":               {`<r><n xml:lang="de">Hut</n></r>`, object{"n": "Hut", "n.@xml:lang": "de"}},
		"types that are not unlike":  {`<r><n type="a">1</n><n type="a">2</n></r>`, object{"n": []any{"1", "2"}, "n.@type": []any{"a", "a"}}},
		"pictures of types":          {`<r><n type="a">http://x/1</n><n type="b">http://x/2</n></r>`, object{"n": []any{"http://x/1", "http://x/2"}, "n.@type": []any{"a", "b"}}},
		"markup":                     {`<r><d>Big <b class="x">red</b> hat<br/>&lt;3</d></r>`, object{"d": `Big <b class="x">red</b> hat<br/>&lt;3`}},
		"markup without text beside": {`<r><d><p>One</p><p>Two</p></d></r>`, object{"d": "<p>One</p><p>Two</p>"}},
		"a unit after a number":      {`<r><price>9.99<currency>EUR</currency></price></r>`, object{"price": "9.99", "price.currency": "EUR"}},
		"only text":                  {`<r>A-1</r>`, object{"r": "A-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, rows := read(t, `<?xml version="1.0"?><list>`+tt.record+`<r><z>1</z></r></list>`, tenants.Format{Path: "list/r"})
			if len(rows) != 2 || rows[0].Number != 1 {
				t.Fatalf("%+v", rows)
			}
			if d := cmp.Diff(tt.want, rows[0].Object); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestXMLRecords: where the records of common files are.
func TestXMLRecords(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string
		paths []string // the likeliest first
	}{
		"RSS":              {`<rss><channel><title>S</title><link>u</link><item><g:id>1</g:id><g:p>1</g:p></item><item><g:id>2</g:id><g:p>1</g:p></item></channel></rss>`, []string{"rss/channel/item"}},
		"Atom":             {"\n<feed xmlns='a'><title>S</title><entry><id>1</id><link href='u'/><link href='v'/></entry></feed>", []string{"feed/entry"}},
		"one product":      {`<products><product><sku>1</sku><images><image><u>1</u><v>2</v></image><image><u>1</u></image></images></product></products>`, []string{"products/product"}},
		"by category":      {`<c><category name="a"><product><sku>1</sku><n>x</n></product><product><sku>2</sku><n>x</n></product></category><category name="b"><product><sku>3</sku><n>x</n></product></category></c>`, []string{"c/category/product", "c/category"}},
		"shops":            {`<yml_catalog><shop><currencies><currency id="A" rate="1"/></currencies><categories><category id="1">Hats</category><category id="2">Caps</category></categories><offers><offer id="1"><price>1</price></offer><offer id="2"><price>1</price></offer></offers></shop></yml_catalog>`, []string{"yml_catalog/shop/offers/offer", "yml_catalog/shop/categories/category"}},
		"names of no kind": {`<ns0:x xmlns:ns0="u"><ns0:y a="1" b="2"/><ns0:y a="1" b="2"/></ns0:x>`, []string{"ns0:x/ns0:y"}},
		"the document":     {`<sku><n>1</n><p>2</p></sku>`, []string{"sku"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := File{Open: openBytes([]byte(tt.text)), Size: int64(len(tt.text)), Complete: true}
			found, err := Detect(file, tenants.Format{})
			if d := cmp.Diff(tt.paths, namesOf(found.Paths)); err != nil || d != "" || found.Format.Path != tt.paths[0] {
				t.Errorf("%v %+v %s", err, found, d)
			}
		})
	}
}

// TestXMLTexts: the encoding that a document declares is believed, and one that is packed is read.
func TestXMLTexts(t *testing.T) {
	body := `<l><p><n>Gr` + "\xfc" + `n</n></p><p><n>Rot</n></p></l>`
	utf16 := "\xff\xfe"
	for _, c := range []byte(`<?xml version="1.0" encoding="UTF-16"?>` + body) {
		utf16 += string([]byte{c, 0})
	}
	for name, text := range map[string]string{
		"declared": `<?xml version="1.0" encoding="ISO-8859-1"?>` + body,
		"UTF-16":   utf16,
		"UTF-8":    strings.ReplaceAll(body, "\xfc", "ü"),
		"a mark":   "\xef\xbb\xbf<?xml version='1.0'?>" + strings.ReplaceAll(body, "\xfc", "ü"),
		"DOCTYPE":  `<?xml version="1.0"?><!DOCTYPE l SYSTEM "http://127.0.0.1:1/x.dtd" [<!ENTITY n "x"><!ELEMENT l ANY>]>` + strings.ReplaceAll(body, "\xfc", "&#252;"),
		"gzip":     gzipped(t, strings.ReplaceAll(body, "\xfc", "ü")),
		"zip":      zipped(t, "a.xml", strings.ReplaceAll(body, "\xfc", "ü")),
	} {
		t.Run(name, func(t *testing.T) {
			header, rows := read(t, text, tenants.Format{})
			if len(rows) != 2 || rows[0].Object["n"] != "Grün" || len(header) != 1 {
				t.Errorf("%q %+v", header, rows)
			}
		})
	}
}

func TestBrokenXML(t *testing.T) {
	const good = `<p><n>1</n><m>1</m></p>`
	for name, tt := range map[string]struct{ text, message string }{
		"cut":                     {`<l>` + good + `<p><n>2`, "ends too early"},
		"nested wrongly":          {"<l>\n" + good + "<p><n>2</p></n></l>", "broken at line 2: </p> ends"},
		"goes on":                 {`<l>` + good + `</l><l/>`, "goes on after its end"},
		"text outside":            {`<l>` + good + `</l>x`, "text outside"},
		"an entity of a DOCTYPE":  {`<!DOCTYPE l [<!ENTITY e "x">]><l>` + good + `<p><n>&e;</n></p></l>`, "The XML has &e; in line 1, which only its DOCTYPE"},
		"an entity of HTML":       {`<l>` + good + `<p><n>a&nbsp;b</n></p></l>`, "&nbsp;"},
		"a bare &":                {`<l>` + good + `<p><n>a & b</n></p></l>`, "in place of a bare &"},
		"a character of no text":  {"<l>" + good + "<p><n>\x01</n></p></l>", "illegal character"},
		"too deep":                {`<l>` + good + strings.Repeat("<a>", 200), "more than 100 deep"},
		"a tag of megabytes":      {`<l>` + good + `<p a="` + strings.Repeat("x", 2<<20) + `"/></l>`, "longer than 1 MiB"},
		"thousands of attributes": {`<l>` + good + `<p` + strings.Repeat(` a="1"`, 2000) + `/></l>`, "more than 1000 attributes"},
		"no records at the path":  {`<l><q/></l>`, "no records at l/p"},
	} {
		t.Run(name, func(t *testing.T) {
			file := File{Open: openBytes([]byte(tt.text)), Size: int64(len(tt.text)), Complete: true}
			_, err := Convert(t.Context(), file, tenants.Format{Type: "xml", Encoding: "utf-8", Path: "l/p"}, &bytes.Buffer{})
			if code := problem.CodeOf(err); code != problem.Invalid || !strings.Contains(problem.MessageOf(err), tt.message) {
				t.Errorf("%v", err)
			}
		})
	}
	for name, text := range map[string]string{"XHTML": `<?xml version="1.0"?><html xmlns="x"><body/></html>`, "nothing": `<l/>`} {
		if _, err := formatOf(text, "", ""); problem.CodeOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A record that is too large is a bad row, and the next is read.
	large := `<l><p><n>` + strings.Repeat("<a/>", maxElements) + `</n></p><p><n>` + strings.Repeat("<b>"+strings.Repeat("x", 1<<20-100)+"</b>", 5) + `</n></p>` + good + `</l>`
	_, rows := read(t, large, tenants.Format{Path: "l/p"})
	if len(rows) != 3 || rows[0].Err == nil || rows[1].Err == nil || rows[2].Object["n"] != "1" || rows[2].Number != 3 {
		t.Errorf("%d rows, %+v", len(rows), rows[len(rows)-1])
	}
}

// TestDeclaredEncoding: what the server declares counts, then what the document does.
func TestDeclaredEncoding(t *testing.T) {
	for _, tt := range [][3]string{
		{`<?xml version="1.0" encoding="windows-1251"?><l/>`, "", "windows-1251"},
		{`<?xml version='1.0' encoding = 'Shift_JIS' standalone='yes'?><l/>`, "text/xml", "shift_jis"},
		{`<?xml version="1.0" encoding="windows-1251"?><l/>`, "text/xml; charset=koi8-r", "koi8-r"},
		{`<?xml version="1.0"?><l encoding="koi8-r"/>`, "", ""},
		{`<?xml encoding=`, "", ""},
		{"a,encoding\n", "", ""},
	} {
		if got := charsetOf([]byte(tt[0]), tt[1]); got != tt[2] {
			t.Errorf("%s of %q: %q", tt[0], tt[1], got)
		}
	}
}
