//go:build darwin || freebsd

package module

import (
	"os"
	"syscall"
	"time"
)

func statusChanged(info os.FileInfo) time.Time {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctimespec.Unix())
	}
	return info.ModTime()
}
