package negotiation

import (
	"net/http"
	"testing"
)

func TestQualities(t *testing.T) {
	types := accept(http.Header{"Accept": {"text/html, text/*;q=0.5, */*;q=0.1"}}, "Accept")
	for name, want := range map[string]float64{"text/html": 1, "text/plain": 0.5, "image/png": 0.1} {
		if got := typeQuality(types, name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if got := typeQuality(accept(http.Header{"Accept": {"image/png, */*"}}, "Accept"), "text/html"); got != 0.01 {
		t.Errorf("*/* without qualities counts %v", got)
	}
	languages := accept(http.Header{"Accept-Language": {"en-GB, de;q=0.5, fr;q=0"}}, "Accept-Language")
	for name, want := range map[string]float64{"en-gb": 1, "en": almostNothing, "de-AT": 0.5, "fr": 0, "es": 0} {
		if got, _ := languageQuality(languages, name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func FuzzAccept(f *testing.F) {
	f.Add("text/html;q=0.5, */*")
	f.Fuzz(func(t *testing.T, s string) {
		for _, it := range accept(http.Header{"Accept": {s}}, "Accept") {
			if !(it.quality >= 0 && it.quality <= 1) {
				t.Errorf("%q has quality %v", it.name, it.quality)
			}
		}
	})
}
