package queue

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/internal/bigcommerce"
)

//go:embed scripts/*.lua
var sources embed.FS

// library is put before the scripts, in this order; each script gets as much of it as it needs (see partsOf).
var library = []string{"lib", "window", "admit", "place", "history", "cap", "quota"}

// partsOf names the parts of the library that a script uses. What it does not use it would still build at every call: all of it
// takes longer than most scripts.
func partsOf(script string) []string {
	switch script {
	case "complete", "heartbeat", "lock", "purge", "shards", "totals":
		return library[:1]
	case "flushed", "minutes":
		return []string{"lib", "history"}
	case "observe", "reserve":
		return library
	default:
		return library[:4]
	}
}

// common are the scripts that a process may run whatever number of shards the queue is spread over.
var common = []string{"lock", "shards"}

const (
	// firstRequests may be on their way while a store's quota is unknown.
	firstRequests = 5
	// requestTTL is when a request that was never answered for (its process died) is given up. It must be
	// longer than any request may take.
	requestTTL = 2 * time.Minute
	// deadKept is how many dead jobs Redis keeps for a look; SQL has them all.
	deadKept = 1000
)

// Endpoint classes with a concurrency limit per store, from BigCommerce's API reference ("Do not run more than n requests in
// parallel", per operation). A call's or a job's class is one of these, or any other name ([a-z0-9_-]) for a class without a
// known limit: it is halved when BigCommerce refuses, and recovers.
const (
	ClassCustomers               = bigcommerce.ClassCustomers  // POST, PUT /customers
	ClassCustomerAddressesPost   = "customer-addresses-post"   // POST /customers/addresses
	ClassCustomerAddressesPut    = "customer-addresses-put"    // PUT /customers/addresses
	ClassCustomerAttributes      = "customer-attributes"       // POST, PUT /customers/attributes
	ClassCustomerAttributeValues = "customer-attribute-values" // PUT /customers/attribute-values
	ClassCustomerFormFields      = "customer-form-fields"      // PUT /customers/form-field-values
	ClassPriceRecordsPut         = "price-records-put"         // PUT /pricelists/records
	ClassPriceRecordsPost        = "price-records-post"        // POST /pricelists/records
	ClassPriceListRecords        = "price-list-records"        // PUT /pricelists/{id}/records
	ClassPriceListReads          = "price-list-reads"          // GET /pricelists…
)

// ClassStorefront is of jobs, not of an endpoint: what looks at a store's scripts and then creates those
// that it did not see must not run twice at once.
const ClassStorefront = "storefront"

var classCaps = map[string]int{
	ClassCustomers:               3,
	ClassCustomerAddressesPost:   10,
	ClassCustomerAddressesPut:    3,
	ClassCustomerAttributes:      3,
	ClassCustomerAttributeValues: 10,
	ClassCustomerFormFields:      10,
	ClassPriceRecordsPut:         1,
	ClassPriceRecordsPost:        10,
	ClassPriceListRecords:        2,
	ClassPriceListReads:          10,
	ClassStorefront:              1,
}

func compile(o Options) map[string]*redis.Script {
	scripts := map[string]*redis.Script{}
	for name, text := range scriptTexts(o) {
		scripts[name] = redis.NewScript(text)
	}
	return scripts
}

// scriptTexts builds the scripts: constants, library, body.
func scriptTexts(o Options) map[string]string {
	var constants strings.Builder
	fmt.Fprintf(&constants, "local STORE_CAP, FIRST_REQUESTS, REQUEST_TTL, DEAD_KEPT = %d, %d, %d, %d\n",
		o.StoreCap, firstRequests, requestTTL.Milliseconds(), deadKept)
	constants.WriteString("local CLASS_CAP = {")
	names := make([]string, 0, len(classCaps))
	for name := range classCaps {
		names = append(names, name)
	}
	slices.Sort(names) // the same text, and so the same SHA, in every process
	for _, name := range names {
		fmt.Fprintf(&constants, " [%q] = %d,", name, classCaps[name])
	}
	constants.WriteString(" }\n")
	files, err := sources.ReadDir("scripts")
	if err != nil {
		panic(err) // the files are part of the program
	}
	scripts := make(map[string]string, len(files))
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".lua")
		if slices.Contains(library, name) {
			continue
		}
		shards := fmt.Sprintf("%d:", o.Shards)
		if slices.Contains(common, name) {
			shards = ""
		}
		text := fmt.Sprintf("local SHARDS = %q\n", shards) + constants.String()
		for _, part := range partsOf(name) {
			text += source(part)
		}
		scripts[name] = text + source(name)
	}
	return scripts
}

func source(name string) string {
	b, err := sources.ReadFile(path.Join("scripts", name+".lua"))
	if err != nil {
		panic(err) // the files are part of the program
	}
	return string(b)
}
