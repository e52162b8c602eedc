package autoindex

import "testing"

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{-1: "  - ", 0: "  0 ", 972: "972 ", 973: "1.0K", 1024: "1.0K", 1536: "1.5K", 10 << 10: " 10K", 5 << 20: "5.0M", 1 << 40: "1.0T"} {
		if got := size(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestVersionSort(t *testing.T) {
	w := view{options: options{set: versionSort}}
	for _, pair := range [][2]string{{"v9", "v10"}, {"a", "b"}, {"1.2", "1.10"}, {"a", "a1"}, {"x007", "x8"}} {
		if w.compareNames(pair[0], pair[1]) >= 0 || w.compareNames(pair[1], pair[0]) <= 0 {
			t.Errorf("%s does not stand before %s", pair[0], pair[1])
		}
	}
}

func TestOptionsThen(t *testing.T) {
	outer := options{set: fancyIndexing, isSet: true}
	if got := outer.then(options{add: htmlTable}).bits(); got != fancyIndexing|htmlTable {
		t.Errorf("+HTMLTable gives %b", got)
	}
	if got := outer.then(options{set: versionSort, isSet: true}).bits(); got != versionSort {
		t.Errorf("VersionSort alone gives %b", got)
	}
	if got := outer.then(options{remove: fancyIndexing}).bits(); got != 0 {
		t.Errorf("-FancyIndexing gives %b", got)
	}
}
