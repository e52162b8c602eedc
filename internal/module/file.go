package module

import (
	"io"
	"os"
	"sync"
)

// CachedFile is what a file says, read again only when another file stands in its place or its size or a time of it changed: a
// request costs a stat. It is safe for concurrent use.
type CachedFile[T any] struct {
	Path  string
	Parse func(text []byte) T

	mu      sync.Mutex
	version FileVersion
	value   T
}

// Get returns the file's meaning. A file that can't be read is an error, whatever it said before.
func (f *CachedFile[T]) Get() (T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var none T
	info, err := os.Stat(f.Path)
	if err != nil {
		return none, err
	}
	if f.version.Holds(info) {
		return f.value, nil
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return none, err
	}
	defer file.Close()
	version, err := VersionOf(file)
	if err != nil {
		return none, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return none, err
	}
	f.version, f.value = version, f.Parse(text)
	return f.value, nil
}
