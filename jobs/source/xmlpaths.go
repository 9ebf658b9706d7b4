package source

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/internal/problem"
)

const (
	pathBytes    = 16 << 20 // of an XML file that its records are looked for in
	maxPathDepth = 8        // how deep they are
	maxPathNodes = 20_000   // different elements that are told apart
)

// pathNode is what is known of the elements at one path.
type pathNode struct {
	path    string
	name    string
	parent  *pathNode
	kids    map[string]*pathNode
	columns []string // names of elements and attributes in it, the first ones
	count   int64
	size    int64 // bytes of all of them
	repeats bool  // there are several in one element
}

// choosePath finds where the records of an XML file are, and proposes the likeliest place.
func (f *Found) choosePath(file File) error {
	text, err := openText(file, f.Format)
	if err != nil {
		return err
	}
	defer text.Close()
	p := paths{x: newXMLTokens(text)}
	broken := p.walk()
	if root := p.root; root != nil && strings.EqualFold(root.name, "html") {
		return RefuseHTML([]byte("<html"), "")
	}
	if root := p.root; root != nil && strings.HasSuffix(root.name, "Workbook") && len(root.kids) > 0 && p.find("Worksheet") {
		return problem.New(problem.Invalid, "The file is an Excel 2003 XML workbook: save it as an Excel workbook (.xlsx).")
	}
	best := p.best()
	switch {
	case len(best) > 0:
	case errors.Is(broken, io.EOF):
		return problem.New(problem.Invalid, "The XML has no records: export it with an element for each of them.")
	case broken != nil:
		return broken
	}
	for _, n := range best[:min(len(best), maxChoices)] {
		c := choiceOf(n.path, n.columns, false)
		c.Count = n.count
		f.Paths = append(f.Paths, c)
	}
	if f.Format.Path == "" && len(best) > 0 {
		f.Format.Path = best[0].path
	}
	return nil
}

type paths struct {
	x     *xmlTokens
	root  *pathNode
	nodes []*pathNode
}

type openNode struct {
	node *pathNode // nil below what is told apart
	from int64
	seen map[*pathNode]bool // of the elements in it
}

// walk looks at the elements in the beginning of the text.
func (p *paths) walk() error {
	var open []openNode
	for p.x.dec.InputOffset() < pathBytes {
		t, err := p.x.next()
		if err != nil {
			for _, o := range open {
				o.close(p.x.dec.InputOffset())
			}
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			o := openNode{from: p.x.dec.InputOffset()}
			if len(open) == 0 {
				p.root = p.node(nil, nameOf(t.Name))
				o.node = p.root
			} else if up := &open[len(open)-1]; up.node != nil && len(open) < maxPathDepth {
				if o.node = p.node(up.node, nameOf(t.Name)); o.node != nil {
					if up.seen == nil {
						up.seen = make(map[*pathNode]bool)
					}
					o.node.repeats = o.node.repeats || up.seen[o.node]
					up.seen[o.node] = true
				}
			}
			if o.node != nil {
				o.node.count++
				for _, a := range t.Attr {
					if a.Name.Space != "xmlns" && nameOf(a.Name) != "xmlns" {
						o.node.column("@" + nameOf(a.Name))
					}
				}
			}
			open = append(open, o)
		case xml.EndElement:
			open[len(open)-1].close(p.x.dec.InputOffset())
			open = open[:len(open)-1]
		}
	}
	for _, o := range open {
		o.close(p.x.dec.InputOffset())
	}
	return nil
}

func (o openNode) close(at int64) {
	if o.node != nil {
		o.node.size += at - o.from
	}
}

func (p *paths) node(parent *pathNode, name string) *pathNode {
	path := name
	if parent != nil {
		if n := parent.kids[name]; n != nil {
			return n
		}
		parent.column(name)
		path = parent.path + "/" + name
	}
	if len(p.nodes) == maxPathNodes || utf8.RuneCountInString(path) > maxPathRunes {
		return nil
	}
	n := &pathNode{path: path, name: name, parent: parent, kids: make(map[string]*pathNode)}
	if parent != nil {
		parent.kids[name] = n
	}
	p.nodes = append(p.nodes, n)
	return n
}

const maxPathRunes = 250 // longest Format.Path

func (n *pathNode) column(name string) {
	if len(n.columns) <= maxExamples && !slices.Contains(n.columns, name) {
		n.columns = append(n.columns, name)
	}
}

func (p *paths) find(name string) bool {
	return slices.ContainsFunc(p.nodes, func(n *pathNode) bool { return strings.HasSuffix(n.name, name) })
}

// recordNames are how the names of elements end that are records.
var recordNames = []string{"product", "article", "artikel", "item", "entry", "offer", "record", "row", "produkt", "produit", "prodotto"}

func (n *pathNode) isNamed() bool {
	name := strings.ToLower(n.name)
	return slices.ContainsFunc(recordNames, func(s string) bool { return strings.HasSuffix(name, s) })
}

// best returns the places where records may be, the likeliest first: elements of which there are
// several, or that are called like records, and that take the most of the file. What repeats inside
// of a record is a part of it.
func (p *paths) best() []*pathNode {
	var out []*pathNode
	may := make(map[*pathNode]bool)
	for _, n := range p.nodes { // parents stand before what is in them
		if n.parent == nil || !n.repeats && !n.isNamed() || n.isNamed() && !n.repeats && len(n.columns) < 2 {
			continue
		}
		inside := false
		for up := n.parent; up != nil; up = up.parent {
			inside = inside || may[up] && (up.isNamed() || !n.isNamed())
		}
		if !inside {
			may[n] = true
			out = append(out, n)
		}
	}
	if len(out) == 0 && p.root != nil && len(p.root.columns) > 0 {
		out = append(out, p.root)
	}
	slices.SortStableFunc(out, func(a, b *pathNode) int { return int(min(1, max(-1, b.score()-a.score()))) })
	return out
}

func (n *pathNode) score() int64 {
	s := n.size
	if n.isNamed() {
		s *= 10
	}
	if len(n.columns) < 2 {
		s /= 100
	}
	return s
}
