//go:build race

package upsert

// raceDetector reports whether the tests run under the race detector.
const raceDetector = true
