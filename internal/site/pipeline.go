package site

import (
	"net/http"
	"strings"
	"sync"

	"transom/internal/module"
	"transom/internal/observe"
)

// serving is what a request takes here, in one piece of memory that is used again.
type serving struct {
	site     *Site
	end      func() // ended, made once
	plain    bool   // nothing was built on the request that might outlive it
	walk     state
	response response
	request  module.Request
}

var servings = sync.Pool{New: func() any { return new(serving) }}

// Serve answers one request. conn is the listener's word on where it came from, valid until the response has left.
func (s *Site) Serve(w http.ResponseWriter, hr *http.Request, conn *module.Conn) {
	v := servings.Get().(*serving) // all of it is zero but end
	if v.end == nil {
		v.end = v.ended
	}
	v.site, v.plain = s, hr.ContentLength == 0 && conn.Trace == nil
	r := &v.request
	v.response.next = w
	v.response.belongTo(r)
	r.HTTP, r.Conn, r.Site, r.Trace = hr, conn, s.Site, conn.Trace
	r.Method, r.Protocol, r.UnparsedURI = hr.Method, hr.Proto, hr.RequestURI
	r.UserAgentAddr = conn.Remote.Addr().Unmap()
	r.Host, r.Port = splitHost(hr.Host)
	if conn.Bad != nil && conn.Bad.PlainOnTLS {
		r.Host = "" // nothing that came in the clear is believed
	}
	r.Server = s.vhosts.pick(conn.Local, r.Host)
	s.traceHost(r)
	s.begin(r, &v.walk)
	res := s.receive(r)
	if res == module.OK {
		res = s.process(r)
	}
	if res == module.Suspended {
		v.recycle(lastOf(r))
		return
	}
	s.answer(r, res)
	conn.AfterResponse(v.end)
}

// ended completes a request whose response has left.
func (v *serving) ended() {
	last := lastOf(&v.request)
	v.site.log(last)
	v.recycle(last)
}

// recycle gives the memory to another request, unless somebody may still be using it. A tunnel does not.
func (v *serving) recycle(last *module.Request) {
	if v.plain && last == &v.request && !last.Layered() {
		end := v.end
		*v = serving{}
		v.end = end
		servings.Put(v)
	}
}

// receive is httpd's reading of the request: what the listener refused, and what every request must have.
func (s *Site) receive(r *module.Request) module.Result {
	if bad := r.Conn.Bad; bad != nil {
		r.Logf("core", observe.Info, "", "%s", bad.Reason)
		if bad.PlainOnTLS {
			r.SetNote("error-notes", "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n Instead use the HTTPS scheme to access this URL, please.<br />\n")
		}
		if path, _, _ := strings.Cut(r.UnparsedURI, "?"); strings.HasPrefix(path, "/") {
			r.URI = path // as it is: nobody could decode it
		}
		s.locationWalk(r) // for the error page; the status stands, whatever a pattern says
		return module.Result(bad.Status)
	}
	if s.vhosts.strange(r) {
		return http.StatusBadRequest
	}
	return s.run(module.PostRead, r)
}

// lastOf is the request that internal redirects ended with: the one that gets logged.
func lastOf(r *module.Request) *module.Request {
	for next := stateOf(r).last; next != nil; next = stateOf(r).last {
		r = next
	}
	return r
}

func (s *Site) log(r *module.Request) {
	st := stateOf(r)
	for _, c := range st.at.program.of(module.LogTransaction) {
		if c.only == 0 || st.concerns(r, c.only) {
			c.run(r)
		}
	}
}

// Detach appends what must be told of a tunnel's end; the request is over for everyone else.
func (e engine) Detach(r *module.Request, ends []module.TunnelEnd) []module.TunnelEnd {
	for _, h := range stateOf(r).at.program.hooksOf(module.LogTransaction) {
		if h.Detach == nil {
			continue
		}
		if end := h.Detach(r); end != nil {
			ends = append(ends, end)
		}
	}
	return ends
}

// answer turns a result into a response if none was written, and flushes what filters hold.
func (s *Site) answer(r *module.Request, res module.Result) {
	if res >= 100 {
		s.die(r, int(res))
	}
}

// process runs a request whose head is in order through all phases (ap_process_request_internal and ap_invoke_handler).
func (s *Site) process(r *module.Request) module.Result {
	if res := s.prepare(r); res != module.OK {
		return res
	}
	return s.handle(r)
}

// prepare runs the phases up to the fixups.
func (s *Site) prepare(r *module.Request) module.Result {
	if res := s.run(module.PreTranslate, r); res != module.OK && res != module.Declined {
		return res
	}
	if r.Proxy == module.NotProxied || r.URI == "" {
		if res := s.decode(r); res != module.OK {
			return res
		}
	}
	if res := s.locationWalk(r); res != module.OK {
		return res
	}
	// For what the mapping answers itself; the walks begin anew once the file is known.
	if res := s.ifWalk(r); res != module.OK {
		return res
	}
	if !strings.HasPrefix(r.Filename, "proxy:") {
		if res := s.run(module.Translate, r); res != module.OK && res != module.Declined {
			return res
		}
	}
	return s.place(r, true)
}

// place runs the phases from the mapping of a file name on; <Location> is of no concern to a subrequest for a file.
func (s *Site) place(r *module.Request, locations bool) module.Result {
	if res := s.run(module.MapToStorage, r); res >= 100 || res == module.Done {
		return res
	}
	if res := s.storageWalk(r); res != module.OK {
		return res
	}
	if locations {
		if res := s.locationWalk(r); res != module.OK {
			return res
		}
	}
	if res := s.ifWalk(r); res != module.OK {
		return res
	}
	if r.Main == nil {
		if res := s.run(module.HeaderParser, r); res != module.OK {
			return res
		}
	}
	if res := s.authorize(r); res != module.OK {
		return res
	}
	if res := s.run(module.TypeChecker, r); res != module.OK && res != module.Declined {
		return res
	}
	return s.run(module.Fixups, r)
}

// authorize is httpd's order of access control: by address, then without a user, then with one. With Satisfy Any a good
// address suffices.
func (s *Site) authorize(r *module.Request) module.Result {
	if checked := sameAccess(r); checked != nil {
		r.User, r.AuthType = checked.User, checked.AuthType
		return module.OK
	}
	if stateOf(r).at.program.grants {
		return module.OK
	}
	any := module.Satisfies.Of(r.Dir).Any(r.Method)
	if access := s.run(module.AccessChecker, r); (access == module.OK) == any {
		return access
	}
	if userless := s.run(module.AccessCheckerX, r); userless != module.Declined {
		return userless
	}
	if res := s.authResult(r, module.CheckUserID, "check user"); res != module.OK {
		return res
	}
	if r.User == "" {
		r.Logf("core", observe.Error, "AH00027", "No authentication done but request not allowed without authentication for %s. Authentication not configured?", r.URI)
		return 500
	}
	return s.authResult(r, module.AuthChecker, "check authorization")
}

// authResult runs a phase in which somebody must answer.
func (s *Site) authResult(r *module.Request, p module.Phase, what string) module.Result {
	res := s.run(p, r)
	if res == module.Declined {
		r.Logf("core", observe.Crit, "AH00025", "configuration error:  couldn't %s: %s", what, r.URI)
		return 500
	}
	return res
}

// sameAccess is the request whose check counts for r too, since the same settings apply to both; nil if there is none.
func sameAccess(r *module.Request) *module.Request {
	switch {
	case r.Main != nil && r.Main.Dir == r.Dir:
		return r.Main
	case r.Prev != nil && r.Prev.Dir == r.Dir:
		return r.Prev
	}
	return nil
}

// handle runs filters and the handler.
func (s *Site) handle(r *module.Request) module.Result {
	if res := s.run(module.InsertFilter, r); res != module.OK {
		return res
	}
	if r.Filters() {
		return s.handleFiltered(r)
	}
	return s.respond(r)
}

func (s *Site) handleFiltered(r *module.Request) module.Result {
	base := r.Writer
	filtered, finish := r.Filtered(base)
	r.Writer = filtered
	traceFilters(r)
	res := s.respond(r)
	if res == module.OK || res == module.Done {
		if err := finish(); err != nil {
			r.Logf("core", observe.Info, "", "sending the response: %v", err)
			r.Conn.Abort() // what a filter could not complete must not look whole
		}
	}
	r.Writer = base
	return res
}

// respond runs the handler.
func (s *Site) respond(r *module.Request) module.Result {
	res := s.run(module.Handler, r)
	if res == module.Declined {
		if h, ok := s.named[r.Handler]; ok {
			res = h.Serve(r)
		}
	}
	if res == module.Declined {
		res = s.noHandler(r)
	}
	return res
}

func (s *Site) noHandler(r *module.Request) module.Result {
	if r.Handler != "" {
		r.Logf("core", observe.Warn, "AH00024", "handler \"%s\" not found for: %s", r.Handler, r.Filename)
	}
	return 500
}

// run runs one phase. For phases where every hook runs the answer is OK or what stopped it; for the others Declined too.
func (s *Site) run(p module.Phase, r *module.Request) module.Result {
	pass := module.Declined // what lets the next one have its say
	if p.RunsAll() {
		pass = module.OK
	}
	st := stateOf(r)
	g := st.at.program
	for i, c := range g.of(p) {
		if c.only != 0 && !st.concerns(r, c.only) {
			continue
		}
		res := c.run(r)
		if r.Trace != nil {
			traceHook(r, p, g.hooksOf(p)[i].owner, res)
		}
		if res != module.Declined && res != pass {
			return res
		}
	}
	return pass
}

// concerns says that a request meets all conditions of a hook.
func (st *state) concerns(r *module.Request, only module.Only) bool {
	meets := st.meets
	if r.Proxy == module.NotProxied {
		meets |= module.Files
	}
	return only&^meets == 0
}
