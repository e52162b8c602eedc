package site

import (
	"net/netip"
	"strings"
	"testing"

	"transom/internal/module"
)

func TestUnescape(t *testing.T) {
	for _, c := range []struct {
		in, slashes string
		want        string
		status      int
	}{
		{"/a", "", "/a", 0},
		{"/%41%7e%2E", "", "/A~.", 0},
		{"/a%20b+c", "", "/a b+c", 0},
		{"/a%2fb", "", "/a/b", 404},
		{"/a%2Fb", "off", "/a/b", 404},
		{"/a%2Fb", "on", "/a/b", 0},
		{"/a%2Fb%41", "nodecode", "/a%2FbA", 0},
		{"/a%00b", "on", "/a\x00b", 404},
		{"/%252f", "", "/%2f", 0}, // once
		{"/%", "", "/", 400},
		{"/%4", "", "/", 400},
		{"/%4g", "on", "/", 400},
		{"/%2f%zz", "", "//", 400},
	} {
		if got, status := unescape(c.in, c.slashes); status != c.status || status == 0 && got != c.want {
			t.Errorf("unescape(%q, %q) is %q, %d", c.in, c.slashes, got, status)
		}
	}
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct {
		in           string
		merged, kept string // empty: refused
	}{
		{"/", "/", "/"},
		{"/a/b", "/a/b", "/a/b"},
		{"/a/./b/.", "/a/b/", "/a/b/"},
		{"/a/../b", "/b", "/b"},
		{"/a/b/..", "/a/", "/a/"},
		{"/a/..", "/", "/"},
		{"/..", "", ""},
		{"/a/../..", "", ""},
		{"/./../x", "", ""},
		{"/...", "/...", "/..."},
		{"/.hidden", "/.hidden", "/.hidden"},
		{"//", "/", "//"},
		{"/a//b///", "/a/b/", "/a//b///"},
		{"/a//../b", "/b", "/a/b"},
		{"//../x", "", "/x"},
		{"a", "", ""},
		{"", "", ""},
	} {
		for merge, want := range map[bool]string{true: c.merged, false: c.kept} {
			if got, ok := normalize(c.in, merge); ok != (want != "") || ok && got != want {
				t.Errorf("normalize(%q, %v) is %q, %v; want %q", c.in, merge, got, ok, want)
			}
		}
	}
}

func TestPathOf(t *testing.T) {
	for in, want := range map[string]string{
		"/a?b": "/a?b", "http://h/a?b": "/a?b", "http://h": "/", "http://h?q": "/?q", "a/b": "a/b", "//h/a": "//h/a", "/x://y/z": "/x://y/z",
	} {
		if got := pathOf(in); got != want {
			t.Errorf("pathOf(%q) is %q", in, got)
		}
	}
}

func TestSplitHost(t *testing.T) {
	for in, want := range map[string]struct {
		name string
		port int
	}{
		"":                {"", 0},
		"H.Test":          {"h.test", 0},
		"h.test:8080":     {"h.test", 8080},
		"h.test.":         {"h.test", 0},
		"h.test.:80":      {"h.test", 80},
		"h.test:":         {"h.test", 0},
		"[2001:DB8::1]":   {"2001:db8::1", 0},
		"[::1]:80":        {"::1", 80},
		"[0:0::1]:80":     {"::1", 80},
		"h.test:-1":       {"h.test", 0},
		"h.test:65536":    {"h.test", 0},
		"192.0.2.1:81":    {"192.0.2.1", 81},
		"[192.0.2.1]":     {"192.0.2.1", 0},
		"192.0.2.01":      {"192.0.2.01", 0},
		"[h.test]:80":     {"h.test", 80},
		"h.test:notaport": {"h.test", 0},
	} {
		if name, port := splitHost(in); name != want.name || port != want.port {
			t.Errorf("splitHost(%q) is %q, %d", in, name, port)
		}
	}
}

// What is taken apart at once is what the long way makes of it.
func FuzzPlainTarget(f *testing.F) {
	for _, s := range []string{"/", "/a/b.c?d=/../#%41", "/.a", "/a//b", "/a/.", "/a./b", "a", ".", "*", "", "/?", "/a#b?c", "/%41", "//a", "/a?b?c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		uri, query, ok := plainTarget(target)
		if !ok {
			return
		}
		path, wantQuery, _ := strings.Cut(pathOf(target), "?")
		path, _, _ = strings.Cut(path, "#")
		decoded, status := unescape(path, "")
		merged, ok1 := normalize(decoded, true)
		kept, ok2 := normalize(decoded, false)
		if status != 0 || !ok1 || !ok2 || uri != merged || uri != kept || query != wantQuery || strings.HasPrefix(target, "//") {
			t.Errorf("%q became %q and %q", target, uri, query)
		}
	})
}

// What is a plain name at a glance is one by the long way, too.
func FuzzPlainName(f *testing.F) {
	for _, s := range []string{"h", "h.test", "1.2.3.a", "a:b", "fe80::a", "H", "h.", "-", "_a", "1.2.3.4", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if !plainName(host) {
			return
		}
		if _, err := netip.ParseAddr(host); err == nil || host != strings.ToLower(host) || strings.ContainsAny(host, ":[]") || strings.HasSuffix(host, ".") {
			t.Errorf("%q", host)
		}
	})
}

// Whatever comes in: what comes out begins at the root, stays below it, and is as it would be the second time.
func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"/a/../b", "/%2e%2e/", "//a/.//..", "/a%2f..%2f..", "/.%2e", "/..%5c"} {
		f.Add(s, true, "on")
		f.Add(s, false, "nodecode")
	}
	f.Fuzz(func(t *testing.T, target string, merge bool, slashes string) {
		decoded, status := unescape(target, slashes)
		if status != 0 {
			return
		}
		clean, ok := normalize(decoded, merge)
		if !ok {
			return
		}
		if !strings.HasPrefix(clean, "/") || merge && strings.Contains(clean, "//") {
			t.Errorf("%q became %q", target, clean)
		}
		for _, segment := range strings.Split(clean, "/") {
			if segment == "." || segment == ".." {
				t.Errorf("%q became %q", target, clean)
			}
		}
		if again, ok := normalize(clean, merge); !ok || again != clean {
			t.Errorf("%q became %q, and then %q", target, clean, again)
		}
		if back, status := unescape(module.EscapePath(clean), "on"); status == 0 && back != clean {
			t.Errorf("%q does not survive being escaped: %q", clean, back)
		}
	})
}
