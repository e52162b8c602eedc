package freeport

import (
	"net"
	"testing"
)

func TestAddressIsFreeAndNew(t *testing.T) {
	seen := map[string]bool{}
	for range size / 2 {
		address := Address(t)
		if seen[address] {
			t.Fatalf("%s comes twice", address)
		}
		seen[address] = true
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
	if _, err := listen(mine.base); err == nil {
		t.Error("another process could claim this one's block")
	}
}
