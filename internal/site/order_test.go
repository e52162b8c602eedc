package site

import (
	"slices"
	"strings"
	"testing"

	"transom/internal/module"
)

func ordered(t *testing.T, hooks ...module.Hook) (string, error) {
	t.Helper()
	names := []string{"a", "b", "c", "d"}
	var modules []*module.Module
	for i, h := range hooks {
		modules = append(modules, &module.Module{Name: names[i], Hooks: []module.Hook{h}})
	}
	phases, err := resolveHooks(modules)
	if err != nil {
		return "", err
	}
	var got []string
	for _, h := range phases[hooks[0].Phase] {
		got = append(got, h.owner)
	}
	return strings.Join(got, " "), nil
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		want  string
		hooks []module.Hook
	}{
		{"a b c", []module.Hook{{}, {}, {}}},
		{"c b a", []module.Hook{{Position: module.Last}, {}, {Position: module.First}}},
		{"b c a", []module.Hook{{Position: module.ReallyLast}, {Position: module.ReallyFirst}, {Position: module.Last}}},
		{"b a", []module.Hook{{After: []string{"b"}}, {}}},
		{"b a", []module.Hook{{}, {Before: []string{"a"}}}},
		{"b a c", []module.Hook{{After: []string{"b"}}, {}, {After: []string{"a"}}}},
		{"c b a", []module.Hook{{After: []string{"b"}}, {After: []string{"c"}}, {}}},
		{"a b", []module.Hook{{After: []string{"none"}}, {Before: []string{"none"}}}},
		{"a", []module.Hook{{After: []string{"a"}, Before: []string{"a"}}}},
		{"b a", []module.Hook{{Position: module.First, After: []string{"b"}}, {Position: module.Last}}}, // After is stronger
	} {
		if got, err := ordered(t, c.hooks...); err != nil || got != c.want {
			t.Errorf("%+v: %s, %v; want %s", c.hooks, got, err, c.want)
		}
	}
}

func TestCircles(t *testing.T) {
	for _, hooks := range [][]module.Hook{
		{{After: []string{"b"}}, {After: []string{"a"}}},
		{{Before: []string{"b"}}, {Before: []string{"a"}}},
		{{After: []string{"c"}}, {After: []string{"a"}}, {After: []string{"b"}}, {}},
	} {
		_, err := ordered(t, hooks...)
		if err == nil || !strings.Contains(err.Error(), "hooks of post_read_request: Before and After form a circle among a, b") {
			t.Errorf("%+v: %v", hooks, err)
		}
	}
}

func TestSortDirectories(t *testing.T) {
	regex, err := module.RegexMatcher("x")
	if err != nil {
		t.Fatal(err)
	}
	l := &module.Lists{}
	for _, path := range []string{"/a/b", "~1", "/", "/a", "/a/b/c", "~2", "/b/", "/*"} {
		s := &module.Section{Path: path}
		if path[0] == '~' {
			s.Match = regex
		}
		l.Directories = append(l.Directories, s)
	}
	sortDirectories(l)
	var got []string
	for _, s := range l.Directories {
		got = append(got, s.Path)
	}
	if want := []string{"/", "/a", "/b/", "/*", "/a/b", "/a/b/c", "~1", "~2"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
