package negotiation

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseMap(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		"URI: page\n":                       "", // names itself
		"URI: a\nContent-Type: text/html\n": "a text/html level 2 qs 1 [] ",
		"# remark\nuri : a\nContent-type: Text/Plain; charset=UTF-8;\n qs=0.5":                             "a text/plain level 0 qs 0.5 [] utf-8",
		"URI: a\n# remark\nContent-Language: de, de-AT\n\n\n \nURI: b\r\nContent-Encoding: x-gzip\r\n\r\n": "a  level 0 qs 1 [de de-AT] ;b  level 0 qs 1 [] ",
		"URI: a\nContent-Type: text/html; qs=NaN\n":                                                        "a text/html level 2 qs 1 [] ",
		"Content-Type: text/html; level=3\nBody:--x\n# no remark\n\n--x and more\n":                        " text/html level 3 qs 1 [] =# no remark\n\n",
		"URI a\n":                           "no ':'",
		"Body:--x\nabc":                     "no end tag '--x'",
		"Body:\nabc":                        "names no end tag",
		"URI: a\nContent-Length: large\n":   "no number",
		"URI: a\nContent-Length: -1\n":      "no number",
		" URI: a\n b\nContent-Length: 10\n": "a  level 0 qs 1 [] ",
	} {
		found, err := parseMap([]byte(text))
		var got []string
		for _, v := range found {
			s := fmt.Sprintf("%s %s level %d qs %v %v %s", v.name, v.mediaType, v.level, v.sourceQ, v.languages, v.charset)
			if v.body != nil {
				s += "=" + string(v.body)
			}
			got = append(got, s)
		}
		if err != nil && (want == "" || !strings.Contains(err.Error(), want)) || err == nil && strings.Join(got, ";") != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

func FuzzParseMap(f *testing.F) {
	f.Add("URI: a\nContent-Type: text/html; qs=0.5\n\nContent-Language: de\nBody:--x\ntext\n--x\n")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := parseMap([]byte(text))
		for _, v := range found {
			if !(v.sourceQ >= 0 && v.sourceQ <= 1) || v.name == "" && v.body == nil {
				t.Errorf("%q: %+v, %v", text, v, err)
			}
		}
	})
}
