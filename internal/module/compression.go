package module

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Compression is what mod_deflate and mod_brotli let a server say in the same words.
type Compression struct {
	AlterETag string // "AddSuffix", "NoChange" or "Remove"; empty: the first
	notes     []compressionNote
}

// compressionNote is a note for logs: "input", "output" or "ratio".
type compressionNote struct{ kind, name string }

// Merge gives an inner server what it leaves unsaid.
func (s *Compression) Merge(inner *Compression) Compression {
	m := Compression{Inherit(s.AlterETag, inner.AlterETag), inner.notes}
	if m.notes == nil {
		m.notes = s.notes
	}
	return m
}

// SetAlterETag reads DeflateAlterETag or BrotliAlterETag.
func (s *Compression) SetAlterETag(c *Command) error {
	known := []string{"AddSuffix", "NoChange", "Remove"}
	i := slices.IndexFunc(known, func(v string) bool { return strings.EqualFold(v, c.Args[0]) })
	if i < 0 {
		return fmt.Errorf("%s accepts only AddSuffix, NoChange and Remove, not %q", c.Name, c.Args[0])
	}
	s.AlterETag = known[i]
	return nil
}

// AddNote reads DeflateFilterNote or BrotliFilterNote.
func (s *Compression) AddNote(c *Command) error {
	n := compressionNote{"ratio", c.Args[len(c.Args)-1]}
	if len(c.Args) == 2 {
		n.kind = strings.ToLower(c.Args[0])
	}
	if n.kind != "input" && n.kind != "output" && n.kind != "ratio" {
		return fmt.Errorf("Unknown %s type %q: it is Input, Output or Ratio", c.Name, c.Args[0])
	}
	s.notes = append(s.notes, n)
	return nil
}

// note leaves the notes of a response of which so many bytes went in and came out.
func (s *Compression) note(r *Request, in, out int64) {
	for _, n := range s.notes {
		switch {
		case n.kind == "input":
			r.SetNote(n.name, strconv.FormatInt(in, 10))
		case n.kind == "output":
			r.SetNote(n.name, strconv.FormatInt(out, 10))
		case in > 0:
			r.SetNote(n.name, strconv.FormatInt(out*100/in, 10))
		default:
			r.SetNote(n.name, "-")
		}
	}
}
