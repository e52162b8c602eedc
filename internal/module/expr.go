package module

import (
	"net/http"
	"net/netip"
	"os"
	"strings"

	"transom/internal/expr"
	"transom/internal/regex"
)

// CompileBool parses a condition; what it returns may be used by any number of requests at once. What its last =~
// captured is in Request.Capture afterwards.
func (b *Build) CompileBool(text string) (func(*Request) (bool, error), error) {
	return compileBool(text, b.exprOptions())
}

// CompileSSLRequire parses a condition of SSLRequire, whose comparisons differ.
func (b *Build) CompileSSLRequire(text string) (func(*Request) (bool, error), error) {
	o := b.exprOptions()
	o.SSLRequire = true
	return compileBool(text, o)
}

func compileBool(text string, o expr.Options) (func(*Request) (bool, error), error) {
	e, err := expr.ParseBool(text, o)
	if err != nil {
		return nil, err
	}
	return func(r *Request) (bool, error) {
		var m regex.Match
		var vary []string
		ok, err := e.EvalMatch(exprEnv{r, &vary}, &m)
		r.Capture = m
		r.AddVary(vary...)
		return ok, err
	}, nil
}

// CompileString parses a text with %{...} in it. $1 is of a =~ in the text itself.
func (b *Build) CompileString(text string) (func(*Request) (string, error), error) {
	return b.compileString(text, func(*Request) regex.Match { return regex.Match{} })
}

// CompileSubstitution parses a text whose $1 is of the condition that was evaluated last.
func (b *Build) CompileSubstitution(text string) (func(*Request) (string, error), error) {
	return b.compileString(text, func(r *Request) regex.Match { return r.Capture })
}

func (b *Build) compileString(text string, captured func(*Request) regex.Match) (func(*Request) (string, error), error) {
	e, err := expr.ParseString(text, b.exprOptions())
	if err != nil {
		return nil, err
	}
	if s, ok := e.Constant(); ok {
		return func(*Request) (string, error) { return s, nil }, nil
	}
	return func(r *Request) (string, error) {
		m := captured(r)
		return e.EvalMatch(exprEnv{r: r}, &m)
	}, nil
}

func (b *Build) exprOptions() expr.Options {
	return expr.Options{Variable: b.Site.HasVariable, Restricted: b.Htaccess, Function: func(name string) bool { return name == "ssl" },
		List: func(name string) bool { _, ok := b.Site.list(name); return ok }}
}

// HasVariable says whether some module offers a variable of that name (upper case).
func (s *Site) HasVariable(name string) bool { _, ok := s.variable(name); return ok }

func (s *Site) variable(name string) (Variable, bool) {
	s.index.Do(func() {
		s.variables = map[string]Variable{}
		for _, v := range s.Offered.Variables {
			s.variables[v.Name] = v
		}
	})
	if v, ok := s.variables[name]; ok {
		return v, true
	}
	if i := strings.IndexByte(name, '_'); i > 0 {
		v, ok := s.variables[name[:i+1]+"*"]
		return v, ok
	}
	return Variable{}, false
}

// Var is a server variable, as expressions, RewriteCond and logs know it.
func (r *Request) Var(name string) (string, bool) {
	v, ok := r.Site.variable(name)
	if !ok {
		return "", false
	}
	return v.Value(r, name)
}

// exprEnv is a request as expressions see it.
type exprEnv struct {
	r    *Request
	vary *[]string // the header fields that were asked for; nil: nobody wants to know
}

// HeaderVariables are the server variables that are fields of the request's header.
var HeaderVariables = map[string]string{
	"HTTP_ACCEPT": "Accept", "HTTP_COOKIE": "Cookie", "HTTP_FORWARDED": "Forwarded", "HTTP_HOST": "Host",
	"HTTP_PROXY_CONNECTION": "Proxy-Connection", "HTTP_REFERER": "Referer", "HTTP_USER_AGENT": "User-Agent",
}

func (e exprEnv) Var(name string) (string, bool) {
	if field, ok := HeaderVariables[name]; ok {
		e.varyBy(field)
	}
	return e.r.Var(name)
}

// varyBy remembers a field for Vary; Host is no matter of negotiation (RFC 9110 12.5.5).
func (e exprEnv) varyBy(field string) {
	if e.vary != nil && !strings.EqualFold(field, "Host") {
		*e.vary = append(*e.vary, field)
	}
}

func (e exprEnv) Func(name, arg string) (string, bool, error) {
	r := e.r
	switch name {
	case "req", "req_novary":
		if name == "req" {
			e.varyBy(arg)
		}
		if strings.EqualFold(arg, "host") {
			return r.HTTP.Host, r.HTTP.Host != "", nil
		}
		v, set := r.Joined(http.CanonicalHeaderKey(arg))
		return v, set, nil
	case "resp":
		v := append(append([]string{}, r.Writer.Header().Values(arg)...), r.ErrHeader.Values(arg)...)
		return strings.Join(v, ", "), len(v) > 0, nil
	case "ssl":
		v, ok := r.Var(arg)
		return v, ok, nil
	case "reqenv":
		v, ok := r.Env(arg)
		return v, ok, nil
	case "osenv":
		v, ok := os.LookupEnv(arg)
		return v, ok, nil
	case "note":
		v, ok := r.Notes[arg]
		return v, ok, nil
	case "env":
		if v, ok := r.Env(arg); ok {
			return v, true, nil
		}
		if v, ok := r.Notes[arg]; ok {
			return v, true, nil
		}
		v, ok := os.LookupEnv(arg)
		return v, ok, nil
	}
	return "", false, nil
}

func (e exprEnv) List(name, arg string) ([]string, error) {
	l, ok := e.r.Site.list(name)
	if !ok {
		return nil, nil
	}
	return l.Values(e.r, arg), nil
}

// list finds a list function; the name is in lower case.
func (s *Site) list(name string) (List, bool) {
	for _, l := range s.Offered.Lists {
		if equalFold(l.Name, name) {
			return l, true
		}
	}
	return List{}, false
}

// Subrequest decides -U (a URL path that would be served) and -F (a file that would be).
func (e exprEnv) Subrequest(op byte, arg string) (bool, error) {
	if arg == "" || e.r.Main != nil {
		return false, nil
	}
	sub := e.r.Site.Engine.Lookup(e.r, arg)
	return sub.Status == 200 && (op != 'F' || sub.Info != nil), nil
}

func (e exprEnv) ClientAddr() netip.Addr { return e.r.UserAgentAddr }
