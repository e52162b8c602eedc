package rawnet

import "syscall"

// On 386 those of sockets exist since Linux 4.3 alone.
const (
	CallReceive = syscall.SYS_READ
	CallSend    = syscall.SYS_WRITE
)
