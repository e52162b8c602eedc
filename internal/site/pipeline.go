package site

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"transom/internal/module"
	"transom/internal/observe"
)

// serving is what a request takes here, in one piece of memory that is used again.
type serving struct {
	site     *Site
	conn     module.Conn
	request  module.Request
	response response
	walk     state
	plain    bool   // nothing was built on the request that might outlive it
	end      func() // ended, made once
}

var servings = sync.Pool{New: func() any { return new(serving) }}

// Serve answers one request. conn is the listener's word on where it came from.
func (s *Site) Serve(w http.ResponseWriter, hr *http.Request, conn module.Conn) {
	v := servings.Get().(*serving)
	if v.end == nil {
		v.end = v.ended
	}
	v.site, v.conn, v.plain = s, conn, hr.ContentLength == 0 && conn.Trace == nil
	r := &v.request
	*r = module.Request{
		HTTP: hr, Writer: &v.response, Conn: &v.conn, Site: s.Site,
		Method: hr.Method, Protocol: hr.Proto, Received: conn.Received,
		UserAgentAddr: conn.Remote.Addr().Unmap(),
		UnparsedURI:   hr.RequestURI,
		Trace:         conn.Trace,
	}
	v.response = response{next: w, request: r}
	r.TheRequest = conn.Line
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
		return
	}
	s.answer(r, res)
	conn.AfterResponse(v.end)
}

// ended completes a request whose response has left.
func (v *serving) ended() {
	last := lastOf(&v.request)
	v.site.log(last)
	if v.plain && last == &v.request && !last.Layered() {
		*v = serving{end: v.end}
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

type lastKey struct{}

// lastOf is the request that internal redirects ended with: the one that gets logged.
func lastOf(r *module.Request) *module.Request {
	for {
		next, ok := r.Get(lastKey{}).(*module.Request)
		if !ok {
			return r
		}
		r = next
	}
}

func (s *Site) log(r *module.Request) {
	for _, h := range s.hooks[module.LogTransaction] {
		h.Run(r)
	}
}

// Detach collects what must be told of a tunnel's end; the request is over for everyone else.
func (e engine) Detach(r *module.Request) []module.TunnelEnd {
	var ends []module.TunnelEnd
	for _, h := range e.site.hooks[module.LogTransaction] {
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
	for _, other := range []*module.Request{r.Main, r.Prev} {
		if other != nil && other.Dir == r.Dir {
			return other
		}
	}
	return nil
}

// handle runs filters and the handler.
func (s *Site) handle(r *module.Request) module.Result {
	if res := s.run(module.InsertFilter, r); res != module.OK {
		return res
	}
	base := r.Writer
	filtered, finish := r.Filtered(base)
	r.Writer = filtered
	traceFilters(r)
	res := s.run(module.Handler, r)
	if res == module.Declined {
		if h, ok := s.named[r.Handler]; ok {
			res = h.Serve(r)
		}
	}
	if res == module.Declined {
		res = s.noHandler(r)
	}
	if res == module.OK || res == module.Done {
		if err := finish(); err != nil {
			r.Logf("core", observe.Info, "", "sending the response: %v", err)
			r.Conn.Abort() // what a filter could not complete must not look whole
		}
	}
	r.Writer = base
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
	all := p.RunsAll()
	for i := range s.hooks[p] {
		res := s.hooks[p][i].Run(r)
		if r.Trace != nil {
			traceHook(r, p, s.hooks[p][i].owner, res)
		}
		if res == module.Declined || all && res == module.OK {
			continue
		}
		return res
	}
	if all {
		return module.OK
	}
	return module.Declined
}

// splitHost takes a Host header apart. A trailing dot is the same name (httpd: fix_hostname).
func splitHost(host string) (name string, port int) {
	if host == "" {
		return "", 0
	}
	name = host
	// Most names have no port and are no address; finding that out by errors would cost every request.
	if strings.IndexByte(host, ':') >= 0 {
		if h, p, err := net.SplitHostPort(host); err == nil {
			name = h
			if n, err := strconv.ParseUint(p, 10, 16); err == nil {
				port = int(n)
			}
		}
	} else if last := host[len(host)-1]; last < '0' || last > '9' {
		return strings.ToLower(strings.TrimSuffix(host, ".")), 0
	}
	if ip, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return ip.String(), port
	}
	return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(name, ":"), ".")), port
}
