package connector

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/problem"
)

// Source is a kind of place that records are read from. It is safe for concurrent use.
type Source interface {
	Spec() Spec
	// Check says what is wrong with settings, without asking the other side. s.URL may still have
	// masks (tenants.MaskAddress). Fails with problem.Invalid, whose field is named as Invalid does
	// it.
	Check(s Settings) error
	// Fetch copies what there is to w. have is what the flow's last whole copy from the same address
	// left behind. A *problem.Error tells the merchant what to do: Unavailable is worth another try,
	// any other is final. Other errors are ctx's or w's. A copy that was cut is no error: Got is not
	// Complete.
	Fetch(ctx context.Context, s Settings, secret string, have Have, w io.Writer) (Got, error)
}

// Spec says what a connector is. It never changes while the program runs.
type Spec struct {
	Name   string  // tenants.Connection.Kind: stored, at most 16 characters, never changes its meaning
	Label  string  // for people: "A web address"
	Help   string  // when to choose it, in a sentence
	Fields []Field // that a merchant fills in, in the order in which to show them
}

// Field is one of a connector's settings. Its type says where the value is kept, so a connector has
// at most one of each.
type Field struct {
	Type     FieldType
	Label    string // of its form field
	Help     string // in a sentence, "" for none
	Required bool
}

// FieldType says what a field's value is. It is also the value's name in a flow's source.
type FieldType string

// The types of fields.
const (
	Address FieldType = "url"           // Settings.URL; what looks like a credential in it is never shown
	Secret  FieldType = "authorization" // kept sealed, given to Fetch, never shown
	File    FieldType = "snapshot_id"   // Settings.Snapshot
)

// Has reports whether the connector has a field of type t.
func (s Spec) Has(t FieldType) bool {
	return slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Type == t })
}

// Settings are what a merchant filled in. What a connector has no field for is empty.
type Settings struct {
	URL      string // the whole address
	Snapshot string // id of a file that was uploaded
}

// String names only the host: a URL's query stays out of whatever prints settings.
func (s Settings) String() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		u = &url.URL{}
	}
	return "source " + u.Host + s.Snapshot
}

// GoString is String, for %#v.
func (s Settings) GoString() string { return s.String() }

// LogValue is String, for log/slog.
func (s Settings) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Have is what Got said of the copy that we have; empty if there is none. Only the connector knows
// what the texts mean: one without HTTP may keep a cursor in them.
type Have struct {
	ETag         string // at most 255 characters, or it is not kept
	LastModified string // at most 64
}

// Got says what came.
type Got struct {
	Have
	Unchanged   bool   // the copy we have is still what there is: nothing was written
	Complete    bool   // false: w has only the beginning
	ContentType string // hints at the format, as Filename does: "text/csv", "application/x-ndjson"; may be empty
	Filename    string // for people too; may be empty
	// Snapshot is the id of a file of the store that is what was asked for: nothing was written.
	Snapshot string
}

// Invalid returns the error of a Check: message is for people, wrong says what to do about field t.
func Invalid(t FieldType, message, wrong string) error {
	return problem.New(problem.Invalid, "%s", message).WithField("source."+string(t), "%s", wrong)
}

// Sources are the connectors of a program.
type Sources struct{ list []Source }

// NewSources returns them in the order in which to show them.
func NewSources(list ...Source) *Sources { return &Sources{list} }

// All returns every connector.
func (s *Sources) All() []Source { return s.list }

// Source returns the one that tenants.Connection.Kind names. Fails with problem.Invalid, for the
// field source.kind, if there is none.
func (s *Sources) Source(kind string) (Source, error) {
	names := make([]string, len(s.list))
	for i, known := range s.list {
		if names[i] = known.Spec().Name; names[i] == kind {
			return known, nil
		}
		names[i] = strconv.Quote(names[i])
	}
	return nil, problem.New(problem.Invalid, "Sluice has no source of the kind %.40q: choose another source for this sync.", kind).
		WithField("source.kind", "choose %s", strings.Join(names, " or "))
}
