package logconfig_test

import (
	"regexp"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestFormats(t *testing.T) {
	for format, want := range map[string]string{
		`%h %l %u "%r" %>s %b`:               `198\.51\.100\.7 - - "GET /index\.html\?q=1 HTTP/1\.1" 200 6`,
		`%t`:                                 `\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`,
		`%l%^FB%%%l`:                         `--%-`,
		`%404l|%!404m|%404,500m|%200,304m`:   `-|GET|-|GET`,
		`%{uSER-aGENT}i|%{host}i|%{none}i`:   `a\\"b\\x01\\\\\\xc3\\xa9~|www\.example\.com|-`,
		`%{x-two}i|%{content-TYPE}o`:         `1, 2|text/html`,
		`%%h\t%a%U%q`:                        `%h\t198\.51\.100\.7/index\.html\?q=1`,
		`%{MS}T|%{us}T|%{bogus}T`:            `\d+\|\d+\|bogus`,
		`%{REMOTE}p=%{Local}p=%{x}p|%{c}h`:   `\d+=\d+=x\|198\.51\.100\.7`,
		`%{begin}t%{end}t`:                   `\[[^]]+\]\[[^]]+\]`,
		`no item`:                            `no item`,
		`%{end:sec}t%{begin:usec_frac}t.%k-`: `\d{16}\.0-`,
	} {
		s := sitetest.New(t, "AddType text/html .html\nCustomLog logs/log '"+format+"'\n", modules.All())
		r := sitetest.Request("GET", "/index.html?q=1", "User-Agent: a\"b\x01\\é~", "X-Two: 1", "X-Two: 2")
		s.Do(t, r)
		if got := s.Read(t, "logs/log"); !regexp.MustCompile("^" + want + "\n$").MatchString(got) {
			t.Errorf("%s gives %q, want %s", format, got, want)
		}
	}
}
