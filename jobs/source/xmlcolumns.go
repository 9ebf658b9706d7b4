package source

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Columns of a record, by these rules:
//
//	<price>9</price>                                   price: 9
//	<dim unit="cm"><w>2</w></dim>                      dim.@unit: cm   dim.w: 2
//	<tag>a</tag><tag>b</tag>                           tag: [a, b]
//	<img><u>a</u><alt>A</alt></img><img><u>b</u></img> img.u: [a, b]   img.alt: [A, ""], beside each other
//	<f><fname>Colour</fname><fvalue>red</fvalue></f>   f[Colour]: red
//	<param name="Colour">red</param>                   param[Colour]: red
//	<name lang="de">Hut</name><name lang="en">Hat</name>  name[de]: Hut   name[en]: Hat
//
// What repeats inside of what repeats is one text with | between.
type column struct {
	name   string
	values []string
	list   bool // it is a list, also of one value
	pair   bool // its name is of the file's data: it has no place beside others
}

func (c *column) value() any {
	if !c.list {
		return c.values[0]
	}
	list := make([]any, len(c.values))
	for i, v := range c.values {
		list[i] = v
	}
	return list
}

const maxLabel = 100 // characters of the file's data that are part of a column's name

// columnsOf returns the columns of a record in the order in which they appear.
func columnsOf(record *element) []*column {
	record.settle(true)
	t := table{at: map[string]int{}}
	t.attrs(record, "")
	if len(record.children) == 0 || record.text != "" {
		t.put(&column{name: record.name, values: []string{record.text}})
	}
	t.children(record, "")
	return t.columns
}

// table gathers columns; at is where each is.
type table struct {
	columns []*column
	at      map[string]int
}

// put adds a column; what another of that name has is put before.
func (t *table) put(c *column) {
	if i, ok := t.at[c.name]; ok {
		other := t.columns[i]
		other.values, other.list = append(other.values, c.values...), true
		return
	}
	t.at[c.name] = len(t.columns)
	t.columns = append(t.columns, c)
}

func (t *table) attrs(e *element, prefix string) {
	for _, a := range e.attrs {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" || a.Name.Space == "xml" && a.Name.Local == "space" {
			continue
		}
		t.put(&column{name: prefix + "@" + nameOf(a.Name), values: []string{strings.TrimSpace(a.Value)}})
	}
}

// children adds what is in an element.
func (t *table) children(e *element, prefix string) {
	same := make(map[string][]*element, len(e.children))
	for _, c := range e.children {
		same[c.name] = append(same[c.name], c)
	}
	for _, c := range e.children {
		if group := same[c.name]; group != nil {
			t.group(group, prefix+c.name)
			same[c.name] = nil
		}
	}
}

// group adds the elements of one name.
func (t *table) group(group []*element, name string) {
	if label := labelOf(group); label != "" {
		for _, e := range group {
			inner := element{name: e.name, text: e.text, children: e.children}
			for _, a := range e.attrs {
				if nameOf(a.Name) != label {
					inner.attrs = append(inner.attrs, a)
				}
			}
			t.element(&inner, name+"["+fold(attribute(e, label))+"]")
		}
		return
	}
	var plain []*element
	for _, e := range group {
		if p, ok := pairOf(e); ok {
			t.pair(p, name)
		} else {
			plain = append(plain, e)
		}
	}
	if len(plain) == 1 {
		t.element(plain[0], name)
	}
	if len(plain) < 2 {
		return
	}
	// Beside each other: each column has a value of each element.
	all := table{at: map[string]int{}}
	for i, e := range plain {
		one := table{at: map[string]int{}}
		one.element(e, name)
		for _, c := range one.columns {
			if c.pair {
				t.put(c)
				continue
			}
			at, ok := all.at[c.name]
			if !ok {
				at = len(all.columns)
				all.put(&column{name: c.name, values: make([]string, len(plain)), list: true})
			}
			all.columns[at].values[i] = strings.Join(c.values, "|")
		}
	}
	for _, c := range all.columns {
		t.put(c)
	}
}

// element adds one element that has its name for itself.
func (t *table) element(e *element, name string) {
	if len(e.children) == 0 || e.text != "" {
		t.put(&column{name: name, values: []string{e.text}})
	}
	t.attrs(e, name+".")
	t.children(e, name+".")
}

// pair adds an element that gives a name and a value.
func (t *table) pair(p pair, name string) {
	name += "[" + p.label + "]"
	inner := table{at: map[string]int{}}
	for _, v := range p.values {
		inner.put(&column{name: name, values: []string{v}})
	}
	inner.attrs(p.rest, name+".")
	inner.children(p.rest, name+".")
	for _, c := range inner.columns {
		c.pair = true
		t.put(c)
	}
}

// labelAttributes tell elements of one name apart.
var labelAttributes = []string{"xml:lang", "lang", "language", "locale", "currency", "type"}

// labelOf returns the attribute by which elements that repeat are told apart, "" if there is none:
// each has another value of it.
func labelOf(group []*element) string {
	if len(group) < 2 {
		return ""
	}
	for _, name := range labelAttributes {
		seen := make(map[string]bool, len(group))
		for _, e := range group {
			v := fold(attribute(e, name))
			if v == "" || seen[v] || utf8.RuneCountInString(v) > maxLabel || strings.Contains(e.text, "://") {
				seen = nil
				break
			}
			seen[v] = true
		}
		if seen != nil {
			return name
		}
	}
	return ""
}

// pair is what an element says that has a name and a value.
type pair struct {
	label  string
	values []string
	rest   *element // what else is in it
}

var (
	nameEnds  = []string{"name", "key", "label"}
	valueEnds = []string{"value", "values", "val", "wert"}
	// labelled are parts of names of elements that give a value of something that they name.
	labelled = []string{"param", "attr", "prop", "feature", "spec", "characteristic", "custom", "field", "option", "merkmal", "eigenschaft", "meta"}
)

// pairOf tells an element with a name and a value: <x name="Colour" value="red"/>, <x name="Colour">
// red</x> if x means an attribute, or children whose names differ only at their ends, as FNAME and
// FVALUE do.
func pairOf(e *element) (pair, bool) {
	p := pair{rest: &element{name: e.name}}
	for _, a := range e.attrs {
		switch name := strings.ToLower(a.Name.Local); {
		case a.Name.Space != "xmlns" && (name == "name" || name == "key" || name == "attribute-id") && p.label == "":
			p.label = fold(a.Value)
		case name == "value" && len(e.children) == 0 && e.text == "":
			p.values = append(p.values, strings.TrimSpace(a.Value))
		default:
			p.rest.attrs = append(p.rest.attrs, a)
		}
	}
	if p.label != "" && len(p.values) == 0 && len(e.children) == 0 && slices.ContainsFunc(labelled, func(s string) bool {
		return strings.Contains(strings.ToLower(e.name), s)
	}) {
		p.values = []string{e.text}
	}
	if p.label != "" && len(p.values) > 0 {
		return p, utf8.RuneCountInString(p.label) <= maxLabel
	}
	return pairOfChildren(e)
}

func pairOfChildren(e *element) (pair, bool) {
	for _, named := range e.children {
		prefix, ok := cutEnd(named.name, nameEnds)
		label := fold(named.text)
		if !ok || label == "" || len(named.children) > 0 || utf8.RuneCountInString(label) > maxLabel {
			continue
		}
		p := pair{label: label, rest: &element{name: e.name, attrs: e.attrs}}
		names := 0
		for _, c := range e.children {
			of, isValue := cutEnd(c.name, valueEnds)
			switch {
			case c.name == named.name:
				names++
			case isValue && of == prefix && len(c.children) == 0:
				p.values = append(p.values, c.text)
			default:
				p.rest.children = append(p.rest.children, c)
			}
		}
		if names == 1 && len(p.values) > 0 {
			return p, true
		}
	}
	return pair{}, false
}

// cutEnd returns a name in small letters without one of the ends.
func cutEnd(name string, ends []string) (string, bool) {
	name = strings.ToLower(name)
	for _, end := range ends {
		if before, ok := strings.CutSuffix(name, end); ok {
			return before, true
		}
	}
	return "", false
}

func attribute(e *element, name string) string {
	for _, a := range e.attrs {
		if nameOf(a.Name) == name {
			return a.Value
		}
	}
	return ""
}

// fold makes every run of white space one space.
func fold(s string) string { return strings.Join(strings.Fields(s), " ") }
