package upsert

// Composer is a Target whose records have parts, as products variants, which routes of their own
// write, so that no answer shows all of a record. The engine keeps what was seen of a record until
// all of it is written (Doc.Seen), and a note of the target beside it (Doc.Note).
type Composer interface {
	// Composes reports whether the record with this Ref, or one to be created, is such a one, or is
	// written with what was seen of it.
	Composes(d Doc, ref string) bool
	// Compose returns the record as it is after a write. w.Doc.Seen is what was known of it before, nil
	// for one that was created; answer is what the answer shows.
	Compose(w Write, route string, answer Live) Live
}

// Objector is a Target that may find that a record of the store cannot become what a document says.
type Objector interface {
	// Object says why not, and whose fault it is; "" for nothing.
	Object(d Doc, live Live) (field, message string)
}

// Op is what a change does to a part.
type Op string

// What changes do to parts.
const (
	OpSet    Op = ""
	OpAdd    Op = "add"
	OpRemove Op = "remove"
)
