package remoteip_test

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// TestWalk goes through what httpd made of the header; what the request is afterwards shows in its log line.
func TestWalk(t *testing.T) {
	text, err := os.ReadFile("testdata/walk.txt")
	if err != nil {
		t.Fatal(err)
	}
	const config = `
LogFormat "%a | %{X-Forwarded-For}i | %{X-By}i" walk
CustomLog logs/walk walk
RemoteIPHeader X-Forwarded-For
RemoteIPProxiesHeader X-By
`
	var s *sitetest.Site
	cases := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if proxies, ok := strings.CutPrefix(line, "= "); ok || line == "=" {
			s = sitetest.New(t, config+strings.ReplaceAll(proxies, "; ", "\n"), modules.All())
			continue
		}
		header, want, _ := strings.Cut(line, " -> ")
		s.DoFrom(t, sitetest.Request("GET", "/index.html", "X-Forwarded-For: "+header), netip.MustParseAddrPort("127.0.0.1:40000"))
		log := strings.Split(strings.TrimSuffix(s.Read(t, "logs/walk"), "\n"), "\n")
		if got := log[len(log)-1]; got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
		cases++
	}
	if cases < 100 {
		t.Errorf("only %d cases read", cases)
	}
}

func TestLoads(t *testing.T) { sitetest.Loads(t, "testdata/load.txt", modules.All()) }
