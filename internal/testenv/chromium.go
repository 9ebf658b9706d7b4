package testenv

import "testing"

// Chromium returns the path of an installed Chromium; ok is false when there is none (and then the
// test fails if chromium is required).
func Chromium(t testing.TB) (path string, ok bool) {
	t.Helper()
	path = Program("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	if path == "" {
		missing(t, "chromium", "browser tests do not run")
		return "", false
	}
	return path, true
}
