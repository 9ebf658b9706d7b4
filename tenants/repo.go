package tenants

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"sluice/internal/problem"
)

// Bounds of lists and of multi-row statements. With the 20 columns of the widest bulk model, 500
// rows stay below SQLite's 32,766 and PostgreSQL's 65,535 bound values.
const (
	defaultPage = 50
	maxPage     = 250
	bulkRows    = 500
)

func (d *DB) now() time.Time { return d.gorm.NowFunc() }

// pageSize bounds what a caller asked for.
func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// one returns the row that q finds, or problem.NotFound naming what was looked for.
func one[T any](q *gorm.DB, what string) (*T, error) {
	var row T
	err := q.Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, problem.Wrap(err, problem.NotFound, "There is no such %s in this store. It may have been deleted: reload the page.", what)
	}
	if err != nil {
		return nil, fmt.Errorf("tenants: %s: %w", what, err)
	}
	return &row, nil
}

// maybe returns the row that q finds, nil if there is none.
func maybe[T any](q *gorm.DB, what string) (*T, error) {
	var rows []T
	if err := q.Limit(1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("tenants: %s: %w", what, err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// wrap says where an unexpected database error happened.
func wrap(err error, doing string) error {
	if err == nil {
		return nil
	}
	var known *problem.Error
	if errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("tenants: %s: %w", doing, err)
}

// next cuts rows, read with one more than limit, to limit and returns the cursor of the last if
// there are more.
func next[T any](rows []T, limit int, cursor func(T) string) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, cursor(rows[limit-1])
}

// chunks yields s in pieces of at most n.
func chunks[T any](s []T, n int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for len(s) > 0 {
			k := min(n, len(s))
			if !yield(s[:k:k]) {
				return
			}
			s = s[k:]
		}
	}
}

// bulk runs fn on pieces of rows, all or none of them.
func bulk[T any](ctx context.Context, d *DB, rows []T, doing string, fn func(tx *DB, rows []T) error) error {
	switch {
	case len(rows) == 0:
		return nil
	case len(rows) <= bulkRows:
		return wrap(fn(d, rows), doing)
	}
	return wrap(d.Tx(ctx, func(tx *DB) error {
		for piece := range chunks(rows, bulkRows) {
			if err := fn(tx, piece); err != nil {
				return err
			}
		}
		return nil
	}), doing)
}

// Clean returns text as both databases accept it in a column of size characters: valid UTF-8
// without NUL, cut to size with an ellipsis. It is for text that people read; identifiers are
// refused instead.
func Clean(text string, size int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) <= size || utf8.RuneCountInString(text) <= size {
		return text
	}
	n := 0
	for i := range text {
		if n == size-1 {
			return text[:i] + "…"
		}
		n++
	}
	return text
}

// lastOf returns a copy of rows with the last one of each key: one statement may not write a row
// twice.
func lastOf[T any, K comparable](rows []T, key func(T) K) []T {
	at := make(map[K]int, len(rows))
	kept := make([]T, 0, len(rows))
	for _, r := range rows {
		k := key(r)
		if i, ok := at[k]; ok {
			kept[i] = r
			continue
		}
		at[k] = len(kept)
		kept = append(kept, r)
	}
	return kept
}
