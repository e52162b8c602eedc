package run

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a reload needs of root's rights: ports below 1024, and reading keys and opening logs that only root may.
const reserved = 1<<unix.CAP_NET_BIND_SERVICE | 1<<unix.CAP_DAC_OVERRIDE

// reserveRights makes the coming setuid keep permitted rights; the function it returns then gives up all but those that a
// reload needs, and makes none of them effective. It acts on every thread, which Go can do in programs without cgo; in
// others nothing is kept, and a reload can do only what User may.
func reserveRights() func() (bool, error) {
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1, 0)
	if errno != 0 {
		return func() (bool, error) { return false, nil }
	}
	return func() (bool, error) {
		header, data := capabilities(reserved, 0)
		_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(&data[0])), 0)
		runtime.KeepAlive(header)
		runtime.KeepAlive(data)
		if errno != 0 {
			return false, errno
		}
		return true, nil
	}
}

func capabilities(permitted, effective uint32) (*unix.CapUserHeader, *[2]unix.CapUserData) {
	return &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &[2]unix.CapUserData{{Permitted: permitted, Effective: effective}}
}

// raised runs f on a thread that alone may use the reserved rights.
func raised(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	effective(reserved)
	defer effective(0)
	f()
}

func effective(rights uint32) {
	header, data := capabilities(reserved, rights)
	if err := unix.Capset(header, &data[0]); err != nil {
		panic("changing the thread's rights: " + err.Error()) // going on with the wrong ones would be worse
	}
}
