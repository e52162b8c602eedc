package rewrite

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/regex"
)

// condition is one RewriteCond.
type condition struct {
	conf.Pos
	input      template
	inputText  string
	pattern    string // as written
	ignoreCase bool
	orNext     bool
	noVary     bool
	negate     bool
	isExpr     bool
	test       test
}

// test decides a condition; a regular expression or an expression also gives what it captured.
type test func(ctx *context, input string) (bool, regex.Match)

func newCondition(c *module.Command, l line) (*condition, error) {
	cond := &condition{Pos: c.Pos, input: parseTemplate(l.first), inputText: l.first, pattern: l.second}
	for _, f := range l.flags {
		switch strings.ToLower(f.name) {
		case "nc", "nocase":
			cond.ignoreCase = true
		case "or", "ornext":
			cond.orNext = true
		case "nv", "novary":
			cond.noVary = true
		default:
			return nil, fmt.Errorf("unknown flag '%s': known are NC, OR and NV", f.name)
		}
	}
	pattern, negate := strings.CutPrefix(l.second, "!")
	cond.negate = negate
	cond.isExpr = strings.EqualFold(l.first, "expr")
	if cond.isExpr {
		cond.withoutCase(c)
		return cond, cond.compileExpression(c, pattern)
	}
	if cond.test = cond.special(pattern); cond.test != nil {
		if pattern[0] == '-' {
			cond.withoutCase(c)
		}
		return cond, nil
	}
	re, err := regex.Compile(pattern, regex.Flags{IgnoreCase: cond.ignoreCase})
	if err != nil {
		return nil, fmt.Errorf("cannot compile regular expression '%s': %w", pattern, err)
	}
	cond.test = func(ctx *context, input string) (bool, regex.Match) {
		m := ctx.match(re, input)
		return m.Matched(), m
	}
	return cond, nil
}

// withoutCase drops NC where there is no text to compare.
func (cond *condition) withoutCase(c *module.Command) {
	if cond.ignoreCase {
		c.Warnf("RewriteCond: NoCase option for non-regex pattern '%s' is not supported and will be ignored", cond.pattern)
		cond.ignoreCase = false
	}
}

func (cond *condition) compileExpression(c *module.Command, text string) error {
	holds, err := c.Build.CompileBool(text)
	if err != nil {
		return fmt.Errorf("cannot compile expression \"%s\": %w", text, err)
	}
	cond.test = func(ctx *context, _ string) (bool, regex.Match) {
		before, vary := ctx.r.Capture, ctx.r.Writer.Header().Values("Vary")
		ctx.r.Capture = regex.Match{}
		ok, err := holds(ctx.r)
		captured := ctx.r.Capture
		ctx.r.Capture = before
		if cond.noVary {
			ctx.restoreVary(vary)
		}
		if err != nil {
			ctx.log(1, "RewriteCond: expr='%s' evaluation failed: %v", text, err)
			if errors.Is(err, regex.ErrLimit) {
				ctx.err = err
			}
			return false, regex.Match{}
		}
		return ok, captured
	}
	return nil
}

// special reads a CondPattern that is no regular expression, or returns nil.
func (cond *condition) special(p string) test {
	switch {
	case len(p) < 2:
		return nil
	case p[0] == '-' && len(p) == 2:
		return fileTests[p[1]]
	case p[0] == '-' && len(p) > 3:
		return cond.number(p[1:3], p[3:])
	case p[0] == '=':
		if p = p[1:]; p == `""` {
			p = ""
		}
		return cond.text(p, func(order int) bool { return order == 0 })
	case strings.HasPrefix(p, ">="):
		return cond.text(p[2:], func(order int) bool { return order >= 0 })
	case strings.HasPrefix(p, "<="):
		return cond.text(p[2:], func(order int) bool { return order <= 0 })
	case p[0] == '>':
		return cond.text(p[1:], func(order int) bool { return order > 0 })
	case p[0] == '<':
		return cond.text(p[1:], func(order int) bool { return order < 0 })
	}
	return nil
}

func plain(f func(input string) bool) test {
	return func(_ *context, input string) (bool, regex.Match) { return f(input), regex.Match{} }
}

func (cond *condition) text(pattern string, holds func(order int) bool) test {
	compare := compareLengthFirst
	if cond.ignoreCase {
		compare = func(a, b string) int { return strings.Compare(lowerASCII(a), lowerASCII(b)) }
	}
	return plain(func(input string) bool { return holds(compare(input, pattern)) })
}

// compareLengthFirst is the order of httpd's < and >: the longer text is the greater one.
func compareLengthFirst(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func (cond *condition) number(operator, pattern string) test {
	n := atoi(pattern)
	switch operator {
	case "lt":
		return plain(func(s string) bool { return atoi(s) < n })
	case "le":
		return plain(func(s string) bool { return atoi(s) <= n })
	case "gt":
		return plain(func(s string) bool { return atoi(s) > n })
	case "ge":
		return plain(func(s string) bool { return atoi(s) >= n })
	case "eq":
		return plain(func(s string) bool { return atoi(s) == n })
	case "ne":
		return plain(func(s string) bool { return atoi(s) != n })
	}
	return nil
}

var fileTests = map[byte]test{
	'f': stat(func(i os.FileInfo) bool { return i.Mode().IsRegular() }),
	's': stat(func(i os.FileInfo) bool { return i.Mode().IsRegular() && i.Size() > 0 }),
	'd': stat(os.FileInfo.IsDir),
	'x': stat(func(i os.FileInfo) bool { return i.Mode()&0o111 != 0 }),
	'h': plain(isLink), 'l': plain(isLink), 'L': plain(isLink),
	'U': subrequest('U'), 'F': subrequest('F'),
}

func stat(holds func(os.FileInfo) bool) test {
	return plain(func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && holds(info)
	})
}

func isLink(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode()&os.ModeSymlink != 0
}

// subrequest asks whether a URL (-U) or a file (-F) would be served.
func subrequest(operator byte) test {
	return func(ctx *context, input string) (bool, regex.Match) {
		r := ctx.r
		if input == "" || !mayLookAhead(r) {
			return false, regex.Match{}
		}
		if operator == 'U' {
			sub := r.Site.Engine.Lookup(r, input)
			ctx.log(5, "RewriteCond URI (-U check: path=%s -> status=%d", input, sub.Status)
			return sub.Status < 400, regex.Match{}
		}
		sub := r.Site.Engine.LookupFile(r, input)
		ctx.log(5, "RewriteCond file (-F check: path=%s -> file=%s status=%d", input, sub.Filename, sub.Status)
		return sub.Status < 300 && sub.Info != nil, regex.Match{}
	}
}

// holds decides the condition for the present rule.
func (cond *condition) holds(ctx *context) bool {
	input := ""
	if !cond.isExpr {
		input = cond.input.expand(ctx, nil)
	}
	ok, m := cond.test(ctx, input)
	if ok && !cond.negate && m.Matched() {
		ctx.condMatch = m
	}
	if ok = ok != cond.negate; ctx.err != nil {
		ok = false
	}
	result := "not-matched"
	if ok {
		result = "matched"
	}
	noCase := ""
	if cond.ignoreCase {
		noCase = " [NC]"
	}
	ctx.log(4, "RewriteCond: input='%s' pattern='%s'%s => %s", input, cond.pattern, noCase, result)
	ctx.r.Tracef(cond.Pos, "RewriteCond", "%s '%s' against '%s'%s: %s", cond.inputText, input, cond.pattern, noCase, result)
	return ok
}

// allHold decides a rule's conditions: OR binds stronger than the silent "and".
func allHold(ctx *context, conditions []*condition) bool {
	for i := 0; i < len(conditions); i++ {
		cond := conditions[i]
		ok := cond.holds(ctx)
		if ctx.err != nil {
			return false
		}
		if !ok || cond.noVary {
			ctx.varyThis = nil
		}
		switch {
		case !ok && !cond.orNext:
			return false
		case ok:
			for conditions[i].orNext && i+1 < len(conditions) {
				i++
			}
			ctx.vary = append(ctx.vary, ctx.varyThis...)
			ctx.varyThis = nil
		}
	}
	return true
}
