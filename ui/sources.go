package ui

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/jobs/sync"
	"sluice/jobs/sync/mapping"
	"sluice/tenants"
)

const (
	maxURL         = 2000
	maxFilename    = 255
	maxPreviewRows = 50
)

// checkURL says what is wrong with an address before anything is fetched; where it leads is checked
// by the fetcher, when it connects.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return errors.New("give the address of the file")
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return errors.New("give a whole address that starts with https://")
	case len(raw) > maxURL:
		return errors.New("the address is too long")
	case u.User != nil:
		return errors.New("leave the user name and password out of the address and give them as Authorization")
	}
	return nil
}

func sameOrigin(a, b string) bool {
	ua, errA := url.Parse(a)
	ub, errB := url.Parse(b)
	return errA == nil && errB == nil && ua.Scheme == ub.Scheme && strings.EqualFold(ua.Host, ub.Host)
}

// upload streams a file into a snapshot.
func (a *API) upload(c *gin.Context) {
	ctx := c.Request.Context()
	contentType, _, _ := mime.ParseMediaType(c.ContentType())
	name := filepath.Base(strings.ReplaceAll(strings.ToValidUTF8(c.Query("filename"), ""), `\`, "/"))
	if name == "." || name == "/" || len(name) > maxFilename {
		name = "upload"
	}
	w, err := a.cfg.DB.NewSnapshotWriter(ctx, tenants.Snapshot{Filename: name, ContentType: contentType})
	if err != nil {
		_ = c.Error(err)
		return
	}
	n, err := io.Copy(w, http.MaxBytesReader(c.Writer, c.Request.Body, a.cfg.MaxUpload))
	if err != nil || n == 0 {
		_ = c.Error(errors.Join(uploadError(err, a.cfg.MaxUpload), w.Abort()))
		return
	}
	snap, err := w.Commit(true, tenants.SnapshotMeta{})
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.JSON(http.StatusCreated, gin.H{"snapshot_id": snap.ID, "filename": snap.Filename, "size": snap.Size, "sha256": snap.SHA256})
}

func uploadError(err error, most int64) error {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return problem.New(problem.Invalid, "The file is empty. Choose a file with a header row and at least one product.")
	case errors.As(err, &tooLarge):
		return problem.New(problem.TooLarge, "The file is larger than %d MB. Split it, or give its address instead.", most>>20)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return problem.New(problem.Invalid, "The upload stopped half-way. Upload the file again.")
	}
	return err
}

// inspect shows what a source looks like and suggests a mapping for it.
func (a *API) inspect(c *gin.Context) {
	var want struct {
		FlowID string         `json:"flow_id"`
		Source sourceChange   `json:"source"`
		Format tenants.Format `json:"format"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	if want.Source.Kind == kindURL {
		if err := checkURL(want.Source.URL); err != nil {
			_ = c.Error(problem.New(problem.Invalid, "The source cannot be read.").WithField("source.url", "%s", err))
			return
		}
	}
	req := sync.InspectRequest{
		FlowID: want.FlowID, Kind: want.Source.Kind, URL: want.Source.URL, SnapshotID: want.Source.SnapshotID, Format: want.Format,
	}
	if want.Source.Authorization != nil {
		req.Authorization = *want.Source.Authorization
	}
	inspection, err := a.cfg.Sources.Inspect(c.Request.Context(), req)
	answer(c, http.StatusOK, inspection, err)
}

// previewMapping applies a mapping to real rows, without a request to the store.
func (a *API) previewMapping(c *gin.Context) {
	var want struct {
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
	preview, err := a.cfg.Sources.PreviewMapping(c.Request.Context(), want.SnapshotID, want.Format, want.Mapping, want.Limit)
	answer(c, http.StatusOK, preview, err)
}

// productFields lists what a mapping of products may fill.
func (a *API) productFields(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"fields": mapping.Targets()})
}
