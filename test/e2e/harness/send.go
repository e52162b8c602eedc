package harness

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// send writes what the words and the block say, all in one write.
func (c *conn) send(text string, lines []string) error {
	data, err := c.encode(text, lines)
	if err != nil {
		return err
	}
	c.write(data)
	return nil
}

func (c *conn) encode(text string, lines []string) ([]byte, error) {
	kind, rest, _ := strings.Cut(text, " ")
	switch kind {
	case "raw":
		return rawBytes(rest, lines)
	case "frame":
		f, err := parseFrame(rest)
		f.masked = !c.backend
		return f.bytes(), err
	case "chunk":
		data, err := unescape(rest)
		return fmt.Appendf(nil, "%x\r\n%s\r\n", len(data), data), err
	case "end":
		return []byte("0\r\n" + crlf(lines) + "\r\n"), nil
	}
	b, err := parseBlock(lines)
	if err != nil {
		return nil, err
	}
	var data []byte
	if c.backend {
		data, err = c.encodeResponse(text, b)
	} else {
		data, err = c.encodeRequest(text, b)
	}
	if err != nil {
		return nil, err
	}
	for _, extra := range b.extra {
		more, err := c.encode(extra, nil)
		if err != nil {
			return nil, err
		}
		data = append(data, more...)
	}
	return data, nil
}

// rawBytes is the text of the step as it stands, or the lines below it, each
// with CRLF unless it ends in a backslash.
func rawBytes(text string, lines []string) ([]byte, error) {
	for _, l := range lines {
		if half, ok := strings.CutSuffix(l, `\`); ok {
			text += half
		} else {
			text += l + `\r\n`
		}
	}
	s, err := unescape(text)
	return []byte(s), err
}

func crlf(lines []string) string {
	var out strings.Builder
	for _, l := range lines {
		out.WriteString(l + "\r\n")
	}
	return out.String()
}

func (c *conn) encodeRequest(text string, b block) ([]byte, error) {
	words := strings.Fields(text)
	if len(words) < 2 || len(words) > 3 {
		return nil, fmt.Errorf("want METHOD TARGET [VERSION], have %q", text)
	}
	method, target, version := words[0], words[1], "HTTP/1.1"
	if len(words) == 3 {
		version = words[2]
	}
	automatic := []string{"Host: " + c.host}
	if method == "websocket" {
		method = "GET"
		automatic = append(automatic, "Upgrade: websocket", "Connection: Upgrade",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: "+sampleKey)
		c.key = sampleKey
	}
	c.sent = append(c.sent, method)
	return b.encode(method+" "+target+" "+version, automatic, b.body != nil), nil
}

func (c *conn) encodeResponse(text string, b block) ([]byte, error) {
	words := strings.SplitN(text, " ", 2)
	status, err := strconv.Atoi(words[0])
	if err != nil {
		return nil, fmt.Errorf("want a status, have %q", text)
	}
	reason := http.StatusText(status)
	if len(words) == 2 {
		reason = words[1]
	}
	var automatic []string
	if status == 101 {
		automatic = []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + acceptFor(c.key)}
		c.tunnel = true
	}
	hasBody := status/100 != 1 && status != 204 && status != 304
	return b.encode(fmt.Sprintf("HTTP/1.1 %d %s", status, reason), automatic, hasBody), nil
}

// encode writes a head, and the body if there is one. The automatic lines
// give way to lines of the block with the same name; so does Content-Length.
func (b block) encode(start string, automatic []string, hasBody bool) []byte {
	body := ""
	if b.body != nil {
		body = *b.body
	}
	if hasBody && !b.has("Transfer-Encoding") {
		automatic = append(automatic, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	automatic = slices.DeleteFunc(automatic, func(l string) bool {
		name, _, _ := strings.Cut(l, ":")
		return b.has(name)
	})
	return []byte(start + "\r\n" + crlf(automatic) + crlf(b.lines) + "\r\n" + body)
}
