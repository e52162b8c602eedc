//go:build linux && amd64

// Oldkernel runs a 386 program as if on Linux 2.6.32: the system calls that kernel
// doesn't have answer ENOSYS, and uname says 2.6.
//
//	oldkernel PROGRAM [ARGUMENT...]
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// lastCall is perf_event_open, the last system call of Linux 2.6.32 on i386.
const lastCall = 336

// uname26 is the personality under which uname says 2.6.x (linux/personality.h).
const uname26 = 0x0020000

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: oldkernel PROGRAM [ARGUMENT...]")
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "oldkernel:", run(os.Args[1:]))
	os.Exit(2)
}

// run replaces this process by the program and returns only if it can't.
func run(args []string) error {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	// Personality and filter belong to the thread that goes on as the program.
	runtime.LockOSThread()
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PERSONALITY, uname26, 0, 0); errno != 0 {
		return fmt.Errorf("personality: %w", errno)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	program := filter()
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&fprog)), 0, 0); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	runtime.KeepAlive(program)
	return errors.Join(errors.New("exec "+path), syscall.Exec(path, args, os.Environ()))
}

// filter lets everything pass but i386 calls above lastCall. This process is no i386
// one, so it can still exec; nor are programs of the machine's own architecture that
// the 386 program starts, a shell behind a piped log for one.
func filter() []unix.SockFilter {
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		above = unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K
		ret   = unix.BPF_RET | unix.BPF_K

		nr, arch = 0, 4 // offsets in struct seccomp_data
	)
	return []unix.SockFilter{
		{Code: load, K: arch},
		{Code: equal, K: unix.AUDIT_ARCH_I386, Jf: 3},
		{Code: load, K: nr},
		{Code: above, K: lastCall, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
}
