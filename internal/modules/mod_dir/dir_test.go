package dir_test

import (
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestDirectories(t *testing.T) {
	s := sitetest.NewWith(t, `
DirectoryIndex index.html second.htm
<Location /none>
DirectoryIndex disabled
</Location>
<Location /else>
DirectoryIndex /top.html
</Location>
<Location /sent>
DirectoryIndexRedirect seeother
</Location>
<Location /bare>
DirectorySlash Off
</Location>
<LocationMatch ^/(closed|shut)/index.html$>
Require all denied
</LocationMatch>
<Location /shut>
Options +Indexes
</Location>
<Directory @ROOT@/htdocs/app>
FallbackResource /app/front.html
</Directory>
<Directory @ROOT@/htdocs/app/off>
FallbackResource disabled
</Directory>
`, modules.All(), map[string]string{
		"htdocs/two/second.htm": "second", "htdocs/none/index.html": "hidden", "htdocs/else/x": "", "htdocs/top.html": "top",
		"htdocs/sent/index.html": "", "htdocs/bare/index.html": "bare", "htdocs/closed/index.html": "", "htdocs/shut/index.html": "", "htdocs/closed/second.htm": "next",
		"htdocs/app/front.html": "front", "htdocs/app/real.txt": "real", "htdocs/app/off/x": "", "htdocs/a b/index.html": "blank",
	})
	s.Answers(t, []sitetest.Answer{
		{"/two/", 200, "second"},
		{"/two", 301, "http://www.example.com/two/"},
		{"/two?a=b", 301, "http://www.example.com/two/?a=b"},
		{"/a%20b", 301, "http://www.example.com/a%20b/"},
		{"/none/", 403, ""},
		{"/else/", 200, "top"},
		{"/sent/", 303, "http://www.example.com/sent/index.html"},
		{"/bare", 403, ""}, // no listing either
		{"/bare/", 200, "bare"},
		{"/closed/", 200, "next"},
		{"/shut/", 403, ""}, // not a listing
		{"/app/x/y?z", 200, "front"},
		{"/app/", 200, "front"},
		{"/app/real.txt", 200, "real"},
		{"/app/off/y", 404, ""},
		{"/absent", 404, ""},
	})
}

func TestErrors(t *testing.T) {
	sitetest.Refuses(t, modules.All(), map[string]string{"DirectoryIndexRedirect 200": "must be on, off", "DirectoryIndexRedirect 307": "", "DirectorySlash maybe": "On or Off"})
}
