package headers

import (
	"testing"

	"transom/internal/module"
	"transom/internal/modules/core"
	"transom/internal/regex"
	"transom/internal/site/sitetest"
)

func TestReplace(t *testing.T) {
	for _, c := range []struct{ action, pattern, substitute, in, want string }{
		{"edit", "a", "x", "banana", "bxnana"},
		{"edit*", "a", "x", "banana", "bxnxnx"},
		{"edit*", "a*", "-", "aab", "--b"},
		{"edit", "(.*)", "$1; Secure", "a=b", "a=b; Secure"},
		{"edit", "^x", "y", "a", "a"},
	} {
		re, err := regex.Compile(c.pattern, regex.Flags{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := parseFormat(c.substitute)
		if err != nil {
			t.Fatal(err)
		}
		got, err := replace(&module.Request{}, &rule{action: c.action, pattern: re, value: text}, c.in)
		if got != c.want || err != nil {
			t.Errorf("%s %q %q in %q: %q, %v, want %q", c.action, c.pattern, c.substitute, c.in, got, err, c.want)
		}
	}
}

func TestHasToken(t *testing.T) {
	for _, c := range []struct {
		list, token string
		want        bool
	}{{"a, b", "b", true}, {"a, bc", "b", false}, {`"a, b", c`, "b", false}, {"", "a", false}, {"a", "a", true}, {"a,b", "b", true}} {
		if got := hasToken(c.list, c.token); got != c.want {
			t.Errorf("%q in %q: %v", c.token, c.list, got)
		}
	}
}

// open lets everyone in.
var open = &module.Module{Name: "mod_open", Hooks: []module.Hook{{Phase: module.AccessCheckerX, Run: func(*module.Request) module.Result { return module.OK }}}}

func TestErrorPagesGetAlwaysOnly(t *testing.T) {
	s := sitetest.New(t, "Header set A ok\nHeader always set B all\n", []*module.Module{core.Module(), Module(), open})
	for target, want := range map[string][2]string{"/index.html": {"ok", "all"}, "/none": {"", "all"}} {
		h := s.Get(t, target).Header()
		if got := [2]string{h.Get("A"), h.Get("B")}; got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{"a %{X}e b", "%", "%%", "%{", "%{a}", "%t%D%l"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := parseFormat(s); err == nil {
			v(&module.Request{Conn: &module.Conn{}, Server: &module.Server{}, Site: &module.Site{}})
		}
	})
}
