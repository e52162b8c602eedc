package core_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"strconv"
	"syscall"
	"testing"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// What takes a file's place behind the checks is refused, and does not hold the request up.
func TestFileThatIsSwapped(t *testing.T) {
	var swap func(name string)
	late := &module.Module{Name: "mod_late", Identifier: "late_module", Hooks: []module.Hook{{Phase: module.Fixups, Run: func(r *module.Request) module.Result {
		if err := os.Remove(r.Filename); err != nil {
			t.Error(err)
		}
		swap(r.Filename)
		return module.Declined
	}}}}
	s := sitetest.New(t, "", append(modules.All(), late))
	for what, by := range map[string]func(name string) error{
		"a pipe":       func(name string) error { return syscall.Mkfifo(name, 0o666) },
		"a link":       func(name string) error { return os.Symlink("/etc/passwd", name) },
		"another file": func(name string) error { return os.WriteFile(name, nil, 0o666) },
		"a folder":     func(name string) error { return os.Mkdir(name, 0o777) },
	} {
		s.Write(t, "htdocs/a.txt", "a")
		os.Link(s.Root+"/htdocs/a.txt", s.Root+"/htdocs/kept") // else the new file might get the old one's inode
		swap = func(name string) {
			if err := by(name); err != nil {
				t.Error(err)
			}
		}
		if w := s.Get(t, "/a.txt"); w.Code != 403 {
			t.Errorf("%s: status %d", what, w.Code)
		}
		os.Remove(s.Root + "/htdocs/a.txt")
		os.Remove(s.Root + "/htdocs/kept")
	}
}

// A file with a content coding has a length, as any other; what a filter makes of it has not.
func TestLengthOfEncodedFile(t *testing.T) {
	s := sitetest.New(t, `
AddEncoding x-gzip .gz
<Location /inflated>
SetOutputFilter INFLATE
</Location>
Alias /inflated @ROOT@/htdocs`, modules.All())
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(bytes.Repeat([]byte("0123456789"), 10000))
	z.Close()
	s.Write(t, "htdocs/a.gz", packed.String())
	size := strconv.Itoa(packed.Len())
	for _, c := range []struct {
		method, target, header string
		status                 int
		length                 string
	}{
		{"GET", "/a.gz", "Accept: */*", 200, size},
		{"HEAD", "/a.gz", "Accept: */*", 200, size},
		{"GET", "/a.gz", "Range: bytes=1-2", 206, "2"},
		{"GET", "/a.gz", "If-None-Match: *", 304, ""},
		{"GET", "/a.gz", "If-Match: \"x\"", 412, ""},
		{"GET", "/inflated/a.gz", "Accept: */*", 200, ""},
	} {
		w := s.Do(t, sitetest.Request(c.method, c.target, c.header))
		if got := w.Header().Get("Content-Length"); w.Code != c.status || c.status != 412 && got != c.length || c.status == 412 && got == size {
			t.Errorf("%s %s, %s: %d with length %q", c.method, c.target, c.header, w.Code, got)
		}
		if c.target == "/inflated/a.gz" && w.Body.Len() != 100000 {
			t.Errorf("inflated to %d bytes", w.Body.Len())
		}
	}
}
