package reqtimeout_test

import (
	"testing"
	"time"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestPaces(t *testing.T) {
	s := sitetest.New(t, `
RequestReadTimeout header=10-20,MinRate=500 body=30
<VirtualHost *:80>
  ServerName a.example.com
  RequestReadTimeout BODY=0 handshake=5,minrate=1
</VirtualHost>`, modules.All())
	show := func(p *module.ReadPace) module.ReadPace {
		if p == nil {
			return module.ReadPace{First: -1}
		}
		return *p
	}
	header := module.ReadPace{First: 10 * time.Second, Max: 20 * time.Second, MinRate: 500}
	for i, want := range [][3]module.ReadPace{
		{{First: -1}, header, {First: 30 * time.Second}},
		{{First: 5 * time.Second, MinRate: 1}, header, {}},
	} {
		got := module.ReadTimeouts.Of(s.Servers[i].Settings)
		if have := [3]module.ReadPace{show(got.Handshake), show(got.Header), show(got.Body)}; have != want {
			t.Errorf("server %d: %v, want %v", i, have, want)
		}
	}
}
