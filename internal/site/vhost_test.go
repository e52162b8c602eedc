package site_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// As vhosts/details.html of httpd's manual has it.
const hosts = `
Listen 8080
NameVirtualHost *:80
<VirtualHost *:80>
  ServerName default.test
</VirtualHost>
<VirtualHost *:80>
  ServerName named.test:443
  ServerAlias alias.test dotted.test. *.wild.test one?.test [2001:db8::5]
</VirtualHost>
<VirtualHost *:80>
  ServerName www.wild.test
</VirtualHost>
<VirtualHost *>
  ServerName anyport.test
</VirtualHost>
<VirtualHost 192.0.2.2>
  ServerName ip-anyport.test
</VirtualHost>
<VirtualHost 192.0.2.2:80 [2001:db8::2]:80>
  ServerName ip.test
</VirtualHost>
<VirtualHost 192.0.2.2:80>
  ServerName ip-second.test
</VirtualHost>
<VirtualHost 0.0.0.0:90>
  ServerName unspecified.test
</VirtualHost>
`

func TestPick(t *testing.T) {
	many := hosts // addresses are found in another way if there are many
	for i := range 20 {
		many += fmt.Sprintf("<VirtualHost 198.51.100.%d>\nServerName other.test\n</VirtualHost>\n", i+1)
	}
	testPick(t, hosts)
	testPick(t, many)
}

func testPick(t *testing.T, config string) {
	s := sitetest.New(t, config, modules.All())
	for _, c := range []struct{ local, host, want string }{
		{"192.0.2.1:80", "", "default.test"},
		{"192.0.2.1:80", "unknown.test", "default.test"},
		{"192.0.2.1:80", "named.test", "named.test"},
		{"192.0.2.1:80", "NAMED.Test:8080", "named.test"}, // the port of Host is no matter
		{"192.0.2.1:80", "named.test.", "named.test"},
		{"192.0.2.1:80", "alias.test:80", "named.test"},
		{"192.0.2.1:80", "dotted.test", "named.test"},
		{"192.0.2.1:80", "www.wild.test", "named.test"}, // the first that fits, were it by a wildcard
		{"192.0.2.1:80", "a.b.wild.test", "named.test"},
		{"192.0.2.1:80", "wild.test", "default.test"},
		{"192.0.2.1:80", "one1.test", "named.test"},
		{"192.0.2.1:80", "one12.test", "default.test"},
		{"192.0.2.1:80", "[2001:db8::5]", "named.test"},
		{"192.0.2.1:80", "[2001:DB8:0::5]:80", "named.test"},
		{"192.0.2.1:80", "ip.test", "default.test"}, // not at this address
		{"192.0.2.1:8080", "named.test", "anyport.test"},
		{"192.0.2.2:80", "named.test", "ip.test"}, // an exact address hides the wildcards
		{"192.0.2.2:80", "ip-second.test", "ip-second.test"},
		{"192.0.2.2:80", "ip-anyport.test", "ip.test"}, // and the exact port the open one
		{"192.0.2.2:8080", "ip.test", "ip-anyport.test"},
		{"[2001:db8::2]:80", "ip-second.test", "ip.test"},
		{"[2001:db8::3]:80", "named.test", "named.test"},
		{"[::ffff:192.0.2.2]:80", "ip-second.test", "ip-second.test"},
		{"[fe80::1%eth0]:90", "", "unspecified.test"},
		{"192.0.2.1:90", "named.test", "unspecified.test"},
	} {
		if got := s.Pick(netip.MustParseAddrPort(c.local), c.host).Name; got != c.want {
			t.Errorf("%q at %s is %s, want %s", c.host, c.local, got, c.want)
		}
	}
}

func TestPickWithoutFittingHost(t *testing.T) {
	s := sitetest.New(t, "<VirtualHost 192.0.2.9:80>\nServerName nine.test\n</VirtualHost>\n", modules.All())
	for local, want := range map[string]string{"192.0.2.1:80": "www.example.com", "192.0.2.9:81": "www.example.com", "192.0.2.9:80": "nine.test"} {
		if got := s.Pick(netip.MustParseAddrPort(local), "nine.test").Name; got != want {
			t.Errorf("at %s it is %s, want %s", local, got, want)
		}
	}
}

func TestHostThatDoesNotResolve(t *testing.T) {
	s := sitetest.New(t, "<VirtualHost no.such.host.invalid:80>\nServerName lost.test\n</VirtualHost>\n", modules.All())
	if len(s.Warnings) != 1 || s.Pick(sitetest.Local, "lost.test").Name != "www.example.com" {
		t.Errorf("%v", s.Warnings)
	}
}

// Many addresses are looked up otherwise than a few.
func TestPickAmongManyAddresses(t *testing.T) {
	var config strings.Builder
	for i := range 30 {
		fmt.Fprintf(&config, "<VirtualHost 192.0.2.%d:80>\nServerName port%d.test\n</VirtualHost>\n<VirtualHost 192.0.2.%d>\nServerName any%d.test\n</VirtualHost>\n", i, i, i, i)
	}
	s := sitetest.New(t, config.String(), modules.All())
	for local, want := range map[string]string{"192.0.2.7:80": "port7.test", "192.0.2.7:81": "any7.test", "[::ffff:192.0.2.7]:80": "port7.test",
		"192.0.2.31:80": "www.example.com"} {
		if got := s.Pick(netip.MustParseAddrPort(local), "other.test").Name; got != want {
			t.Errorf("at %s it is %s, want %s", local, got, want)
		}
	}
}
