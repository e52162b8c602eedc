package headers

import (
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/regex"
)

// Module returns mod_headers.
func Module() *module.Module {
	return &module.Module{Name: "mod_headers", Identifier: "headers_module", Directives: directives, Hooks: []module.Hook{
		{Phase: module.PostRead, Position: module.First, Run: early, Applies: settings.InSections},
		{Phase: module.Fixups, Position: module.Last, Run: changeRequest, Applies: settings.InSections},
		{Phase: module.InsertFilter, Position: module.Last, Run: changeResponse, Applies: settings.InSections},
		{Phase: module.InsertErrorFilter, Position: module.Last, Run: changeError, Applies: settings.InSections},
	}}
}

// early runs rules marked so, before anything is decided; sections do not apply yet.
func early(r *module.Request) module.Result {
	s := settings.Of(r.Dir)
	if len(s.request)+len(s.always)+len(s.onSuccess) == 0 {
		return module.Declined
	}
	for _, t := range []*table{requestTable(r), errorTable(r), responseTable(r)} {
		if !t.run(s, true) {
			return http.StatusInternalServerError
		}
	}
	return module.Declined
}

func changeRequest(r *module.Request) module.Result {
	s := settings.Of(r.Dir)
	if len(s.request) > 0 && !requestTable(r).run(s, false) {
		return http.StatusInternalServerError
	}
	return module.Declined
}

// changeResponse runs when the head is complete but for what the server itself adds. An answer of 101 is not changed.
func changeResponse(r *module.Request) module.Result {
	s := settings.Of(r.Dir)
	if len(s.always) == 0 && len(s.onSuccess) == 0 {
		return module.Declined
	}
	r.BeforeHeaders(func(status int, _ http.Header) {
		if status != http.StatusSwitchingProtocols && errorTable(r).run(s, false) {
			responseTable(r).run(s, false)
		}
	})
	return module.Declined
}

// changeError runs the rules that hold for error pages of the server's own.
func changeError(r *module.Request) module.Result {
	if s := settings.Of(r.Dir); len(s.always) > 0 {
		r.BeforeHeaders(func(int, http.Header) { errorTable(r).run(s, false) })
	}
	return module.Declined
}

// table is one of httpd's header tables.
type table struct {
	r     *module.Request
	h     http.Header
	rules func(*rules) []*rule
	// isRequest: repeated fields count as one, as httpd joins them while it reads.
	isRequest bool
}

func requestTable(r *module.Request) *table {
	return &table{r, r.Header(), func(s *rules) []*rule { return s.request }, true}
}

func responseTable(r *module.Request) *table {
	return &table{r, r.Writer.Header(), func(s *rules) []*rule { return s.onSuccess }, false}
}

func errorTable(r *module.Request) *table {
	if r.ErrHeader == nil {
		r.ErrHeader = http.Header{}
	}
	return &table{r, r.ErrHeader, func(s *rules) []*rule { return s.always }, false}
}

// run applies the rules that are early, or those that are not; false if one could not be applied.
func (t *table) run(s *rules, early bool) bool {
	for _, rule := range t.rules(s) {
		if rule.early != early {
			continue
		}
		if err := t.apply(rule); err != nil {
			t.r.Logf("headers", observe.Error, "AH02553", "%s %s: %v", rule.action, rule.name, err)
			return false
		}
	}
	return true
}

func (t *table) apply(rule *rule) error {
	if rule.when != nil {
		ok, err := rule.when(t.r)
		if err != nil {
			return err
		}
		if !ok {
			t.r.Tracef(rule.Pos, rule.directive, "does nothing: its condition is false")
			return nil
		}
	}
	err := t.change(rule)
	if t.r.Trace != nil && err == nil {
		t.trace(rule)
	}
	return err
}

// trace tells what the field looks like now.
func (t *table) trace(rule *rule) {
	if values := t.get(rule.name); len(values) > 0 {
		t.r.Tracef(rule.Pos, rule.directive, "%s: %s", rule.name, strings.Join(values, "\n"+rule.name+": "))
		return
	}
	t.r.Tracef(rule.Pos, rule.directive, "no %s", rule.name)
}

func (t *table) change(rule *rule) error {
	switch rule.action {
	case "unset":
		t.del(rule.name)
		return nil
	case "echo":
		return t.echo(rule)
	case "edit", "edit*":
		return t.edit(rule)
	}
	text, err := rule.value(t.r)
	if err != nil {
		return err
	}
	switch rule.action {
	case "add":
		t.set(rule.name, append(t.get(rule.name), text))
	case "append":
		t.append(rule.name, text)
	case "merge":
		if !hasToken(strings.Join(t.get(rule.name), ", "), text) {
			t.append(rule.name, text)
		}
	case "set":
		t.set(rule.name, []string{text})
	case "setifempty":
		if len(t.get(rule.name)) == 0 {
			t.set(rule.name, []string{text})
		}
	case "note":
		if v := t.get(rule.name); len(v) > 0 {
			t.r.SetNote(text, v[0])
		}
	}
	return nil
}

// get, set and del know where Host and Content-Type are kept.
func (t *table) get(name string) []string {
	if t.isHost(name) {
		if t.r.HTTP.Host == "" {
			return nil
		}
		return []string{t.r.HTTP.Host}
	}
	return t.h[http.CanonicalHeaderKey(name)]
}

func (t *table) set(name string, values []string) {
	key := http.CanonicalHeaderKey(name)
	switch {
	case t.isHost(name):
		t.r.HTTP.Host = values[0]
	case t.isType(key):
		// One type for both tables: it is not sent twice.
		t.r.Writer.Header()[key] = values[len(values)-1:]
	default:
		t.h[key] = values
	}
}

func (t *table) del(name string) {
	key := http.CanonicalHeaderKey(name)
	switch {
	case t.isHost(name):
		t.r.HTTP.Host = ""
	case t.isType(key):
		t.r.Writer.Header()[key] = nil // present and empty: nobody guesses a type
	default:
		delete(t.h, key)
	}
}

func (t *table) isHost(name string) bool { return t.isRequest && strings.EqualFold(name, "Host") }

func (t *table) isType(key string) bool { return !t.isRequest && key == "Content-Type" }

// append joins a value to the first field of a name.
func (t *table) append(name, text string) {
	values := append([]string{}, t.get(name)...)
	if len(values) == 0 {
		t.set(name, []string{text})
		return
	}
	if t.isRequest {
		values = []string{strings.Join(values, ", ")}
	}
	values[0] += ", " + text
	t.set(name, values)
}

// echo copies the request's headers whose names match.
func (t *table) echo(rule *rule) error {
	h := t.r.Writer.Header()
	for name, values := range t.r.Header() {
		ok, err := rule.pattern.MatchString(name)
		if err != nil {
			return err
		}
		if ok {
			h[name] = []string{strings.Join(append(h[name], values...), ", ")}
		}
	}
	return nil
}

func (t *table) edit(rule *rule) error {
	old := t.get(rule.name)
	if t.isType(http.CanonicalHeaderKey(rule.name)) {
		old = t.r.Writer.Header()["Content-Type"]
	}
	if len(old) == 0 {
		return nil
	}
	if t.isRequest {
		old = []string{strings.Join(old, ", ")}
	}
	edited := make([]string, len(old))
	for i, v := range old {
		text, err := replace(t.r, rule, v)
		if err != nil {
			return err
		}
		edited[i] = text
	}
	t.set(rule.name, edited)
	return nil
}

// replace replaces the first match, or with edit* every one.
func replace(r *module.Request, rule *rule, text string) (string, error) {
	var b strings.Builder
	rest := rule.pattern.Rest(text)
	for {
		m, err := rest.Match()
		if err != nil {
			return "", err
		}
		if !m.Matched() {
			break
		}
		substitute, err := rule.value(r)
		if err != nil {
			return "", err
		}
		start, end := m.Index(0)
		b.WriteString(rest.String()[:start])
		b.WriteString(regex.Expand(substitute, m))
		rest.Skip(end)
		if rule.action == "edit" || end == 0 || rest.String() == "" {
			break
		}
	}
	b.WriteString(rest.String())
	return b.String(), nil
}

// hasToken says whether a comma-separated list has an element, outside quotes.
func hasToken(list, token string) bool {
	quoted, start := false, 0
	for i := 0; i <= len(list); i++ {
		switch {
		case i < len(list) && list[i] == '"':
			quoted = !quoted
		case i == len(list) || list[i] == ',' && !quoted:
			if strings.TrimLeft(list[start:i], " \t") == token {
				return true
			}
			start = i + 1
		}
	}
	return false
}
