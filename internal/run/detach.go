package run

import (
	"os"
)

// DetachOutput lets go of the terminal: standard input, output and errors lead nowhere from now on.
func DetachOutput() {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer null.Close()
	for fd := 0; fd <= 2; fd++ {
		dup(int(null.Fd()), fd)
	}
}
