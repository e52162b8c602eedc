package proxy

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"transom/internal/module"
	"transom/internal/upstream"
	"transom/internal/wire/http1"
)

// stripNamed comes before RequestHeader and the like, so that a client's Connection can't name what they add
// (CVE-2022-31813), and behind mod_remoteip, for which the client's own proxy speaks.
func stripNamed(r *module.Request) module.Result {
	if !r.Initial() {
		return module.Declined
	}
	repeated := r.Conn.Fields == nil || http1.Repeats(r.Conn.Fields)
	if !repeated && r.Untouched() && !upstream.NamesFields(r.Conn.Fields) {
		return module.Declined
	}
	upstream.StripNamed(r.Header())
	if repeated {
		joinLines(r.Header())
	}
	return module.Declined
}

// outgoing makes the header that the origin gets: the client's fields in the client's order and case, then what was added here,
// by name. What the client's Connection names is gone since stripNamed.
func (x *exchange) outgoing(req *upstream.Request) {
	r := x.r
	host := r.HTTP.Host
	if !r.Untouched() {
		if set := r.Field("Host"); set != "" {
			host = set
		}
	}
	if x.dir.preserveHost.Or(false) {
		req.Host = host
		if host == "" {
			req.Host = r.Server.Name
		}
	}
	var room [4]upstream.Field
	added, fields := x.added(room[:0], host), x.fields[:0]
	untouched := r.Untouched()
	for i := range r.Conn.Fields {
		sent := &r.Conn.Fields[i]
		name := sent.Canonical()
		switch {
		case x.withheld(name):
		case untouched:
			fields = pass(fields, sent.Name, name, []string{sent.Value}, added)
		case !http1.Has(r.Conn.Fields[:i], name):
			fields = pass(fields, sent.Name, name, r.Header()[name], added)
		}
	}
	own := len(fields)
	if !untouched {
		fields = x.passRest(fields, added)
	}
	for _, f := range added {
		if f.Name != "" {
			fields = append(fields, f)
		}
	}
	sortFields(fields[own:])
	req.Fields = fields
}

// clientText is the client's address. The listener has most in words already.
func clientText(r *module.Request) string {
	if r.UserAgentAddr.Is4() && r.UserAgentAddr == r.Conn.Remote.Addr() {
		if text, _, ok := strings.Cut(r.HTTP.RemoteAddr, ":"); ok {
			return text
		}
	}
	return r.UserAgentAddr.String()
}

// passRest appends what is in the header and did not come with the request.
func (x *exchange) passRest(fields, added []upstream.Field) []upstream.Field {
	for name, values := range x.r.Header() {
		if !http1.Has(x.r.Conn.Fields, name) && !x.withheld(name) {
			fields = pass(fields, name, name, values, added)
		}
	}
	return fields
}

// sortFields sorts by name. What this proxy adds is in order already.
func sortFields(fields []upstream.Field) {
	byName := func(a, b upstream.Field) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(fields, byName) {
		slices.SortStableFunc(fields, byName)
	}
}

// added are the lists that this proxy writes itself into (apr_table_mergen).
func (x *exchange) added(fields []upstream.Field, host string) []upstream.Field {
	r := x.r
	if via := x.via(r.HTTP.ProtoMajor, r.HTTP.ProtoMinor); via != "" {
		fields = append(fields, upstream.Field{Name: "Via", Value: via})
	}
	if !x.dir.addHeaders.Or(true) || r.Proxy != module.ReverseProxied {
		return fields
	}
	fields = append(fields, upstream.Field{Name: "X-Forwarded-For", Value: clientText(r)})
	if host != "" {
		fields = append(fields, upstream.Field{Name: "X-Forwarded-Host", Value: host})
	}
	return append(fields, upstream.Field{Name: "X-Forwarded-Server", Value: r.Server.Name})
}

// pass appends the lines of a field, if there are any, with what is added to its list, which is blanked.
func pass(fields []upstream.Field, spelled, name string, values []string, added []upstream.Field) []upstream.Field {
	for i := range added {
		if f := &added[i]; f.Name == name && len(values) > 0 {
			f.Name = ""
			return append(fields, upstream.Field{Name: spelled, Value: strings.Join(values, ", ") + ", " + f.Value})
		}
	}
	for _, v := range values {
		fields = append(fields, upstream.Field{Name: spelled, Value: v})
	}
	return fields
}

// withheld says that a field of the client's is none of the origin's business.
func (x *exchange) withheld(name string) bool {
	r := x.r
	switch name {
	case "Host", "Expect":
		return true
	case "Proxy-Authorization":
		_, chain := r.Env("Proxy-Chain-Auth")
		return r.User != "" && !chain
	case "If-Match", "If-Modified-Since", "If-Range", "If-Unmodified-Since", "If-None-Match":
		return r.Main != nil // a subrequest wants the whole thing
	case "Via":
		return x.server.via == viaBlock
	}
	return upstream.HopByHop(name)
}

// joinLines makes one line of those with the same name that a client sent, as httpd does (RFC 9110 5.2); cookies are joined by
// their own separator. What RequestHeader adds stays a line of its own.
func joinLines(h http.Header) {
	for name, values := range h {
		switch {
		case len(values) < 2:
		case name == "Cookie":
			h[name] = []string{strings.Join(values, "; ")}
		default:
			h[name] = []string{strings.Join(values, ", ")}
		}
	}
}

// via is what this proxy adds to Via of a message that came in this version (RFC 9110 7.6.3), "" if nothing.
func (x *exchange) via(major, minor int) string {
	if x.server.via != viaOn && x.server.via != viaFull {
		return ""
	}
	r := x.r
	// The vhost's name, not what the client called it.
	value := strconv.Itoa(major) + "." + strconv.Itoa(minor) + " " + r.Server.Name
	if port := r.ServerPort(); !(port == 80 && r.HTTPScheme() == "http" || port == 443 && r.HTTPScheme() == "https") {
		value += ":" + strconv.Itoa(port)
	}
	if x.server.via == viaFull {
		value += " (" + module.ServerTokens("min") + ")"
	}
	return value
}

func expects100(r *module.Request) bool {
	return http1.HasToken(r.Field("Expect"), "100-continue") && r.Protocol == "HTTP/1.1"
}
