package upstream

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"transom/internal/rawnet"
)

// The time that a long write took is not the backend's: the next read has a deadline of its own. A quick one shares the look
// at the clock before it.
func TestReadAfterLongWrite(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	full := make(chan struct{}, 1)
	sock := noticing{near.(*net.TCPConn), full}
	c := &Conn{Conn: near, Raw: near, quick: rawnet.New(sock), plain: true, worker: &Worker{state: &state{}}, timeout: time.Minute}
	write := func(n int) (armed bool) {
		c.armRead(clock())
		c.armed = true
		if _, err := c.Write(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		c.Rearm()
		return c.armed
	}
	if !write(10) {
		t.Error("a short write costs a look at the clock")
	}
	read := make(chan struct{})
	go func() {
		<-full
		io.CopyN(io.Discard, far, 10+64<<20)
		close(read)
	}()
	if write(64 << 20) {
		t.Error("a write that waited leaves the read its old deadline")
	}
	<-read
	if !write(10) {
		t.Error("it is remembered for later writes")
	}
}

// noticing tells when a write has to wait: only then it has a deadline.
type noticing struct {
	*net.TCPConn
	full chan struct{}
}

func (n noticing) SetWriteDeadline(t time.Time) error {
	if !t.IsZero() {
		select {
		case n.full <- struct{}{}:
		default:
		}
	}
	return n.TCPConn.SetWriteDeadline(t)
}

// Who waited for a connection has the whole timeout from then on.
func TestTimeoutBehindTheWait(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u, err := ParseURL("http://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorker(u, false)
	w.Max, w.Timeout = 1, time.Minute
	w.Start()
	defer w.Close()
	first, err := w.Connect(context.Background(), &Request{}, "80")
	if err != nil {
		t.Fatal(err)
	}
	turn := make(chan *Conn)
	go func() {
		c, _ := w.Connect(context.Background(), &Request{}, "80")
		turn <- c
	}()
	for w.Stats().Waiting == 0 {
		time.Sleep(time.Millisecond)
	}
	first.readBy = 0
	released := clock()
	first.Release(true)
	second := <-turn
	if second != first {
		t.Fatal("another connection was made")
	}
	if want := w.Timeout + w.Timeout/slack; second.readBy < released+want {
		t.Errorf("its time ends %v after the turn came, want %v", second.readBy-released, want)
	}
	second.Release(false)
}
