package proxy

import (
	"strings"
	"testing"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/regex"
)

// FuzzAuthority: whatever the path, what a ProxyPass maps it to keeps the origin that was configured, and what is sent has
// neither spaces nor control characters.
func FuzzAuthority(f *testing.F) {
	for _, path := range []string{"/", "/x", "//evil.test/", "/.evil.test", "/:99", "/@evil.test", "/%2e%2e", "/x|http://evil.test", "/\r\nHost: x", "/$1", "/$1\\", "/?#"} {
		f.Add(path)
	}
	match := func(pattern, target string) *alias {
		re, err := regex.Compile(pattern, regex.Flags{})
		if err != nil {
			f.Fatal(err)
		}
		a := newAlias(target)
		a.re = re
		return a
	}
	prefix := func(path, target, mapping string) *alias {
		a := newAlias(target)
		a.path, a.mapping = path, mapping
		return a
	}
	aliases := []*alias{
		prefix("/", "http://origin.test", ""), prefix("/", "http://origin.test/", ""), prefix("/", "http://origin.test/a", "servlet"),
		match("^/(.*)", "http://origin.test$1"), match("^/(.*)", "http://origin.test/$1"), match("^/(.*)", "http://origin.test/x"),
		match("(.*)", "http://origin.test"), match("^/(.)(.*)", "http://origin.test$1$2"),
	}
	server := &module.Server{Settings: &module.Settings{}, ErrorLog: &observe.ErrorLog{}}
	f.Fuzz(func(t *testing.T, path string) {
		if !strings.HasPrefix(path, "/") {
			return
		}
		for _, a := range aliases {
			r := &module.Request{UnparsedURI: path, Server: server, Dir: &module.Settings{}}
			filename, _, o := a.match(r, path)
			if o != mapped {
				continue
			}
			origin, rest, err := splitOrigin(strings.TrimPrefix(filename, proxyPrefix))
			if err != nil || origin != "http://origin.test" {
				t.Errorf("%q to %s: origin %q, %v", path, a.target, origin, err)
			}
			if rest = encodePath(rest, false); !visible(rest) || !strings.HasPrefix(rest, "/") || strings.ContainsAny(rest, "?#") {
				t.Errorf("%q to %s: path %q", path, a.target, rest)
			}
		}
	})
}

// FuzzPrefix: a match never covers more than there is, and servlet mapping agrees where there are no parameters.
func FuzzPrefix(f *testing.F) {
	f.Add("/a//b;x/c", "/a/b")
	f.Add("/", "/")
	f.Add("/a", "/a/")
	f.Fuzz(func(t *testing.T, uri, path string) {
		n := prefixLength(uri, path)
		if n < 0 || n > len(uri) {
			t.Fatalf("prefixLength(%q, %q) = %d", uri, path, n)
		}
		s := servletPrefixLength(uri, path)
		if s < 0 || s > len(uri) {
			t.Fatalf("servletPrefixLength(%q, %q) = %d", uri, path, s)
		}
		if !strings.Contains(uri+path, "//") && !strings.ContainsAny(uri, ";") && s != n {
			t.Errorf("%q, %q: %d and %d", uri, path, n, s)
		}
		withoutParameters(uri)
		removeDots("/"+uri, true)
	})
}
