package upstream

import "testing"

func TestParseURL(t *testing.T) {
	for _, test := range []struct{ in, name, addr string }{
		{"http://Example.COM/Path", "http://example.com/Path", "tcp example.com:80"},
		{"HTTP://h:80", "http://h", "tcp h:80"},
		{"http://h:8080/", "http://h:8080/", "tcp h:8080"},
		{"https://h", "https://h", "tcp h:443"},
		{"ws://h:3838/$1", "ws://h:3838/$1", "tcp h:3838"},
		{"http://[::1]:81/x", "http://[::1]:81/x", "tcp [::1]:81"},
		{"http://user:pass@h/x", "http://h/x", "tcp h:80"},
		{"ajp://h", "ajp://h", "tcp h:8009"},
		{"unix:/run/app.sock|http://app/x", "unix:/run/app.sock|http://app/x", "unix /run/app.sock"},
		{"unix:/run/app.sock|fcgi://", "unix:/run/app.sock|fcgi://", "unix /run/app.sock"},
		{"http://$1.example.com:80$2/", "http://$1.example.com:80$2/", "tcp $1.example.com:80$2"},
	} {
		u, err := ParseURL(test.in)
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		kind, addr := u.Address(defaultPorts[u.Scheme])
		if u.String() != test.name || kind+" "+addr != test.addr {
			t.Errorf("%s: got %s, %s %s", test.in, u, kind, addr)
		}
	}
	for _, bad := range []string{"", "/x", "h/x", "http:", "http:/x", "http://", "http:///x", "http://h:0", "http://h:65536", "http://h:x",
		"http://[::1", "http://[x]/", "http://[::1]x/", "unix:/s", "unix:|http://h/", "1http://h", "http://a b/", "http://a\x00b/"} {
		if u, err := ParseURL(bad); err == nil {
			t.Errorf("%q is taken for %s", bad, u)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("unix:/run/x|http://[::1]:80/a?b#c")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseURL(s)
		if err != nil {
			return
		}
		again, err := ParseURL(u.String())
		if err != nil || again.String() != u.String() {
			t.Errorf("%q: %q, then %q, %v", s, u, again, err)
		}
	})
}
