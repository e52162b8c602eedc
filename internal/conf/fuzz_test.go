package conf

import (
	"strings"
	"testing"
	"testing/fstest"
)

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"<V *:80>\nA \"b\\\"c\" \\\n d\n</V>\n",
		"Define a b\nA ${a}${b}${\n<IfDefine !a>\n</IfDefine>\nUnDefine a\n",
		"<Macro m $a @b>\n<V $a>\n@b\n</Macro>\nUse m 1 \"2 3\"\n</V>\n",
		"Include *.conf\nIncludeOptional [!a]?*\nInclude d\nServerRoot /r/d\n",
		"<IfVersion >= 2.4>\n<IfFile x>\n</IfFile>\n</IfVersion>\n<IfSection V>\n</IfSection>",
		"\xef\xbb\xbfA\r\n# c\r\n</V\n<\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := newLoader(options(fstest.MapFS{
			"r/httpd.conf": {Data: []byte(text)},
			"r/d/a.conf":   {Data: []byte("A\nUse m\n")},
			"r/d/b.conf":   {Data: []byte(text)},
		}))
		l.linesLeft, l.bytesLeft = 1000, 1<<20
		l.include("/r/httpd.conf", Pos{}, nil, false)
		tree, errs := l.finish()
		if len(errs) > maxReports {
			t.Fatal("too many errors")
		}
		tree.Walk(func(n *Node) {
			if n.Pos.Line < 1 || n.Pos.File == "" {
				t.Fatalf("%q has no place", n.Name)
			}
			if !n.Section && n.Children != nil {
				t.Fatalf("%q is no section but holds others", n.Name)
			}
			n.Words()
		})
	})
}

// FuzzWords checks that splitting ends, loses no words and that quoting each
// word gives the same words again.
func FuzzWords(f *testing.F) {
	f.Add(`a "b c" 'd\' e' f\\g "`)
	f.Fuzz(func(t *testing.T, raw string) {
		words := Words(raw)
		var quoted []string
		for _, w := range words {
			w = strings.ReplaceAll(w, `\`, `\\`)
			quoted = append(quoted, `"`+strings.ReplaceAll(w, `"`, `\"`)+`"`)
		}
		again := Words(strings.Join(quoted, " "))
		if strings.Join(again, "\x00") != strings.Join(words, "\x00") {
			t.Fatalf("%q gave %q, then %q", raw, words, again)
		}
	})
}
