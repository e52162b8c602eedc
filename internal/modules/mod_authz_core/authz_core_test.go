package authzcore_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestNothingRestricts(t *testing.T) {
	s := sitetest.New(t, "", modules.All())
	if w := s.Get(t, "/index.html"); w.Code != 200 {
		t.Errorf("status %d, want 200", w.Code)
	}
}

// TestRules goes through what httpd answered, for these modules and those that restrict with them.
func TestRules(t *testing.T) {
	text, err := os.ReadFile("testdata/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	var cases [][]string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.SplitN(strings.TrimSpace(line), " ", 3)
		outer, inner, _ := strings.Cut(f[2], " | ")
		cases = append(cases, f)
		for i, rules := range []string{outer, inner} {
			fmt.Fprintf(&config, "<Location /%d%s>\n%s\n</Location>\n", len(cases), []string{"", "/in"}[i], strings.ReplaceAll(rules, "; ", "\n"))
		}
	}
	s := sitetest.New(t, config.String(), modules.All())
	for i, f := range cases {
		url := fmt.Sprintf("/%d", i+1)
		if strings.Contains(f[2], " | ") {
			url += "/in"
		}
		want, _ := strconv.Atoi(f[0])
		client := netip.MustParseAddrPort("127.0.0.1:40000")
		if w := s.DoFrom(t, sitetest.Request(f[1], url), client); w.Code != want {
			t.Errorf("%s by %q: status %d, want %d", f[1], f[2], w.Code, want)
		}
	}
	if len(cases) < 150 {
		t.Errorf("only %d rules read", len(cases))
	}
	if t.Failed() {
		lines := bytes.Split([]byte(s.Read(t, "logs/error_log")), []byte("\n"))
		t.Logf("%s", bytes.Join(lines[max(0, len(lines)-20):], []byte("\n")))
	}
}

func TestLoads(t *testing.T) { sitetest.Loads(t, "testdata/load.txt", modules.All()) }
