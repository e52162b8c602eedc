package expr

import (
	"bufio"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"transom/internal/regex"
)

// fakeEnv is the request with which the files in testdata were recorded from
// httpd 2.4.71: GET /f.txt?q=1&b=2 with a few headers, from 127.0.0.1.
type fakeEnv struct {
	client netip.Addr
	calls  []string
	err    error
}

var requestVars = map[string]string{
	"HTTP_HOST":      "ex.test",
	"REQUEST_METHOD": "GET",
	"REQUEST_URI":    "/f.txt",
	"QUERY_STRING":   "q=1&b=2",
	"THE_REQUEST":    "GET /f.txt?q=1&b=2 HTTP/1.1",
	"REMOTE_ADDR":    "127.0.0.1",
}

var requestHeaders = map[string]string{"x-a": "Hello", "x-n": "42", "x-d": "a, b, c"}

func newFakeEnv() *fakeEnv { return &fakeEnv{client: netip.MustParseAddr("127.0.0.1")} }

func (f *fakeEnv) Var(name string) (string, bool) {
	v, ok := requestVars[name]
	return v, ok
}

func (f *fakeEnv) Func(name, arg string) (string, bool, error) {
	f.calls = append(f.calls, name+":"+arg)
	switch name {
	case "req", "req_novary":
		v, ok := requestHeaders[strings.ToLower(arg)]
		return v, ok, f.err
	case "reqenv", "env":
		return map[string]string{"RE": "reval"}[arg], true, f.err
	}
	return "", false, f.err
}

func (f *fakeEnv) List(name, arg string) ([]string, error) {
	return []string{name, arg}, f.err
}

func (f *fakeEnv) Subrequest(op byte, arg string) (bool, error) {
	f.calls = append(f.calls, string(op)+" "+arg)
	return true, f.err
}

func (f *fakeEnv) ClientAddr() netip.Addr { return f.client }

func linesOf(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []string
	for s := bufio.NewScanner(f); s.Scan(); {
		lines = append(lines, s.Text())
	}
	if len(lines) < 40 {
		t.Fatalf("%s has only %d lines", name, len(lines))
	}
	return lines
}

func TestConditionsOfHTTPD(t *testing.T) {
	for _, line := range linesOf(t, "conditions.txt") {
		want, source, _ := strings.Cut(line, " ")
		source = strings.TrimPrefix(source, " ")
		b, err := ParseBool(source, Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := b.Eval(newFakeEnv())
		if err != nil || strconv.FormatBool(got) != want {
			t.Errorf("%s is %v, %v; want %s", source, got, err, want)
		}
	}
}

func TestStringsOfHTTPD(t *testing.T) {
	lines := linesOf(t, "strings.txt")
	for i := 0; i+1 < len(lines); i += 2 {
		s, err := ParseString(lines[i], Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := s.EvalMatch(newFakeEnv(), new(regex.Match))
		if want := strings.TrimPrefix(lines[i+1], "\t"); err != nil || strconv.Quote(got) != want {
			t.Errorf("%s is %q, %v; want %s", lines[i], got, err, want)
		}
	}
}

// What httpd refuses to start with is refused here.
func TestRefusedByHTTPD(t *testing.T) {
	for _, line := range linesOf(t, "refused.txt") {
		form, source, _ := strings.Cut(line, " ")
		var err error
		if form == "string" {
			_, err = ParseString(strings.TrimLeft(source, " "), Options{})
		} else {
			_, err = ParseBool(source, Options{})
		}
		var e *Error
		if !errors.As(err, &e) || e.Offset > len(source) {
			t.Errorf("%s: got %v, want an error", line, err)
		}
	}
}

func TestErrors(t *testing.T) {
	tests := []struct{ source, problem string }{
		{`%{foo} == 'a'`, `variable foo does not exist at offset 2`},
		{`foo('a') == 'a'`, `function foo does not exist at offset 0`},
		{`'a' -in Foo('x')`, `list function Foo does not exist at offset 8`},
		{`-q 'a'`, `unary operator -q does not exist at offset 0`},
		{`'a' -foo 'b'`, `binary operator -foo does not exist at offset 4`},
		{`'a' =~ /x(?\!y)/`, `regular expression "x(?\\!y)", offset 3: unrecognized character '\\' after (? or (?-, at offset 7`},
		{`'a' =~ 'b'`, `expected a regular expression such as /.../ or m#...#, found "'" at offset 7`},
		{`'a' == 'b' 'c'`, `expected && or || or the end, found "'" at offset 11`},
		{`'a'`, `expected a comparison such as == or -eq, found the end at offset 3`},
		{`'abc`, `has no closing '\'' at offset 1`},
		{`(true`, `expected && or || or ), found the end at offset 5`},
		{`-R 'x'`, `-R: "x" is not an address, subnet or IPv4 prefix, at offset 0`},
		{`-R '10.0.0.0/33'`, `"33" in "10.0.0.0/33" is neither a number of bits from 1 to 32`},
		{`true && ` + strings.Repeat("(", 200), `nested more than 100 deep`},
		{`'%{tolower:x` + strings.Repeat("%{tolower:x", 200), `nested more than 100 deep`},
		{`1 == ` + strings.Repeat("tolower(", 200), `nested more than 100 deep`},
	}
	for _, tt := range tests {
		if _, err := ParseBool(tt.source, Options{}); err == nil || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("ParseBool(%.40q) = %v, want %q", tt.source, err, tt.problem)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	file, empty, link := filepath.Join(dir, "f"), filepath.Join(dir, "empty"), filepath.Join(dir, "link")
	for name, text := range map[string]string{file: "hello\n", empty: ""} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]bool{
		"-d '" + dir + "'":                                 true,
		"-d '" + file + "'":                                false,
		"-e '" + dir + "'":                                 true,
		"-e '" + dir + "/no'":                              false,
		"-f '" + dir + "'":                                 false,
		"-f '" + link + "'":                                true,
		"-s '" + file + "'":                                true,
		"-s '" + empty + "'":                               false,
		"-s '" + dir + "'":                                 false,
		"-L '" + link + "'":                                true,
		"-h '" + file + "'":                                false,
		"-x '" + file + "'":                                false,
		"-x '" + dir + "'":                                 true,
		"file('" + file + "') == 'hello\\n'":               true,
		"file('" + empty + "') == ''":                      true,
		"%{filesize:" + file + "} -eq 6":                   true,
		"filesize('" + dir + "') == '0'":                   true,
		"filesize('" + dir + "/no') == '0'":                true,
		"%{file:" + file + "} == \"%{file:" + link + "}\"": true,
	} {
		b, err := ParseBool(source, Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := b.Eval(newFakeEnv()); err != nil || got != want {
			t.Errorf("%s is %v, %v", source, got, err)
		}
		if _, err := ParseBool(source, Options{Restricted: true}); err == nil || !strings.Contains(err.Error(), "not available in this context") {
			t.Errorf("%s, restricted: %v", source, err)
		}
	}
}

func TestEnv(t *testing.T) {
	opt := Options{
		Variable: func(name string) bool { return name == "SSL_PROTOCOL" },
		Function: func(name string) bool { return name == "ssl" },
		List:     func(name string) bool { return name == "peerextlist" },
	}
	env := newFakeEnv()
	for source, want := range map[string]bool{
		`%{ssl_protocol} == ''`:                          true,
		`SSL('x') == ''`:                                 true,
		`'1.2.3' in PeerExtList('1.2.3')`:                true,
		`'peerextlist' -in peerextlist('x')`:             true,
		`'z' -in peerextlist('x')`:                       false,
		`-F '/f' && -U '/u' && -A '/a'`:                  true,
		`-R '127.0.0.0/8' && ! -R '10.1'`:                true,
		`%{HTTP:h} == '' && resp('r') == ''`:             true,
		`note('n') . osenv('o') . req_novary('v') == ''`: true,
	} {
		b, err := ParseBool(source, opt)
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := b.Eval(env); err != nil || got != want {
			t.Errorf("%s is %v, %v", source, got, err)
		}
	}
	for _, want := range []string{"ssl:x", "F /f", "U /u", "U /a", "req:h", "resp:r", "note:n", "osenv:o", "req_novary:v"} {
		if !strings.Contains(strings.Join(env.calls, "\n")+"\n", want+"\n") {
			t.Errorf("the request was not asked for %q: %q", want, env.calls)
		}
	}
}

func TestEvalErrors(t *testing.T) {
	env := newFakeEnv()
	env.err = errors.New("no backend")
	for _, source := range []string{
		`req('a') == ''`, `! req('a') == 'x'`, `'' == req('a')`, `'a' in {req('a')}`, `req('a') in {'a'}`,
		`true && (req('a') =~ /./ || true)`, `-n req('a')`, `-U '/a'`, `req('a') -strmatch '*'`,
		`tolower(req('a')) == ''`, `'a' . req('a') == 'a'`, `file('/does/not/exist') == ''`,
		`! -n req('a') || true`,
	} {
		b, err := ParseBool(source, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Eval(env); err == nil || got {
			t.Errorf("%s is %v, %v; want false and an error", source, got, err)
		}
	}
	s, err := ParseString("a%{req:b}", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.EvalMatch(env, new(regex.Match)); !errors.Is(err, env.err) || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCaptures(t *testing.T) {
	b, err := ParseBool(`$1 == 'before' && 'abc' =~ /(b)/`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	re, err := regex.Compile(`(before)`, regex.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := re.Match("before")
	if ok, err := b.EvalMatch(newFakeEnv(), &m); !ok || err != nil || m.Group(1) != "b" {
		t.Fatalf("%v, %v, then $1 is %q", ok, err, m.Group(1))
	}
	s, err := ParseString("<$1>", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.EvalMatch(newFakeEnv(), &m); got != "<b>" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestConstant(t *testing.T) {
	for source, want := range map[string]bool{"": true, `a\n"b%`: true, "%{HTTP_HOST}": false, "a$1": false} {
		s, err := ParseString(source, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := s.Constant(); ok != want {
			t.Errorf("%q: constant is %v", source, ok)
		}
	}
}

func TestSSLRequire(t *testing.T) {
	for source, want := range map[string]bool{
		`'9' < '10'`:     true,
		`'9' lt '10'`:    true,
		`'a' eq 'b'`:     false,
		`'09' == '9'`:    false,
		`'abc' >= 'abc'`: true,
		`'b' gt 'a'`:     true,
		`'x' in {'x'}`:   true,
		`'x' =~ /X/i`:    true,
	} {
		b, err := ParseBool(source, Options{SSLRequire: true})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Eval(newFakeEnv()); got != want || err != nil {
			t.Errorf("%s is %v, %v", source, got, err)
		}
	}
}
