//go:build unix

package upstream

import (
	"net"
	"testing"

	"transom/internal/rawnet"
	"transom/internal/wire/http1"
)

// Connections that nobody uses are closed once the backend has closed them, without a ttl too.
func TestPoolNoticesClosedConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := &pool{}
	var far []net.Conn
	for range 3 {
		near, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		other, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer near.Close()
		defer other.Close()
		far = append(far, other)
		p.idle = append(p.idle, &Conn{Conn: near, Raw: near, R: http1.NewReader(near), quick: rawnet.New(near), plain: true})
		p.open++
	}
	kept, dead := p.idle[1], []*Conn{p.idle[0], p.idle[2]}
	far[0].Close()
	far[2].Close()
	for _, c := range dead {
		for c.quick.Look() != rawnet.Ended { // the end is on its way
		}
	}
	if got := p.left(); got != nil {
		t.Errorf("%d looked at although they were just used", len(got))
	}
	got := p.left()
	if len(got) != 2 || got[0] != dead[0] || got[1] != dead[1] || len(p.idle) != 1 || p.idle[0] != kept || p.open != 1 {
		t.Errorf("%d were taken, %d are left, %d are counted", len(got), len(p.idle), p.open)
	}
}
