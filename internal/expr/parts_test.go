package expr

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// apr_fnmatch's answers.
func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, s string
		flags      GlobFlags
		want       bool
	}{
		{"*.example.com", "www.example.com", 0, true},
		{"*", "", 0, true},
		{"", "a", 0, false},
		{"a*b*c", "aXbYbc", 0, true},
		{"a*b*c", "aXbYb", 0, false},
		{"*/b", "a/b", PathName, true},
		{"*/b*", "a/c/b", PathName, false},
		{"**b", "aab", PathName, true},
		{"a[/]b", "a/b", PathName, false},
		{"a[!x]b", "a/b", PathName, false},
		{"a[!x]b", "a/b", 0, true},
		{"[a-C]x", "BX", FoldCase, true},
		{"a[", "a[", 0, true},
		{"a[]", "a[]", 0, true},
		{`a\`, `a\`, 0, true},
		{`a[\]]`, "a]", 0, true},
		{"[!a-]", "-", 0, false},
		{strings.Repeat("a*", 50) + "b", strings.Repeat("a", 5000), 0, false},
	}
	for _, tt := range tests {
		if got := Glob(tt.pattern, tt.s, tt.flags); got != tt.want {
			t.Errorf("Glob(%.20q, %.20q, %d) = %v", tt.pattern, tt.s, tt.flags, got)
		}
	}
}

func TestSubnet(t *testing.T) {
	tests := []struct {
		subnet, addr string
		want         bool
	}{
		{"10", "10.200.0.1", true},
		{"10.", "10.200.0.1", true},
		{"10.1.2", "10.1.3.0", false},
		{"10.1.2.3", "10.1.2.3", true},
		{"10.1.2.3/8", "10.9.9.9", true},
		{"10.1.2.3/255.255.255.0", "10.1.3.3", false},
		{"127.1.0.1/255.0.255.0", "127.9.0.9", true},
		{"10.1", "::ffff:10.1.2.3", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"2001:db8::/32", "2001:db8:8000::1", true},
		{"::1", "127.0.0.1", false},
		{"fe80::/10", "fe80::1%lo", true},
	}
	for _, tt := range tests {
		n, err := ParseSubnet(tt.subnet)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := n.Contains(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("%s contains %s: %v", tt.subnet, tt.addr, got)
		}
	}
	if n, _ := ParseSubnet("10"); n.Contains(netip.Addr{}) {
		t.Error("a subnet contains the zero address")
	}
	for _, bad := range []string{"", ".", "x", "10.1/16", "0.0.0.0/0", "::/0", "::/129", "1.2.3.4/", "::/255.0.0.0", "256", "10..1", "1.2.3.4.5", "1.2.3.4/::", "fe80::1%lo"} {
		if _, err := ParseSubnet(bad); err == nil {
			t.Errorf("%q is a subnet", bad)
		}
	}
}

func TestTimeVariable(t *testing.T) {
	now := time.Date(2024, 3, 9, 7, 5, 1, 0, time.UTC)
	for name, want := range map[string]string{
		"TIME_YEAR": "2024", "TIME_MON": "03", "TIME_DAY": "09", "TIME_HOUR": "07", "TIME_MIN": "05",
		"TIME_SEC": "01", "TIME_WDAY": "6", "TIME": "20240309070501",
	} {
		if got, ok := TimeVariable(name, now); got != want || !ok {
			t.Errorf("%s = %q", name, got)
		}
	}
	if _, ok := TimeVariable("REQUEST_URI", now); ok {
		t.Error("REQUEST_URI is a time")
	}
}
