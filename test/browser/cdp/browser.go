// Package cdp drives headless Chromium over its DevTools protocol, as far as tests of pages behind a proxy need it.
package cdp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Browser is a running Chromium with a profile of its own. Whoever started it calls Close.
type Browser struct {
	cmd     *exec.Cmd
	exited  chan struct{}
	profile string
	conn    *websocket.Conn
	lost    chan struct{} // closed when nothing more is read from conn

	mu      sync.Mutex
	lastID  int
	waiting map[int]chan<- message
	pages   map[string]*Page // by DevTools session
}

// message is what the DevTools protocol sends: an answer has an ID, an event a Method.
type message struct {
	ID      int             `json:"id"`
	Session string          `json:"sessionId"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// flags keep Chromium from showing itself, from needing a sandbox (which root can't have) and from calling home.
var flags = strings.Fields(`--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
	--disable-background-networking --disable-component-update --disable-sync --disable-default-apps
	--disable-dev-shm-usage --window-size=1280,1000 --remote-debugging-port=0`)

// Start runs Chromium; every name of a host that a page asks for is one of this machine.
func Start(ctx context.Context) (*Browser, error) {
	program, err := find("chromium", "chromium-browser", "google-chrome")
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		return nil, err
	}
	b := &Browser{
		exited:  make(chan struct{}),
		profile: profile,
		lost:    make(chan struct{}),
		waiting: map[int]chan<- message{},
		pages:   map[string]*Page{},
	}
	args := append([]string{"--user-data-dir=" + profile, "--host-resolver-rules=MAP * 127.0.0.1"}, flags...)
	b.cmd = exec.Command(program, append(args, "about:blank")...)
	var output bytes.Buffer // read only once the process has ended
	b.cmd.Stderr = &output
	b.cmd.WaitDelay = 5 * time.Second
	if err := b.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(profile))
	}
	go func() {
		b.cmd.Wait()
		close(b.exited)
	}()
	if err := b.attach(ctx); err != nil {
		b.kill()
		return nil, fmt.Errorf("%s: %w\n%s", program, err, &output)
	}
	return b, nil
}

func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("Chromium is missing; install it: apt-get install chromium")
}

// attach connects to the address that Chromium writes into its profile.
func (b *Browser) attach(ctx context.Context) error {
	var port, path string
	for {
		text, _ := os.ReadFile(filepath.Join(b.profile, "DevToolsActivePort"))
		var found bool
		if port, path, found = strings.Cut(strings.TrimSpace(string(text)), "\n"); found {
			break
		}
		select {
		case <-b.exited:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("it offers no DevTools: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	conn, _, err := websocket.Dial(ctx, "ws://127.0.0.1:"+port+path, nil)
	if err != nil {
		close(b.lost)
		return err
	}
	conn.SetReadLimit(-1) // screenshots are large
	b.conn = conn
	go b.read()
	return nil
}

// Close ends Chromium and removes its profile.
func (b *Browser) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	b.call(ctx, "", "Browser.close", nil, nil) // it may be gone before it answers
	select {
	case <-b.exited:
	case <-ctx.Done():
	}
	b.conn.CloseNow()
	<-b.lost
	return b.kill()
}

func (b *Browser) kill() error {
	b.cmd.Process.Kill()
	<-b.exited
	return os.RemoveAll(b.profile)
}

// read hands out what Chromium sends until the connection ends.
func (b *Browser) read() {
	defer close(b.lost)
	for {
		_, text, err := b.conn.Read(context.Background())
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text, &m) != nil {
			continue
		}
		b.mu.Lock()
		answer, page := b.waiting[m.ID], b.pages[m.Session]
		delete(b.waiting, m.ID)
		b.mu.Unlock()
		if answer != nil {
			answer <- m
		} else if page != nil {
			page.event(m)
		}
	}
}

// call makes a request of the DevTools protocol and stores its result in into, unless that is nil.
func (b *Browser) call(ctx context.Context, session, method string, params map[string]any, into any) error {
	answer := make(chan message, 1)
	b.mu.Lock()
	b.lastID++
	id := b.lastID
	b.waiting[id] = answer
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.waiting, id)
		b.mu.Unlock()
	}()

	request := map[string]any{"id": id, "method": method}
	if session != "" {
		request["sessionId"] = session
	}
	if params != nil {
		request["params"] = params
	}
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	// Not ctx: its end in the middle of a message would close the connection.
	if err := b.conn.Write(context.WithoutCancel(ctx), websocket.MessageText, text); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case m := <-answer:
		if m.Error != nil {
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		}
		if into == nil {
			return nil
		}
		return json.Unmarshal(m.Result, into)
	case <-b.lost:
		return fmt.Errorf("%s: Chromium is gone", method)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}
