package module

import (
	"io"
	"os"
	"sync"
	"time"
)

// CachedFile is what a file says, read again only when another file stands in its place or its size or time changed: a
// request costs a stat. It is safe for concurrent use.
type CachedFile[T any] struct {
	Path  string
	Parse func(text []byte) T

	mu    sync.Mutex
	info  os.FileInfo // nil: nothing read yet
	read  time.Time
	value T
}

// settled is how old a file must be before an unchanged time means an unchanged file: some filesystems count in seconds.
const settled = 2 * time.Second

// Get returns the file's meaning. A file that can't be read is an error, whatever it said before.
func (f *CachedFile[T]) Get() (T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var none T
	info, err := os.Stat(f.Path)
	if err != nil {
		return none, err
	}
	if f.info != nil && os.SameFile(f.info, info) && f.info.Size() == info.Size() && f.info.ModTime().Equal(info.ModTime()) && f.read.Sub(info.ModTime()) > settled {
		return f.value, nil
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return none, err
	}
	defer file.Close()
	now := time.Now()
	if info, err = file.Stat(); err != nil {
		return none, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return none, err
	}
	f.info, f.read, f.value = info, now, f.Parse(text)
	return f.value, nil
}
