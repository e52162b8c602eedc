package run

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"transom/internal/module"
)

// identity is who the server becomes when it was started by root: a user with a group, and with the groups that list the user
// (initgroups), as a back end's socket may be for one of those.
type identity struct {
	uid, gid int
	groups   []int
}

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
	return &identity{uid, gid, groupsOf(uid, gid)}, nil
}

// CheckIdentity says whether root could become User and Group.
func CheckIdentity(b *module.Build) error {
	_, err := identityOf(&b.Process)
	return err
}

// groupsOf are a user's groups and gid.
func groupsOf(uid, gid int) []int {
	groups := []int{gid}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return groups // a number without a name
	}
	names, err := u.GroupIds()
	if err != nil {
		return groups
	}
	for _, name := range names {
		if name == u.Gid {
			continue // Group stands for it
		}
		if n, err := strconv.Atoi(name); err == nil && !slices.Contains(groups, n) {
			groups = append(groups, n)
		}
	}
	return groups
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
	if err := syscall.Setgroups(id.groups); err != nil {
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
