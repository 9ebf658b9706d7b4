package main

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"sluice/internal/testenv"
)

// TestPanelWalkInChromium looks at every page and dialog of the panel on its mock server, and at some
// in each state of a store: with axe-core and while it loads, some at 390 px and by keyboard. What is
// looked at is in ui/web/dev; "npm run walk" there looks at all in every state and window.
// E2E_IMAGES names a folder for the documentation's pictures: then it takes those and looks at nothing.
func TestPanelWalkInChromium(t *testing.T) {
	t.Parallel() // with what waits more than it works
	chromium, ok := testenv.Chromium(t)
	if !ok {
		return
	}
	walk := exec.CommandContext(t.Context(), "node", "dev/walk.mjs")
	walk.Dir = panelSource
	what, images := "short", os.Getenv("E2E_IMAGES")
	if images != "" {
		what = "pictures"
	}
	walk.Env = append(os.Environ(), "CHROMIUM="+chromium, "SHOTS="+t.TempDir(), "IMAGES="+images, "WALK="+what)
	walk.WaitDelay = 10 * time.Second
	if out, err := walk.CombinedOutput(); err != nil {
		t.Errorf("node dev/walk.mjs: %v\n%s", err, out)
	}
}
