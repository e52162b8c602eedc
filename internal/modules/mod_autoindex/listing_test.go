package autoindex_test

import (
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestListing(t *testing.T) {
	s := sitetest.NewWith(t, `<Location />
Options +Indexes
Require all granted
IndexOptions FancyIndexing HTMLTable ScanHTMLTitles AddAltClass
</Location>
<Location /styled>
IndexStyleSheet /s.css
</Location>
<Location /plain>
IndexOptions FancyIndexing ScanHTMLTitles
</Location>
AddIcon (TXT,/i/txt.gif) .txt
AddAlt "web page" .html
AddDescription "a text" *.txt
`, modules.All(), map[string]string{
		"htdocs/table/a.html":  "<html><TITLE>\n  Title &amp; &lt;more&gt;\n</TITLE>",
		"htdocs/table/b.html":  strings.Repeat("x", 8192) + "<title>too late</title>",
		"htdocs/styled/a.html": "<title>open",
		"htdocs/styled/c.txt":  "<title>no HTML</title>",
		"htdocs/plain/a.html":  "<title>T</title>",
	})
	for path, want := range map[string][]string{
		"/table/":  {">Title &amp; &lt;more&gt;</td>", `<tr><td valign="top">&nbsp;</td><td><a href="b.html">`, ">&nbsp;</td></tr>\n<tr><th colspan=\"5\">"},
		"/styled/": {`<h1 id="indextitle">`, `<tr class="odd-web page"><td class="indexcolicon">&nbsp;</td>`, `<tr class="even-txt"><td class="indexcolicon"><img src="/i/txt.gif" alt="[TXT]">`, ">open</td>", ">a text</td>"},
		"/plain/":  {"\n      <a href=\"a.html\">a.html</a>", "  T\n"},
	} {
		got := s.Get(t, path).Body.String()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s lacks %q:\n%s", path, w, got)
			}
		}
	}
}
