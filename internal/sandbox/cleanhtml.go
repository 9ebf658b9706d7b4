package sandbox

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// forbiddenElements do not stay in a description.
var forbiddenElements = []atom.Atom{atom.Script, atom.Object, atom.Embed, atom.Base, atom.Meta, atom.Link, atom.Noscript}

// cleanHTML is what becomes of a description: what could run is taken out, and the rest is written as a browser reads
// it. What BigCommerce filters is not described; that it does, and that a description therefore need not come
// back as it was sent, is all that a client can know. Text without markup stays as it is.
func cleanHTML(s string) string {
	if !strings.Contains(s, "<") {
		return s
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(s), body)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, n := range nodes {
		if cleanNode(n) {
			_ = html.Render(&b, n) // writes to memory
		}
	}
	return b.String()
}

// cleanNode cleans a node and what is in it; false is one that does not stay.
func cleanNode(n *html.Node) bool {
	if n.Type == html.CommentNode || n.Type == html.ElementNode && slices.Contains(forbiddenElements, n.DataAtom) {
		return false
	}
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool {
		return strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:")
	})
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		if !cleanNode(child) {
			n.RemoveChild(child)
		}
		child = next
	}
	return true
}
