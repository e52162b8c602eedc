package rewrite_test

import (
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// TestDirectives goes through directives that httpd 2.4.71 loads, and those that it refuses with a reason like ours.
func TestDirectives(t *testing.T) {
	for _, c := range []struct{ config, problem string }{
		{`RewriteRule a b [L] # a remark`, ""},
		{`RewriteRule 'a b' "c" "[R, L ]"`, ""},
		{`RewriteRule a\ b c [L]`, ""},
		{`RewriteRule a b "[L]`, ""},
		{`RewriteRule "" b`, ""},
		{`RewriteRule ! b`, ""},
		{`RewriteRule a b [R=foo,S=x,N=x,E,CO,H,T=,unc,D,unsafeallow3f,UnsafePrefixStat]`, ""},
		{`RewriteRule a b [BNP,backrefescaping,BCTLS,BNE=/,B=?]`, ""},
		{`RewriteRule a b [backrefnoplus]`, ""},
		{`RewriteRule a b [R=451]`, ""},
		{`RewriteCond a ""`, ""},
		{`RewriteCond a -f [NC]`, ""},
		{`RewriteCond a !-q [NC,OR,NV,nocase,ornext,novary]`, ""},
		{`RewriteOptions Inherit AllowNoSlash MaxRedirects=3`, ""},
		{`RewriteLog logs/rewrite_log`, ""},
		{`RewriteLogLevel 3`, ""},
		{`RewriteLock logs/lock`, ""},
		{`<Proxy http://h/>; RewriteEngine on; RewriteRule a b; </Proxy>`, ""},
		{`<Location /x>; RewriteBase /y; </Location>`, ""},

		{`RewriteRule`, "two arguments are needed"},
		{`RewriteRule a`, "two arguments are needed"},
		{`RewriteRule a b c`, "bad flag delimiters"},
		{`RewriteRule a b [L`, "bad flag delimiters"},
		{`RewriteRule a b [L, NC]`, "bad flag delimiters"},
		{`RewriteRule a b [L]x`, "bad flag delimiters"},
		{`RewriteRule a b []`, "unknown flag ''"},
		{`RewriteRule a b [B=a,]`, "unknown flag ''"},
		{`RewriteRule a b [X]`, "unknown flag 'X'"},
		{`RewriteRule a b [BNE]`, "flag 'BNE' wants a list"},
		{`RewriteRule a b [R=999]`, "invalid HTTP response code '999'"},
		{`RewriteRule a b [R=418]`, "invalid HTTP response code '418'"},
		{`RewriteRule ( b`, "cannot compile regular expression '('"},
		{`RewriteCond a`, "two arguments are needed"},
		{`RewriteCond a b [L]`, "unknown flag 'L'"},
		{`RewriteCond a ( [NC]`, "cannot compile regular expression '('"},
		{`RewriteCond expr "%{FOO} == 'x'"`, "cannot compile expression"},
		{`RewriteBase /`, "not allowed here"},
		{`<Location /x>; RewriteBase y; </Location>`, "not a valid URL"},
		{`<Location /x>; RewriteMap m int:escape; </Location>`, "not allowed here"},
		{`RewriteEngine maybe`, "On or Off"},
		{`RewriteOptions`, "at least one argument"},
		{`RewriteOptions Bogus`, "unknown option 'Bogus'"},
		{`RewriteMap m`, "two or three arguments"},
		{`RewriteMap m txt:nowhere`, "not found"},
		{`RewriteMap m prg:nowhere`, "not found"},
		{`RewriteMap m int:foo`, "internal map not found"},
		{`RewriteMap m dbm:x`, "txt:"},
		{`RewriteMap m dbm=gdbm:x`, "txt:"},
		{`RewriteMap m dbd:x`, "mod_dbd"},
		{`RewriteMap m fastdbd:x`, "mod_dbd"},
		{`RewriteMap m "prg:httpd.conf" nobody-of-this-name`, "unknown user"},
	} {
		errs := sitetest.Errors(t, strings.ReplaceAll(c.config, "; ", "\n"), modules.All())
		if c.problem == "" && errs != "" {
			t.Errorf("%s: %s", c.config, errs)
		}
		if c.problem != "" && !strings.Contains(errs, c.problem) {
			t.Errorf("%s: %q does not say %q", c.config, errs, c.problem)
		}
	}
}
