package listen

import (
	"net"
	"slices"
	"strings"
	"testing"

	"transom/test/freeport"
)

func TestPorts(t *testing.T) {
	ended := make(chan string, 10)
	serve := func(l net.Listener) {
		for {
			c, err := l.Accept()
			if err != nil {
				ended <- l.Addr().String()
				return
			}
			c.Close()
		}
	}
	a, b := freeport.Address(t), freeport.Address(t)
	everyB := strings.Replace(b, "127.0.0.1", "0.0.0.0", 1)
	var p Ports
	defer p.Close()
	update := func(want []string, addrs ...string) {
		t.Helper()
		if err := p.Update(addrs, serve); err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		if got := p.Addrs(); !slices.Equal(got, want) {
			t.Fatalf("open %v, want %v", got, want)
		}
	}
	update([]string{a}, a)
	first := p.open[a]
	update([]string{a, b}, b, a, a)
	if p.open[a] != first {
		t.Error("a port that stays was opened anew")
	}

	// One that can't be bound changes nothing.
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = p.Update([]string{b, taken.Addr().String()}, serve)
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("error %v does not name %s", err, taken.Addr())
	}
	if len(p.Addrs()) != 2 {
		t.Errorf("open after an error: %v", p.Addrs())
	}

	update([]string{b}, b)
	if got := <-ended; got != a {
		t.Errorf("closed %s", got)
	}

	// From one address of a port to all of them: the old one has to give way first.
	update([]string{everyB}, everyB)
	<-ended
	// If that fails for another reason, it comes back.
	if err := p.Update([]string{b, taken.Addr().String()}, serve); err == nil {
		t.Error("bound a taken address")
	}
	<-ended
	if got := p.Addrs(); !slices.Equal(got, []string{everyB}) {
		t.Errorf("open %v", got)
	}
	c, err := net.Dial("tcp", b)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestListenAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"80": ":80", "*:80": ":80", "[::]:80": ":80", "0.0.0.0:80": "0.0.0.0:80", "[::1]:80": "[::1]:80", "x:80": "x:80",
	} {
		if got, err := normalize(in); got != want || err != nil {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "x:", "::1:80", "99999", "a b"} {
		if _, err := Listen(in); err == nil || !strings.Contains(err.Error(), "listening address") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// Without a host, both families are served where the system has both.
func TestListenAny(t *testing.T) {
	l, err := Listen("0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"127.0.0.1", "::1"} {
		if probe, err := net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
			continue // the system lacks the family
		} else {
			probe.Close()
		}
		c, err := net.Dial("tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Error(err)
			continue
		}
		c.Close()
	}
}
