package headers

import (
	"fmt"
	"os"
	"strings"
	"time"

	"transom/internal/module"
)

// null is what httpd shows for a variable that is not set.
const null = "(null)"

// parseFormat reads a value with items: %t %D %l %i %b %{NAME}e %{NAME}s %%.
func parseFormat(format string) (value, error) {
	var parts []func(*module.Request) string
	for format != "" {
		literal, rest, found := strings.Cut(format, "%")
		if literal != "" {
			parts = append(parts, constant(literal))
		}
		if !found {
			break
		}
		if rest == "" { // a lone % at the end stands for itself
			parts = append(parts, constant("%"))
			break
		}
		item, size, err := parseItem(rest)
		if err != nil {
			return nil, err
		}
		parts = append(parts, item)
		format = rest[size:]
	}
	return func(r *module.Request) (string, error) {
		var b strings.Builder
		for _, p := range parts {
			b.WriteString(p(r))
		}
		return b.String(), nil
	}, nil
}

func constant(s string) func(*module.Request) string {
	return func(*module.Request) string { return s }
}

// parseItem reads what follows a % and says how much of it that was.
func parseItem(s string) (item func(*module.Request) string, size int, err error) {
	arg := ""
	if s[0] == '{' {
		end := strings.IndexByte(s, '}')
		if end < 0 || end+1 == len(s) {
			return nil, 0, fmt.Errorf("Unrecognized header format %%: %q needs a closing brace and a letter, as in %%{NAME}e", s)
		}
		arg, size = s[1:end], end+1
	}
	item, ok := items(s[size], arg)
	if !ok {
		return nil, 0, fmt.Errorf("Unrecognized header format %%%c: known are %%t %%D %%l %%i %%b %%{NAME}e %%{NAME}s and %%%%", s[size])
	}
	return item, size + 1, nil
}

func items(letter byte, arg string) (func(*module.Request) string, bool) {
	switch letter {
	case '%':
		return constant("%"), true
	case 't':
		return func(r *module.Request) string { return fmt.Sprintf("t=%d", r.Conn.Received.UnixMicro()) }, true
	case 'D':
		return func(r *module.Request) string { return fmt.Sprintf("D=%d", time.Since(r.Conn.Received).Microseconds()) }, true
	case 'l':
		return func(*module.Request) string { return "l=" + loadAverage() }, true
	case 'i': // how idle and busy httpd's processes are; one process without a fixed number of threads is never full
		return constant("i=100"), true
	case 'b':
		return constant("b=0"), true
	case 'e':
		return func(r *module.Request) string {
			if v, ok := r.Env(arg); ok {
				return oneLine(v)
			}
			return null
		}, true
	case 's': // mod_ssl's lookup, which knows the variables of plain requests too
		return func(r *module.Request) string {
			if v, ok := r.Var(arg); ok && v != "" {
				return oneLine(v)
			}
			return null
		}, true
	}
	return nil, false
}

// loadAverage is the system's load over 1, 5 and 15 minutes where Linux tells it.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(text)); len(f) >= 3 {
		return strings.Join(f[:3], " ")
	}
	return "0.00 0.00 0.00"
}

// oneLine keeps a value with line breaks, as certificates have, from becoming several header lines.
func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return strings.Map(func(c rune) rune {
		if c == '\r' || c == '\n' {
			return ' '
		}
		return c
	}, s)
}
