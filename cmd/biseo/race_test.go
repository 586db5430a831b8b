//go:build race

package main

// raceDetector slows tests tenfold: what only repeats is then asked less often.
const raceDetector = true
