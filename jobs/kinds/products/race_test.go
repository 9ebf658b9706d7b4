//go:build race

package products

// raceDetector reports whether the tests run under the race detector.
const raceDetector = true
