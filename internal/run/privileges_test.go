package run

import (
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"testing"

	"transom/internal/module"
)

func TestLookup(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{me.Username, "#" + me.Uid} {
		if uid, err := LookupUser(name); err != nil || strconv.Itoa(uid) != me.Uid {
			t.Errorf("%s is user %d, %v", name, uid, err)
		}
	}
	if gid, err := LookupGroup("#" + me.Gid); err != nil || strconv.Itoa(gid) != me.Gid {
		t.Errorf("my group is %d, %v", gid, err)
	}
	if _, err := LookupUser("no such user"); err == nil || !strings.Contains(err.Error(), "bad user name") {
		t.Errorf("no such user: %v", err)
	}
	if _, err := LookupGroup("no such group"); err == nil || !strings.Contains(err.Error(), "bad group name") {
		t.Errorf("no such group: %v", err)
	}
	for _, name := range []string{"#", "#x"} {
		if _, err := LookupUser(name); err == nil {
			t.Errorf("%s is a user", name)
		}
	}
}

func TestGroupsOf(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(me.Uid)
	const other = 54321
	got := groupsOf(uid, other)
	if got[0] != other {
		t.Errorf("Group is not the first of %v", got)
	}
	all, err := me.GroupIds()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range all {
		if n, _ := strconv.Atoi(id); id != me.Gid && !slices.Contains(got, n) {
			t.Errorf("group %s is not among %v", id, got)
		}
	}
	if got := groupsOf(987654, other); len(got) != 1 {
		t.Errorf("a number without a name is in %v", got)
	}
}

func TestIdentity(t *testing.T) {
	for _, c := range []struct {
		user, group string
		want        string // what root is told
	}{
		{"", "", ""},
		{"no such user", "#1", "bad user name"},
		{"#65534", "no such group", "bad group name"},
		{"#65534", "", "needs a Group"},
		{"#0", "#0", "is root"},
		{"#65534", "#65534", ""},
	} {
		id, err := identityOf(&module.Process{User: c.user, Group: c.group})
		switch {
		case os.Geteuid() != 0:
			if id != nil || err != nil {
				t.Errorf("User %q without rights: %v, %v", c.user, id, err)
			}
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("User %q, Group %q: %v, want %q", c.user, c.group, err, c.want)
		case c.want == "" && (id == nil) != (c.user == ""):
			t.Errorf("User %q becomes %v", c.user, id)
		}
	}
}
