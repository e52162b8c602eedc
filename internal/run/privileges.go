package run

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"transom/internal/module"
)

// identity is who the server becomes when it was started by root.
type identity struct{ uid, gid int }

// identityOf looks User and Group up. Anyone but root keeps being who he is, as with httpd.
func identityOf(p *module.Process) (*identity, error) {
	if os.Geteuid() != 0 || p.User == "" {
		return nil, nil
	}
	uid, err := LookupUser(p.User)
	if err != nil {
		return nil, err
	}
	if p.Group == "" {
		return nil, fmt.Errorf("User %s needs a Group beside it: name the group to become", p.User)
	}
	gid, err := LookupGroup(p.Group)
	if err != nil {
		return nil, err
	}
	if uid == 0 {
		return nil, fmt.Errorf("User %s is root: name a user without privileges, as httpd demands", p.User)
	}
	return &identity{uid, gid}, nil
}

// LookupUser is the number of a user, given by name or as "#" and the number.
func LookupUser(name string) (int, error) {
	if number, ok := strings.CutPrefix(name, "#"); ok {
		return strconv.Atoi(number)
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, fmt.Errorf("bad user name %s: create the user, or name another one in User", name)
	}
	return strconv.Atoi(u.Uid)
}

// LookupGroup is the same for a group.
func LookupGroup(name string) (int, error) {
	if number, ok := strings.CutPrefix(name, "#"); ok {
		return strconv.Atoi(number)
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("bad group name %s: create the group, or name another one in Group", name)
	}
	return strconv.Atoi(g.Gid)
}

// become gives root's rights up, and says whether some are kept in reserve for reloads (see privileged).
func (id *identity) become() (reserve bool, err error) {
	if id == nil {
		return false, nil
	}
	finish := reserveRights()
	if err := syscall.Setgroups([]int{id.gid}); err != nil {
		return false, fmt.Errorf("giving up root's groups: %w", err)
	}
	if err := syscall.Setgid(id.gid); err != nil {
		return false, fmt.Errorf("becoming group %d: %w", id.gid, err)
	}
	if err := syscall.Setuid(id.uid); err != nil {
		return false, fmt.Errorf("becoming user %d: %w", id.uid, err)
	}
	return finish()
}

// privileged runs f with the rights that were kept in reserve, if any. Only the calling goroutine has them.
func (s *Server) privileged(f func()) {
	if !s.reserve {
		f()
		return
	}
	raised(f)
}
