package rewrite

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/regex"
)

// rule is one RewriteRule.
type rule struct {
	conf.Pos
	text       string // as written
	pattern    string
	re         *regex.Regex
	negate     bool
	conditions []*condition

	output       string // the substitution as written
	substitution template
	keep         bool // no substitution: "-", F, G, or R with a status that is no redirect
	ignoreCase   bool // NC

	escape *escaping // B and its kin
	query  queryFlags

	chain, end, last, next   bool
	noSubrequest, noEscape   bool
	proxy, passThrough       bool
	redirect, forceStatus    bool
	discardPath              bool
	allow3F, allowPrefixStat bool
	status                   int
	skip, rounds             int
	env, cookies             []template
	contentType, handler     template
}

type queryFlags struct {
	add, discard, last bool // QSA, QSD, QSL
	none               bool // the substitution has no query and drops the old one
}

// maxRounds is how often a ruleset may start again by N.
const maxRounds = 32000

func newRule(c *module.Command, l line) (*rule, error) {
	r := &rule{Pos: c.Pos, text: c.Raw, pattern: l.first, output: l.second, status: http.StatusFound, rounds: maxRounds}
	for _, f := range l.flags {
		set, ok := ruleFlags[strings.ToLower(f.name)]
		if !ok {
			return nil, fmt.Errorf("unknown flag '%s'", f.name)
		}
		if err := set(r, f.value); err != nil {
			return nil, err
		}
	}
	r.pattern, r.negate = strings.CutPrefix(r.pattern, "!")
	re, err := regex.Compile(r.pattern, regex.Flags{IgnoreCase: r.ignoreCase})
	if err != nil {
		return nil, fmt.Errorf("cannot compile regular expression '%s': %w", r.pattern, err)
	}
	r.re = re
	r.keep = r.keep || r.output == "-"
	r.splitQuery()
	r.substitution = parseTemplate(r.output)
	return r, nil
}

// splitQuery reads what a question mark at the end of the substitution says: no query, not even the old one.
func (r *rule) splitQuery() {
	switch out, found := strings.CutSuffix(r.output, "?"); {
	case found && r.query.add:
		r.query.last = true
	case found:
		r.output, r.query.none = out, true
	case r.query.discard && !strings.Contains(r.output, "?"):
		r.query.none = true
	}
}

// ruleFlags are the flags by their short and long names in lower case.
var ruleFlags = func() map[string]func(*rule, string) error {
	table := map[string]func(*rule, string) error{
		"b|backrefescaping":                 (*rule).escapeSome,
		"bctls":                             func(r *rule, _ string) error { r.escaping().controls = true; return nil },
		"bne":                               (*rule).escapeNot,
		"bnp|backrefnoplus|backrefernoplus": func(r *rule, _ string) error { r.escaping().noPlus = true; return nil },
		"co|cookie":                         func(r *rule, v string) error { r.cookies = append(r.cookies, parseTemplate(v)); return nil },
		"e|env":                             func(r *rule, v string) error { r.env = append(r.env, parseTemplate(v)); return nil },
		"f|forbidden":                       func(r *rule, _ string) error { r.answer(http.StatusForbidden); return nil },
		"g|gone":                            func(r *rule, _ string) error { r.answer(http.StatusGone); return nil },
		"h|handler":                         func(r *rule, v string) error { r.handler = parseTemplate(v); return nil },
		"t|type":                            func(r *rule, v string) error { r.contentType = parseTemplate(v); return nil },
		"n|next": func(r *rule, v string) error {
			r.next = true
			if v != "" {
				r.rounds = atoi(v)
			}
			return nil
		},
		"r|redirect": (*rule).redirectWith,
		"s|skip":     func(r *rule, v string) error { r.skip = atoi(v); return nil },
	}
	for names, field := range map[string]func(*rule) *bool{
		"c|chain":           func(r *rule) *bool { return &r.chain },
		"d|dpi|discardpath": func(r *rule) *bool { return &r.discardPath },
		"end":               func(r *rule) *bool { return &r.end },
		"l|last":            func(r *rule) *bool { return &r.last },
		"nc|nocase":         func(r *rule) *bool { return &r.ignoreCase },
		"ne|noescape":       func(r *rule) *bool { return &r.noEscape },
		"ns|nosubreq":       func(r *rule) *bool { return &r.noSubrequest },
		"p|proxy":           func(r *rule) *bool { return &r.proxy },
		"pt|passthrough":    func(r *rule) *bool { return &r.passThrough },
		"qsa|qsappend":      func(r *rule) *bool { return &r.query.add },
		"qsd|qsdiscard":     func(r *rule) *bool { return &r.query.discard },
		"qsl|qslast":        func(r *rule) *bool { return &r.query.last },
		"unsafeallow3f":     func(r *rule) *bool { return &r.allow3F },
		"unsafeprefixstat":  func(r *rule) *bool { return &r.allowPrefixStat },
	} {
		table[names] = func(r *rule, _ string) error { *field(r) = true; return nil }
	}
	table["unc"] = func(*rule, string) error { return nil } // of Windows' paths
	byName := map[string]func(*rule, string) error{}
	for names, set := range table {
		for _, name := range strings.Split(names, "|") {
			byName[name] = set
		}
	}
	return byName
}()

// answer makes the rule end the request with a status.
func (r *rule) answer(status int) { r.status, r.forceStatus, r.keep = status, true, true }

func (r *rule) redirectWith(value string) error {
	r.redirect = true
	switch strings.ToLower(value) {
	case "", "temp":
		r.status = http.StatusFound
		return nil
	case "permanent":
		r.status = http.StatusMovedPermanently
		return nil
	case "seeother":
		r.status = http.StatusSeeOther
		return nil
	}
	if value[0] < '0' || value[0] > '9' {
		r.status = http.StatusFound // httpd takes any other word
		return nil
	}
	status := atoi(value)
	if !knownStatus(status) {
		return fmt.Errorf("invalid HTTP response code '%s' for flag 'R'", value)
	}
	if isRedirect(status) {
		r.status = status
	} else {
		r.answer(status)
	}
	return nil
}

// knownStatus says whether httpd knows a status.
func knownStatus(status int) bool {
	switch status {
	case http.StatusTeapot, http.StatusTooEarly:
		return false
	}
	return http.StatusText(status) != ""
}

// isRedirect is httpd's ap_is_HTTP_REDIRECT.
func isRedirect(status int) bool { return status >= 300 && status < 400 }

func (r *rule) escaping() *escaping {
	if r.escape == nil {
		r.escape = &escaping{}
	}
	return r.escape
}

func (r *rule) escapeSome(chars string) error {
	e := r.escaping()
	e.on = true
	if chars != "" {
		e.only = chars
	}
	return nil
}

func (r *rule) escapeNot(chars string) error {
	if chars == "" {
		return fmt.Errorf("flag 'BNE' wants a list of characters (i.e. [BNE=...])")
	}
	r.escaping().not = chars
	return nil
}

// atoi is C's: the number that the text begins with, or 0.
func atoi(s string) int {
	s = strings.TrimLeft(s, blanks)
	end := 0
	if end < len(s) && (s[end] == '-' || s[end] == '+') {
		end++
	}
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 32)
	if err != nil && n == 0 {
		return 0
	}
	return int(n)
}
