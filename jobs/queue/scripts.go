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

// library is put before the scripts, in this order; each script gets as much of it as it needs (see
// partsOf).
var library = []string{"lib", "window", "admit", "place", "history", "cap", "quota"}

// partsOf names the parts of the library that a script uses. What it does not use it would still
// build at every call: all of it takes longer than most scripts.
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
	// requestTTL is when a request that was never answered for (its process died) is given up. It must
	// be longer than any request may take.
	requestTTL = 2 * time.Minute
	// deadKept is how many dead jobs Redis keeps for a look; SQL has them all.
	deadKept = 1000
)

// ClassCustomers is the class of writes to /customers. A call's or a job's class is one of
// bigcommerce.Classes, or any other name ([a-z0-9_-]) for a class without a known limit: it is
// halved when BigCommerce refuses, and recovers.
const ClassCustomers = bigcommerce.ClassCustomers

// ClassStorefront is of jobs, not of an endpoint: what looks at a store's scripts and then creates
// those that it did not see must not run twice at once.
const ClassStorefront = "storefront"

// ClassBulkWrite is of jobs that write much of a store's catalogue, stock or prices: BigCommerce
// gives wrong figures where such are carried out beside one another.
const ClassBulkWrite = "bulk-write"

// ClassHooks is of jobs that look at a store's webhooks and then create those that they did not
// see: two at once would create each twice.
const ClassHooks = "hooks"

// classCaps says how many requests, or jobs, of a class may run at once for one store.
var classCaps = func() map[string]int {
	caps := map[string]int{ClassStorefront: 1, ClassBulkWrite: 1, ClassHooks: 1}
	for _, c := range bigcommerce.Classes() {
		caps[c.Name] = c.AtOnce
	}
	return caps
}()

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
