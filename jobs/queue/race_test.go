//go:build race

package queue

// raceDetector reports whether the tests run under the race detector.
const raceDetector = true
