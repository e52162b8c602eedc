package harness

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"transom/test/freeport"
)

// An env gives a file's placeholders their values.
type env struct {
	root   string
	ca     *authority
	values map[string]string // by placeholder: ports and backends

	remark string // what this machine made different
}

var placeholder = regexp.MustCompile(`\$\{([A-Z]+)(?:_([\w.-]+))?\}`)

// expand replaces the placeholders that the harness knows and leaves others,
// which are httpd's own, alone.
func (e *env) expand(s string) (string, error) {
	var failed error
	out := placeholder.ReplaceAllStringFunc(s, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		v, err := e.value(p, m[1], m[2])
		if err != nil {
			failed = fmt.Errorf("%s: %w", p, err)
		}
		return v
	})
	return out, failed
}

func (e *env) value(whole, kind, name string) (string, error) {
	if v, ok := e.values[whole]; ok {
		return v, nil
	}
	switch {
	case kind == "ROOT" && name == "":
		return e.root, nil
	case kind == "PORT":
		port, err := freeport.Next()
		e.values[whole] = port
		return port, err
	case kind == "CA" && name == "":
		return e.store("certs/ca.crt", e.ca.pem)
	case kind == "CERT" || kind == "KEY":
		l, err := e.ca.issue(name)
		if err != nil {
			return "", err
		}
		if kind == "KEY" {
			return e.store("certs/"+name+".key", l.key)
		}
		return e.store("certs/"+name+".crt", l.cert)
	case kind == "LOOPBACK" && name == "6":
		return e.loopback6(), nil
	case kind == "FILL":
		n, err := strconv.Atoi(name)
		return fill(n), err
	case kind == "BACKEND":
		return "", fmt.Errorf("no line \"backend %s\" in the script", name)
	}
	return whole, nil
}

// loopback6 is IPv6's loopback address as it stands in URLs, or one of IPv4's where the machine has none.
func (e *env) loopback6() string {
	ln, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		e.remark = fmt.Sprintf("played with 127.0.0.6 in the place of [::1], which this machine does not have: %v", err)
		return "127.0.0.6"
	}
	ln.Close()
	return "[::1]"
}

// fill returns n bytes in which no position looks like its neighbours.
func fill(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d.", i)
	}
	return b.String()[:n]
}

// store writes a file below the root and returns its absolute path.
func (e *env) store(path string, data []byte) (string, error) {
	path = filepath.Join(e.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, data, 0o644)
}

// normal puts placeholders back in the place of values that differ from run to run.
func (e *env) normal(s string) string {
	names := make([]string, 0, len(e.values))
	for name := range e.values {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool { return len(e.values[names[i]]) > len(e.values[names[j]]) })
	for _, name := range names {
		s = strings.ReplaceAll(s, e.values[name], name)
	}
	return strings.ReplaceAll(s, e.root, "${ROOT}")
}
