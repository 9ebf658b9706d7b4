package deploytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoCOutsideTheStandardLibrary: the race detector needs cgo, so what has C in it is compiled by
// every test build, although the program that ships is built without cgo and can never use it.
func TestNoCOutsideTheStandardLibrary(t *testing.T) {
	for _, module := range []string{".", "internal/bench", "internal/deploytest"} {
		t.Run(module, func(t *testing.T) {
			list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "-f", "{{.ImportPath}} {{.Standard}} {{len .CgoFiles}}", "./...")
			list.Dir = filepath.Join("..", "..", filepath.FromSlash(module))
			list.Env = append(os.Environ(), "CGO_ENABLED=1")
			var complaints strings.Builder
			list.Stderr = &complaints
			out, err := list.Output()
			if err != nil {
				t.Fatalf("go list: %v\n%s", err, complaints.String())
			}
			runtime := false
			for line := range strings.Lines(string(out)) {
				fields := strings.Fields(line) // of a test's variant: "sluice/app [sluice/app.test] false 0"
				name, standard, files := fields[0], fields[len(fields)-2], fields[len(fields)-1]
				if standard == "false" && files != "0" {
					t.Errorf("%s has C in it: every build with the race detector compiles it", name)
				}
				runtime = runtime || name == "runtime/cgo" && files != "0"
			}
			if !runtime {
				t.Error("go list does not see the C of runtime/cgo: it would not see any")
			}
		})
	}
}
