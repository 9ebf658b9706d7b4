package sandbox

import (
	"time"

	"github.com/google/uuid"
)

// acceptedWrite is a write that was answered and takes effect later, as writes of the inventory and
// locations do. It is journalled when it is answered: what was acknowledged outlives the process.
type acceptedWrite[T any] struct {
	Due  int64 // unix milliseconds
	Does T
}

// acceptedWrites are those of one resource that are under way, in the order of their ids.
type acceptedWrites[T any] struct{ things[acceptedWrite[T]] }

// accept takes a write, which is carried out after Options.InventoryDelay by the resource's due,
// and answers with a transaction_id: nothing can be asked about it. The caller holds the store's
// lock and has checked the write.
func (w *acceptedWrites[T]) accept(does T) reply {
	now := w.st.sb.now()
	due := now.Add(max(0, w.st.sb.opts.InventoryDelay))
	w.put(w.st.nextID(w.kind, 1), &acceptedWrite[T]{due.UnixMilli(), does})
	w.st.later(due)
	return okJSON(200, map[string]string{"transaction_id": uuid.NewString()})
}

// carryOut does what is due, and says when the next is.
func (w *acceptedWrites[T]) carryOut(now time.Time, do func(T)) (next time.Time) {
	for _, id := range sortedKeys(w.byID) {
		a := w.byID[id]
		if due := time.UnixMilli(a.Due); now.Before(due) {
			return due
		}
		do(a.Does)
		w.drop(id)
	}
	return time.Time{}
}

// resume makes carryOut come back for what a state file holds.
func (w *acceptedWrites[T]) resume() {
	for _, a := range w.byID {
		w.st.later(time.UnixMilli(a.Due))
	}
}
