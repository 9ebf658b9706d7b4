package upsert

import "sluice/internal/bigcommerce"

// BatchResults tells what became of writes that one request sent to records by their ids. live is
// what the answer shows of them, and failed what it says was not saved although it took the rest (a
// 207), which does not say whose fault it is: what does not show as it was sent is to be sent again
// alone, and alone it is refused. fieldOf is the target that is to blame, by the answer's fields.
func BatchResults(t Target, w []Write, live []Live, failed []bigcommerce.BatchError, fieldOf func(fields map[string]string) string) []Result {
	byID := make(map[int64]Live, len(live))
	for _, l := range live {
		byID[l.ID] = l
	}
	out := make([]Result, len(w))
	for i, x := range w {
		l, shown := byID[x.ID]
		out[i] = Result{State: Landed, Live: l}
		switch {
		case len(failed) == 0, shown && len(Differing(t, x.Fields, l.Fields)) == 0:
		case len(w) > 1:
			out[i] = Result{State: Unsure}
		default:
			e := failed[0]
			out[i] = Result{State: Refused, Field: fieldOf(e.Fields), Message: "BigCommerce did not save all of it: " + Explain(e.Title, e.Fields)}
		}
	}
	return out
}
