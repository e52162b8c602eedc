package authzhost_test

import (
	"net/netip"
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		require, client string
		want            int
	}{
		{"ip 192.0.2.7", "192.0.2.7", 200},
		{"ip 192.0.2.7", "192.0.2.70", 403},
		{"ip 192.0.2", "192.0.2.255", 200},
		{"ip 192.0.2", "192.0.20.1", 403},
		{"ip 10 172.16.0.0/12", "172.31.0.1", 200},
		{"ip 10 172.16.0.0/255.240.0.0", "172.32.0.1", 403},
		{"ip 2001:db8::/32", "2001:db8:1::1", 200},
		{"ip 2001:db8::/32", "2001:db9::1", 403},
		{"ip 192.0.2.0/24", "::ffff:192.0.2.9", 200},
		{"ip ::1", "127.0.0.1", 403},
		{"local", "127.8.9.1", 200},
		{"local", "::1", 200},
		{"local", "192.0.2.1", 200}, // the address of the server's side
		{"local", "192.0.2.2", 403},
		{"not ip 192.0.2.0/24", "192.0.2.2", 403},
	} {
		s := sitetest.New(t, "<Location />\n<RequireAll>\nRequire all granted\nRequire "+c.require+"\n</RequireAll>\n</Location>", modules.All())
		client := netip.AddrPortFrom(netip.MustParseAddr(c.client), 40000)
		if got := s.DoFrom(t, sitetest.Request("GET", "/index.html"), client).Code; got != c.want {
			t.Errorf("Require %s, from %s: %d, want %d", c.require, c.client, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for line, want := range map[string]string{
		"Require ip": "requires an argument", "Require ip 300.1.1.1": "appears to be invalid", "Require ip 10.0.0.0/33": "appears to be invalid",
		"Require ip example.com": "appears to be invalid", "Require host %{NOSUCH": "Cannot parse expression",
	} {
		if got := sitetest.Errors(t, "<Location />\n"+line+"\n</Location>", modules.All()); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
