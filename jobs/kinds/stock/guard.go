package stock

import (
	"fmt"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// guardLeast is how many levels must be set to 0 before a run asks: single items do sell out.
const guardLeast = 3

// Guards ask before a run empties much of the store.
func (stock) Guards(run *tenants.Run) []upsert.GuardSpec {
	limit, _ := run.Options[optionZero].(float64)
	return []upsert.GuardSpec{{
		Name: "to_zero", Limit: limit, Least: guardLeast, Of: upsert.OfRecords, Has: stocked,
		Message: "Much of what is in stock would be set to 0, so that it is no longer sold. Check the source: is it whole, and is its quantity matched?",
	}}
}

// stocked reports whether there is something of a level.
func stocked(fields bigcommerce.Fields) bool { return upsert.Int(fields[targetQuantity]) > 0 }

func (stock) Weigh(_ *tenants.Run, d upsert.Doc, live upsert.Live, _ []upsert.Change) []upsert.Weight {
	if !stocked(live.Fields) {
		return nil
	}
	before, after := upsert.Int(live.Fields[targetQuantity]), upsert.Int(d.Fields[targetQuantity])
	return []upsert.Weight{{Guard: "to_zero", Counts: after == 0, Example: fmt.Sprintf("%d → %d", before, after)}}
}
