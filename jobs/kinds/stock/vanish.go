package stock

import (
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
)

// vanishZero is what becomes of levels that left the source.
const vanishZero = "stock_0"

// Vanishings is part of upsert.Vanisher.
func (stock) Vanishings() []flow.Value {
	return []flow.Value{{Name: vanishZero, Label: "Set the stock to 0"}}
}

// VanishTargets is part of upsert.Vanisher: a look-up shows all of a level.
func (stock) VanishTargets(string) []string { return nil }

// Restores is part of upsert.Vanisher: a row that comes back says how many there are.
func (stock) Restores(string) bool { return false }

// Vanish is part of upsert.Vanisher.
func (stock) Vanish(_ string, live upsert.Live) (d mapping.Document, problem string) {
	return mapping.Document{targetSKU: live.Fields[targetSKU], fieldLocation: live.Fields[fieldLocation], targetQuantity: int64(0)}, ""
}
