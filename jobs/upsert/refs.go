package upsert

import (
	"context"
	"slices"
	"sync"

	"sluice/jobs/flow"
	"sluice/jobs/mapping"
)

// refCache keeps the references of the runs under way in this process. Losing one costs the
// requests that load it again, nothing else.
type refCache struct {
	mu   sync.Mutex
	most int
	tick int64
	runs map[string]*cachedRefs
}

type cachedRefs struct {
	refs Refs
	last int64 // when it was last used, in the cache's own count
}

func newRefCache(most int) *refCache {
	return &refCache{most: most, runs: make(map[string]*cachedRefs)}
}

func (c *refCache) of(runID string, made func() Refs) Refs {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tick++
	t, ok := c.runs[runID]
	if !ok {
		t = &cachedRefs{refs: made()}
		c.runs[runID] = t
		if len(c.runs) > c.most {
			oldest := ""
			for id, other := range c.runs {
				if id != runID && (oldest == "" || other.last < c.runs[oldest].last) {
					oldest = id
				}
			}
			delete(c.runs, oldest)
		}
	}
	t.last = c.tick
	return t.refs
}

func (c *refCache) forget(runID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.runs, runID)
}

// refs returns what the run refers to. What it says is missing of what docs name is not in the
// store.
func (s *step) refs(ctx context.Context, docs ...itemDoc) (Refs, error) {
	r, ok := s.k.target.(Referrer)
	if !ok {
		return noRefs{}, nil
	}
	refs := s.k.refs.of(s.run.ID, func() Refs {
		if made := r.Refs(s.run); made != nil {
			return made
		}
		return noRefs{}
	})
	fields := make([]mapping.Document, len(docs))
	for i, d := range docs {
		fields[i] = d.Fields
	}
	return refs, refs.Load(ctx, s.Step, fields...)
}

// refers reports whether the run may refer to anything.
func (s *step) refers() bool {
	r, ok := s.k.target.(Referrer)
	if !ok {
		return false
	}
	refs := r.Refs(s.run)
	idle, ok := refs.(IdleRefs)
	return refs != nil && (!ok || !idle.Idle())
}

// unresolved returns the first thing that a document names, the store does not have and nobody
// could create; with the reason, for people. It is "" if nothing is missing.
func unresolved(refs Refs, d itemDoc) (missing Ref, message string) {
	all, _ := inTime(refs, absentRefs(refs, d))
	if len(all) == 0 {
		return Ref{}, ""
	}
	missing = all[0]
	if why := refs.Refused(missing); why != "" {
		return missing, why
	}
	return missing, "the " + missing.Field + ` "` + missing.Name + `" could not be created: create it in the control panel, then retry the record`
}

// absentRefs returns what a document names, the store does not have, and no write makes by itself.
func absentRefs(refs Refs, d itemDoc) []Ref {
	inline, ok := refs.(InlineRefs)
	missing := refs.Missing(d.Fields)
	if !ok {
		return missing
	}
	return slices.DeleteFunc(missing, inline.Inline)
}

// inlineRefs returns what documents name and writes of them make.
func inlineRefs(refs Refs, docs ...itemDoc) (out []Ref) {
	if inline, ok := refs.(InlineRefs); ok {
		for _, d := range docs {
			for _, r := range refs.Missing(d.Fields) {
				if inline.Inline(r) {
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// creatable returns what of all documents' missing references nobody tried to create yet.
func creatable(refs Refs, docs ...itemDoc) (out []Ref) {
	seen := make(map[Ref]bool)
	for _, d := range docs {
		for _, r := range absentRefs(refs, d) {
			if !seen[r] && refs.Refused(r) == "" {
				seen[r] = true
				out = append(out, r)
			}
		}
	}
	return out
}

// noRefs are those of a target that refers to nothing.
type noRefs struct{}

func (noRefs) Load(context.Context, *flow.Step, ...mapping.Document) error { return nil }
func (noRefs) Missing(mapping.Document) []Ref                              { return nil }
func (noRefs) Create(context.Context, *flow.Step, []Ref) error             { return nil }
func (noRefs) Same(a, b Ref) bool                                          { return a == b }
func (noRefs) Refused(Ref) string                                          { return "" }
func (noRefs) Requests([]Ref) int                                          { return 0 }
func (noRefs) Plural(string) string                                        { return "" }
func (noRefs) Recalled() bool                                              { return false }
func (noRefs) Blames(error) bool                                           { return false }
func (noRefs) Forget(*flow.Step)                                           {}
