// Probe prints what the kernel answers to getrandom, which came with Linux 3.17
// and is i386's call 355, to getpid, and its release.
package main

import (
	"fmt"
	"syscall"
)

func main() {
	_, _, errno := syscall.RawSyscall(355, 0, 0, 0)
	fmt.Println("getrandom:", int(errno))
	_, _, errno = syscall.RawSyscall(syscall.SYS_GETPID, 0, 0, 0)
	fmt.Println("getpid:", int(errno))
	var u syscall.Utsname
	if err := syscall.Uname(&u); err != nil {
		fmt.Println(err)
	}
	var release []byte
	for _, c := range u.Release {
		if c == 0 {
			break
		}
		release = append(release, byte(c))
	}
	fmt.Printf("release: %s\n", release)
}
