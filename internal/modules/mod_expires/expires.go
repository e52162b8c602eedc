// Package expires is mod_expires: until when responses stay fresh.
package expires

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
)

// Module returns mod_expires.
func Module() *module.Module {
	return &module.Module{Name: "mod_expires", Identifier: "expires_module", Directives: directives, Hooks: []module.Hook{
		{Phase: module.InsertFilter, Run: insert, Applies: settings.InSections, Before: []string{"mod_headers"}}}}
}

var settings = &module.Slot[values]{Merge: merge}

type values struct {
	active module.Flag
	byType map[string]expiry
	byAny  *expiry // ExpiresDefault
}

// expiry is a time span from the request on, or from the file's last change.
type expiry struct {
	modified bool
	after    time.Duration
}

func merge(outer, inner *values) *values {
	m := &values{active: inner.active.Inherit(outer.active), byType: maps.Clone(outer.byType), byAny: module.Inherit(outer.byAny, inner.byAny)}
	if m.byType == nil {
		m.byType = map[string]expiry{}
	}
	maps.Copy(m.byType, inner.byType)
	return m
}

var directives = []module.Directive{
	{Name: "ExpiresActive", Where: module.Anywhere, Override: module.OverrideIndexes, Args: module.OnOff, Syntax: "ExpiresActive On|Off",
		Doc: "Whether Expires and Cache-Control are added.", Set: func(c *module.Command) error {
			settings.Edit(c.Dir).active = c.Flag()
			return nil
		}},
	{Name: "ExpiresByType", Where: module.Anywhere, Override: module.OverrideIndexes, Args: module.Two, Syntax: "ExpiresByType media-type <code>seconds|\"base [plus] num type [num type] ...\"",
		Doc: "How long responses of a media type stay fresh.", Set: func(c *module.Command) error {
			if !strings.Contains(c.Args[0], "/") {
				return fmt.Errorf("Invalid mimetype: %q should contain a slash", c.Args[0])
			}
			e, err := parse(c, c.Args[1])
			if err != nil {
				return fmt.Errorf("'ExpiresByType %s %s': %w", c.Args[0], c.Args[1], err)
			}
			s := settings.Edit(c.Dir)
			if s.byType == nil {
				s.byType = map[string]expiry{}
			}
			s.byType[strings.ToLower(c.Args[0])] = e
			return nil
		}},
	{Name: "ExpiresDefault", Where: module.Anywhere, Override: module.OverrideIndexes, Args: module.One, Syntax: "ExpiresDefault <code>seconds|\"base [plus] num type [num type] ...\"",
		Doc: "How long responses of other media types stay fresh.", Set: func(c *module.Command) error {
			e, err := parse(c, c.Args[0])
			if err != nil {
				return fmt.Errorf("'ExpiresDefault %s': %w", c.Args[0], err)
			}
			settings.Edit(c.Dir).byAny = &e
			return nil
		}},
}

var units = []struct {
	letters string
	span    time.Duration
}{{"y", 365 * 24 * time.Hour}, {"mo", 30 * 24 * time.Hour}, {"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"mi", time.Minute}, {"s", time.Second}}

// parse reads A3600, M3600, or "access plus 1 month 2 days". As in httpd, whatever begins with a capital A or M is of the first
// form and has no seconds if no number follows; of the words, the first letters count.
func parse(c *module.Command, text string) (expiry, error) {
	if strings.HasPrefix(text, "A") || strings.HasPrefix(text, "M") {
		n, rest := leadingNumber(text[1:])
		if rest != "" {
			c.Warnf("%s: %q is %c with %d seconds, what follows is ignored; write access or modification with a small letter", c.Name, text, text[0], n)
		}
		return expiry{text[0] == 'M', time.Duration(n) * time.Second}, nil
	}
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 {
		return expiry{}, fmt.Errorf("missing base: access, now or modification")
	}
	e := expiry{}
	switch words[0][0] {
	case 'n', 'a':
	case 'm':
		e.modified = true
	default:
		return expiry{}, fmt.Errorf("bad expires code, unrecognised <base> %q: it is access, now or modification, or the code A or M with seconds", words[0])
	}
	words = words[1:]
	if len(words) > 0 && words[0][0] == 'p' {
		words = words[1:]
	}
	for ; len(words) > 0; words = words[2:] {
		n, rest := leadingNumber(words[0])
		if len(rest) == len(words[0]) || words[0][0] == '-' || len(words) < 2 {
			return expiry{}, fmt.Errorf("bad expires code, %q is no number with a unit behind it", words[0])
		}
		unit := unitOf(words[1])
		if unit == 0 {
			return expiry{}, fmt.Errorf("bad expires code, unrecognised <type> %q: years, months, weeks, days, hours, minutes or seconds", words[1])
		}
		e.after += time.Duration(n) * unit
	}
	return e, nil
}

// unitOf knows a unit by the letters that httpd looks at.
func unitOf(word string) time.Duration {
	for _, u := range units {
		if strings.HasPrefix(word, u.letters) {
			return u.span
		}
	}
	return 0
}

// leadingNumber is the number that a text begins with, and what follows.
func leadingNumber(text string) (n int64, rest string) {
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && text[end] == '-') {
		end++
	}
	n, _ = strconv.ParseInt(text[:end], 10, 32) // the nearest, beyond 32 bits
	return n, text[end:]
}

func insert(r *module.Request) module.Result {
	v := settings.Of(r.Dir)
	if !v.active.Or(false) || r.RedirectNow >= http.StatusBadRequest { // the page of an error is not its answer's content
		return module.Declined
	}
	r.BeforeHeaders(func(status int, h http.Header) {
		if status == http.StatusSwitchingProtocols || h.Get("Expires") != "" || len(r.ErrHeader["Expires"]) > 0 {
			return
		}
		if e, ok := v.of(r, h.Get("Content-Type")); ok {
			e.set(r, h)
		}
	})
	return module.Declined
}

// of is the rule for a media type: its own, then its first half with /*, then the default.
func (v *values) of(r *module.Request, mediaType string) (expiry, bool) {
	if mediaType == "" {
		mediaType = r.ContentType
	}
	mediaType, _, _ = strings.Cut(strings.ToLower(mediaType), ";")
	mediaType = strings.TrimSpace(mediaType)
	if e, ok := v.byType[mediaType]; ok && mediaType != "" {
		return e, true
	}
	if half, _, ok := strings.Cut(mediaType, "/"); ok {
		if e, ok := v.byType[half+"/*"]; ok {
			return e, true
		}
	}
	if v.byAny == nil {
		return expiry{}, false
	}
	return *v.byAny, true
}

func (e expiry) set(r *module.Request, h http.Header) {
	from := r.Conn.Received
	if e.modified {
		if r.Info == nil || r.Proxy != module.NotProxied {
			return // nothing says when it changed
		}
		from = r.Info.ModTime()
	}
	until := from.Add(e.after)
	if until.Before(r.Conn.Received) {
		until = r.Conn.Received
	}
	age := "max-age=" + strconv.FormatInt(int64(until.Sub(r.Conn.Received)/time.Second), 10)
	h["Cache-Control"] = []string{strings.Join(append(append([]string{}, h["Cache-Control"]...), age), ", ")}
	h.Set("Expires", until.UTC().Format(http.TimeFormat))
}
