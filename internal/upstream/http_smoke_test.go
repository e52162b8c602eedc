package upstream

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
)

func TestSmoke(t *testing.T) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				r := bufio.NewReader(c)
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					if line == "\r\n" {
						io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					}
				}
			}()
		}
	}()
	u, err := ParseURL("http://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorker(u, false).Start()
	for range 3 {
		resp, err := HTTP{"http", "80"}.Exchange(context.Background(), w, &Request{Method: "GET", Target: "/"})
		if err != nil {
			t.Fatal(err)
		}
		b := new(strings.Builder)
		n, err := io.Copy(b, resp.Body)
		resp.Body.Close()
		t.Log(resp.Status, resp.Fields, n, err, b, w.Stats())
	}
}
