// Package vhostalias is mod_vhost_alias: a document root made from the host's name or address.
package vhostalias

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"transom/internal/module"
)

// Module returns mod_vhost_alias.
func Module() *module.Module {
	return &module.Module{Name: "mod_vhost_alias", Identifier: "vhost_alias_module", Directives: directives,
		Hooks: []module.Hook{{Phase: module.Translate, Run: translate, Applies: settings.InServer, After: []string{"mod_alias"}}}}
}

var settings = &module.Slot[values]{Merge: merge}

// values are a server's two patterns; nil is unset, an empty one "none".
type values struct{ root, scripts *pattern }

// pattern is the path with %-items; byAddress: they take parts of the local address instead of the host's name.
type pattern struct {
	text      string
	byAddress bool
}

func merge(outer, inner *values) *values {
	return &values{module.Inherit(outer.root, inner.root), module.Inherit(outer.scripts, inner.scripts)}
}

func row(name string, byAddress, scripts bool, doc string) module.Directive {
	return module.Directive{Name: name, Where: module.Servers, Args: module.One, Syntax: name + " interpolated-directory|none", Doc: doc, Set: func(c *module.Command) error {
		p := &pattern{c.Args[0], byAddress}
		if strings.EqualFold(p.text, "none") {
			p.text = ""
		} else if err := p.check(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		v := settings.Edit(c.Server.Settings)
		if scripts {
			v.scripts = p
		} else {
			v.root = p
		}
		return nil
	}}
}

var directives = []module.Directive{
	row("VirtualDocumentRoot", false, false, "The document root, made from the host's name."),
	row("VirtualDocumentRootIP", true, false, "The document root, made from the server's address."),
	row("VirtualScriptAlias", false, true, "The directory of CGI scripts, made from the host's name. They are never run here, and never shown."),
	row("VirtualScriptAliasIP", true, true, "The directory of CGI scripts, made from the server's address. They are never run here, and never shown."),
}

func (p *pattern) check() error {
	if !strings.HasPrefix(p.text, "/") {
		return fmt.Errorf("format string must start with '/': %q", p.text)
	}
	_, err := p.expand("a.example.com", 80)
	return err
}

func translate(r *module.Request) module.Result {
	v := settings.Of(r.Server.Settings)
	p, uri := v.root, r.URI
	script := false
	if rest, ok := strings.CutPrefix(uri, "/cgi-bin"); ok && v.scripts != nil && v.scripts.text != "" && (rest == "" || rest[0] == '/') {
		p, uri, script = v.scripts, rest, true
	}
	if p == nil || p.text == "" || !strings.HasPrefix(r.URI, "/") {
		return module.Declined
	}
	name := r.ServerName()
	if p.byAddress {
		name = r.Conn.Local.Addr().Unmap().String()
	}
	root, err := p.expand(strings.ToLower(name), r.ServerPort())
	if err != nil {
		return http.StatusInternalServerError
	}
	if script {
		r.Handler = "cgi-script"
	}
	r.Filename = strings.TrimRight(root, "/") + uri
	r.SetNote("context-document-root", root)
	return module.OK
}

// expand replaces %%, %p (the port) and %N.M (part N of the name, from it character M), where 0 is the whole, -1 the last,
// and + means "and all that follow" (or, behind a negative number, that precede).
func (p *pattern) expand(name string, port int) (string, error) {
	var b strings.Builder
	text := p.text
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 {
			b.WriteString(text)
			return b.String(), nil
		}
		b.WriteString(text[:i])
		text = text[i+1:]
		switch {
		case strings.HasPrefix(text, "%"):
			b.WriteByte('%')
			text = text[1:]
			continue
		case strings.HasPrefix(text, "p"):
			b.WriteString(strconv.Itoa(port))
			text = text[1:]
			continue
		}
		n, rest, ok := number(text)
		if !ok {
			return "", fmt.Errorf("syntax error in format string: %q", p.text)
		}
		part := n.of(strings.Split(name, "."), ".")
		text = rest
		if strings.HasPrefix(text, ".") {
			if m, rest, ok := number(text[1:]); ok {
				part, text = m.of(strings.Split(part, ""), ""), rest
			}
		}
		// A name must not lead out of the tree.
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "/\x00") {
			part = "_"
		}
		b.WriteString(part)
	}
}

// selector is a %-item's number.
type selector struct {
	n   int // counted from 1; negative: from the end; 0: the whole
	all bool
}

func number(s string) (selector, string, bool) {
	end := 0
	if strings.HasPrefix(s, "-") {
		end = 1
	}
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil {
		return selector{}, s, false
	}
	sel := selector{n: n}
	if strings.HasPrefix(s[end:], "+") {
		sel.all, end = true, end+1
	}
	return sel, s[end:], true
}

// of picks from parts; "_" stands for one that is not there.
func (s selector) of(parts []string, glue string) string {
	i := s.n - 1
	switch {
	case s.n == 0:
		return strings.Join(parts, glue)
	case s.n < 0:
		i = len(parts) + s.n
	}
	if i < 0 || i >= len(parts) {
		return "_"
	}
	switch {
	case !s.all:
		return parts[i]
	case s.n < 0:
		return strings.Join(parts[:i+1], glue)
	}
	return strings.Join(parts[i:], glue)
}
