package run

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/tunnel"
)

// ControlSocket is the Unix domain socket of a configuration's server; empty if it has none.
func ControlSocket(b *module.Build) string {
	switch name := b.Process.ControlSocket; {
	case strings.EqualFold(name, "off"):
		return ""
	case name != "":
		return b.Path(name)
	}
	return strings.TrimSuffix(PidFile(b), ".pid") + ".sock"
}

// ControlRequest is what a client of the control socket says, as one line of JSON. A connection may say several.
type ControlRequest struct {
	Command string `json:"command"` // "tunnels" or "close"
	ID      uint64 `json:"id,omitempty"`
}

// ControlResponse is the answer, also one line.
type ControlResponse struct {
	Error   string   `json:"error,omitempty"`
	Tunnels []Tunnel `json:"tunnels"`
}

// Tunnel is one row of the table of live tunnels.
type Tunnel struct {
	ID           uint64    `json:"id"`
	Client       string    `json:"client"`
	Host         string    `json:"host"`
	URL          string    `json:"url"`
	Backend      string    `json:"backend"`
	Started      time.Time `json:"started"`
	LastActivity time.Time `json:"last_activity"`
	FromClient   Traffic   `json:"from_client"`
	FromBackend  Traffic   `json:"from_backend"`
	Opaque       bool      `json:"opaque,omitempty"` // messages are not counted
}

// Traffic counts what was read from one side of a tunnel.
type Traffic struct {
	Bytes    int64 `json:"bytes"`
	Messages int64 `json:"messages"`
}

// closedByOperator is the close code of a tunnel that is closed by hand: the peer is going away (RFC 6455 7.4.1).
const closedByOperator = 1001

const (
	controlLine = 4 << 10 // longest request
	controlIdle = time.Minute
)

// control answers on the control socket. It owns the socket's file.
type control struct {
	relay func() tunnel.Relay
	path  string
	l     net.Listener

	mu    sync.Mutex
	conns map[net.Conn]bool
	wg    sync.WaitGroup
}

// openControl binds path, which only the owner may use. A socket that nobody listens on any more is replaced.
func openControl(path string, relay func() tunnel.Relay) (*control, error) {
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil, fmt.Errorf("another process listens on the control socket %s", path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket == 0 {
		return nil, fmt.Errorf("no control socket: %s is something else, which it would replace", path)
	}
	// Bound where nobody else may look, then put in place: there is no moment at which others could connect.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".control")
	if err != nil {
		return nil, fmt.Errorf("no control socket: %w", err)
	}
	defer os.RemoveAll(dir)
	bound := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: bound, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("no control socket: %w", err)
	}
	l.SetUnlinkOnClose(false)
	if err = os.Chmod(bound, 0o600); err == nil {
		err = os.Rename(bound, path)
	}
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("no control socket: %w", err)
	}
	c := &control{relay: relay, path: path, l: l, conns: map[net.Conn]bool{}}
	c.wg.Add(1)
	go c.accept()
	return c, nil
}

// close ends all conversations and removes the socket.
func (c *control) close() {
	c.l.Close()
	os.Remove(c.path)
	c.mu.Lock()
	for conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
	c.mu.Unlock()
	c.wg.Wait()
}

func (c *control) accept() {
	defer c.wg.Done()
	for {
		conn, err := c.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(100 * time.Millisecond) // out of descriptors
			continue
		}
		c.mu.Lock()
		if c.conns == nil {
			conn.Close()
		} else {
			c.conns[conn] = true
			c.wg.Add(1)
			go c.converse(conn)
		}
		c.mu.Unlock()
	}
}

// converse owns conn.
func (c *control) converse(conn net.Conn) {
	defer c.wg.Done()
	defer func() {
		conn.Close()
		c.mu.Lock()
		delete(c.conns, conn)
		c.mu.Unlock()
	}()
	in := bufio.NewReaderSize(conn, controlLine)
	for {
		conn.SetDeadline(time.Now().Add(controlIdle))
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		if json.NewEncoder(conn).Encode(c.answer(line)) != nil {
			return
		}
	}
}

func (c *control) answer(line []byte) *ControlResponse {
	var q ControlRequest
	if err := json.Unmarshal(line, &q); err != nil {
		return &ControlResponse{Error: "a request is a line of JSON: " + err.Error()}
	}
	switch q.Command {
	case "tunnels":
		return &ControlResponse{Tunnels: rows(c.relay().List())}
	case "close":
		if !c.relay().Close(q.ID, closedByOperator) {
			return &ControlResponse{Error: fmt.Sprintf("there is no tunnel %d", q.ID)}
		}
		return &ControlResponse{}
	}
	return &ControlResponse{Error: fmt.Sprintf("unknown command %q: tunnels and close are known", q.Command)}
}

func rows(list []tunnel.Status) []Tunnel {
	rows := make([]Tunnel, len(list))
	for i, s := range list {
		rows[i] = Tunnel{ID: s.ID, Client: s.Client, Host: s.Host, URL: s.URL, Backend: s.Backend, Started: s.Started, LastActivity: s.Last,
			FromClient: Traffic(s.FromClient), FromBackend: Traffic(s.FromBackend), Opaque: s.Opaque}
	}
	return rows
}

// Control asks the server behind a control socket.
func Control(path string, q ControlRequest) (*ControlResponse, error) {
	conn, err := net.DialTimeout("unix", path, 5*time.Second)
	if err != nil {
		return nil, fmt.Errorf("no server answers on the control socket: %w", err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(controlIdle))
	if err := json.NewEncoder(conn).Encode(q); err != nil {
		return nil, err
	}
	var r ControlResponse
	if err := json.NewDecoder(conn).Decode(&r); err == io.EOF {
		return nil, errors.New("the server closed the control socket without an answer")
	} else if err != nil {
		return nil, err
	}
	if r.Error != "" {
		return nil, errors.New(r.Error)
	}
	return &r, nil
}

// openControl binds the control socket that a configuration asks for, if that is another one than now. Serving does not depend on it.
func (s *Server) openControl(b *module.Build) {
	path := ControlSocket(b)
	if s.control != nil {
		if s.control.path == path {
			return
		}
		s.control.close()
		s.control = nil
	}
	if path == "" {
		return
	}
	c, err := openControl(path, func() tunnel.Relay { return module.Tunnels(s.kept) })
	if err != nil {
		s.tell(observe.Warn, "", err.Error()+"; transom tunnels will not reach this server")
		return
	}
	s.control = c
}

func (s *Server) closeControl() {
	if s.control != nil {
		s.control.close()
		s.control = nil
	}
}
