package site

import (
	"os"
	"path"
	"slices"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// directoryWalk finds the file that Filename leads to, splits off PathInfo, and applies the <Directory> sections and
// .htaccess files on the way, as httpd's ap_directory_walk: plain sections from the root down, at each level the
// section before the .htaccess file, then the sections with regular expressions.
func (s *Site) directoryWalk(r *module.Request, at *step) (*step, module.Result) {
	plain, patterns := r.Server.Sections.Directories, []*module.Section(nil)
	if i := slices.IndexFunc(plain, IsRegexSection); i >= 0 {
		plain, patterns = plain[:i], plain[i:]
	}
	d := descent{s, r, at, plain, cleanFilename(r.Filename)}
	if res := d.run(); res != module.OK {
		return d.at, res
	}
	return applyDirectory(r, d.at, patterns, r.Filename)
}

// descent is the way from the root to a file.
type descent struct {
	site  *Site
	r     *module.Request
	at    *step
	plain []*module.Section
	name  string
}

func (d *descent) run() module.Result {
	dir, rest := "/", d.name[1:]
	if rest == "" {
		d.r.Filename = dir
		d.r.Info, _ = os.Stat(dir)
	}
	for {
		if res := d.enter(dir); res != module.OK || rest == "" {
			return res
		}
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		dir = path.Join(dir, segment)
		info, err := lookup(d.at, dir)
		switch {
		case err != nil:
			return d.stop(dir, err)
		case !info.IsDir():
			return d.file(dir, info)
		case rest == "":
			d.r.Filename, d.r.Info = dir, info
			if strings.HasSuffix(d.name, "/") {
				d.r.Filename += "/"
			}
		}
	}
}

// enter applies what is said of a directory.
func (d *descent) enter(dir string) (res module.Result) {
	if d.at, res = applyDirectory(d.r, d.at, d.plain, dir); res != module.OK {
		return res
	}
	d.at, res = d.site.htaccess(d.r, d.at, dir)
	return res
}

// file ends the way at what is no directory. If links need not be looked at, httpd saves itself a look at the last component,
// and takes the file for one more directory.
func (d *descent) file(name string, info os.FileInfo) (res module.Result) {
	if name == d.name && module.CoreDir.Of(d.at.settings).Options.Bits()&module.OptFollowSymLinks != 0 {
		if d.at, res = applyDirectory(d.r, d.at, d.plain, name); res != module.OK {
			return res
		}
	}
	d.r.Filename, d.r.PathInfo, d.r.Info = name, strings.TrimPrefix(d.name, name), info
	return module.OK
}

// stop ends the way at what can't be looked up. What does not exist is for the handlers to answer.
func (d *descent) stop(name string, err error) module.Result {
	if res := storageError(d.r, name, err); res != module.OK {
		return res
	}
	d.r.Filename, d.r.PathInfo, d.r.Info = name, strings.TrimPrefix(d.name, name), nil
	return module.OK
}

func applyDirectory(r *module.Request, at *step, sections []*module.Section, dir string) (_ *step, res module.Result) {
	for _, sec := range sections {
		if at, res = enter(r, at, sec, dir); res != module.OK {
			return at, res
		}
	}
	return at, module.OK
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
func lookup(at *step, name string) (os.FileInfo, error) {
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
func storageError(r *module.Request, name string, err error) module.Result {
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
