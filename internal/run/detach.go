package run

import (
	"os"

	"golang.org/x/sys/unix"
)

// DetachOutput lets go of the terminal: standard input, output and errors lead nowhere from now on. What was standard
// error is returned, and is inherited by nobody.
func DetachOutput() (terminal *os.File, err error) {
	fd, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	for fd := 0; fd <= 2; fd++ {
		dup(int(null.Fd()), fd)
	}
	return os.NewFile(uintptr(fd), "terminal"), nil
}
