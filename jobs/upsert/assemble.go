package upsert

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"sluice/internal/problem"
	"sluice/tenants"
)

// Rows of one record that may stand anywhere in the source are kept as fragments, under the key of
// the record that they name. When all were read, those whose record's own row names them are given
// its key, and then records are made of them in the order of the keys.

// stageClaims is the stage of the phase in which rows are given to those that name them; then comes
// "".
const (
	stageClaims  = ""
	stageCollect = "collect"
)

// claimBatch is how many rows that name others one step works off: each may name maxChildren.
const claimBatch = 100

// keysOfQuery is the most keys of one statement.
const keysOfQuery = 500

// assemble makes records of fragments.
func (s *step) assemble(ctx context.Context) error {
	if s.cp.Stage == stageClaims {
		return s.claim(ctx)
	}
	return s.collect(ctx)
}

// claim gives rows to the records whose own rows name them.
func (s *step) claim(ctx context.Context) error {
	var items []tenants.RunItem
	err := s.DB().Scoped(ctx).Where("run_id = ? AND state = ? AND action = ? AND line > ?", s.run.ID, tenants.ItemFragment, actionClaims, s.cp.Cursor).
		Order("line").Limit(claimBatch).Find(&items).Error
	if err != nil {
		return fmt.Errorf("upsert: claims of run %s: %w", s.run.ID, err)
	}
	if len(items) == 0 {
		s.cp.Stage, s.cp.Cursor, s.cp.After = stageCollect, 0, ""
		return nil
	}
	for _, item := range items {
		p, err := decodePiece(item)
		if err != nil {
			return err
		}
		var keys []string
		for _, child := range p.Children {
			if key := Fold(child); key != item.Key {
				keys = append(keys, key)
			}
		}
		s.OnCommit(func(ctx context.Context, tx *tenants.DB) error {
			for len(keys) > 0 {
				n := min(len(keys), keysOfQuery)
				err := s.fragments(ctx, tx).Where("action = '' AND key IN ?", keys[:n]).Update("key", item.Key).Error
				if err != nil {
					return fmt.Errorf("upsert: claims of run %s: %w", s.run.ID, err)
				}
				keys = keys[n:]
			}
			return nil
		})
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// fragments are those of the run.
func (s *step) fragments(ctx context.Context, db *tenants.DB) *gorm.DB {
	return db.Scoped(ctx).Model(&tenants.RunItem{}).Where("run_id = ? AND state = ?", s.run.ID, tenants.ItemFragment)
}

// collect makes records of the fragments of the next keys.
func (s *step) collect(ctx context.Context) error {
	most := max(1, s.k.mostParts())
	limit := max(s.k.cfg.WindowRows, most+1) + 1
	var items []tenants.RunItem
	if err := s.fragments(ctx, s.DB()).Where("key > ?", s.cp.After).Order("key, line").Limit(limit).Find(&items).Error; err != nil {
		return fmt.Errorf("upsert: fragments of run %s: %w", s.run.ID, err)
	}
	if len(items) == 0 {
		return s.planned(ctx)
	}
	whole := len(items) < limit
	catalogue, err := s.k.Catalogue(ctx)
	if err != nil {
		return err
	}
	header, err := s.headerOf(ctx)
	if err != nil {
		return err
	}
	program, err := catalogue.Compile(s.mapping(), header)
	if err != nil {
		return compileVerdict(err)
	}
	var rows []mapped
	var keys []string
	made := 0
	for i := 0; i < len(items); {
		end := i + 1
		for end < len(items) && items[end].Key == items[i].Key {
			end++
		}
		if end == len(items) && !whole && i > 0 || made > windowBytes {
			break // more of its rows may follow
		}
		g := &group{}
		for _, item := range items[i:end] {
			p, err := decodePiece(item)
			if err != nil {
				return err
			}
			made += p.size()
			g.add(p, most)
		}
		g.key = items[i].Key
		rows, keys = append(rows, s.mapGroup(program, g)), append(keys, items[i].Key)
		i = end
	}
	if err := s.prepareRows(ctx, rows); err != nil {
		if s.Held(err) {
			return nil // they are collected again when there is quota
		}
		return err
	}
	s.cp.After = keys[len(keys)-1]
	s.OnCommit(func(ctx context.Context, tx *tenants.DB) error { // their lines are those of items now
		for left := keys; len(left) > 0; {
			n := min(len(left), keysOfQuery)
			if err := s.fragments(ctx, tx).Where("key IN ?", left[:n]).Delete(&tenants.RunItem{}).Error; err != nil {
				return fmt.Errorf("upsert: fragments of run %s: %w", s.run.ID, err)
			}
			left = left[n:]
		}
		return nil
	})
	return s.sortRows(ctx, rows)
}

// headerOf is the header of what the run reads.
func (s *step) headerOf(ctx context.Context) ([]string, error) {
	snap, err := s.DB().Snapshot(ctx, s.run.SnapshotID)
	if err == nil {
		snap, err = s.k.rows(ctx, snap, s.run.Format)
	}
	if problem.CodeOf(err) == problem.NotFound {
		return nil, errFileGone
	}
	if err != nil {
		return nil, err
	}
	r, err := s.k.reader(ctx, snap, s.run.Format, nil)
	if err != nil {
		return nil, err
	}
	return r.Header(), r.Close()
}
