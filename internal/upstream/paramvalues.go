package upstream

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Param is one key=value of ProxyPass, BalancerMember or ProxySet.
type Param[T any] struct {
	Name    string
	Default string // as the manual shows it
	Doc     string
	set     func(p *T, value string) error
}

const maxInt = math.MaxInt32

func setParam[T any](table []Param[T], p *T, key, value string) error {
	for _, row := range table {
		if strings.EqualFold(row.Name, key) {
			if err := row.set(p, value); err != nil {
				return fmt.Errorf("%s=%s: %w", row.Name, value, err)
			}
			return nil
		}
	}
	if near := nearest(table, key); near != "" {
		return fmt.Errorf("unknown parameter %q (nearest known: %s)", key, near)
	}
	return fmt.Errorf("unknown parameter %q", key)
}

func nearest[T any](table []Param[T], key string) string {
	key = strings.ToLower(key)
	best, name := len(key)/2+1, ""
	for _, row := range table {
		if d := distance(key, row.Name); d < best {
			best, name = d, row.Name
		}
	}
	return name
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// leadingInt reads a number as httpd's atoi does, except that one must be there: what stands behind it is ignored, so that
// timeout=2min is 2 seconds here as there.
func leadingInt(v string) (int, error) {
	end := 0
	for end < len(v) && (v[end] >= '0' && v[end] <= '9' || end == 0 && (v[end] == '-' || v[end] == '+')) {
		end++
	}
	n, err := strconv.Atoi(v[:end])
	if err != nil {
		return 0, fmt.Errorf("expected a number")
	}
	return n, nil
}

func number(p *int, v string, least, most int) error {
	n, err := leadingInt(v)
	if err != nil {
		return err
	}
	if n < least || n > most {
		if most == maxInt {
			return fmt.Errorf("must be at least %d", least)
		}
		return fmt.Errorf("must be between %d and %d", least, most)
	}
	*p = n
	return nil
}

func seconds(p *time.Duration, v string, least int) error {
	n := 0
	if err := number(&n, v, least, maxInt); err != nil {
		return fmt.Errorf("%w second(s)", err)
	}
	*p = time.Duration(n) * time.Second
	return nil
}

// duration reads a number with an optional unit (ms, s, min, h), as httpd's ap_timeout_parameter_parse.
func duration(p *time.Duration, v string, unit, least time.Duration) error {
	digits := strings.TrimRight(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n, err := strconv.ParseUint(digits, 10, 31)
	if err == nil {
		switch strings.ToLower(v[len(digits):]) {
		case "":
		case "ms":
			unit = time.Millisecond
		case "s":
			unit = time.Second
		case "mi", "min":
			unit = time.Minute
		case "h":
			unit = time.Hour
		default:
			err = strconv.ErrSyntax
		}
	}
	if err != nil {
		return fmt.Errorf("expected a number, perhaps with a unit: ms, s, min, h")
	}
	d := time.Duration(n) * min(unit, time.Hour)
	if d < least {
		return fmt.Errorf("must be at least %v", least)
	}
	*p = d
	return nil
}

func toggle(p *Toggle, v string, whenOn, whenOff Toggle) error {
	on := false
	if err := onOff(&on, v); err != nil {
		return err
	}
	*p = whenOff
	if on {
		*p = whenOn
	}
	return nil
}

func onOff(p *bool, v string) error {
	switch strings.ToLower(v) {
	case "on":
		*p = true
	case "off":
		*p = false
	default:
		return fmt.Errorf("expected On or Off")
	}
	return nil
}

func offOn(p *bool, v string) error {
	if err := onOff(p, v); err != nil {
		return err
	}
	*p = !*p
	return nil
}

func limited(p *string, v string, most int) error {
	if len(v) > most {
		return fmt.Errorf("must be at most %d characters", most)
	}
	*p = v
	return nil
}

func bufferSize(p *int, v string, least, standard int) error {
	n, err := leadingInt(v)
	if err != nil {
		return err
	}
	if n == 0 {
		n = standard
	} else if n < least {
		return fmt.Errorf("must be at least %d bytes, or 0 for the default", least)
	}
	*p = n
	return nil
}

func flushMode(p *FlushMode, v string) error {
	switch strings.ToLower(v) {
	case "on":
		*p = FlushOn
	case "off":
		*p = FlushOff
	case "auto":
		*p = FlushAuto
	default:
		return fmt.Errorf("expected on, off or auto")
	}
	return nil
}

func flushWait(p *time.Duration, v string) error {
	n := 0
	if err := number(&n, v, 0, 1000); err != nil {
		return err
	}
	*p = time.Duration(n) * time.Millisecond
	if n == 0 {
		*p = defaultFlushWait
	}
	return nil
}

func loadFactor(p *float64, v string) error {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || !(f >= 1 && f <= 100) {
		return fmt.Errorf("must be a number between 1 and 100")
	}
	*p = f
	return nil
}

func mapping(p *string, v string) error {
	switch lower := strings.ToLower(v); lower {
	case "encoded", "servlet":
		*p = lower
		return nil
	}
	return fmt.Errorf("expected encoded or servlet")
}

func healthMethod(p *string, v string) error {
	switch upper := strings.ToUpper(v); upper {
	case "NONE", "TCP", "OPTIONS", "HEAD", "GET", "OPTIONS11", "HEAD11", "GET11":
		*p = upper
		return nil
	case "CPING", "PROVIDER":
		return fmt.Errorf("not implemented in httpd either: expected None, TCP, OPTIONS, HEAD, GET, OPTIONS11, HEAD11 or GET11")
	}
	return fmt.Errorf("expected None, TCP, OPTIONS, HEAD, GET, OPTIONS11, HEAD11 or GET11")
}
