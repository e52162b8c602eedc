package logconfig

import (
	"fmt"
	"strconv"
	"strings"

	"transom/internal/module"
	"transom/internal/tunnel"
)

// item is a part of a log line: literal text, then perhaps a value.
type item struct {
	literal  string
	value    func(b []byte, r *module.Request, arg string) []byte
	atEnd    func(t *tunnel.Result, arg string) string // not nil: known only when a tunnel has ended
	arg      string
	original bool // of the request as it came, before internal redirects
}

// statuses are those that an item is for, or if except those that it is not for.
type statuses struct {
	list   []int
	except bool
}

// parse reads a format: % [!] [status,...] [< or >] [{arg}] letter.
func parse(format string, offered []module.LogItem) ([]item, error) {
	var items []item
	literal := strings.Builder{}
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c == '\\' && i+1 < len(format):
			i++
			switch format[i] {
			case 'n':
				literal.WriteByte('\n')
			case 't':
				literal.WriteByte('\t')
			case 'r':
				literal.WriteByte('\r')
			default:
				literal.WriteByte('\\')
				literal.WriteByte(format[i])
			}
		case c != '%':
			literal.WriteByte(c)
		case i+1 < len(format) && format[i+1] == '%':
			literal.WriteByte('%')
			i++
		default:
			it, n, err := parseItem(format[i+1:], offered)
			if err != nil {
				return nil, err
			}
			i += n
			if it.value == nil {
				literal.WriteByte('-')
				continue
			}
			it.literal = literal.String()
			literal.Reset()
			items = append(items, it)
		}
	}
	literal.WriteByte('\n')
	return append(items, item{literal: literal.String()}), nil
}

// parseItem reads what stands behind a percent sign, and says how long it is. Without a value it is always "-".
func parseItem(s string, offered []module.LogItem) (item, int, error) {
	var it item
	var only statuses
	explicit := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '!':
			only.except = true
		case c == '<' || c == '>':
			explicit = c
		case c == ',':
		case c >= '0' && c <= '9':
			j := i
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
			n, _ := strconv.Atoi(s[i:j])
			only.list = append(only.list, n)
			i = j - 1
		case c == '{':
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return it, 0, fmt.Errorf("unterminated format directive %%%s", s)
			}
			it.arg = s[i+1 : i+end]
			i += end
		default:
			name := s[i : i+1]
			if c == '^' && i+2 < len(s) {
				name = s[i : i+3]
			}
			if !it.lookup(name, offered) {
				return it, 0, fmt.Errorf("Unrecognized LogFormat directive %%%s", name)
			}
			if explicit != 0 {
				it.original = explicit == '<'
			}
			it.narrow(&only)
			return it, i + len(name), nil
		}
	}
	return it, 0, fmt.Errorf("Unterminated format directive %%%s", s)
}

func (it *item) lookup(name string, offered []module.LogItem) bool {
	if k, ok := known[name]; ok {
		it.value, it.original, it.atEnd = k.value, k.original, k.atEnd
		if k.prepare != nil {
			it.arg = k.prepare(it.arg)
		}
		return true
	}
	for _, o := range offered {
		if o.Char != name {
			continue
		}
		it.value = func(b []byte, r *module.Request, arg string) []byte {
			if o.Format == nil {
				return append(b, '-')
			}
			return text(b, o.Format(r, arg))
		}
		it.atEnd = o.AtEnd
		return true
	}
	// The x of other modules, %{NAME}x, is a server variable wherever one of that name is offered.
	if name == "x" {
		it.value = func(b []byte, r *module.Request, arg string) []byte {
			v, _ := r.Var(strings.ToUpper(arg))
			return text(b, v)
		}
		return true
	}
	return offered == nil // a LogFormat is read before modules have said what they offer; CustomLog looks again
}

// cover says that an item is logged with a status.
func (o *statuses) cover(status int) bool {
	for _, s := range o.list {
		if s == status {
			return !o.except
		}
	}
	return o.except
}

// narrow makes the item's value that of the request that it is about, if the status is one of those that it is for.
func (it *item) narrow(only *statuses) {
	value := it.value
	if value != nil && it.original {
		it.value = func(b []byte, r *module.Request, arg string) []byte { return value(b, r.First(), arg) }
	}
	if all := it.value; all != nil && len(only.list) > 0 {
		original := it.original
		it.value = func(b []byte, r *module.Request, arg string) []byte {
			if !only.cover(r.Status) && !(original && only.cover(r.First().Status)) {
				return append(b, '-')
			}
			return all(b, r, arg)
		}
	}
}

func (it *item) append(b []byte, r *module.Request) []byte {
	if b = append(b, it.literal...); it.value != nil {
		b = it.value(b, r, it.arg)
	}
	return b
}

// text appends a value with what could forge a line escaped, as httpd does; an empty one is "-".
func text(b []byte, s string) []byte {
	if s == "" {
		return append(b, '-')
	}
	const hex = "0123456789abcdef"
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if plain[c] {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		case '\v':
			b = append(b, '\\', 'v')
		default:
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		}
	}
	return append(b, s[start:]...)
}

// plain are the bytes that are logged as they are.
var plain = func() (table [256]bool) {
	for c := byte(' '); c < 0x7f; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()
