//go:build race

package e2e

// raceFlag has the server watched too when the tests are.
var raceFlag = []string{"-race"}
