package expr

import (
	"errors"
	"testing"

	"transom/internal/regex"
)

func seed(f *testing.F) {
	for _, source := range []string{
		`%{REQUEST_URI} =~ m#^/(a|b)#i && "$1" in {'a', 1} || !(-n req('x') . 'y')`,
		`'10.1' -ipmatch '10/8' && -R '::1/64' and 1 -lt -2`, `a\101\n%{tolower:%{req:b}$0}%{md5:x}`,
		`'[!a-]*' -strcmatch "\\[]" or unescape('%2f%') == unbase64("Zm9=")`, `'a`, `%{`, `\`, `-`, `m#`,
	} {
		f.Add(source, false)
	}
}

// checkError holds that an error points into its source.
func checkError(t *testing.T, source string, err error) {
	var e *Error
	if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(source) || e.Error() == "" {
		t.Fatalf("%q: error %#v", source, err)
	}
}

var fuzzOptions = Options{Restricted: true, List: func(string) bool { return true }}

func FuzzParseBool(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, source string, ssl bool) {
		opt := fuzzOptions
		opt.SSLRequire = ssl
		b, err := ParseBool(source, opt)
		if err != nil {
			checkError(t, source, err)
			return
		}
		first, err := b.Eval(newFakeEnv())
		second, again := b.Eval(newFakeEnv())
		if err == nil && again == nil && first != second {
			t.Fatalf("%q is %v, then %v", source, first, second)
		}
		if negated, err := ParseBool("!("+source+")", opt); err == nil {
			if third, err := negated.Eval(newFakeEnv()); err == nil && again == nil && third == first {
				t.Fatalf("%q is %v, and so is its negation", source, first)
			}
		}
	})
}

func FuzzParseString(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, source string, _ bool) {
		s, err := ParseString(source, fuzzOptions)
		if err != nil {
			checkError(t, source, err)
			return
		}
		value, err := s.EvalMatch(newFakeEnv(), new(regex.Match))
		if constant, ok := s.Constant(); ok && (err != nil || constant != value) {
			t.Fatalf("%q is %q, but constant %q, %v", source, value, constant, err)
		}
	})
}
