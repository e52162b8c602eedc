package conf

import (
	"slices"
	"testing"
)

func TestWords(t *testing.T) {
	for raw, want := range map[string][]string{
		"":                   nil,
		" \t ":               nil,
		"a b\tc\fd\ve":       {"a", "b", "c", "d", "e"},
		`"a b" 'c "d'`:       {"a b", `c "d`},
		`"a \" b" 'c \' d'`:  {`a " b`, "c ' d"},
		`"a ' \' b"`:         {`a ' \' b`},
		`"a\\" b`:            {`a\`, "b"},
		`a\\b a\b a\"b`:      {`a\b`, `a\b`, `a\"b`},
		`^/(.*)\.php$`:       {`^/(.*)\.php$`},
		`"unclosed word`:     {"unclosed word"},
		`"unclosed \`:        {`unclosed \`},
		`"unclosed \\`:       {`unclosed \`},
		`'`:                  {""},
		`""`:                 {""},
		`"a"b "c"`:           {"a", "b", "c"},
		`a"b c"d`:            {`a"b`, `c"d`},
		"a\u00a0b":           {"a\u00a0b"},
		"a\xa0b \xff":        {"a\xa0b", "\xff"},
		`"\n \d"`:            {`\n \d`},
		`-e "%{X} == 'a b'"`: {"-e", "%{X} == 'a b'"},
	} {
		if got := Words(raw); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
	if first, rest := Word(`  "a b"  c "d" `); first != "a b" || rest != `c "d" ` {
		t.Errorf("got %q, %q", first, rest)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"ProxyPass", "ProxyPassMatch", "ProxyPassReverse", "ServerName", "ServerAlias", "Listen", "Alias"}
	for name, want := range map[string]string{
		"ProxyPas":              "ProxyPass",
		"proxypassrevers":       "ProxyPassReverse",
		"ServreName":            "ServerName",
		"ProxyPassReverseMatch": "ProxyPassReverse",
		"Lisen":                 "Listen",
		"Ailas":                 "Alias",
		"Wibble":                "",
		"":                      "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
