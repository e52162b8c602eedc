//go:build linux && !386

package rawnet

import "syscall"

// The calls that move a socket's bytes take four more arguments that may be 0, and are spared what read(2) and write(2) do for files.
const (
	CallReceive = syscall.SYS_RECVFROM
	CallSend    = syscall.SYS_SENDTO
)
