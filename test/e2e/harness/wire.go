package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The harness reads HTTP/1 with its own few lines, strictly and without
// net/http, so that what it reports is what stood on the wire.

type field struct{ name, value string }

type head struct {
	start  string
	fields []field
}

// A message is a request or response that was received whole.
type message struct {
	head
	body     string
	trailers []field
}

const maxLine = 1 << 20

func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if errors.Is(err, bufio.ErrBufferFull) && len(line) < maxLine {
			continue
		}
		if err != nil {
			return string(line), err
		}
		break
	}
	text, ok := strings.CutSuffix(string(line), "\r\n")
	if !ok {
		return "", fmt.Errorf("line without CRLF: %q", clip(string(line)))
	}
	return text, nil
}

func readFields(r *bufio.Reader) ([]field, error) {
	var fields []field
	for {
		line, err := readLine(r)
		if err != nil || line == "" {
			return fields, err
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("malformed header line %q", clip(line))
		}
		fields = append(fields, field{name, strings.Trim(value, " \t")})
	}
}

func readHead(r *bufio.Reader) (h head, err error) {
	if h.start, err = readLine(r); err != nil {
		return h, err
	}
	if h.fields, err = readFields(r); errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return h, err
}

func (h head) values(name string) []string {
	var values []string
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

// hasToken reports whether the comma-separated header has the token.
func (h head) hasToken(name, token string) bool {
	for _, v := range h.values(name) {
		for t := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}

// status is that of a response, or 0.
func (h head) status() int {
	words := strings.SplitN(h.start, " ", 3)
	if len(words) < 2 || !strings.HasPrefix(words[0], "HTTP/1.") {
		return 0
	}
	n, _ := strconv.Atoi(words[1])
	return n
}

type framing int

const (
	noBody framing = iota
	byLength
	byChunks
	byEOF
)

// A body reads a message's body as RFC 9112 section 6.3 frames it.
type body struct {
	r        *bufio.Reader
	framing  framing
	left     int64
	done     bool
	trailers []field
}

// newBody returns the body behind the head; method is the request's.
func newBody(r *bufio.Reader, h head, method string) (*body, error) {
	b := &body{r: r}
	status := h.status()
	lengths := h.values("Content-Length")
	switch {
	case status/100 == 1, status == 204, status == 304, status != 0 && method == "HEAD":
	case h.hasToken("Transfer-Encoding", "chunked"):
		b.framing = byChunks
	case len(lengths) > 1:
		return nil, fmt.Errorf("several Content-Length lines: %q", lengths)
	case len(lengths) == 1:
		n, err := strconv.ParseUint(lengths[0], 10, 62)
		if err != nil {
			return nil, fmt.Errorf("Content-Length %q", lengths[0])
		}
		b.framing, b.left = byLength, int64(n)
	case status != 0:
		b.framing = byEOF
	}
	b.done = b.framing == noBody || b.framing == byLength && b.left == 0
	return b, nil
}

func (b *body) Read(p []byte) (int, error) {
	if b.framing == byEOF && !b.done {
		n, err := b.r.Read(p)
		b.done = errors.Is(err, io.EOF)
		return n, err
	}
	if b.framing == byChunks && b.left == 0 && !b.done {
		if err := b.nextChunk(); err != nil {
			return 0, err
		}
	}
	if b.done {
		return 0, io.EOF
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if errors.Is(err, io.EOF) {
		return n, io.ErrUnexpectedEOF
	}
	if err == nil && b.left == 0 {
		err = b.endOfPart()
	}
	return n, err
}

func (b *body) endOfPart() error {
	if b.framing == byLength {
		b.done = true
		return nil
	}
	line, err := readLine(b.r)
	if err == nil && line != "" {
		err = fmt.Errorf("%q behind a chunk", clip(line))
	}
	return err
}

func (b *body) nextChunk() error {
	line, err := readLine(b.r)
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 62)
	if err != nil {
		return fmt.Errorf("chunk size %q", clip(line))
	}
	b.left = int64(n)
	if n == 0 {
		b.done = true
		b.trailers, err = readFields(b.r)
	}
	return err
}

// clip shortens text for a report.
func clip(s string) string {
	const most = 400
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s... (%d bytes)", s[:most], len(s))
}

// printable keeps line breaks and shows other control characters as escapes.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || r == '\t' || strconv.IsPrint(r) && r != utf8.RuneError {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\x%02x", r)
		}
	}
	return b.String()
}
