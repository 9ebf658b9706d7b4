package upsert

import (
	"context"
	"slices"
	"strconv"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/tenants"
)

// Target is a kind of record of a store that flows write to. It has no state, and many runs use it
// at once. What else it can do it says by being a Creator, Scanner, Referrer, Renamer or Guard.
//
// Not its business are quota, back-off, the splitting of batches, tries, what may have been sent,
// dry runs, the journal, memory and cancelling: Kind does them once for all.
type Target interface {
	Spec() flow.Spec
	// Catalogue lists what a mapping of these records may fill, in ctx's store.
	Catalogue(ctx context.Context) (*mapping.Catalogue, error)

	// Key identifies the record that a document is about.
	Key(d mapping.Document) Key
	// KeyName names for people what identifies a record: "SKU".
	KeyName() string
	// LiveKey is the key of a record of the store.
	LiveKey(live Live) Key

	// FieldOf returns the field of a live record that a mapping's target is written to, and TargetOf
	// is its reverse.
	FieldOf(target string) string
	TargetOf(field string) string
	// Kept lists the fields of a live record that are worth remembering.
	Kept(m tenants.Mapping) []string
	// Same reports whether a live value of a field already is the wanted one.
	Same(field string, live, want any) bool
	// Blind reports whether the answer to a write may show an old value of a field. What was sent is
	// believed.
	Blind(field string) bool

	// LookupBatch is the most records that one Lookup asks for.
	LookupBatch() int
	// Lookup asks for records, all by ID (and Ref) or all by key, and returns those that there are.
	// left are those of want that it did not ask for. A record may be found by a key that differs in
	// what Key folds.
	Lookup(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []Want) (found []Live, left []Want, err error)

	// Diff returns what writing d would change of a live record, by target. Fields that are not mapped
	// are never looked at. A field that live does not have is unknown: it is a change until it was
	// sent.
	Diff(d Doc, live Live, refs Refs) []Change
	// Payload returns what to send for targets of d, nil for all. Nothing that it refers to is
	// missing.
	Payload(d Doc, targets []string, refs Refs) bigcommerce.Fields
	// Routes lists the endpoints that write, in the order that one record needs.
	Routes() []Route
	// Update writes to records that exist, in one request by a route, and returns what became of each.
	// A refusal of the whole that does not say whose fault it is is an error: see Refusal.
	Update(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, route string, w []Write) ([]Result, error)
	// Refusal says what the refusal of a request with one write means.
	Refusal(run *tenants.Run, w Write, err error) Result
}

// Route is one endpoint that writes.
type Route struct {
	Name   string // kept in Change: never changes its meaning
	Batch  int    // most writes that a request takes
	Serial bool   // one request at a time
	Blind  bool   // the answer shows no values: what was sent is remembered, and only a look finds drift
	// Unsafe: a write that is repeated would do something twice. Its record is looked at again unless
	// the answer to the write was heard.
	Unsafe bool
	// Weight is how much of Batch the changes of one write take; nil is 1. What is heavier than Batch
	// is written alone, in several requests.
	Weight func(changes []Change) int
	// Group names what the writes of one request have in common, as the location in a path; nil if
	// nothing.
	Group func(w Write) string
}

// Creator is a Target whose records a flow may create.
type Creator interface {
	// Create creates a record that is not to be found, and is never repeated blindly. With an error
	// nothing was created if the result's State is Refused; otherwise that is not known.
	Create(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, w Write) (Result, error)
}

// Scanner is a Target all of whose records can be read, which is the cheaper way to find many of
// them.
type Scanner interface {
	// PageSize is how many of what total counts a page has.
	PageSize() int
	// Scan returns a page of records: the first after 0, then that after the next of the page before.
	// next is 0 after the last one. total is how many there are from this page on.
	Scan(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, after int64) (live []Live, next int64, total int, err error)
}

// Preparer is a Target that looks at rows before their keys are taken, a window of them at once: it
// resolves what they name, and refuses rows or warns about them. What it asks the store for it
// remembers, so that a run in which nothing changed makes no request.
type Preparer interface {
	Prepare(ctx context.Context, s *flow.Step, rows []*Row) error
}

// KeepsKeys is a Preparer that leaves the keys of rows as they are.
type KeepsKeys interface {
	KeepsKeys()
}

// Merger is a Target of which several rows may be about one record, as the stock of an item in
// several warehouses.
type Merger interface {
	// Merges reports whether they may be in a run. If not, all but the first row of a key are faults.
	Merges(run *tenants.Run) bool
	// Merge adds to a document that of a later row with the same key. It returns what is wrong with
	// the sum, "" for nothing; then the record fails.
	Merge(into, d mapping.Document) (field, message string)
}

// Upserter is a Target whose writes make no difference between records that exist and records that
// do not.
type Upserter interface {
	// Unseen reports whether a run writes what it does not remember without a look at it.
	Unseen(run *tenants.Run) bool
	// Unknown is the record that a document is about, without fields. False if that cannot be told.
	Unknown(d Doc, refs Refs) (Live, bool)
}

// Absenter is a Target that can tell why records are not in the store, or find them elsewhere.
// Without it a record that is not found and cannot be created fails.
type Absenter interface {
	// Absent looks for records that no page and no look-up showed, at most LookupBatch, and returns an
	// Absence of each.
	Absent(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []Want) ([]Absence, error)
}

// Absence is what became of the search for a record.
type Absence struct {
	Live    *Live  // the record, which can be written after all
	Field   string // without Live: the target that is to blame
	Message string // and why it cannot
}

// Reporter is a Target that has something to say about the source as a whole, once all of its rows
// were read and matched. It asks the store for nothing.
type Reporter interface {
	Report(ctx context.Context, s *flow.Step) error
}

// Checker is a Target that has more to say about a flow that is to be saved than what its catalogue
// and its options tell. What it says is problem.Invalid, whose fields name mappings and options.
type Checker interface {
	Check(f *tenants.Flow) error
}

// Remarker is a Target that has something to say about a record that is to be updated.
type Remarker interface {
	Remark(d Doc, live Live) (field, message, value string)
}

// Deriver is a Target that makes fields of others than those that a mapping fills by their names.
type Deriver interface {
	// Derived returns the field that another, which is not mapped itself, comes of. It may be one that
	// comes of another in turn, but not in a circle. It is "" if there is none.
	Derived(field string, mapped func(target string) bool) string
}

// Titler is a Target whose records people call by something else than their keys.
type Titler interface {
	// Title is what they call a record that d is to be written to, "" if that is not known.
	Title(d Doc, live Live) string
}

// Paged is a Target whose records have a page in the store's control panel.
type Paged interface {
	// Page is the path of the page of the record with this ID and Parent, "" if it has none.
	Page(id, parent int64) string
}

// Pictured is a Target whose records have pictures in the store: see flow.Pictured.
type Pictured interface {
	Pictures(ctx context.Context, c *bigcommerce.Client, of []flow.Record) (map[flow.Record]string, error)
}

// Valued is a Target whose records may be in another currency than the store's own.
type Valued interface {
	// Currency is the code of that of the record with this key, as written; "" for the store's own.
	Currency(key string) string
}

// ProductPage is the Page of a product.
func ProductPage(id int64) string {
	if id == 0 {
		return ""
	}
	return "/manage/products/edit/" + strconv.FormatInt(id, 10)
}

// ProductPictures is Pictures of records that are each of one product.
func ProductPictures(ctx context.Context, c *bigcommerce.Client, of []flow.Record, product func(flow.Record) int64) (map[flow.Record]string, error) {
	var ids []int64
	for _, r := range of {
		if id := product(r); id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := c.Products.Thumbnails(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[flow.Record]string)
	for _, r := range of {
		if url := found[product(r)]; url != "" {
			out[r] = url
		}
	}
	return out, nil
}

// Want is a record that a run looks for.
type Want struct {
	ID  int64            // 0: by Key
	Ref string           // with ID
	Key string           // as the source writes it
	Doc mapping.Document // with Key
}

// Row is a row that became a document, on its way to a key.
type Row struct {
	Fields mapping.Document // may be changed
	notes  []note
}

type note struct {
	refused               bool
	field, message, value string
	cure                  tenants.Cure
}

// Refuse fails the row. field is the mapping's target that is to blame, value what the row has.
func (r *Row) Refuse(field, message, value string) {
	r.notes = append(r.notes, note{true, field, message, value, tenants.CureMatching})
}

// Miss is Refuse for what the store does not have, but may have some day.
func (r *Row) Miss(field, message, value string) {
	r.notes = append(r.notes, note{true, field, message, value, tenants.CureStore})
}

// Warn says something about the row, which goes on.
func (r *Row) Warn(field, message, value string) {
	r.notes = append(r.notes, note{false, field, message, value, tenants.CureMatching})
}

// Doc is a document that is to be written.
type Doc struct {
	Fields mapping.Document // as mapped
	Unique string           // what a Renamer has it written with instead of its own value, "" for that
	Sent   bool             // a create of it was sent once, and its record was not found since
	// Of a Composer: what was seen of the record before something of it was written, and what its
	// target notes of it for as long as it is this record.
	Seen bigcommerce.Fields
	Note string

	cleaned cleaned
}

// Explains reports whether live, or that it is not shown, is what BigCommerce made of want, which
// was sent before.
func (d Doc) Explains(field string, want, live any, shown bool) bool {
	return d.cleaned.explains(field, want, live, shown)
}

// Change is one target of one record before and after; tenants.RunItem.Changes and
// tenants.JournalEntry.Changes are JSON arrays of it.
type Change struct {
	Field   string `json:"field"` // the mapping's target, so that what is written by id is shown by name
	Before  any    `json:"before"`
	After   any    `json:"after"`
	Unknown bool   `json:"unknown,omitempty"` // the store did not show the field, so that Before says nothing

	// Of a change of a part of the record, as a variant of a product.
	Part  string `json:"part,omitempty"`  // what people call it
	Child int64  `json:"child,omitempty"` // its id, 0 for one that the store does not have yet
	Op    Op     `json:"op,omitempty"`

	// Of a change that is still to be written.
	Route string `json:"route,omitempty"` // the one that writes it; "" is the first
	Done  bool   `json:"done,omitempty"`  // it landed, and others of its record have yet to
}

// Write is one record on its way.
type Write struct {
	ID       int64  // of the live record, 0 for a create
	Parent   int64  // likewise
	Ref      string // likewise
	Doc      Doc
	Fields   bigcommerce.Fields // the payload
	Changes  []Change           // of an update: those that the write is to carry out
	Recalled bool               // what it refers to was only recalled, so that a refusal because of that is no record's fault
	Resent   int                // how often it is sent again in this step, because others of its batch were refused
}

// Result says what became of a write.
type Result struct {
	State   State
	Live    Live     // Landed, Exists: the record, as far as the answer shows it
	Partial string   // Landed: what BigCommerce says it did not save, although it took the rest
	Field   string   // Refused: the target that is to blame, if that is known
	Message string   // Refused: why
	Certain bool     // Refused: so that no look at the record would tell anything else
	Unique  string   // Renamed: the form to send
	Left    []Change // Landed, of a create: what a create cannot carry, for other routes
	Note    string   // Refused, of a Composer: what to note all the same, "" for what was noted before
}

// State is what became of a write.
type State int

// The states of a write. The first three are the engine's own.
const (
	notSent  State = iota // nothing happened: it stays what it was
	lost                  // no answer; it may have been carried out
	unsent                // no answer; it was not carried out
	doubtful              // it was refused in a batch, and its changes are from memory
	Landed                // Live is the record
	Exists                // a create met a record with its key: Live
	Gone                  // an update's record does not exist any more
	Refused               // Field and Message say why
	Renamed               // another record has its unique value: send it again with Unique
	Unsure                // not known of a batch: send it again, alone
	Again                 // nothing of the batch was saved: send it again, to Live.Ref if that is another
	StaleRef              // something that it refers to was deleted meanwhile
)

// Key identifies a record at the source.
type Key struct {
	Folded  string // in the form in which keys are compared; "" if there is none
	Shown   string // as the source writes it
	Field   string // the mapping's target that is to blame for Problem
	Problem string // what is wrong with it, "" for nothing
}

// Live is a record as the store has it, as far as it was seen.
type Live struct {
	ID     int64  // what webhooks name; 0 for none
	Parent int64  // the ID of what it is a part of, as a variant of a product; 0 for none
	Ref    string // with ID, which record it is, and how Update addresses it, of at most 128 characters; "" if ID says it all
	Fields bigcommerce.Fields
	Note   string // what a Composer has noted of it
}

// identity is which record a Live is.
type identity struct {
	id  int64
	ref string
}

func (l Live) identity() identity { return identity{l.ID, l.Ref} }

func identityOf(item tenants.RunItem) identity { return identity{item.TargetID, item.TargetRef} }

// Referrer is a Target whose documents name other things of the store, which are written by id.
type Referrer interface {
	// Refs returns what a run refers to, nil if its mapping names nothing. The run has it to itself,
	// and keeps it between steps while the process lives.
	Refs(run *tenants.Run) Refs
}

// Refs are the things that one run's documents name.
type Refs interface {
	// Load sees to it that what docs name and Missing returns is really not in the store: from memory
	// if that has all of it, else from the store.
	Load(ctx context.Context, s *flow.Step, docs ...mapping.Document) error
	// Missing returns what a document names and the store does not have.
	Missing(d mapping.Document) []Ref
	// Create creates what is missing, as long as the step may go on. What cannot be created is noted.
	Create(ctx context.Context, s *flow.Step, missing []Ref) error
	// Same reports whether two names are of one thing.
	Same(a, b Ref) bool
	// Refused says why something could not be created; "" if nobody tried.
	Refused(r Ref) string
	// Requests is how many requests creating these takes.
	Requests(missing []Ref) int
	// Plural names the things of a field: "categories".
	Plural(field string) string
	// Recalled reports whether something was not read from the store by this run: then a refusal that
	// Blames accepts is no record's fault.
	Recalled() bool
	// Blames reports whether a refusal is because of a reference.
	Blames(err error) bool
	// Forget drops what is remembered of the store, with the step.
	Forget(s *flow.Step)
}

// LateRefs is Refs of which some are nothing that records are matched or written with, but change
// what shoppers see by themselves: they are created after the run's questions were answered.
type LateRefs interface {
	Late(r Ref) bool
}

// InlineRefs is Refs of which some are created by the writes that name them.
type InlineRefs interface {
	Inline(r Ref) bool
	// Learn takes from the answer to a write what it created.
	Learn(s *flow.Step, sent, answer bigcommerce.Fields)
	// Renew reads from the store what such writes create: the answers to some were lost.
	Renew(ctx context.Context, s *flow.Step) error
}

// IdleRefs is Refs that may have nothing to look for, whatever documents say.
type IdleRefs interface {
	Idle() bool
}

// Ref is one thing that a document names.
type Ref struct {
	Field string `json:"field"` // the mapping's target
	Name  string `json:"name"`  // as written
}

// Renamer is a Target of whose records no two may have the same value of one field, as products'
// names.
type Renamer interface {
	// Unique returns the field, the document's value of it ("" if it has none), and a form of it that
	// no other record has.
	Unique(d mapping.Document) (field, value, unique string)
	// UniqueKey is the form in which values are compared, of at most 64 characters.
	UniqueKey(value string) string
	// Renames reports whether a run may write the unique form of a value that another record has.
	Renames(run *tenants.Run) bool
	// Taken says to people that another record of the source has the value, and what to do.
	Taken() string
	// Renamed says to people that a record is called otherwise, because another has its value.
	Renamed(unique string) string
}
