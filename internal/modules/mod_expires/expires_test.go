package expires

import (
	"math"
	"testing"
	"time"

	"transom/internal/conf"
	"transom/internal/module"
)

func command() *module.Command {
	return &module.Command{Directive: &module.Directive{}, Node: &conf.Node{}, Build: &module.Build{}}
}

func TestParse(t *testing.T) {
	day := 24 * time.Hour
	for text, want := range map[string]expiry{
		"A3600": {false, time.Hour}, "M10": {true, 10 * time.Second}, "access plus 1 month": {false, 30 * day},
		"now plus 2 days 3 hours": {false, 2*day + 3*time.Hour}, "modification 1 year": {true, 365 * day}, "access": {},
		"A1x": {false, time.Second}, "Access plus 1 day": {}, "M": {true, 0}, "a5": {}, "acc p 2 mi": {false, 2 * time.Minute}, "now 1x d": {false, day},
		"A-5": {false, -5 * time.Second}, "A99999999999": {false, math.MaxInt32 * time.Second},
	} {
		if got, err := parse(command(), text); got != want || err != nil {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "3600", "access plus -1 day", "access plus 1 m", "access plus one day", "access plus 1", "access plus 1 fortnight", "later plus 1 day"} {
		if got, err := parse(command(), text); err == nil {
			t.Errorf("%q is accepted as %v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("access plus 1 month 2 days")
	f.Fuzz(func(t *testing.T, s string) { parse(command(), s) })
}
