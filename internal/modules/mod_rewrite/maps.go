package rewrite

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/percent"
)

// rewriteMap is one RewriteMap.
type rewriteMap struct {
	name   string
	source source
}

// source answers for a key; false: there is no value.
type source interface {
	find(ctx *context, key string) (string, bool)
}

func addMap(c *module.Command) error {
	name := c.Args[0]
	src, err := newSource(c, c.Args[1])
	if err != nil {
		return fmt.Errorf("RewriteMap %s: %w", name, err)
	}
	s := serverOf(c)
	dirOf(c)
	if s.maps == nil {
		s.maps = map[string]*rewriteMap{}
	}
	s.maps[name] = &rewriteMap{name, src}
	return nil
}

func newSource(c *module.Command, spec string) (source, error) {
	kind, arg, ok := strings.Cut(spec, ":")
	kind = strings.ToLower(kind)
	if !ok {
		kind, arg = "txt", spec
	}
	switch {
	case kind == "int":
		f, ok := functions[arg]
		if !ok {
			return nil, fmt.Errorf("internal map not found: %s (known are toupper, tolower, escape and unescape)", arg)
		}
		return f, nil
	case kind == "prg":
		return newProgram(c, arg)
	case kind == "dbm" || strings.HasPrefix(kind, "dbm="):
		return nil, fmt.Errorf("maps of type dbm are not supported, as their file formats belong to C libraries: name the text file that the DBM file was made from with txt:, which is kept in memory")
	case kind == "dbd" || kind == "fastdbd":
		return nil, fmt.Errorf("maps of type %s are not supported, as there is no mod_dbd: export the table to a file for txt:, or let a program for prg: query it", kind)
	case kind != "txt" && kind != "rnd":
		kind, arg = "txt", spec
	}
	f := &textFile{path: c.Build.Path(arg), random: kind == "rnd"}
	if _, err := os.Stat(f.path); err != nil {
		return nil, fmt.Errorf("file not found: %w", err)
	}
	return f, nil
}

// functions are the maps of type int.
var functions = map[string]function{
	"toupper": upperASCII, "tolower": lowerASCII, "escape": percent.Encode, "unescape": unescapePath,
}

type function func(string) string

func (f function) find(_ *context, key string) (string, bool) { return f(key), true }

// lookUp is ${name:key}; an empty value counts as none.
func (ctx *context) lookUp(name, key string) (string, bool) {
	m, ok := ctx.server.maps[name]
	if !ok {
		return "", false
	}
	value, ok := m.source.find(ctx, key)
	if !ok {
		ctx.log(5, "map lookup FAILED: map=%s key=%s", name, key)
		return "", false
	}
	ctx.log(5, "map lookup OK: map=%s key=%s -> val=%s", name, key, value)
	return value, true
}

// textFile is a map of type txt or rnd: read whole when its time or size changes.
type textFile struct {
	path   string
	random bool
	loaded atomic.Pointer[loadedFile]
}

type loadedFile struct {
	modified time.Time
	size     int64
	values   map[string]string
}

func (f *textFile) find(ctx *context, key string) (string, bool) {
	l, err := f.load()
	if err != nil {
		ctx.r.Logf("rewrite", observe.Error, "AH00661", "mod_rewrite: can't access text RewriteMap file %s: %v", f.path, err)
		return "", false
	}
	value, ok := l.values[key]
	if ok && f.random {
		choices := strings.Split(value, "|")
		value = choices[rand.IntN(len(choices))]
		ctx.log(5, "randomly chosen the subvalue `%s'", value)
	}
	return value, value != ""
}

func (f *textFile) load() (*loadedFile, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	if l := f.loaded.Load(); l != nil && l.modified.Equal(info.ModTime()) && l.size == info.Size() {
		return l, nil
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	l := &loadedFile{info.ModTime(), info.Size(), parseMap(string(text))}
	f.loaded.Store(l)
	return l, nil
}

// parseMap reads lines of a key, a value and perhaps a remark. Lines that begin with a blank or a # are remarks; the first
// of equal keys counts.
func parseMap(text string) map[string]string {
	values := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' || isBlank(line[0]) {
			continue
		}
		words := strings.FieldsFunc(line, func(c rune) bool { return c < 0x80 && isBlank(byte(c)) })
		if len(words) < 2 {
			continue
		}
		if _, ok := values[words[0]]; !ok {
			values[words[0]] = words[1]
		}
	}
	return values
}
