package site

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
)

// htaccessFiles are the .htaccess files that requests met. A file that has not changed costs a stat.
type htaccessFiles struct {
	tree  *conf.Tree // of the main configuration, whose Defines hold in .htaccess too
	table map[string]*entry
	files sync.Map // htaccessKey -> *htaccessFile
}

// htaccessKey: the same file may mean different things where AllowOverride differs.
type htaccessKey struct {
	path   string
	server *module.Server
	allow  *module.AllowOverride
}

// htaccessFile is what one version of a file says.
type htaccessFile struct {
	seen     atomic.Pointer[module.FileVersion]
	text     []byte
	section  *module.Section
	warnings []module.Diagnostic // what Nonfatal lets pass
	err      error
	steps    sync.Map // *step -> *step; kept here so that they go when the file changes
}

// htaccess applies the .htaccess file of a directory if AllowOverride admits any. A status is what it could not do.
func (s *Site) htaccess(r *module.Request, at *step, dir string) (*step, module.Result) {
	allow := module.CoreDir.Of(at.settings).AllowOverride
	if allow == nil || allow.Groups == 0 && len(allow.List) == 0 {
		return at, module.OK
	}
	names := module.CoreServer.Of(r.Server.Settings).AccessFileNames
	if names == nil {
		names = []string{".htaccess"}
	}
	for _, name := range names {
		f, err := s.htaccessFile(htaccessKey{filepath.Join(dir, name), r.Server, allow}, at.kept)
		switch {
		case err != nil:
			r.Logf("core", observe.Crit, "AH00529", "unable to check htaccess file, ensure it is readable and that '%s' is executable: %v", dir, err)
			return at, http.StatusForbidden
		case f == nil:
			continue
		case f.err != nil:
			r.Logf("core", observe.Alert, "", "%v", f.err)
			return at, http.StatusInternalServerError
		}
		for _, w := range f.warnings {
			r.Logf("core", observe.Info, "AH02295", "%s", w)
		}
		return at.along(&f.steps, at, f.section), module.OK
	}
	return at, module.OK
}

// htaccessFile is the file as it is now; nil if there is none. An error is one of looking, not of what it says.
func (s *Site) htaccessFile(key htaccessKey, keep bool) (*htaccessFile, error) {
	info, err := os.Stat(key.path)
	if os.IsNotExist(err) || isNotDir(err) {
		s.access.files.Delete(key)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	old, known := s.access.files.Load(key)
	if known && old.(*htaccessFile).seen.Load().Holds(info) {
		return old.(*htaccessFile), nil
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("access to file denied by server: not a regular file: " + key.path)
	}
	text, seen, err := readWhole(key.path)
	if err != nil {
		return nil, err
	}
	if known && bytes.Equal(old.(*htaccessFile).text, text) {
		old.(*htaccessFile).seen.Store(seen)
		return old.(*htaccessFile), nil
	}
	read := s.readHtaccess(key, text)
	read.text = text
	read.seen.Store(seen)
	if keep {
		s.access.files.Store(key, read)
	}
	return read, nil
}

func readWhole(path string) ([]byte, *module.FileVersion, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	seen, err := module.VersionOf(f)
	if err != nil {
		return nil, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, 16<<20))
	return text, &seen, err
}

// readHtaccess compiles a file's text. Nothing of the Site changes by it.
func (s *Site) readHtaccess(key htaccessKey, text []byte) *htaccessFile {
	b := &module.Build{ServerRoot: s.Build.ServerRoot, Process: s.Build.Process, Site: s.Site, Modules: s.Build.Modules, Loaded: s.Build.Loaded,
		Kept: s.Build.Kept, Sinks: s.Build.Sinks, Defined: s.Build.Defined, Htaccess: true}
	f := &htaccessFile{}
	tree, errs := conf.ParseHtaccess(text, key.path, s.access.tree, conf.Options{ServerRoot: b.ServerRoot, HasModule: s.Build.HasModule,
		HasDirective: s.access.has(false), HasSection: s.access.has(true)})
	if len(errs) > 0 {
		f.err = errs[0]
		return f
	}
	// Settings of the server are fixed: whatever a directive writes there is lost.
	server := *key.server
	server.Settings, server.Defaults = &module.Settings{}, &module.Settings{}
	f.section = b.NewSection(module.HtaccessSection, &conf.Node{Pos: conf.Pos{File: key.path}, Name: "Htaccess", Raw: key.path}, filepath.Dir(key.path), nil)
	r := &reader{build: b, table: s.access.table}
	b.Apply = r.apply
	r.apply(module.Command{Server: &server, Dir: f.section.Settings, Section: f.section, Where: module.InHtaccess, Build: b,
		Override: key.allow.Groups, Allow: key.allow}, tree.Nodes)
	f.warnings = b.Warnings
	if len(b.Errors) > 0 {
		f.err = fmt.Errorf("%s", b.Errors[0])
	}
	return f
}

// has answers <IfDirective> and <IfSection>.
func (h *htaccessFiles) has(section bool) func(string) bool {
	return func(name string) bool {
		_, ok := h.table[tableKey(strings.Trim(name, "<>"), section)]
		return ok
	}
}
