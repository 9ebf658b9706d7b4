package sandbox

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// forbiddenElements do not stay in a description.
var forbiddenElements = []atom.Atom{atom.Script, atom.Object, atom.Embed, atom.Base, atom.Meta, atom.Link, atom.Noscript}

// cleanHTML is what becomes of a description: what could run is taken out, and the rest is then
// written as a browser reads it. What BigCommerce filters is not described; that it does, and that
// a description therefore need not come back as it was sent, is all that a client can know. A
// description without any of that stays as it is.
func cleanHTML(s string) string {
	if !strings.Contains(s, "<") {
		return s
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(s), body)
	if err != nil {
		return ""
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	if !cleanNode(body) {
		return s
	}
	var b strings.Builder
	for n := range body.ChildNodes() {
		_ = html.Render(&b, n) // writes to memory
	}
	return b.String()
}

// cleanNode takes out of a node what does not stay, and reports whether there was any.
func cleanNode(n *html.Node) (cleaned bool) {
	before := len(n.Attr)
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool {
		return strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:")
	})
	cleaned = len(n.Attr) < before
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		if child.Type == html.CommentNode || child.Type == html.ElementNode && slices.Contains(forbiddenElements, child.DataAtom) {
			n.RemoveChild(child)
			cleaned = true
		} else if cleanNode(child) {
			cleaned = true
		}
		child = next
	}
	return cleaned
}
