package connector

import (
	"context"
	"io"

	"sluice/internal/problem"
)

// NewUpload returns the source of files that people upload. Their bytes are a snapshot already.
func NewUpload() Source { return upload{} }

type upload struct{}

func (upload) Spec() Spec {
	return Spec{
		Name: "upload", Label: "A file that I upload", Help: "For a one-off, or to try a file before it has an address.",
		Fields: []Field{{Type: File, Label: "File", Help: "Excel (.xlsx), CSV, XML or JSON, also zipped, of any size.", Required: true}},
	}
}

func (upload) Check(s Settings) error {
	if s.Snapshot == "" {
		return Invalid(File, "The sync has no file yet.", "upload a file first")
	}
	return nil
}

func (upload) Fetch(_ context.Context, s Settings, _ string, _ Have, _ io.Writer) (Got, error) {
	if s.Snapshot == "" {
		return Got{}, problem.New(problem.Invalid, "No file was uploaded for this sync yet: upload one, then start the run again.")
	}
	return Got{Snapshot: s.Snapshot, Complete: true}, nil
}
