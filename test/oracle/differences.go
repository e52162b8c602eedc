//go:build system

package oracle

import (
	"fmt"
	"os"
	"strings"
)

// A difference is a step whose expectation Transom meets and httpd does not.
type difference struct {
	line    int // in differences.txt
	step    string
	httpd   string // what httpd does instead
	because string
}

// readDifferences reads paragraphs of
//
//	FILE: STEP
//		httpd: WHAT IT DOES
//		because: REASON
//
// by file. Lines that start with # are remarks.
func readDifferences(path string) (map[string][]difference, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	list := map[string][]difference{}
	var last *difference
	for i, l := range strings.Split(string(data), "\n") {
		text := strings.TrimSpace(l)
		switch {
		case text == "" || text[0] == '#':
		case l[0] != '\t':
			if err := last.complete(path); err != nil {
				return nil, err
			}
			file, step, ok := strings.Cut(text, ": ")
			if !ok {
				return nil, fmt.Errorf("%s:%d: want FILE: STEP", path, i+1)
			}
			list[file] = append(list[file], difference{line: i + 1, step: step})
			last = &list[file][len(list[file])-1]
		case last == nil:
			return nil, fmt.Errorf("%s:%d: nothing to indent below", path, i+1)
		case strings.HasPrefix(text, "httpd: "):
			last.httpd = oneLine(text[len("httpd: "):])
		case strings.HasPrefix(text, "because: "):
			last.because = text[len("because: "):]
		default:
			last.because += " " + text
		}
	}
	return list, last.complete(path)
}

func (d *difference) complete(path string) error {
	if d != nil && (d.httpd == "" || d.because == "") {
		return fmt.Errorf("%s:%d: a difference wants what httpd does and a reason", path, d.line)
	}
	return nil
}
