package connector

import (
	"errors"
	"io"
	"strings"
	"testing"

	"sluice/internal/problem"
)

// wrong returns the first field that err names and what it says of it.
func wrong(err error) (field, message string) {
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != problem.Invalid || len(p.Fields) == 0 {
		return "", ""
	}
	return p.Fields[0].Field, p.Fields[0].Message
}

func TestSourcesRefuseAnUnknownKind(t *testing.T) {
	sources := NewSources(NewURL(URLOptions{}), NewUpload())
	for _, want := range sources.All() {
		if got, err := sources.Source(want.Spec().Name); got != want || err != nil {
			t.Errorf("%s: %v, %v", want.Spec().Name, got, err)
		}
	}
	for _, kind := range []string{"", "ftp", "URL"} {
		_, err := sources.Source(kind)
		field, message := wrong(err)
		if field != "source.kind" || message != `choose "url" or "upload"` || !strings.Contains(problem.MessageOf(err), `"`+kind+`"`) {
			t.Errorf("%q: %v: %s %s", kind, err, field, message)
		}
	}
}

func TestCheckNamesTheField(t *testing.T) {
	web, upload := NewURL(URLOptions{}), NewUpload()
	for name, tt := range map[string]struct {
		source   Source
		settings Settings
		field    string // "" for none
		message  string
	}{
		"an address":              {web, Settings{URL: "https://erp.example/a.csv"}, "", ""},
		"one with a mask":         {web, Settings{URL: "https://erp.example/a.csv?key=•••"}, "", ""},
		"plain http":              {web, Settings{URL: "http://erp.example/a.csv"}, "", ""}, // Fetch knows whether it may
		"none":                    {web, Settings{Snapshot: "s"}, "source.url", "give the address"},
		"of a file":               {web, Settings{URL: "file:///etc/passwd"}, "source.url", "starts with https://"},
		"without a host":          {web, Settings{URL: "/a.csv"}, "source.url", "starts with https://"},
		"no address":              {web, Settings{URL: "https://erp.example/\x00"}, "source.url", "starts with https://"},
		"too long":                {web, Settings{URL: "https://erp.example/" + strings.Repeat("a", 2000)}, "source.url", "too long"},
		"with a password":         {web, Settings{URL: "https://u:p@erp.example/a.csv"}, "source.url", "leave the user name"},
		"a file":                  {upload, Settings{Snapshot: "s"}, "", ""},
		"no file, but an address": {upload, Settings{URL: "https://erp.example/a.csv"}, "source.snapshot_id", "upload a file first"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.source.Check(tt.settings)
			field, message := wrong(err)
			if field != tt.field || !strings.Contains(message, tt.message) || (err == nil) != (tt.field == "") {
				t.Errorf("%v: %s %s", err, field, message)
			}
		})
	}
}

func TestUploadIsItsSnapshot(t *testing.T) {
	got, err := NewUpload().Fetch(t.Context(), Settings{Snapshot: "s"}, "", Have{}, io.Discard)
	if err != nil || got.Snapshot != "s" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := NewUpload().Fetch(t.Context(), Settings{}, "", Have{}, io.Discard); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("without a file: %v", err)
	}
}
