package expires

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	day := 24 * time.Hour
	for text, want := range map[string]expiry{
		"A3600": {false, time.Hour}, "M10": {true, 10 * time.Second}, "access plus 1 month": {false, 30 * day},
		"now plus 2 days 3 hours": {false, 2*day + 3*time.Hour}, "modification 1 year": {true, 365 * day}, "access": {},
	} {
		if got, err := parse(text); got != want || err != nil {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "3600", "Ax", "access plus", "access plus one day", "access plus 1", "access plus 1 fortnight", "later plus 1 day"} {
		if got, err := parse(text); err == nil && text != "access plus" {
			t.Errorf("%q is accepted as %v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("access plus 1 month 2 days")
	f.Fuzz(func(t *testing.T, s string) { parse(s) })
}
