package bigcommerce

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// query builds a query string in the order of its calls, with the API's filter names ("id:in") and
// the commas of its lists unescaped, as BigCommerce's documentation writes them. Zero values add
// nothing.
type query struct{ b strings.Builder }

func (q *query) String() string { return q.b.String() }

func (q *query) key(name string) {
	if q.b.Len() > 0 {
		q.b.WriteByte('&')
	}
	q.b.WriteString(name)
	q.b.WriteByte('=')
}

func (q *query) str(name, value string) {
	if value == "" {
		return
	}
	q.key(name)
	q.b.WriteString(url.QueryEscape(value))
}

func (q *query) num(name string, value int64) {
	if value != 0 {
		q.str(name, strconv.FormatInt(value, 10))
	}
}

func (q *query) boolean(name string, value *bool) {
	if value != nil {
		q.str(name, strconv.FormatBool(*value))
	}
}

// time writes whole seconds with a zone. Without the time of day BigCommerce adds the current one.
func (q *query) time(name string, value time.Time) {
	if !value.IsZero() {
		q.str(name, value.UTC().Format(time.RFC3339))
	}
}

func (q *query) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	q.key(name)
	for i, v := range values {
		if i > 0 {
			q.b.WriteByte(',')
		}
		q.b.WriteString(url.QueryEscape(v))
	}
}

func (q *query) nums(name string, values []int64) {
	if len(values) == 0 {
		return
	}
	q.key(name)
	for i, v := range values {
		if i > 0 {
			q.b.WriteByte(',')
		}
		q.b.WriteString(strconv.FormatInt(v, 10))
	}
}
