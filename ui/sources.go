package ui

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"sluice/internal/expression"
	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/jobs/connector"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

const (
	maxFilename    = 255
	maxPreviewRows = 50
)

// connectorView is what the form of a source is drawn from.
type connectorView struct {
	Name   string         `json:"name"`
	Label  string         `json:"label"`
	Help   string         `json:"help"`
	Fields []settingsView `json:"fields"`
}

// settingsView is one field of the form.
type settingsView struct {
	Name     connector.FieldType `json:"name"` // in a source
	Label    string              `json:"label"`
	Help     string              `json:"help"`
	Required bool                `json:"required"`
}

// connectors lists where records can come from.
func (a *API) connectors(c *gin.Context) {
	views := []connectorView{}
	for _, source := range a.cfg.Sources.All() {
		spec := source.Spec()
		v := connectorView{Name: spec.Name, Label: spec.Label, Help: spec.Help, Fields: []settingsView{}}
		for _, f := range spec.Fields {
			v.Fields = append(v.Fields, settingsView{Name: f.Type, Label: f.Label, Help: f.Help, Required: f.Required})
		}
		views = append(views, v)
	}
	c.JSON(http.StatusOK, gin.H{"connectors": views})
}

// settings are what a connector takes of a source.
func (s sourceChange) settings() connector.Settings {
	return connector.Settings{URL: s.URL, Snapshot: s.SnapshotID}
}

// upload streams a file into a snapshot. What is refused is refused before it is read, if it shows
// by then.
func (a *API) upload(c *gin.Context) {
	ctx := c.Request.Context()
	if err := a.mayUpload(c); err != nil {
		c.Header("Connection", "close") // whatever is on its way is not wanted
		_ = c.Error(err)
		return
	}
	contentType, _, _ := mime.ParseMediaType(c.ContentType())
	name := tenants.FileName(c.Query("filename"))
	if name == "" || len(name) > maxFilename {
		name = "upload"
	}
	w, err := a.cfg.DB.NewSnapshotWriter(ctx, tenants.Snapshot{Filename: name, ContentType: contentType})
	if err != nil {
		c.Header("Connection", "close")
		_ = c.Error(err)
		return
	}
	n, err := io.Copy(w, newPaced(c, a.cfg.Limits.Of(limits.UploadBytes)))
	if err != nil || n == 0 {
		c.Header("Connection", "close")
		_ = c.Error(errors.Join(a.uploadError(err), w.Abort()))
		return
	}
	snap, err := w.Commit(true, tenants.SnapshotMeta{})
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.JSON(http.StatusCreated, gin.H{"snapshot_id": snap.ID, "filename": snap.Filename, "size": snap.Size, "sha256": snap.SHA256})
}

// mayUpload refuses a file that tells to be larger than one may be, or than the store has room for.
func (a *API) mayUpload(c *gin.Context) error {
	if size := c.Request.ContentLength; size > 0 {
		if err := a.cfg.Limits.Check(limits.UploadBytes, 0, size); err != nil {
			return err
		}
		return a.cfg.DB.RoomForSnapshot(c.Request.Context(), size)
	}
	return nil
}

func (a *API) uploadError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return problem.New(problem.Invalid, "The file is empty. Choose a file with a header row and at least one row of data.")
	case errors.As(err, &tooLarge):
		return a.cfg.Limits.Refuse(limits.UploadBytes)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem.Wrap(err, problem.Invalid, "The upload was too slow and was ended. Upload the file again over a faster connection, or give its address instead.")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return problem.New(problem.Invalid, "The upload stopped half-way. Upload the file again.")
	}
	return err
}

// inspect shows what a source looks like and suggests a mapping for it.
func (a *API) inspect(c *gin.Context) {
	var want struct {
		FlowID string         `json:"flow_id"`
		Kind   string         `json:"kind"`
		Source sourceChange   `json:"source"`
		Format tenants.Format `json:"format"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	req := upsert.InspectRequest{FlowID: want.FlowID, Kind: want.Source.Kind, Settings: want.Source.settings(), Format: want.Format}
	if want.Source.Authorization != nil {
		req.Secret = *want.Source.Authorization
	}
	ctx := c.Request.Context()
	kind, err := a.mappedOf(ctx, want.FlowID, want.Kind)
	if err != nil {
		_ = c.Error(err)
		return
	}
	inspection, err := kind.Inspect(ctx, req)
	answer(c, http.StatusOK, inspection, err)
}

// previewMapping applies a mapping to real rows, without a request to the store.
func (a *API) previewMapping(c *gin.Context) {
	var want struct {
		FlowID     string          `json:"flow_id"`
		Kind       string          `json:"kind"`
		SnapshotID string          `json:"snapshot_id"`
		Format     tenants.Format  `json:"format"`
		Mapping    tenants.Mapping `json:"mapping"`
		Limit      int             `json:"limit"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	if want.Limit <= 0 || want.Limit > maxPreviewRows {
		want.Limit = maxPreviewRows
	}
	ctx := c.Request.Context()
	kind, err := a.mappedOf(ctx, want.FlowID, want.Kind)
	if err != nil {
		_ = c.Error(err)
		return
	}
	preview, err := kind.PreviewMapping(ctx, want.SnapshotID, want.Format, want.Mapping, want.Limit)
	answer(c, http.StatusOK, preview, err)
}

// checkMapping counts what a mapping makes of a whole file, without a request to the store.
func (a *API) checkMapping(c *gin.Context) {
	var want struct {
		FlowID     string          `json:"flow_id"`
		Kind       string          `json:"kind"`
		SnapshotID string          `json:"snapshot_id"`
		Format     tenants.Format  `json:"format"`
		Mapping    tenants.Mapping `json:"mapping"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	kind, err := a.mappedOf(ctx, want.FlowID, want.Kind)
	if err != nil {
		_ = c.Error(err)
		return
	}
	check, err := kind.CheckMapping(ctx, want.SnapshotID, want.Format, want.Mapping)
	answer(c, http.StatusOK, check, err)
}

// expressions tells what expressions are made of: the words that name no column, the functions,
// examples.
func (a *API) expressions(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"words": expression.Words(), "functions": expression.Functions(), "examples": expression.Examples()})
}
