package limits

import (
	"fmt"

	"sluice/internal/problem"
)

// Name is a limit's name in metrics and in the log.
type Name string

// The limits. The table below says what each counts.
const (
	SnapshotBytes Name = "snapshot_bytes"
	Snapshots     Name = "snapshots"
	UploadBytes   Name = "upload_bytes"
	Flows         Name = "flows"
	FlowBytes     Name = "flow_bytes"
	FeedRows      Name = "feed_rows"
	Runs          Name = "runs"
	Records       Name = "records"
	Accounts      Name = "accounts"
	AccountBytes  Name = "account_bytes"
	APIKeys       Name = "api_keys"
	AlertChannels Name = "alert_channels"
	SignIns       Name = "sign_ins"
	AuditEntries  Name = "audit_entries"

	Uploads      Name = "uploads"
	Inspections  Name = "inspections"
	Downloads    Name = "downloads"
	EventStreams Name = "event_streams"
	Requests     Name = "requests_under_way"

	AllUploads      Name = "all_uploads"
	AllInspections  Name = "all_inspections"
	AllDownloads    Name = "all_downloads"
	AllEventStreams Name = "all_event_streams"
	AllRequests     Name = "all_requests_under_way"
	Installs        Name = "all_installs"

	PrincipalRate Name = "principal_rate"
	StoreRate     Name = "store_rate"
	AddressRate   Name = "address_rate"
	InstallRate   Name = "install_rate"
	AlertTestRate Name = "alert_test_rate"
	ReportRate    Name = "csp_report_rate"
)

// Unit is what a limit is counted in.
type Unit string

// The units.
const (
	Bytes  Unit = "bytes"
	Rows   Unit = "rows"
	AtOnce Unit = "at once"
	Minute Unit = "a minute"
)

// Limit is one row of the table.
type Limit struct {
	Name     Name
	Variable string // of the environment
	Default  int64
	Unit     Unit
	Counts   string // what, and of whom
	Reached  string // what happens then

	code    problem.Code // "" where nobody is refused: the oldest go, or the rest is left out
	refusal string       // for whoever is refused; one %s becomes the limit
	whole   Name         // of a slot of a store: the limit of the whole process
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

const (
	oldestGo = "the oldest go"
	refused  = "refused"
	waits    = "refused with Retry-After"
	shared   = "refused with Retry-After; from half on a store has a quarter of its own, and the last eighth is for stores that hold none"
)

// table lists every limit once, in the order in which it is shown.
var table = []Limit{
	// What is kept.
	{Name: SnapshotBytes, Variable: "LIMIT_SNAPSHOT_BYTES", Default: 8 * gib, Unit: Bytes,
		Counts: "files of a store, uploaded and fetched, before compression", Reached: "copies that no flow and no run needs go, the oldest first; then refused, and a run that fetches fails",
		code: problem.LimitReached, refusal: "This store keeps %s of files, which is the most it may. Delete syncs that are not needed any more, or send smaller files; copies that nothing needs make room by themselves an hour after they were made."},
	{Name: Snapshots, Variable: "LIMIT_SNAPSHOTS", Default: 2000, Unit: Rows,
		Counts: "files of a store", Reached: "as above",
		code: problem.LimitReached, refusal: "This store keeps %s files, which is the most it may. Delete syncs that are not needed any more; copies that nothing needs make room by themselves an hour after they were made."},
	{Name: UploadBytes, Variable: "LIMIT_UPLOAD_BYTES", Default: 2 * gib, Unit: Bytes,
		Counts: "one uploaded file", Reached: "refused before it is read, if its length is told",
		code: problem.TooLarge, refusal: "The file is larger than %s. Split it, or give its address instead."},
	{Name: Flows, Variable: "LIMIT_FLOWS", Default: 200, Unit: Rows,
		Counts: "flows of a store", Reached: refused,
		code: problem.LimitReached, refusal: "This store has %s syncs, which is the most it may. Delete one that is not needed any more."},
	{Name: FlowBytes, Variable: "LIMIT_FLOW_BYTES", Default: 128 * kib, Unit: Bytes,
		Counts: "format, mapping and options of one flow, as JSON", Reached: refused,
		code: problem.TooLarge, refusal: "The sync's matching is larger than %s. Shorten its formulas, or have the source compute them."},
	{Name: FeedRows, Variable: "LIMIT_FEED_ROWS", Default: 3_000_000, Unit: Rows,
		Counts: "rows of the source of one run", Reached: "the run fails",
		code: problem.TooLarge, refusal: "The source has more than %s rows, which is the most of one run. Split it into several syncs."},
	{Name: Accounts, Variable: "LIMIT_ACCOUNTS", Default: 500_000, Unit: Rows,
		Counts: "customer accounts of a store", Reached: refused,
		code: problem.LimitReached, refusal: "This store has %s customer accounts, which is the most it may. Delete accounts of customers who have left (DELETE /api/v1/customer-accounts/{id}) and send the rest again."},
	{Name: AccountBytes, Variable: "LIMIT_ACCOUNT_BYTES", Default: gib, Unit: Bytes,
		Counts: "customer accounts of a store: ids, e-mails and fields", Reached: refused,
		code: problem.LimitReached, refusal: "The customer accounts of this store take %s, which is the most they may. Send only the fields that shoppers are to see, or delete accounts that are not needed any more."},
	{Name: APIKeys, Variable: "LIMIT_API_KEYS", Default: 50, Unit: Rows,
		Counts: "API keys of a store that work; as many that ended are remembered", Reached: refused,
		code: problem.LimitReached, refusal: "This store has %s API keys, which is the most it may. Revoke one that is not used any more."},
	{Name: AlertChannels, Variable: "LIMIT_ALERT_CHANNELS", Default: 10, Unit: Rows,
		Counts: "channels for alerts of a store", Reached: refused,
		code: problem.LimitReached, refusal: "This store has %s channels for alerts, which is the most it may. Delete one that is not needed any more."},
	{Name: Runs, Variable: "LIMIT_RUNS", Default: 2000, Unit: Rows,
		Counts: "ended runs of a store that are remembered, with their errors and changes", Reached: oldestGo},
	{Name: Records, Variable: "LIMIT_RECORDS", Default: 20_000_000, Unit: Rows,
		Counts: "records of all feeds of a store that are remembered: which product each is", Reached: "those that no source has had for the longest go; they are looked up when they come back"},
	{Name: SignIns, Variable: "LIMIT_SIGN_INS", Default: 100_000, Unit: Rows,
		Counts: "sign-ins of a store's shoppers in its log", Reached: oldestGo},
	{Name: AuditEntries, Variable: "LIMIT_AUDIT_ENTRIES", Default: 100_000, Unit: Rows,
		Counts: "entries of a store's audit log", Reached: oldestGo},

	// What is held open, by each process.
	{Name: Uploads, Variable: "LIMIT_UPLOADS", Default: 4, Unit: AtOnce, whole: AllUploads,
		Counts: "uploads of a store under way, each process", Reached: waits,
		code: problem.RateLimited, refusal: "%s uploads of this store are under way, which is the most at once. Wait for the end of one, then upload this file again."},
	{Name: AllUploads, Variable: "LIMIT_ALL_UPLOADS", Default: 64, Unit: AtOnce,
		Counts: "uploads of all stores under way, each process", Reached: shared,
		code: problem.RateLimited, refusal: "Too many files are being uploaded: of %s places the last are for stores that upload none. Upload this file again in a moment."},
	{Name: Inspections, Variable: "LIMIT_INSPECTIONS", Default: 4, Unit: AtOnce, whole: AllInspections,
		Counts: "looks at a source, previews of a mapping and tests of a provider or of alerts of a store under way, each process", Reached: waits,
		code: problem.RateLimited, refusal: "%s looks at sources of this store are under way, which is the most at once. Wait a moment and try again."},
	{Name: AllInspections, Variable: "LIMIT_ALL_INSPECTIONS", Default: 32, Unit: AtOnce,
		Counts: "the same of all stores, each process", Reached: shared,
		code: problem.RateLimited, refusal: "Too many sources are being looked at: of %s places the last are for stores that look at none. Try again in a moment."},
	{Name: Downloads, Variable: "LIMIT_DOWNLOADS", Default: 4, Unit: AtOnce, whole: AllDownloads,
		Counts: "lists of errors of a store being downloaded, each process", Reached: waits,
		code: problem.RateLimited, refusal: "%s downloads of this store are under way, which is the most at once. Wait for the end of one and try again."},
	{Name: AllDownloads, Variable: "LIMIT_ALL_DOWNLOADS", Default: 64, Unit: AtOnce,
		Counts: "the same of all stores, each process", Reached: shared,
		code: problem.RateLimited, refusal: "Too many lists are being downloaded: of %s places the last are for stores that download none. Try again in a moment."},
	{Name: EventStreams, Variable: "LIMIT_EVENT_STREAMS", Default: 100, Unit: AtOnce, whole: AllEventStreams,
		Counts: "live event streams of a store, one for each open panel, each process", Reached: waits,
		code: problem.RateLimited, refusal: "%s panels of this store are open, which is the most that are told at once what changes. Close one, or reload this page to see what is new."},
	{Name: AllEventStreams, Variable: "LIMIT_ALL_EVENT_STREAMS", Default: 2000, Unit: AtOnce,
		Counts: "live event streams of all stores, each process", Reached: shared,
		code: problem.RateLimited, refusal: "Too many panels are open: of %s places the last are for stores that have none open. Reload this page to see what is new."},
	{Name: Requests, Variable: "LIMIT_REQUESTS_UNDER_WAY", Default: 32, Unit: AtOnce, whole: AllRequests,
		Counts: "other requests of a store to /api/v1 under way, each process", Reached: waits,
		code: problem.RateLimited, refusal: "%s requests of this store are under way, which is the most at once. Send the next when one was answered."},
	{Name: AllRequests, Variable: "LIMIT_ALL_REQUESTS_UNDER_WAY", Default: 512, Unit: AtOnce,
		Counts: "the same of all stores, each process", Reached: shared,
		code: problem.RateLimited, refusal: "Too many requests are under way: of %s places the last are for stores that have none. Try again in a moment."},
	{Name: Installs, Variable: "LIMIT_ALL_INSTALLS", Default: 16, Unit: AtOnce,
		Counts: "installs that wait for BigCommerce's answer, each process", Reached: waits,
		code: problem.RateLimited, refusal: "Sluice is being installed on many stores at once (%s). Load this page again in a moment."},

	// How often.
	{Name: PrincipalRate, Variable: "LIMIT_PRINCIPAL_RATE", Default: 1200, Unit: Minute,
		Counts: "requests of one person or API key to /api/v1", Reached: waits},
	{Name: StoreRate, Variable: "LIMIT_STORE_RATE", Default: 6000, Unit: Minute,
		Counts: "requests of all people and keys of a store to /api/v1, and webhooks that its own API account signed", Reached: waits},
	{Name: AddressRate, Variable: "LIMIT_ADDRESS_RATE", Default: 3000, Unit: Minute,
		Counts: "requests of one address that prove nothing, to every public route (IPv6: of one /64, and 16 times as many of one /48)", Reached: waits},
	{Name: InstallRate, Variable: "LIMIT_INSTALL_RATE", Default: 60, Unit: Minute,
		Counts: "codes brought to /auth for one store, half of which are for addresses with fewer than four in the last hour, and by one address; by one address for one store a tenth of it", Reached: waits},
	{Name: AlertTestRate, Variable: "LIMIT_ALERT_TEST_RATE", Default: 10, Unit: Minute,
		Counts: "tests of alerts of a store", Reached: waits},
	{Name: ReportRate, Variable: "LIMIT_CSP_REPORT_RATE", Default: 60, Unit: Minute,
		Counts: "violations of the panel's Content-Security-Policy that are logged, of all addresses; of one a tenth of it", Reached: "left out of the log"},
}

// Process reports whether the limit is on what a whole process holds open.
func (l Limit) Process() bool { return l.Unit == AtOnce && l.whole == "" }

// All returns the table.
func All() []Limit { return append([]Limit(nil), table...) }

func find(n Name) *Limit {
	for i := range table {
		if table[i].Name == n {
			return &table[i]
		}
	}
	panic("limits: no limit is called " + string(n)) // a constant of this package is not in its table
}

// Text writes a value of the limit's unit for people.
func (l Limit) Text(n int64) string {
	if l.Unit != Bytes {
		return group(n)
	}
	for _, u := range []struct {
		size int64
		name string
	}{{gib, "GiB"}, {mib, "MiB"}, {kib, "KiB"}} {
		if n >= u.size {
			return fmt.Sprintf("%.4g %s", float64(n)/float64(u.size), u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// group writes a number with a comma at each thousand.
func group(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
