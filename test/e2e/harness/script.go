package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

// A Script is one parsed end-to-end file.
type Script struct {
	Name  string            // base name of the file
	Files map[string][]byte // what is written below ROOT, by path
	steps []step
}

// A step is one unindented line of the script and the indented lines below it.
type step struct {
	line  int // in the txtar file, from 1
	text  string
	words []string
	block []string // one level of indentation removed, otherwise verbatim
}

// Load reads an end-to-end file.
func Load(path string) (*Script, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(filepath.Base(path), data)
}

// Parse reads the text of an end-to-end file.
func Parse(name string, data []byte) (*Script, error) {
	s := &Script{Name: name, Files: map[string][]byte{}}
	for _, f := range txtar.Parse(data).Files {
		if f.Name != "script" {
			s.Files[f.Name] = f.Data
			continue
		}
		first := 2 + bytes.Count(data[:bytes.Index(data, []byte("-- script --"))], []byte("\n"))
		steps, err := parseSteps(string(f.Data), first)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.steps = steps
	}
	if len(s.steps) == 0 {
		return nil, fmt.Errorf("%s: no steps below a line \"-- script --\"", name)
	}
	if s.Files["httpd.conf"] == nil {
		return nil, fmt.Errorf("%s: no configuration below a line \"-- httpd.conf --\"", name)
	}
	return s, nil
}

func parseSteps(text string, line int) ([]step, error) {
	var steps []step
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		switch {
		case strings.TrimSpace(l) == "" || l[0] == '#':
		case l[0] == '\t' || strings.HasPrefix(l, "  "):
			if len(steps) == 0 {
				return nil, fmt.Errorf("line %d: an indented line before the first step", line)
			}
			last := &steps[len(steps)-1]
			last.block = append(last.block, strings.TrimPrefix(strings.TrimPrefix(l, "\t"), "  "))
		default:
			steps = append(steps, step{line: line, text: l, words: strings.Fields(l)})
		}
		line++
	}
	return steps, nil
}

// rest returns the step's text behind its first n words, with inner blanks kept.
func (s step) rest(n int) string {
	text := s.text
	for range n {
		text = strings.TrimLeft(text, " ")
		_, text, _ = strings.Cut(text, " ")
	}
	return text
}

// A block is what the indented lines of a message say.
type block struct {
	lines   []string // header lines, verbatim
	without []string // names that must be absent
	body    *string
	match   string   // a regular expression for the body
	extra   []string // "+" lines: what is sent in the same write
}

func parseBlock(lines []string) (b block, err error) {
	for _, l := range lines {
		switch {
		case strings.HasPrefix(l, "|~ "):
			b.match = l[3:]
		case strings.HasPrefix(l, "|"):
			text, err := unescape(strings.TrimPrefix(l[1:], " "))
			if err != nil {
				return b, err
			}
			if b.body != nil {
				text = *b.body + "\n" + text
			}
			b.body = &text
		case strings.HasPrefix(l, "!"):
			b.without = append(b.without, l[1:])
		case strings.HasPrefix(l, "+ "):
			b.extra = append(b.extra, l[2:])
		default:
			if _, value, _ := strings.Cut(l, ": "); !strings.HasPrefix(value, "~") {
				if l, err = unescape(l); err != nil {
					return b, err
				}
			}
			b.lines = append(b.lines, l)
		}
	}
	return b, nil
}

// has reports whether the block gives, or forbids, the header of that name.
func (b block) has(name string) bool {
	for _, l := range b.lines {
		if n, _, _ := strings.Cut(l, ":"); strings.EqualFold(strings.TrimSpace(n), name) {
			return true
		}
	}
	return contains(b.without, name)
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// unescape replaces \r \n \t \0 \\ and \xHH.
func unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out.WriteByte(s[i])
			continue
		}
		i++
		if i == len(s) {
			return "", errors.New(`a lone \ at the end of a line`)
		}
		switch s[i] {
		case 'r':
			out.WriteByte('\r')
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case '0':
			out.WriteByte(0)
		case '\\':
			out.WriteByte('\\')
		case 'x':
			n, err := strconv.ParseUint(s[i+1:min(i+3, len(s))], 16, 8)
			if err != nil {
				return "", fmt.Errorf(`\x wants two hexadecimal digits: %w`, err)
			}
			out.WriteByte(byte(n))
			i += 2
		default:
			return "", fmt.Errorf(`unknown escape \%c`, s[i])
		}
	}
	return out.String(), nil
}
