package negotiation

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
)

// mapType is the type that names type maps, beside the handler.
const mapType = "application/x-type-map"

func isMap(r *module.Request) bool {
	return r.Handler == "type-map" || r.Handler == mapType || r.Handler == "" && r.ContentType == mapType
}

// serveMap answers with what a type map lists.
func serveMap(r *module.Request) module.Result {
	if r.Proxy != module.NotProxied || !isMap(r) {
		return module.Declined
	}
	found, err := readMap(r.Filename)
	if end := noEndTag(""); errors.As(err, &end) {
		r.Logf("negotiation", observe.Error, "AH00685", "%v", err)
	} else if err != nil {
		r.Logf("negotiation", observe.Error, "AH00683", "cannot read type map file: %v", err)
		return http.StatusInternalServerError
	}
	return negotiate(r, found)
}

func readMap(name string) ([]*variant, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	found, err := parseMap(text)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	dir, base := path.Split(name)
	for _, v := range found {
		if v.body != nil {
			v.name = base
		}
		if info, err := os.Stat(path.Join(dir, v.name)); v.length < 0 && err == nil {
			v.length = info.Size()
		}
	}
	return found, err
}

// parseMap reads records of "Name: value" lines, which blank lines separate.
func parseMap(text []byte) (found []*variant, err error) {
	record := newMapRecord()
	for len(text) > 0 {
		var line string
		switch line, text = cutLine(text); {
		case strings.HasPrefix(line, "#"):
			continue
		case strings.TrimSpace(line) == "":
			found, record = record.end(found), newMapRecord()
			continue
		}
		for continued(text) {
			var more string
			more, text = cutLine(text)
			line += " " + strings.TrimSpace(more)
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("syntax error in type map, no ':' in %q", line)
		}
		if strings.EqualFold(strings.TrimSpace(name), "Body") {
			text, err = record.setBody(strings.TrimSpace(value), text)
		} else {
			err = record.set(strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value))
		}
		if end := noEndTag(""); errors.As(err, &end) {
			return found, err
		}
		if err != nil {
			return nil, err
		}
	}
	return record.end(found), nil
}

// noEndTag is a Body whose end tag does not come. As in httpd, the records before it count.
type noEndTag string

func (tag noEndTag) Error() string {
	return fmt.Sprintf("Syntax error in type map, no end tag '%s' found for Body: content", string(tag))
}

func cutLine(text []byte) (line string, rest []byte) {
	b, rest, _ := bytes.Cut(text, []byte("\n"))
	return string(b), rest
}

// continued says whether the next line belongs to the one before.
func continued(text []byte) bool {
	line, _ := cutLine(text)
	return strings.TrimSpace(line) != "" && (line[0] == ' ' || line[0] == '\t')
}

// mapRecord is a variant that is being read.
type mapRecord struct {
	v       *variant
	content bool // something beside its address was said
}

func newMapRecord() *mapRecord { return &mapRecord{v: &variant{sourceQ: 1, length: -1}} }

// end leaves out a record that has an address alone: it names the map itself, by custom.
func (m *mapRecord) end(found []*variant) []*variant {
	if m.v.name == "" && m.v.body == nil || !m.content {
		return found
	}
	return append(found, m.v)
}

func (m *mapRecord) set(name, value string) (err error) {
	m.content = m.content || name != "uri"
	switch name {
	case "uri":
		m.v.name, _, _ = strings.Cut(value, " ")
	case "content-type":
		m.v.setType(value)
	case "content-language":
		for _, l := range strings.Split(value, ",") {
			m.v.languages = append(m.v.languages, strings.TrimSpace(l))
		}
	case "content-encoding":
		m.v.encoding = strings.ToLower(value)
	case "description":
		m.v.description = strings.Trim(value, `"`)
	case "content-length":
		if m.v.length, err = strconv.ParseInt(value, 10, 64); err != nil || m.v.length < 0 {
			return fmt.Errorf("syntax error in type map, Content-Length %q is no number", value)
		}
	}
	return err
}

// setBody takes the lines up to one that has the tag.
func (m *mapRecord) setBody(tag string, text []byte) (rest []byte, err error) {
	if tag == "" {
		return nil, fmt.Errorf("syntax error in type map, Body: names no end tag")
	}
	i := bytes.Index(text, []byte(tag))
	if i < 0 {
		return nil, noEndTag(tag)
	}
	m.v.body, m.v.length, m.content = text[:i:i], int64(i), true
	_, rest = cutLine(text[i:])
	return rest, nil
}

func serveBody(r *module.Request, v *variant) module.Result {
	h := r.Writer.Header()
	h["Content-Type"] = nil
	if v.contentType != "" {
		h.Set("Content-Type", v.contentType)
	}
	if v.encoding != "" {
		h.Set("Content-Encoding", v.encoding)
	}
	if len(v.languages) > 0 {
		h.Set("Content-Language", strings.Join(v.languages, ", "))
	}
	r.Header() // ServeContent wants it
	http.ServeContent(r.Writer, r.HTTP, "", time.Time{}, bytes.NewReader(v.body))
	return module.OK
}
