package rewrite_test

import (
	"strings"
	"testing"

	"transom/internal/module"
	"transom/internal/modules/core"
	alias "transom/internal/modules/mod_alias"
	rewrite "transom/internal/modules/mod_rewrite"
	"transom/internal/site/sitetest"
)

// FuzzRules lets a client choose its URL and anybody the rules: whatever they are, no answer may hold what splits a header
// or a request line, and rules end.
func FuzzRules(f *testing.F) {
	for _, seed := range []struct{ cond, rule, uri, query string }{
		{`%{REQUEST_URI} ^/(.*)`, `^/(.*) http://h/%1?q=$1 [P,NE]`, "/a%0d%0ab%20c", "x"},
		{`%{QUERY_STRING} (.+)`, `^ /%1 [R,QSA]`, "/", "../../a%20b"},
		{`expr "%{REQUEST_URI} =~ /(a)/"`, `(.*)a(.*) $1b$2 [N,B,BNP]`, "/aaaa", ""},
		{`%{LA-U:REQUEST_FILENAME} !-f`, `. ${up:$0|${no:x|y}}%{HTTP:X} [CO=a:$0:h,E=b:$0,PT]`, "/%3f%25", "a=b"},
		{`a <b [OR]`, `!^/x unix:/s|http://h/$0 [P,QSD]`, "/y", ""},
		{`1 -eq1`, `(/+) ///$1$1 [N=100]`, "/", ""},
	} {
		f.Add(seed.cond, seed.rule, seed.uri, seed.query)
	}
	sink := &module.Module{Name: "mod_sink", Hooks: []module.Hook{{Phase: module.Handler, Position: module.First, Run: func(r *module.Request) module.Result {
		if r.Proxy == module.NotProxied {
			return module.Declined
		}
		if strings.ContainsFunc(r.Query, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
			f.Errorf("%q is proxied with the query %q", r.UnparsedURI, r.Query)
		}
		r.Writer.WriteHeader(200)
		return module.OK
	}}}}
	f.Fuzz(func(t *testing.T, cond, rule, uri, query string) {
		oneLine := strings.NewReplacer("\n", " ", "\r", " ", "\\", "\\", "<", "&lt;", "\x00", "")
		config := "RewriteEngine On\nRewriteMap up int:toupper\nRewriteCond " + oneLine.Replace(cond) + "\nRewriteRule " + oneLine.Replace(rule) + "\n"
		mods := []*module.Module{core.Module(), alias.Module(), rewrite.Module(), sink}
		s, _ := sitetest.Compile(t, config, mods, nil)
		if s == nil {
			return
		}
		r := sitetest.Request("GET", "/")
		r.RequestURI = "/" + clean(uri) + "?" + clean(query)
		w := s.Do(t, r)
		for _, name := range []string{"Location", "Set-Cookie"} {
			if strings.ContainsAny(strings.Join(w.Header().Values(name), ""), "\r\n\x00") {
				t.Errorf("%s: %s %q", config, name, w.Header().Values(name))
			}
		}
	})
}

// clean leaves out what no request line can hold.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if c <= ' ' || c >= 0x7f {
			return -1
		}
		return c
	}, s)
}
