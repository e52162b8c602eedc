package filter_test

import (
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

const config = `
AddType text/plain .txt
AddType text/html .html
Substitute s/foo/bar/
<Location /type>
AddOutputFilterByType SUBSTITUTE text/html
</Location>
<Location /providers>
FilterDeclare one CONTENT_SET
FilterProvider one DEFLATE "%{CONTENT_TYPE} =~ m#^text/html#"
FilterProvider one SUBSTITUTE "%{CONTENT_TYPE} =~ m#^text/#"
FilterChain one
</Location>
<Location /never>
FilterProvider never SUBSTITUTE false
FilterChain never
</Location>
<Location /cleared>
FilterProvider two SUBSTITUTE true
FilterChain two
FilterChain !
</Location>
<Location /kept>
FilterProvider three SUBSTITUTE true
FilterProtocol three SUBSTITUTE change=yes
FilterChain three
</Location>
<Location /kept/over>
FilterProvider four DEFLATE true
FilterChain =four
</Location>
<Location /kept/minus>
FilterChain -three
</Location>
<Location /set>
SetOutputFilter SUBSTITUTE
</Location>
`

func TestChosen(t *testing.T) {
	files := map[string]string{}
	for _, dir := range []string{"type", "providers", "never", "cleared", "kept", "kept/over", "kept/minus", "set"} {
		files["htdocs/"+dir+"/a.txt"] = "foo\n"
		files["htdocs/"+dir+"/a.html"] = "foo\n"
	}
	s := sitetest.NewWith(t, config, modules.All(), files)
	for url, want := range map[string]string{
		"/type/a.txt": "foo", "/type/a.html": "bar no-cache", "/providers/a.txt": "bar no-cache", "/providers/a.html": "foo",
		"/never/a.txt": "foo", "/cleared/a.txt": "foo", "/kept/a.txt": "bar", "/kept/over/a.txt": "foo", "/kept/minus/a.txt": "foo", "/set/a.txt": "bar",
	} {
		w := s.Get(t, url)
		got := strings.TrimSpace(strings.TrimSpace(w.Body.String()) + " " + w.Header().Get("Cache-Control"))
		if got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
		if kept := w.Header().Get("Last-Modified") != ""; kept == strings.Contains(want, "no-cache") {
			t.Errorf("%s: Last-Modified %q", url, w.Header().Get("Last-Modified"))
		}
	}
}

func TestErrors(t *testing.T) {
	sitetest.Refuses(t, modules.All(), map[string]string{
		"FilterProtocol nowhere cache=no":                              "no such filter",
		"FilterTrace nowhere 1":                                        "no such filter",
		"FilterDeclare a\nFilterProtocol a cache=yes":                  "is none of",
		"FilterDeclare a\nFilterProtocol a change=yes;proxy=no":        "",
		"FilterProvider a NOSUCH true":                                 "there is no filter NOSUCH",
		"FilterProvider a SUBSTITUTE \"%{NOSUCH\"":                     "FilterProvider",
		"AddOutputFilterByType proxy-html text/html":                   "not supported",
		"<Location /a>\nFilterDeclare b\n</Location>\nFilterTrace b 1": "",
	})
}
