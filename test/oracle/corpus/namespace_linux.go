package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func ownNetwork() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return err
	}
	// Keep clients off the backends' ports.
	return os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("52000 65000"), 0)
}

// ownHosts puts a file in the place of /etc/hosts, for this namespace only.
func ownHosts(text string) error {
	f, err := os.CreateTemp("", "hosts")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return err
	}
	return unix.Mount(f.Name(), "/etc/hosts", "", unix.MS_BIND, "")
}
