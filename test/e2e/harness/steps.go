package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// try plays one step. An expectation that is not met is a failure; the error
// says that the script itself is wrong.
func (r *run) try(st step) ([]Failure, error) {
	was := st
	var err error
	if st.text, err = r.env.expand(st.text); err != nil {
		return nil, fmt.Errorf("line %d: %w", st.line, err)
	}
	st.words = strings.Fields(st.text)
	st.block = slices.Clone(st.block)
	for i := range st.block {
		if st.block[i], err = r.env.expand(st.block[i]); err != nil {
			return nil, fmt.Errorf("line %d: %w", st.line, err)
		}
	}
	err = r.play(st)
	var wrong scriptError
	if errors.As(err, &wrong) {
		return nil, fmt.Errorf("line %d: %s: %w", st.line, was.text, wrong)
	}
	if err == nil {
		return nil, nil
	}
	return []Failure{{was.line, strings.TrimSpace(was.text), printable(r.env.normal(plain(err).Error()))}}, nil
}

type scriptError string

func (e scriptError) Error() string { return string(e) }

func (r *run) play(st step) error {
	switch w := st.words[0]; w {
	case "log":
		return r.log(st)
	case "reload":
		if st.rest(1) == "refused" {
			return r.reloadRefused(st)
		}
		return r.proc.reload(r.Timeout)
	case "stop":
		return r.proc.end(syscall.SIGTERM)
	case "graceful-stop":
		return r.proc.end(syscall.SIGWINCH)
	case "write":
		return r.writeFile(st.rest(1), strings.Join(st.block, "\n")+"\n")
	case "remove":
		return os.Remove(filepath.Join(r.env.root, st.rest(1)))
	case "move":
		if len(st.words) != 3 {
			return scriptError("move wants two paths")
		}
		return os.Rename(filepath.Join(r.env.root, st.words[1]), filepath.Join(r.env.root, st.words[2]))
	case "refused":
		return r.refused(st)
	default:
		if w == "WS" || w == strings.ToUpper(w) {
			return r.exchange(st)
		}
		if len(st.words) < 2 {
			return scriptError("want PEER VERB ...")
		}
		return r.peer(w, st)
	}
}

func (r *run) refused(st step) error {
	out, err := r.Server.Refuse(r.env.root)
	if err != nil {
		return err
	}
	return findLines(st.block, out)
}

// reloadRefused has a running server refuse a configuration with an error.
func (r *run) reloadRefused(st step) error {
	if r.Server.DiesOfErrors {
		return r.refused(st)
	}
	if err := r.proc.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	said := func() error { return findLines(st.block, r.output()) }
	r.proc.await(r.Timeout, "log", func() bool { return said() == nil })
	return said()
}

// findLines wants each pattern on some line of the text.
func findLines(patterns []string, text string) error {
	lines := strings.Split(text, "\n")
	for _, p := range patterns {
		found := slices.ContainsFunc(lines, func(l string) bool { return sameValues([]string{p}, []string{l}) })
		if !found {
			return mismatch(fmt.Sprintf("no line %q in:\n%s", p, text))
		}
	}
	return nil
}

// log plays "log FILE", "log FILE has" and "log FILE lacks".
func (r *run) log(st step) error {
	if len(st.words) < 2 {
		return scriptError("log wants a file")
	}
	mode := st.rest(2)
	read := func() string {
		data, _ := os.ReadFile(filepath.Join(r.env.root, st.words[1]))
		return string(data)
	}
	holds := func() error { return wholeLog(st.block, read()) }
	switch mode {
	case "":
	case "has":
		holds = func() error { return findLines(st.block, read()) }
	case "lacks":
		for _, p := range st.block {
			if findLines([]string{p}, read()) == nil {
				return mismatch(fmt.Sprintf("a line %q", p))
			}
		}
		return nil
	default:
		return scriptError("log FILE, log FILE has, or log FILE lacks")
	}
	r.proc.await(r.Timeout, "log", func() bool { return holds() == nil })
	return holds()
}

// wholeLog wants exactly these lines, in any order: a request is logged behind
// its answer, so that the next connection's line may come first.
func wholeLog(patterns []string, text string) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	left := slices.Clone(lines)
	for _, p := range patterns {
		i := slices.IndexFunc(left, func(l string) bool { return sameValues([]string{p}, []string{l}) })
		if i < 0 {
			return mismatch(strings.Join(lines, "\n\t\t"))
		}
		left = slices.Delete(left, i, i+1)
	}
	if len(left) > 0 && text != "" {
		return mismatch(strings.Join(lines, "\n\t\t"))
	}
	return nil
}

// peer plays a step of a client's connection or of a backend.
func (r *run) peer(name string, st step) error {
	verb, text := st.words[1], st.rest(2)
	b := r.backends[name]
	if b != nil {
		switch verb {
		case "got":
			return b.got(text, st.block)
		case "count":
			return b.count(text)
		case "down":
			b.down()
			return nil
		case "up":
			return b.listen("tcp", nil)
		case "accept", "recv":
			if verb == "accept" || isRequest(text) {
				return r.take(b, verb, text, st.block)
			}
		}
		if b.current == nil {
			return nil // the recv before it has failed already
		}
		return r.speak(b.current, verb, text, st.block)
	}
	if c, named := r.conns[name]; named && c == nil {
		return nil // likewise
	}
	c, err := r.client(name, st)
	if err != nil || verb == "open" {
		return err
	}
	return r.speak(c, verb, text, st.block)
}

// client returns the connection of that name. "open" opens it; the one called
// client opens by itself, and all open again for a request when the old
// connection has ended.
func (r *run) client(name string, st step) (*conn, error) {
	c, verb := r.conns[name], st.words[1]
	var options []string
	switch {
	case verb == "open":
		options = st.words[2:]
	case c == nil && name != "client":
		return nil, scriptError("no backend, and no connection opened, of that name")
	case c != nil && (c.backend || verb != "send" || !c.over && !c.broken || !isRequest(st.rest(2))):
		return c, nil
	}
	if c != nil {
		c.abandon()
		if verb != "open" {
			options = c.options
		}
	}
	c, err := r.dial(options)
	if err == nil {
		r.conns[name] = c
	}
	return c, err
}

// isRequest tells "GET /x" and "head GET /x" from the other things to send or receive.
func isRequest(text string) bool {
	text = strings.TrimPrefix(text, "head ")
	word, _, _ := strings.Cut(text, " ")
	return word == "websocket" || word != "" && word == strings.ToUpper(word) && (word[0] < '0' || word[0] > '9')
}

// take plays "B accept [as NAME]" and "B recv METHOD TARGET [as NAME]".
func (r *run) take(b *backend, verb, text string, lines []string) (err error) {
	text, name, named := strings.Cut(text, " as ")
	if verb == "accept" {
		name, named = strings.CutPrefix(text, "as ")
		b.current, err = b.accept()
	} else {
		b.current, err = b.next()
	}
	c := b.current
	if named {
		r.conns[name], b.current = c, nil
	}
	if err != nil {
		return err
	}
	if verb == "accept" {
		return nil
	}
	return r.speak(c, verb, text, lines)
}

func (r *run) speak(c *conn, verb, text string, lines []string) error {
	if c.broken {
		return nil
	}
	var err error
	switch verb {
	case "send":
		if err = c.send(text, lines); err != nil {
			return scriptError(err.Error())
		}
	case "recv":
		err = c.recv(text, lines)
	case "finish":
		c.finish()
	case "close":
		c.close()
		c.over = true
	case "reset":
		c.reset()
		c.over = true
	default:
		return scriptError(fmt.Sprintf("unknown verb %q", verb))
	}
	var soft mismatch
	c.broken = err != nil && !errors.As(err, &soft)
	return err
}

// exchange plays "METHOD TARGET [options] -> STATUS [BODY]" on a connection of its own.
func (r *run) exchange(st step) error {
	request, response, ok := strings.Cut(st.text, " -> ")
	words := strings.Fields(request)
	if !ok || len(words) < 2 {
		return scriptError("want METHOD TARGET [options] -> STATUS [BODY]")
	}
	if words[0] == "WS" {
		words[0] = "websocket"
	}
	start, options := words[:2], words[2:]
	if len(options) > 0 && strings.HasPrefix(options[0], "HTTP/") {
		start, options = words[:3], words[3:]
	}
	var send, recv []string
	for _, l := range st.block {
		if q, ok := strings.CutPrefix(l, "> "); ok {
			send = append(send, q)
		} else {
			recv = append(recv, l)
		}
	}
	c, err := r.dial(options)
	if err != nil {
		return err
	}
	defer c.abandon()
	if err := c.send(strings.Join(start, " "), send); err != nil {
		return scriptError(err.Error())
	}
	greeting, tunnel := strings.CutPrefix(response, "101 ")
	if !tunnel {
		return c.recv(response, recv)
	}
	if err := c.recv("101", recv); err != nil {
		return err
	}
	return r.tryTunnel(c, greeting)
}

// tryTunnel wants an echo backend's greeting, an echo and an orderly end.
func (r *run) tryTunnel(c *conn, greeting string) error {
	if err := c.recv("frame text "+greeting, nil); err != nil {
		return err
	}
	for _, f := range []string{"frame text hello", "frame close 1000"} {
		if err := c.send(f, nil); err != nil {
			return err
		}
		if err := c.recv(f, nil); err != nil {
			return fmt.Errorf("%s: %w", f, plain(err))
		}
	}
	return c.recv("closed", nil)
}
