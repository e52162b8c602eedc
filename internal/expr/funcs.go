package expr

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"transom/internal/percent"
)

// maxFileSize is httpd's limit for the file function, in bytes.
const maxFileSize = 10 << 20

func (p *parser) newCall(id string, arg word, at int) (word, error) {
	lower := strings.ToLower(id)
	switch lower {
	case "http":
		lower = "req"
	case "file", "filesize":
		if p.opt.Restricted {
			return nil, p.fail(at, "function %s is not available in this context", id)
		}
	}
	if pure := pureFunc(lower); pure != nil {
		return call{lower, arg, pure}, nil
	}
	switch lower {
	case "req", "req_novary", "resp", "reqenv", "osenv", "note", "env":
		return call{name: lower, arg: arg}, nil
	}
	if p.opt.Function != nil && p.opt.Function(lower) {
		return call{name: lower, arg: arg}, nil
	}
	return nil, p.fail(at, "function %s does not exist", id)
}

// pureFunc returns a function that needs no request.
func pureFunc(name string) func(string) (string, error) {
	infallible := func(f func(string) string) func(string) (string, error) {
		return func(s string) (string, error) { return f(s), nil }
	}
	switch name {
	case "tolower":
		return infallible(func(s string) string { return mapLetters(s, 'A', 'Z') })
	case "toupper":
		return infallible(func(s string) string { return mapLetters(s, 'a', 'z') })
	case "escape":
		return infallible(percent.Encode)
	case "unescape":
		return infallible(unescapeURI)
	case "base64":
		return infallible(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })
	case "unbase64":
		return infallible(unbase64)
	case "md5":
		return infallible(func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) })
	case "sha1":
		return infallible(func(s string) string { sum := sha1.Sum([]byte(s)); return hex.EncodeToString(sum[:]) })
	case "ldap":
		return infallible(escapeLDAP)
	case "filesize":
		return infallible(fileSize)
	case "file":
		return readFile
	}
	return nil
}

// mapLetters changes the case of the ASCII letters from low to high.
func mapLetters(s string, low, high byte) string {
	b := []byte(s)
	for i, c := range b {
		if c >= low && c <= high {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

// unescapeURI keeps an escaped slash as it is. A bad escape or an escaped NUL
// makes the whole result empty.
func unescapeURI(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		c, ok := percent.Decode(s[i:])
		switch {
		case !ok || c == 0:
			return ""
		case c == '/':
			b = append(b, s[i:i+3]...)
		default:
			b = append(b, c)
		}
		i += 2
	}
	return string(b)
}

// unbase64 decodes up to the first character that is not of the alphabet, and
// ends at a NUL.
func unbase64(s string) string {
	to := 0
	for to < len(s) && (isLetter(s[to]) || isDigit(s[to]) || s[to] == '+' || s[to] == '/') {
		to++
	}
	if to%4 == 1 {
		to--
	}
	decoded, err := base64.RawStdEncoding.DecodeString(s[:to])
	if err != nil {
		return ""
	}
	return cutNul(string(decoded))
}

// escapeLDAP escapes for distinguished names (RFC 4514) and for filters (RFC 4515).
func escapeLDAP(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c >= 0x7f || strings.IndexByte(`*()\,+"<>;`, c) >= 0 {
			fmt.Fprintf(&b, `\%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// fileSize is "0" for what is no regular file.
func fileSize(path string) string {
	info, err := os.Stat(path)
	if err != nil || !isRegular(info) {
		return "0"
	}
	return strconv.FormatInt(info.Size(), 10)
}

func readFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("function file: %w", err)
	}
	if !isRegular(info) {
		return "", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("function file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return "", fmt.Errorf("function file: %w", err)
	}
	if len(text) > maxFileSize {
		return "", fmt.Errorf("function file: %s is larger than %d bytes", path, maxFileSize)
	}
	return cutNul(string(text)), nil
}
