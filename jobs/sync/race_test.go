//go:build race

package sync

// raceDetector reports whether the tests run under the race detector.
const raceDetector = true
