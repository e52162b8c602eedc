// Package freeport finds ports for servers that learn them from a configuration, and so can't ask the kernel for one.
package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// The ports lie below those that the kernel gives to clients and to listeners on port 0, so that nothing takes one between its
// choice and the server's start. Each process has a block of its own, whose first port it listens on as long as it lives.
const (
	first  = 20000
	blocks = 24
	size   = 500
)

var mine struct {
	sync.Mutex
	claim net.Listener
	base  int
	used  int
}

// Next returns a port that this process has not been given for long.
func Next() (string, error) {
	mine.Lock()
	defer mine.Unlock()
	if mine.claim == nil && !claim() {
		return "", errors.New("all blocks of ports are taken")
	}
	for range size {
		mine.used = mine.used%(size-1) + 1
		if l, err := listen(mine.base + mine.used); err == nil {
			return strconv.Itoa(mine.base + mine.used), l.Close()
		}
	}
	return "", fmt.Errorf("no free port between %d and %d", mine.base, mine.base+size)
}

func claim() bool {
	for _, n := range rand.Perm(blocks) {
		mine.base = first + n*size
		if l, err := listen(mine.base); err == nil {
			mine.claim = l
			return true
		}
	}
	return false
}

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
}

// Address is such a port on the loopback interface, as host:port.
func Address(t testing.TB) string {
	t.Helper()
	port, err := Next()
	if err != nil {
		t.Fatal(err)
	}
	return "127.0.0.1:" + port
}
