package harness

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// recv reads what the words and the block expect. A mismatch leaves the
// connection usable; any other error means that nothing more can be read.
func (c *conn) recv(text string, lines []string) error {
	c.SetReadDeadline(time.Now().Add(c.timeout))
	kind, rest, _ := strings.Cut(text, " ")
	switch kind {
	case "raw":
		want, err := rawBytes(rest, lines)
		if err != nil {
			return err
		}
		return expectBytes(c.r, string(want))
	case "frame":
		return c.recvFrame(rest)
	case "data":
		want, err := unescape(rest)
		if err != nil {
			return err
		}
		if c.body == nil {
			return errors.New("recv data wants a recv head before it")
		}
		return expectBytes(c.body, want)
	case "end":
		return c.recvEnd(lines)
	case "closed":
		return c.recvClosed()
	case "cert":
		return c.recvCert(rest)
	case "head":
		return c.recvMessage(rest, lines, false)
	}
	return c.recvMessage(text, lines, true)
}

func expectBytes(r io.Reader, want string) error {
	got := make([]byte, len(want))
	n, err := io.ReadFull(r, got)
	if err != nil && n > 0 {
		return fmt.Errorf("%q, then %w", clip(string(got[:n])), plain(err))
	}
	if err == nil && string(got) != want {
		return mismatch(fmt.Sprintf("%q", clip(string(got))))
	}
	return err
}

func (c *conn) recvFrame(text string) error {
	want, err := parseFrame(text)
	if err != nil {
		return err
	}
	got, err := readFrame(c.r)
	if err != nil {
		return err
	}
	want.masked = c.backend
	if got.masked != want.masked {
		return mismatch(fmt.Sprintf("%v, masked: %t", got, got.masked))
	}
	if got != want {
		return mismatch(got.String())
	}
	return nil
}

func (c *conn) recvEnd(lines []string) error {
	if c.body == nil {
		return errors.New("recv end wants a recv head before it")
	}
	rest, err := io.ReadAll(c.body)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return mismatch(fmt.Sprintf("%q before the end", clip(string(rest))))
	}
	b, err := parseBlock(lines)
	if err != nil {
		return err
	}
	return firstOf(checkFields(b, c.body.trailers))
}

// recvClosed wants the other side's end, by FIN or reset, and nothing before it.
func (c *conn) recvClosed() error {
	rest, err := io.ReadAll(io.LimitReader(c.r, 1<<16))
	if len(rest) > 0 {
		return fmt.Errorf("%q", clip(string(rest)))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return mismatch("still open")
	}
	c.over = true
	if isReset(err) {
		return nil
	}
	return err
}

func (c *conn) recvCert(name string) error {
	t, ok := c.Conn.(*tls.Conn)
	if !ok {
		return errors.New("not a TLS connection")
	}
	if got := t.ConnectionState().PeerCertificates[0].Subject.CommonName; got != name {
		return mismatch(got)
	}
	return nil
}

// recvMessage reads a request on a backend's connection and a response on a
// client's, with its body if whole, and compares.
func (c *conn) recvMessage(text string, lines []string, whole bool) error {
	b, err := parseBlock(lines)
	if err != nil {
		return err
	}
	if c.last, err = readHead(c.r); err != nil {
		return err
	}
	method := ""
	if !c.backend && len(c.sent) > 0 {
		method = c.sent[0]
	}
	if c.body, err = newBody(c.r, c.last, method); err != nil {
		return err
	}
	m := message{head: c.last}
	if whole {
		data, err := io.ReadAll(c.body)
		if err != nil {
			return fmt.Errorf("%s, body %q, then %w", c.last.start, clip(string(data)), plain(err))
		}
		m.body, m.trailers = string(data), c.body.trailers
	}
	if c.backend {
		c.noteRequest()
		return firstOf(append(checkRequest(text, m), b.check(m)...))
	}
	wrong := c.noteResponse()
	status, body, _ := strings.Cut(text, " ")
	if body != "" {
		b.body = &body
	}
	if strconv.Itoa(m.status()) != status {
		wrong = append(wrong, m.start)
	}
	return firstOf(append(wrong, b.check(m)...))
}

func (c *conn) noteRequest() {
	c.tunnel = false
	if keys := c.last.values("Sec-WebSocket-Key"); len(keys) == 1 {
		c.key = keys[0]
	}
}

func (c *conn) noteResponse() (wrong []string) {
	status := c.last.status()
	if status == 101 {
		c.tunnel = true
		if got := c.last.values("Sec-WebSocket-Accept"); c.key != "" && !slices.Equal(got, []string{acceptFor(c.key)}) {
			wrong = append(wrong, fmt.Sprintf("Sec-WebSocket-Accept: %q", got))
		}
	}
	if status/100 != 1 && len(c.sent) > 0 {
		c.sent = c.sent[1:]
	}
	old := strings.HasPrefix(c.last.start, "HTTP/1.0") && !c.last.hasToken("Connection", "keep-alive")
	c.over = c.over || old || c.body.framing == byEOF || c.last.hasToken("Connection", "close")
	return wrong
}

func checkRequest(text string, m message) []string {
	got := m.start
	if strings.Count(strings.TrimSpace(text), " ") < 2 {
		got = got[:max(0, strings.LastIndex(got, " "))]
	}
	if got != text {
		return []string{clip(m.start)}
	}
	return nil
}

// check lists what in the message is not as the block says.
func (b block) check(m message) []string {
	wrong := checkFields(b, m.fields)
	trimmed := strings.TrimSuffix(m.body, "\n")
	if b.body != nil && trimmed != strings.TrimSuffix(*b.body, "\n") {
		wrong = append(wrong, fmt.Sprintf("body %q", clip(m.body)))
	}
	if b.match != "" && !matches(b.match, trimmed) {
		wrong = append(wrong, fmt.Sprintf("body %q", clip(m.body)))
	}
	return append(wrong, checkTrailers(b, m.trailers)...)
}

// checkFields compares all lines of each name that the block mentions.
func checkFields(b block, fields []field) []string {
	var wrong, names []string
	for _, l := range b.lines {
		name, _, ok := strings.Cut(l, ":")
		if strings.HasPrefix(l, "trailer ") || contains(names, name) {
			continue
		}
		if !ok {
			return []string{fmt.Sprintf("the script's line %q is not a header", l)}
		}
		names = append(names, name)
		if got := (head{fields: fields}).values(name); !sameValues(b.values(name), got) {
			wrong = append(wrong, fmt.Sprintf("%s: %q", name, got))
		}
	}
	for _, name := range b.without {
		if got := (head{fields: fields}).values(name); len(got) > 0 {
			wrong = append(wrong, fmt.Sprintf("%s: %q", name, got))
		}
	}
	return wrong
}

func checkTrailers(b block, trailers []field) []string {
	var t block
	for _, l := range b.lines {
		if l, ok := strings.CutPrefix(l, "trailer "); ok {
			t.lines = append(t.lines, l)
		}
	}
	return checkFields(t, trailers)
}

func (b block) values(name string) []string {
	var values []string
	for _, l := range b.lines {
		if n, v, _ := strings.Cut(l, ":"); strings.EqualFold(n, name) {
			values = append(values, strings.Trim(v, " "))
		}
	}
	return values
}

func sameValues(want, got []string) bool {
	return slices.EqualFunc(want, got, func(w, g string) bool {
		if pattern, ok := strings.CutPrefix(w, "~"); ok {
			return matches(pattern, g)
		}
		return w == g
	})
}

func matches(pattern, s string) bool {
	re, err := regexp.Compile("^(?:" + strings.TrimSpace(pattern) + ")$")
	return err == nil && re.MatchString(s)
}

func firstOf(wrong []string) error {
	if len(wrong) == 0 {
		return nil
	}
	return mismatch(strings.Join(wrong, "; "))
}
