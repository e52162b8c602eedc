package site

import (
	"net/http"
	"path"
	"strings"
	"sync"

	"transom/internal/module"
	"transom/internal/observe"
)

// step is one point of the merge of sections: the settings so far, and a way on for each section that may come next. The
// steps form a tree that grows with the combinations that requests really meet, so that a request only follows pointers.
// Clients choose the combinations: with maxSteps kept, further ones are merged for each request anew, as httpd does.
type step struct {
	site     *Site
	server   *module.Server
	settings *module.Settings
	program  *program          // the hooks that have something to do here
	files    []*module.Section // <Files> found inside the sections so far
	ifs      []*module.Section // <If> likewise
	next     sync.Map          // *module.Section -> *step
	kept     bool              // by the step before, up to the root
}

const maxSteps = 20000

func (s *Site) root(server *module.Server) *step {
	return &step{site: s, server: server, settings: server.Defaults, program: s.hooks.under(server.Settings, server.Defaults), kept: true}
}

// into is the step behind a section.
func (s *step) into(sec *module.Section) *step { return s.along(&s.next, sec, sec) }

// along is the step behind a section, from the ways on that are known if it is among them.
func (s *step) along(known *sync.Map, key any, sec *module.Section) *step {
	if n, ok := known.Load(key); ok {
		return n.(*step)
	}
	n := &step{
		site:     s.site,
		server:   s.server,
		settings: module.Merge(s.settings, sec.Settings),
		program:  s.site.whole,
		files:    concat(s.files, sec.Nested.Files),
		ifs:      concat(s.ifs, sec.Nested.Ifs),
		kept:     s.kept && s.site.room.Add(-1) >= 0,
	}
	if !n.kept {
		return n
	}
	n.program = s.site.hooks.under(n.server.Settings, n.settings)
	got, _ := known.LoadOrStore(key, n)
	return got.(*step)
}

// state is what a request carries of the walk, and of what took its place.
type state struct {
	at      *step
	meets   module.Only     // but Files, which may change
	base    *step           // after Directory and Files
	last    *module.Request // that it was redirected to within the server
	instead *module.Request // what a module put in the place of a request that is only looked up
}

func stateOf(r *module.Request) *state { return r.Walk.(*state) }

func (s *Site) begin(r *module.Request, st *state) {
	st.base = s.roots[r.Server.Index]
	r.Walk = st
	if r.HTTP.ContentLength != 0 {
		st.meets |= module.Bodies
	}
	if r.Conn.TLS != nil {
		st.meets |= module.Encrypted
	}
	if r.Conn.ProxiedFor.IsValid() {
		st.meets |= module.Proxied
	}
	if r.Conn.Bad != nil {
		st.meets |= module.Malformed
	}
	st.moveTo(r, st.base)
}

func (st *state) moveTo(r *module.Request, at *step) { st.at, r.Dir = at, at.settings }

// walk follows the sections of one list that match: name, or plain if they have no regular expression.
func walk(r *module.Request, at *step, sections []*module.Section, name, plain string) (_ *step, res module.Result) {
	for _, sec := range sections {
		if sec.Kind == module.DirectorySection {
			continue
		}
		what := plain
		if IsRegexSection(sec) {
			what = name
		}
		if at, res = enter(r, at, sec, what); res != module.OK {
			return at, res
		}
	}
	return at, module.OK
}

// enter goes into a section if it covers name.
func enter(r *module.Request, at *step, sec *module.Section, name string) (*step, module.Result) {
	ok, groups, err := sec.Match.Match(name)
	if err != nil {
		return at, undecided(r, sec, err)
	}
	if ok {
		at = at.into(sec)
		traceSection(r, sec)
		setGroups(r, groups)
	}
	return at, module.OK
}

// undecided ends a request of which nobody knows whether a section is for it: the section may close, or open.
func undecided(r *module.Request, sec *module.Section, err error) module.Result {
	r.Logf("core", observe.Error, "", "%s at %s:%d: %v", sec.Title, sec.File, sec.Line, err)
	return http.StatusInternalServerError
}

// setGroups passes named captures on as MATCH_NAME (httpd 2.4.8).
func setGroups(r *module.Request, groups map[string]string) {
	for name, value := range groups {
		r.SetEnv("MATCH_"+strings.ToUpper(name), value)
	}
}

// locationWalk applies <Location> sections on top of what base gave. Those without a regular expression see several slashes
// as one, whatever MergeSlashes says (ap_location_walk).
func (s *Site) locationWalk(r *module.Request) module.Result {
	st := stateOf(r)
	locations := r.Server.Sections.Locations
	if len(locations) == 0 {
		st.moveTo(r, st.base)
		return module.OK
	}
	plain := r.URI
	if strings.HasPrefix(plain, "/") {
		plain = module.MergeSlashes(plain)
	}
	at, res := walk(r, st.base, locations, r.URI, plain)
	st.moveTo(r, at)
	return res
}

// storageWalk applies <Directory> and <Files>, or <Proxy> for a proxied request.
func (s *Site) storageWalk(r *module.Request) (res module.Result) {
	at := s.roots[r.Server.Index]
	switch {
	case r.Proxy != module.NotProxied && len(r.Server.Sections.Proxies) == 0:
	case r.Proxy != module.NotProxied:
		url := strings.TrimPrefix(r.Filename, "proxy:")
		at, res = walk(r, at, r.Server.Sections.Proxies, url, url)
	case r.Filename != "":
		at, res = s.directoryWalk(r, at)
		if name := path.Base(r.Filename); res == module.OK && !strings.HasSuffix(r.Filename, "/") {
			at, res = walk(r, at, concat(r.Server.Sections.Files, at.files), name, name)
		}
	}
	if res != module.OK {
		return res
	}
	st := stateOf(r)
	st.base = at
	st.moveTo(r, at)
	return module.OK
}

// ifWalk applies <If>, <ElseIf> and <Else>: those of the server and those inside sections that apply.
func (s *Site) ifWalk(r *module.Request) module.Result {
	if len(r.Server.Sections.Ifs)+len(stateOf(r).at.ifs) == 0 {
		return module.OK
	}
	return s.ifs(r)
}

func (s *Site) ifs(r *module.Request) module.Result {
	st := stateOf(r)
	list, at := concat(r.Server.Sections.Ifs, st.at.ifs), st.at
	done := map[*module.Section]bool{} // heads of chains of which one has applied
	for len(list) > 0 {
		var inner []*module.Section // it comes behind all that stands beside
		for _, sec := range list {
			head := sec
			for head.Chain != nil {
				head = head.Chain
			}
			if done[head] {
				continue
			}
			ok, err := sec.If(r)
			if err != nil {
				return undecided(r, sec, err)
			}
			if ok {
				done[head] = true
				at = at.into(sec)
				traceSection(r, sec)
				inner = append(inner, sec.Nested.Ifs...)
			}
		}
		list = inner
	}
	st.moveTo(r, at)
	return module.OK
}
