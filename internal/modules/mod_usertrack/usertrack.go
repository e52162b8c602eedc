// Package usertrack is mod_usertrack: a cookie by which logs tell visitors apart.
package usertrack

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
)

// Module returns mod_usertrack.
func Module() *module.Module {
	return &module.Module{Name: "mod_usertrack", Identifier: "usertrack_module", Directives: directives,
		Hooks: []module.Hook{{Phase: module.Fixups, Run: track, Applies: settings.InSections}}}
}

var settings = &module.Slot[values]{Merge: merge}

type values struct {
	on               module.Flag
	name, domain     string
	expires          time.Duration
	secure, httpOnly module.Flag
	sameSite         string
}

func merge(outer, inner *values) *values {
	m := *inner
	m.on, m.secure, m.httpOnly = inner.on.Inherit(outer.on), inner.secure.Inherit(outer.secure), inner.httpOnly.Inherit(outer.httpOnly)
	m.name, m.domain = module.Inherit(outer.name, inner.name), module.Inherit(outer.domain, inner.domain)

	m.sameSite, m.expires = module.Inherit(outer.sameSite, inner.sameSite), module.Inherit(outer.expires, inner.expires)
	return &m
}

func row(name string, where module.Where, args module.Arity, syntax, doc string, set func(*module.Command, *values) error) module.Directive {
	return module.Directive{Name: name, Where: where, Override: module.OverrideFileInfo, Args: args, Syntax: name + " " + syntax, Doc: doc,
		Set: func(c *module.Command) error { return set(c, settings.Edit(c.Dir)) }}
}

var directives = []module.Directive{
	row("CookieTracking", module.Anywhere, module.OnOff, "On|Off", "Whether the cookie is given out.", func(c *module.Command, v *values) error {
		v.on = c.Flag()
		return nil
	}),
	row("CookieName", module.Anywhere, module.One, "token", "The cookie's name.", func(c *module.Command, v *values) error {
		if c.Args[0] == "" {
			return errors.New("CookieName takes one argument, the name of the cookie")
		}
		if strings.ContainsAny(c.Args[0], "=;, \t") {
			c.Warnf("CookieName: browsers take %q for another name, or for none; use letters, digits, - and _", c.Args[0])
		}
		v.name = c.Args[0]
		return nil
	}),
	row("CookieDomain", module.Anywhere, module.One, "domain", "The domain in which browsers send the cookie.", func(c *module.Command, v *values) error {
		if len(c.Args[0]) < 2 || c.Args[0][0] != '.' || !strings.Contains(c.Args[0][1:], ".") {
			return errors.New("CookieDomain values must begin with a dot, and contain another one, as .example.com")
		}
		v.domain = c.Args[0]
		return nil
	}),
	row("CookieExpires", module.Anywhere, module.One, "expiry-period", "How long the cookie lives.", setExpires),
	row("CookieStyle", module.Anywhere, module.One, "Netscape|Cookie|Cookie2|RFC2109|RFC2965", "The form of the cookie's header.", func(c *module.Command, v *values) error {
		switch strings.ToLower(c.Args[0]) {
		case "netscape", "cookie", "rfc2109":
		case "cookie2", "rfc2965":
			c.Warnf("CookieStyle %s: Set-Cookie2 was withdrawn (RFC 6265); Set-Cookie is sent", c.Args[0])
		default:
			return fmt.Errorf("Invalid CookieStyle: %s", c.Args[0])
		}
		return nil
	}),
	row("CookieHTTPOnly", module.Anywhere, module.OnOff, "On|Off", "Whether scripts cannot read the cookie.", func(c *module.Command, v *values) error {
		v.httpOnly = c.Flag()
		return nil
	}),
	row("CookieSecure", module.Anywhere, module.OnOff, "On|Off", "Whether the cookie is sent over TLS only.", func(c *module.Command, v *values) error {
		v.secure = c.Flag()
		return nil
	}),
	row("CookieSameSite", module.Anywhere, module.One, "None|Lax|Strict", "Whether the cookie goes with requests from other sites.", func(c *module.Command, v *values) error {
		for _, s := range []string{"None", "Lax", "Strict"} {
			if strings.EqualFold(s, c.Args[0]) {
				v.sameSite = s
				return nil
			}
		}
		return fmt.Errorf("CookieSameSite accepts 'None', 'Lax' or 'Strict', not %q", c.Args[0])
	}),
}

var units = map[string]time.Duration{"year": 365 * 24 * time.Hour, "month": 30 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "day": 24 * time.Hour,
	"hour": time.Hour, "minute": time.Minute, "second": time.Second}

func setExpires(c *module.Command, v *values) error {
	text := strings.ToLower(c.Args[0])
	if text == "" {
		return errors.New("CookieExpires takes one argument, seconds or a period such as \"2 weeks\"")
	}
	if n, err := strconv.Atoi(text); err == nil {
		v.expires = time.Duration(n) * time.Second
		return nil
	}
	words := strings.Fields(text)
	if len(words) > 0 && words[0] == "plus" {
		words = words[1:]
	}
	for ; len(words) > 0; words = words[2:] {
		n, err := strconv.Atoi(words[0])
		if err != nil || len(words) < 2 || units[strings.TrimSuffix(words[1], "s")] == 0 {
			return fmt.Errorf("CookieExpires takes seconds or numbers with years, months, weeks, days, hours, minutes or seconds, not %q", c.Args[0])
		}
		v.expires += time.Duration(n) * units[strings.TrimSuffix(words[1], "s")]
	}
	return nil
}

// sent is the value of the visitor's cookie. Its name may be one that net/http doesn't take.
func sent(r *module.Request, name string) string {
	for _, line := range r.Values("Cookie") {
		for _, pair := range strings.FieldsFunc(line, func(c rune) bool { return c == ';' || c == ',' }) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(pair), name+"="); ok && value != "" {
				return value
			}
		}
	}
	return ""
}

// track leaves the visitor's cookie in the note "cookie", which logs know, and gives one to who has none.
func track(r *module.Request) module.Result {
	v := settings.Of(r.Dir)
	if !v.on.Or(false) || r.Main != nil {
		return module.Declined
	}
	name := v.name
	if name == "" {
		name = "Apache"
	}
	if value := sent(r, name); value != "" {
		r.SetNote("cookie", value)
		return module.Declined
	}
	var id [16]byte
	rand.Read(id[:])
	value := hex.EncodeToString(id[:]) + "." + strconv.FormatInt(r.Conn.Received.UnixMicro(), 10)
	cookie := name + "=" + value + "; path=/"
	if v.domain != "" {
		cookie += "; domain=" + v.domain
	}
	if v.expires > 0 {
		cookie += "; expires=" + r.Conn.Received.Add(v.expires).UTC().Format(http.TimeFormat)
	}
	if v.secure.Or(false) {
		cookie += "; secure"
	}
	if v.httpOnly.Or(false) {
		cookie += "; HttpOnly"
	}
	if v.sameSite != "" {
		cookie += "; SameSite=" + v.sameSite
	}
	r.AddErrHeader("Set-Cookie", cookie)
	r.SetNote("cookie", value)
	return module.Declined
}
