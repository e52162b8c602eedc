//go:build !linux

package main

import (
	"errors"
	"syscall"
)

func ownNetwork() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

var errLinux = errors.New("namespaces are Linux's")

func loopbackUp() error { return errLinux }

func ownHosts(string) error { return errLinux }
