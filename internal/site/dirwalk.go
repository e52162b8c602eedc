package site

import (
	"os"
	"path"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// directoryWalk finds the file that Filename leads to, splits off PathInfo, and applies the <Directory> sections and
// .htaccess files on the way, as httpd's ap_directory_walk: plain sections from the root down, at each level the
// section before the .htaccess file, then the sections with regular expressions.
func (s *Site) directoryWalk(r *module.Request, at *step) (*step, module.Result) {
	sections := r.Server.Sections.Directories
	plain := sections
	for i, sec := range sections {
		if IsRegexSection(sec) {
			plain = sections[:i]
			break
		}
	}
	name := cleanFilename(r.Filename)
	at, res := applyDirectory(r, at, plain, "/")
	if res != module.OK {
		return at, res
	}
	dir, rest := "/", strings.TrimPrefix(name, "/")
	for {
		if at, res = s.htaccess(r, at, dir); res != module.OK {
			return at, res
		}
		segment, more, _ := strings.Cut(rest, "/")
		if segment == "" {
			r.Filename = withSlash(dir)
			if rest == "" && !strings.HasSuffix(name, "/") && dir != "/" {
				r.Filename = dir
			}
			r.Info, _ = os.Stat(dir)
			break
		}
		full := path.Join(dir, segment)
		info, statErr := s.lookup(r, at, full)
		if statErr != nil {
			if res = s.storageError(r, full, statErr); res != module.OK {
				return at, res
			}
			r.Filename, r.PathInfo, r.Info = full, strings.TrimPrefix(name, full), nil
			break
		}
		if !info.IsDir() {
			if full == name && module.CoreDir.Of(at.settings).Options.Bits()&module.OptFollowSymLinks != 0 {
				// httpd saves itself a look at the last component then, and takes the file for one more directory.
				if at, res = applyDirectory(r, at, plain, full); res != module.OK {
					return at, res
				}
			}
			r.Filename, r.PathInfo, r.Info = full, strings.TrimPrefix(name, full), info
			break
		}
		dir, rest = full, more
		if at, res = applyDirectory(r, at, plain, dir); res != module.OK {
			return at, res
		}
		if rest == "" {
			r.Filename, r.Info = dir, info
			if strings.HasSuffix(name, "/") {
				r.Filename += "/"
			}
			if at, res = s.htaccess(r, at, dir); res != module.OK {
				return at, res
			}
			break
		}
	}
	return applyDirectory(r, at, sections[len(plain):], r.Filename)
}

func applyDirectory(r *module.Request, at *step, sections []*module.Section, dir string) (_ *step, res module.Result) {
	for _, sec := range sections {
		if at, res = enter(r, at, sec, dir); res != module.OK {
			return at, res
		}
	}
	return at, module.OK
}

func withSlash(dir string) string {
	if strings.HasSuffix(dir, "/") {
		return dir
	}
	return dir + "/"
}

// cleanFilename removes double slashes and dots, and keeps a slash at the end.
func cleanFilename(name string) string {
	clean := path.Clean("/" + name)
	if strings.HasSuffix(name, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// lookup stats one component and enforces FollowSymLinks and SymLinksIfOwnerMatch.
func (s *Site) lookup(r *module.Request, at *step, name string) (os.FileInfo, error) {
	info, err := os.Lstat(name)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		return info, err
	}
	options := module.CoreDir.Of(at.settings).Options.Bits()
	if options&(module.OptFollowSymLinks|module.OptSymLinksIfOwner) == 0 {
		return nil, errSymlink
	}
	target, err := os.Stat(name)
	if err != nil {
		return nil, errSymlink // one that leads nowhere is as good as forbidden
	}
	if options&module.OptFollowSymLinks == 0 && !sameOwner(info, target) {
		return nil, errSymlink
	}
	return target, nil
}

var errSymlink = os.ErrPermission

// storageError turns what a lookup met into a result: OK for a name that does not exist, as the handlers answer that.
func (s *Site) storageError(r *module.Request, name string, err error) module.Result {
	switch {
	case os.IsNotExist(err):
		return module.OK
	case err == errSymlink:
		r.Logf("core", observe.Error, "AH00037", "Symbolic link not allowed or link target not accessible: %s", name)
		return 403
	case os.IsPermission(err):
		r.Logf("core", observe.Error, "AH00035", "access to %s denied (filesystem path '%s') because search permissions are missing on a component of the path", r.URI, name)
		return 403
	case isNotDir(err):
		return module.OK
	case isNameTooLong(err):
		return 403
	}
	r.Logf("core", observe.Error, "AH00036", "access to %s failed (filesystem path '%s'): %v", r.URI, name, err)
	return 403
}
