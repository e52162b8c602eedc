package core_test

import (
	"os"
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
