package regex

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern string
		flags   Flags
		subject string
		want    string // groups joined by a bar, "-" for no match
	}{
		{`^/app/(.*)$`, Flags{}, "/app/x/y", "/app/x/y|x/y"},
		{`^a$`, Flags{}, "a\n", "-"},
		{`^a$`, Flags{NoDollarEndOnly: true}, "a\n", "a"},
		{`a.b`, Flags{}, "a\nb", "a\nb"},
		{`a.b`, Flags{NoDotAll: true}, "a\nb", "-"},
		{`^b`, Flags{MultiLine: true}, "a\nb", "b"},
		{`^$`, Flags{MultiLine: true}, "a\n", "-"},
		{`WebSocket`, Flags{IgnoreCase: true}, "Upgrade: websocket", "websocket"},
		{`a b # c`, Flags{Extended: true}, "ab", "ab"},
		{`^/(?!\.well-known)(\w+)`, Flags{}, "/x", "/x|x"},
		{`^/(?!\.well-known)`, Flags{}, "/.well-known/acme", "-"},
		{`(?<=foo)bar`, Flags{}, "foobar", "bar"},
		{`(a|b)\1`, Flags{}, "abb", "bb|b"},
		{`(?<y>\d{4})-(?<m>\d\d)`, Flags{}, "2024-05", "2024-05|2024|05"},
		{`x*+y`, Flags{}, "xxy", "xxy"},
		{`a++a`, Flags{}, "aaa", "-"},
		{`foo\Kbar`, Flags{}, "foobar", "bar"},
		{`\h+\R`, Flags{}, "a \t\r\nb", " \t\r\n"},
		{`[[:alpha:]]+[^[:digit:]]`, Flags{}, "12ab-3", "ab-"},
		{`a{,2}`, Flags{}, "a{,2}", "a{,2}"},
		{`\x41\101\Q.*\E`, Flags{}, "AA.*", "AA.*"},
		{`^.$`, Flags{}, "\xff", "\xff"},
		{`^..$`, Flags{}, "é", "é"},
		{`é`, Flags{IgnoreCase: true}, "É", "-"},
		{`[\x80-\xff]+(.)`, Flags{}, "a\xc3\xa9b", "\xc3\xa9b|b"},
		{`(?=.*\d)(.)\xff`, Flags{}, "\xff\xff1", "\xff\xff|\xff"},
		{`\w`, Flags{}, "é", "-"},
		{`\s`, Flags{}, "\v", "\v"},
		{`(?=x)\bx`, Flags{}, "\xe9x", "x"},
		{`(\xe9)\1`, Flags{IgnoreCase: true}, "\xe9\xc9", "-"},
		{`a{1001}`, Flags{}, strings.Repeat("a", 1001), strings.Repeat("a", 1001)},
		{`(?|(a)|(b))(c)`, Flags{}, "bc", "bc|b|c"},
		{`(a)?(?(1)b|c)`, Flags{}, "c", "c|"},
		{`(a)|(b)`, Flags{}, "b", "b||b"},
		{`(?i)a(?-i)b`, Flags{}, "Ab AB", "Ab"},
	}
	for _, tt := range tests {
		re, err := Compile(tt.pattern, tt.flags)
		if err != nil {
			t.Errorf("Compile(%q): %v", tt.pattern, err)
			continue
		}
		m, err := re.Match(tt.subject)
		if got := groups(m); err != nil || got != tt.want {
			t.Errorf("%q on %q = %q, %v; want %q", tt.pattern, tt.subject, got, err, tt.want)
		}
		if ok, err := re.MatchString(tt.subject); ok != m.Matched() || err != nil {
			t.Errorf("%q MatchString(%q) = %v, %v", tt.pattern, tt.subject, ok, err)
		}
	}
}

func groups(m Match) string {
	if !m.Matched() {
		return "-"
	}
	var all []string
	for i := range m.Len() {
		all = append(all, m.Group(i))
	}
	return strings.Join(all, "|")
}

// The offsets and problems are those of PCRE2 10.42, except where it has a
// construct that is refused here.
func TestCompileErrors(t *testing.T) {
	tests := []struct{ pattern, problem string }{
		{`^/(?\!.well-known)`, "unrecognized character '\\\\' after (? or (?- at offset 4"},
		{`*a`, "quantifier does not follow a repeatable item at offset 0"},
		{`a**`, "quantifier does not follow a repeatable item at offset 2"},
		{`^*`, "quantifier does not follow"},
		{`(a`, "missing closing parenthesis at offset 2"},
		{`a)`, "unmatched closing parenthesis at offset 1"},
		{`[a`, "missing terminating ] for character class at offset 2"},
		{`[z-a]`, "range out of order in character class"},
		{`[\w-z]`, "invalid range in character class"},
		{`[[:foo:]]`, `unknown POSIX class name "foo"`},
		{`\2(a)`, "reference to non-existent subpattern at offset 1"},
		{`\k<n>(a)`, "reference to non-existent subpattern"},
		{`(?<=a+)b`, "lookbehind assertion is not limited"},
		{`a{3,2}`, "numbers out of order in {} quantifier"},
		{`a{65536}`, "number too big in {} quantifier"},
		{`\i`, "unrecognized character 'i' follows \\"},
		{`\`, `\ at end of pattern`},
		{`\x{100}`, "greater than 255"},
		{`\p{Foo}`, `unknown property "Foo"`},
		{`(?<1a>x)`, "must be at most 32 letters"},
		{`(?R)`, "recursion and subroutine calls are not supported at offset 0"},
		{`a(*SKIP)`, "backtracking verbs and (*...) options are not supported at offset 1"},
		{strings.Repeat("(", 251) + strings.Repeat(")", 251), "too deeply nested"},
		{strings.Repeat("a", 1<<16), "too large"},
	}
	for _, tt := range tests {
		_, err := Compile(tt.pattern, Flags{})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("Compile(%.30q) = %v, want %q", tt.pattern, err, tt.problem)
		}
	}
}

func TestEngine(t *testing.T) {
	for pattern, linear := range map[string]bool{
		`^/a(b|c)*[^/]+\.(php|html)$`: true,
		`(?<name>\S+)\b`:              true,
		`\d{2,3}?`:                    true,
		`(?=a)`:                       false,
		`(a)\1`:                       false,
		`(a*)*`:                       false,
	} {
		re, err := Compile(pattern, Flags{})
		if err != nil {
			t.Fatal(err)
		}
		if (re.linear != nil) != linear {
			t.Errorf("%q: linear is %v, want %v", pattern, !linear, linear)
		}
	}
}

func TestLimit(t *testing.T) {
	re, err := Compile(`^(?=x)?(a+)+\1b$`, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	re.SetTimeout(time.Millisecond)
	m, err := re.Match(strings.Repeat("a", 5000))
	if !errors.Is(err, ErrLimit) || m.Matched() {
		t.Errorf("got %v, %v, want ErrLimit", m.Matched(), err)
	}
}

func TestNames(t *testing.T) {
	re, err := Compile(`^/(?<site>[^/]+)/(x)(?P<rest>.*)(?!y)`, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(re.SubexpNames(), ","); got != ",site,,rest" || re.NumSubexp() != 3 {
		t.Errorf("names %q, %d groups", got, re.NumSubexp())
	}
}

func TestExpand(t *testing.T) {
	re, err := Compile(`(b)(c)(x)?`, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := re.Match("abcd")
	for template, want := range map[string]string{
		`<$0>$2$1$9$3`: "<bc>cb",
		`a&b`:          "a&b",
		`\$1\\\&`:      `$1\&`,
		`$`:            "$",
		`$x$`:          "$x$",
		`\`:            `\`,
	} {
		if got := Expand(template, m); got != want {
			t.Errorf("Expand(%q) = %q, want %q", template, got, want)
		}
	}
}
