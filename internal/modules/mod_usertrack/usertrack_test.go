package usertrack_test

import (
	"net/http"
	"regexp"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

const config = `
LogFormat "%{cookie}n" visitors
CustomLog logs/visitors visitors
<Location /plain>
CookieTracking On
</Location>
<Location /full>
CookieTracking On
CookieName visitor
CookieDomain .example.com
CookieSecure On
CookieHTTPOnly On
CookieSameSite strict
</Location>
`

func TestCookie(t *testing.T) {
	s := sitetest.New(t, "CookieExpires \"2 weeks 3 days\"\n"+config, modules.All())
	const id, date = `[0-9a-f]+\.\d+`, `\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT`
	for path, want := range map[string]string{
		"/plain": `^Apache=` + id + `; path=/; expires=` + date + `$`,
		"/full":  `^visitor=` + id + `; path=/; domain=\.example\.com; expires=` + date + `; secure; HttpOnly; SameSite=Strict$`,
		"/none":  `^$`,
	} {
		if got := s.Get(t, path).Header().Get("Set-Cookie"); !regexp.MustCompile(want).MatchString(got) { // with the error page, too
			t.Errorf("%s: %q does not match %s", path, got, want)
		}
	}
}

func TestKnownVisitor(t *testing.T) {
	s := sitetest.New(t, config, modules.All())
	if got := s.Get(t, "/plain", "Cookie: a=b; Apache=known").Header().Get("Set-Cookie"); got != "" {
		t.Errorf("who has a cookie gets %q", got)
	}
	w := s.Get(t, "/plain", "Cookie: NotApache=known")
	c, err := http.ParseSetCookie(w.Header().Get("Set-Cookie"))
	if err != nil || c.Name != "Apache" {
		t.Fatalf("%v, %v", c, err)
	}
	if log := s.Read(t, "logs/visitors"); log != "known\n"+c.Value+"\n" {
		t.Errorf("the log says %q", log)
	}
}

func TestErrors(t *testing.T) {
	sitetest.Refuses(t, modules.All(), map[string]string{
		"CookieExpires 3600": "", "CookieExpires \"1 fortnight\"": "CookieExpires takes", "CookieExpires \"1 day 2\"": "CookieExpires takes",
		"CookieStyle RFC1": "Invalid CookieStyle", "CookieStyle Netscape": "", "CookieSameSite Maybe": "accepts",
	})
}
