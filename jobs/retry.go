package jobs

import (
	"reflect"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// Retryable reports whether a run over the failed records of run may end otherwise than run did,
// and why, or why not, for the merchant. f is its flow of today, nil if that was deleted, and kind
// the flow's.
func Retryable(run *tenants.Run, f *tenants.Flow, kind flow.Spec) (ok bool, reason string) {
	switch {
	case !run.State.Final():
		return false, "This run is not over yet. Wait until it ends, or cancel it first."
	case run.Failed == 0:
		return false, "This run has no failed records. Start a new run instead."
	case run.SnapshotID == "":
		return false, "This run ended before its source was read. Start a new run instead."
	case f == nil:
		return false, "What this run belongs to was deleted."
	case !reflect.DeepEqual(f.Mapping.OfRun(), run.Mapping):
		return true, "The matching was changed since."
	case changedRules(run, f, kind):
		return true, "The rules were changed since."
	case f.SnapshotID == "": // the source may have another file by now, which only reading it tells
		return true, "The file is read again first, so that what was corrected in it counts."
	case f.SnapshotID != run.SnapshotID || changedFormat(run.Format, f.Format):
		return true, "The file was changed since."
	case run.Passing > 0:
		return true, "Some of the records may land now: BigCommerce did not answer, or refused something that may be put right there by now."
	}
	return false, "Nothing has changed since, so that the same records would fail in the same way. Correct the file or the matching first."
}

func changedRules(run *tenants.Run, f *tenants.Flow, kind flow.Spec) bool {
	options, err := kind.CheckOptions(f.Options)
	return err != nil || !reflect.DeepEqual(options, run.Options)
}

// changedFormat reports whether the flow says to read the file otherwise than the run did.
func changedFormat(was, now tenants.Format) bool {
	return now.Type != "" && now.Type != was.Type || now.Encoding != "" && now.Encoding != was.Encoding ||
		now.Delimiter != "" && now.Delimiter != was.Delimiter
}
