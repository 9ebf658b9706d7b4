package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// documentedElsewhere are calls that BigCommerce documents, but not in the descriptions that
// documentedCalls is made from: the history of webhook events, and the GraphQL Admin API.
const documentedElsewhere = `
GET /v3/hooks/events
POST /graphql
`

// router finds the endpoint of a request under /stores/{hash}. It knows every documented call,
// whether or not the sandbox simulates it, so that a path below a collection
// ("category-assignments") is never taken for an id, and a call that does nothing here never looks
// as if it had.
type router struct {
	root    *crossing
	unknown http.Handler // of a path that is not documented
}

// crossing is a place in the tree of paths. A word is preferred to a parameter.
type crossing struct {
	words     map[string]*crossing
	param     *crossing
	text      bool   // the parameter may be any text; else it is an id
	name      string // of the parameter, as handlers ask for it; "" if none does
	endpoints map[string]http.Handler
	wrong     http.Handler // of another method; nil where no path ends
}

// newRouter builds the tree of routes and documented calls. endpoint makes a handler of a route.
func newRouter(routes []route, endpoint func(route) http.Handler) *router {
	r := &router{root: &crossing{}}
	for _, rt := range routes {
		r.at(rt.path, true).endpoints[rt.method] = endpoint(rt)
	}
	for line := range strings.Lines(documentedCalls + documentedElsewhere) {
		methods, path, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		at := r.at(path, false)
		for method := range strings.SplitSeq(methods, ",") {
			if at.endpoints[method] == nil {
				at.endpoints[method] = endpoint(route{path: path, handle: func(*call) reply { return notSimulatedCall(method + " " + path) }})
			}
		}
	}
	r.root.close("", endpoint)
	r.unknown = endpoint(route{path: "/unknown", handle: func(*call) reply {
		return notFound("The route is not found, check the URL")
	}})
	return r
}

// at returns the place of a path, which is made if need be. Parameters are {#} (an id), {*} (text)
// or, in the sandbox's own routes, {id}, {…_id} and others, which are text and have a name. The
// sandbox's own say best what a parameter is: descriptions call some ids text.
func (r *router) at(path string, own bool) *crossing {
	c := r.root
	for word := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if !strings.HasPrefix(word, "{") {
			if c.words == nil {
				c.words = map[string]*crossing{}
			}
			if c.words[word] == nil {
				c.words[word] = &crossing{}
			}
			c = c.words[word]
			continue
		}
		if c.param == nil {
			c.param = &crossing{}
			c.text = word != "{#}" && word != "{id}" && !strings.HasSuffix(word, "_id}")
		}
		if own {
			c.name = strings.Trim(word, "{}")
		}
		c = c.param
	}
	if c.endpoints == nil {
		c.endpoints = map[string]http.Handler{}
	}
	return c
}

// close gives every place where a path ends the answer to other methods: documented as a 405 with a
// detail.
func (c *crossing) close(path string, endpoint func(route) http.Handler) {
	if c.endpoints != nil {
		allow := strings.Join(sortedKeys(c.endpoints), ", ")
		c.wrong = endpoint(route{path: path, handle: func(*call) reply {
			return methodNotAllowed("Allowed: " + allow)
		}})
	}
	for word, next := range c.words {
		next.close(path+"/"+word, endpoint)
	}
	if c.param != nil {
		c.param.close(path+"/{}", endpoint)
	}
}

func (r *router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	words := strings.Split(req.PathValue("path"), "/")
	var params []string
	end := r.root.find(words, &params)
	switch {
	case end == nil:
		r.unknown.ServeHTTP(w, req)
	case end.endpoints[req.Method] == nil:
		end.wrong.ServeHTTP(w, req)
	default:
		for i := 0; i < len(params); i += 2 {
			req.SetPathValue(params[i], params[i+1])
		}
		end.endpoints[req.Method].ServeHTTP(w, req)
	}
}

// find returns where words lead, nil if nowhere, and the named parameters on the way as pairs of
// name and value. Where a word and a parameter both fit, the word is tried first.
func (c *crossing) find(words []string, params *[]string) *crossing {
	if len(words) == 0 {
		if c.endpoints == nil {
			return nil
		}
		return c
	}
	if next := c.words[words[0]]; next != nil {
		if end := next.find(words[1:], params); end != nil {
			return end
		}
	}
	if c.param == nil || words[0] == "" || !c.text && !isID(words[0]) {
		return nil
	}
	mark := len(*params)
	if c.name != "" {
		*params = append(*params, c.name, words[0])
	}
	end := c.param.find(words[1:], params)
	if end == nil {
		*params = slices.Delete(*params, mark, len(*params))
	}
	return end
}

// isID reports whether a part of a path is digits alone, as many as an id may have.
func isID(word string) bool {
	if strings.Trim(word, "0123456789") != "" {
		return false
	}
	_, err := strconv.ParseInt(word, 10, 64)
	return err == nil
}

// notSimulatedCall is the answer to a call that BigCommerce has and the sandbox has not.
func notSimulatedCall(what string) reply {
	what = strings.NewReplacer("{#}", "{id}", "{*}", "{}").Replace(what)
	return fail(http.StatusNotImplemented, "The sandbox does not simulate this documented call: "+what, nil)
}

// methodNotAllowed is a 405, which is documented with a detail instead of an errors object.
func methodNotAllowed(detail string) reply {
	const title = "Method not allowed"
	return reply{status: http.StatusMethodNotAllowed, err: title, body: []byte(compact(struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
		Type   string `json:"type"`
		Detail string `json:"detail"`
	}{http.StatusMethodNotAllowed, title, statusDocs, detail}))}
}
