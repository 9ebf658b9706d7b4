package ui

import (
	"embed"
	"io/fs"
)

// The pattern also matches dist.txt, so that the program builds where the panel was not built.
//
//go:embed all:web/dist*
var embedded embed.FS

// Assets returns the built front end, or ok == false when the panel was not built into this binary.
func Assets() (assets fs.FS, ok bool) {
	dist, err := fs.Sub(embedded, "web/dist")
	if err != nil {
		return nil, false
	}
	if _, err := fs.Stat(dist, "index.html"); err != nil {
		return nil, false
	}
	return dist, true
}
