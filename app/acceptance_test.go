package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"sluice/ui"
)

// built is the program as users get it, built at most once a test process.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// buildSluice returns the path of the real program: built as `make build` does, without the race
// detector, with the panel in it.
func buildSluice(t testing.TB) string {
	t.Helper()
	if _, ok := ui.Assets(); !ok {
		t.Fatal("the panel is not built: run make first")
	}
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "sluice-bin-"); built.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", filepath.Join(built.dir, "sluice"), ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "sluice")
}
