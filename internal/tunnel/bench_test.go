package tunnel

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"

	"transom/internal/wire/ws"
)

// BenchmarkEcho is one message there and back, on 100 tunnels at once. The relay runs in a process of its own, so that
// cpu-ns/op is its processor time alone.
func BenchmarkEcho(b *testing.B) {
	for name := range relays {
		b.Run(name, func(b *testing.B) { benchEcho(b, name) })
	}
}

const benchVariable = "TUNNEL_BENCH_RELAY"

// benchRelay is that other process: it accepts at an address that it prints, and dials the one it is given.
func benchRelay(name string) {
	relay := relays[name]()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	for {
		near, err := l.Accept()
		if err != nil {
			panic(err)
		}
		far, err := net.Dial("tcp", os.Args[1])
		if err != nil {
			panic(err)
		}
		relay.Carry(Side{Conn: near}, Side{Conn: far}, framed, Label{}, nil)
	}
}

func benchEcho(b *testing.B, name string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	relay := exec.Command(os.Args[0], l.Addr().String())
	relay.Env = append(os.Environ(), benchVariable+"="+name)
	out, err := relay.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := relay.Start(); err != nil {
		b.Fatal(err)
	}
	var addr string
	fmt.Fscanln(bufio.NewReader(out), &addr)

	const tunnels = 100
	turns := make(chan bool)
	b.ResetTimer()
	for i := range tunnels {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		e, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		defer e.Close()
		go benchAnswer(e)
		go func() {
			benchAsk(b, c, (b.N+i)/tunnels)
			turns <- true
		}()
	}
	for range tunnels {
		<-turns
	}
	b.StopTimer()
	relay.Process.Kill()
	relay.Wait()
	spent := relay.ProcessState.UserTime() + relay.ProcessState.SystemTime()
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "cpu-ns/op")
}

var benchUp, benchDown = frame(true, ws.OpBinary, make([]byte, 64)), frame(false, ws.OpBinary, make([]byte, 64))

func benchAsk(b *testing.B, c net.Conn, times int) {
	answer := make([]byte, len(benchDown))
	for range times {
		c.Write(benchUp)
		if _, err := io.ReadFull(c, answer); err != nil {
			b.Error(err)
			return
		}
	}
}

func benchAnswer(c net.Conn) {
	question := make([]byte, len(benchUp))
	for {
		if _, err := io.ReadFull(c, question); err != nil {
			return
		}
		c.Write(benchDown)
	}
}
