//go:build unix && !linux

package rawnet

import (
	"errors"
	"time"
)

// Splice moves nothing here; see that of Linux.
func Splice(dst, src *Conn, max int64, patience time.Duration) (n int64, srcErr, dstErr error) {
	return 0, errors.ErrUnsupported, nil
}
