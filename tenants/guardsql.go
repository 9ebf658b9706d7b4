package tenants

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// checkedPool reads the SQL of a scoped statement before it is sent: expressions inside conditions,
// selected columns, orders and assignments are text that nobody has looked at until here.
type checkedPool struct {
	gorm.ConnPool
	db    *gorm.DB
	check check
}

func (p *checkedPool) refuse(query string) error {
	err := p.check.sql(query)
	if err != nil && panicOnMisuse {
		panic(err)
	}
	return err
}

func (p *checkedPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := p.refuse(query); err != nil {
		return nil, err
	}
	return p.ConnPool.ExecContext(ctx, query, args...)
}

func (p *checkedPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.refuse(query); err != nil {
		return nil, err
	}
	return p.ConnPool.QueryContext(ctx, query, args...)
}

func (p *checkedPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if err := p.refuse(query); err != nil {
		_ = p.db.AddError(err)
		ended, cancel := context.WithCancelCause(ctx) // the only way to make a *sql.Row that fails
		cancel(err)
		return p.ConnPool.QueryRowContext(ended, query, args...)
	}
	return p.ConnPool.QueryRowContext(ctx, query, args...)
}

// check is what a scoped statement's SQL must keep to.
type check struct {
	guarded
	names     map[string]bool // every guarded table: only our own may occur
	op        operation
	setsStore bool // an update may set the store's column
}

// Words that could bring rows of another store into a statement on one table.
var foreignWords = map[string]bool{
	"join": true, "union": true, "intersect": true, "except": true, "with": true, "table": true,
	"using": true, "lateral": true, "attach": true, "pragma": true, "copy": true,
}

// sql refuses a text that reads more than its own table, or that the scanner does not understand.
func (c check) sql(query string) error {
	refuse := func(why string) error { return fmt.Errorf("%w: %s", ErrScopeForm, why) }
	selects, allowed := 0, 0
	if c.op == opQuery {
		allowed = 1
	}
	section, columns, named := "", false, false
	s := scanner{text: query}
	for s.next() {
		if s.bad != "" {
			return refuse(s.bad)
		}
		word := strings.ToLower(s.token)
		if (s.kind == bare || s.kind == quoted) && c.names[word] && word != c.table {
			return refuse("another table")
		}
		own := (s.kind == bare || s.kind == quoted) && word == c.column
		named = named || own
		if own && section == "" && c.op == opCreate {
			columns = true // in the list of columns
		}
		if own && section == "set" && c.op == opUpdate && !c.setsStore {
			return ErrOtherStore
		}
		if s.kind != bare {
			continue
		}
		switch {
		case foreignWords[word]:
			return refuse(word)
		case word == "select":
			if selects++; selects > allowed {
				return refuse("subquery")
			}
		case word == "set" || word == "where" || word == "values":
			section = word
		}
	}
	if s.bad != "" {
		return refuse(s.bad)
	}
	if !named || (c.op == opCreate && !columns) {
		return refuse("the store's column is left out")
	}
	return nil
}

type tokenKind int

const (
	bare   tokenKind = iota // an unquoted name, keyword or number
	quoted                  // a "name" or `name`
	other
)

// scanner splits SQL as SQLite and PostgreSQL read it. What the two read differently, or what could
// hide text from it, it reports as bad instead of guessing.
type scanner struct {
	text  string
	pos   int
	kind  tokenKind
	token string
	bad   string
}

func (s *scanner) next() bool {
	if s.bad != "" || s.pos >= len(s.text) {
		return false
	}
	c := s.text[s.pos]
	switch {
	case c == '\'' || c == '"' || c == '`':
		s.quote(c)
	case isWord(c):
		start := s.pos
		for s.pos < len(s.text) && isWord(s.text[s.pos]) {
			s.pos++
		}
		s.kind, s.token = bare, s.text[start:s.pos]
	case strings.HasPrefix(s.text[s.pos:], "--"), strings.HasPrefix(s.text[s.pos:], "/*"):
		s.fail("comment")
	case c == ';' || c == '[' || c == '\\' || c == 0:
		s.fail("character " + string(rune(c)))
	case c == '$' && (s.pos+1 == len(s.text) || s.text[s.pos+1] < '0' || s.text[s.pos+1] > '9'):
		s.fail("dollar quote")
	default:
		s.kind, s.token = other, s.text[s.pos:s.pos+1]
		s.pos++
	}
	return true
}

func (s *scanner) fail(why string) { s.bad, s.kind, s.token = why, other, "" }

// quote reads a quoted name or a string; a doubled quote inside stands for itself.
func (s *scanner) quote(q byte) {
	start := s.pos + 1
	for i := start; i < len(s.text); i++ {
		switch {
		case s.text[i] == '\\': // an escape in PostgreSQL's E'…', none elsewhere
			s.fail("backslash in quotes")
			return
		case s.text[i] != q:
		case i+1 < len(s.text) && s.text[i+1] == q:
			i++
		default:
			s.kind, s.token, s.pos = quoted, s.text[start:i], i+1
			if q == '\'' {
				s.kind, s.token = other, ""
			}
			return
		}
	}
	s.fail("open quote")
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// balanced reports whether every parenthesis of a condition is closed inside it, so that it cannot
// leave the parentheses that the guard puts around it.
func balanced(condition string) bool {
	depth := 0
	s := scanner{text: condition}
	for s.next() {
		if s.kind != other {
			continue
		}
		switch s.token {
		case "(":
			depth++
		case ")":
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0 && s.bad == ""
}
