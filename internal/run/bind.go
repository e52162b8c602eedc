package run

import (
	"errors"
	"fmt"
	"syscall"

	"transom/internal/listen"
	"transom/internal/module"
)

// bindingFailed says of a port that could not be opened which Listen asks for it, and what to do.
func bindingFailed(b *module.Build, err error) error {
	var failed *listen.BindError
	if !errors.As(err, &failed) {
		return err
	}
	why := failed.Err
	var errno syscall.Errno
	if errors.As(why, &errno) {
		why = errno
	}
	err = fmt.Errorf("AH00072: could not bind to address %s: %w%s", failed.Address, why, remedy(errno))
	for _, l := range b.Listen {
		if l.Address == failed.Address {
			return fmt.Errorf("%s:%d: Listen: %w", l.File, l.Line, err)
		}
	}
	return err
}

func remedy(errno syscall.Errno) string {
	switch errno {
	case syscall.EADDRINUSE:
		return ": another process listens there (ss -ltnp names it)"
	case syscall.EACCES:
		return ": ports below 1024 are root's"
	case syscall.EADDRNOTAVAIL:
		return ": this machine does not have the address"
	}
	return ""
}
