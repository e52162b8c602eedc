package proxy

import (
	"maps"
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
	if r.Conn.Separate && r.Untouched() || !r.Initial() {
		return module.Declined
	}
	sent := r.Conn.Fields
	repeated := sent == nil || http1.Repeats(sent)
	if !repeated && r.Untouched() && !upstream.NamesFields(sent) {
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
func (x *exchange) outgoing() {
	r := x.r
	if !r.Untouched() {
		x.passHeader()
		return
	}
	if x.dir.preserveHost == module.On {
		x.preserve(r.HTTP.Host)
	}
	// No name occurs twice, and what is added is in order.
	fields, listed, upgrade := x.fields[:0], false, false
	for i := range r.Conn.Fields {
		f := &r.Conn.Fields[i]
		if id := f.ID(); id.Decisive() {
			if id.OneHop() || x.withheld(id) {
				upgrade = upgrade || id == http1.Upgrade
				continue
			}
			listed = listed || id.ByProxies()
		}
		fields = append(fields, *f)
	}
	own := len(fields)
	fields = x.appendAdded(fields, r.HTTP.Host)
	if listed {
		fields = merge(fields, own)
	}
	x.request.Fields, x.upgrade = fields, upgrade
}

// preserve has the origin see the client's Host (ProxyPreserveHost).
func (x *exchange) preserve(host string) {
	if x.request.Host = host; host == "" {
		x.request.Host = x.r.Server.Name
	}
}

// passHeader is outgoing for a header that others have changed: what did not come with the request is put among what is added.
func (x *exchange) passHeader() {
	r := x.r
	host := r.HTTP.Host
	if set := r.Field("Host"); set != "" {
		host = set
	}
	if x.dir.preserveHost == module.On {
		x.preserve(host)
	}
	fields, sent, left := x.fields[:0], r.Conn.Fields, maps.Clone(r.Header())
	added := mergeInto(left, x.appendAdded(nil, host))
	for i := range sent {
		f := &sent[i]
		name := f.Canonical()
		fields = x.pass(fields, f.Name, f.ID(), left[name])
		delete(left, name)
	}
	own := len(fields)
	for name, values := range left {
		fields = x.pass(fields, name, http1.NameID(name), values)
	}
	fields = append(fields, added...)
	slices.SortStableFunc(fields[own:], func(a, b upstream.Field) int { return strings.Compare(a.Name, b.Name) })
	x.request.Fields, x.upgrade = fields, r.Field("Upgrade") != ""
}

// pass appends the lines of a field.
func (x *exchange) pass(fields []upstream.Field, name string, id http1.ID, values []string) []upstream.Field {
	if !id.OneHop() && !x.withheld(id) {
		for _, v := range values {
			fields = append(fields, upstream.Field{Name: name, Value: v})
		}
	}
	return fields
}

// mergeInto writes what is added behind the values of a field of the same name, which becomes one line (apr_table_mergen), and returns
// what has none.
func mergeInto(h http.Header, added []upstream.Field) []upstream.Field {
	return slices.DeleteFunc(added, func(f upstream.Field) bool {
		values := h[f.Name]
		if len(values) == 0 {
			return false
		}
		h[f.Name] = []string{strings.Join(values, ", ") + ", " + f.Value}
		return true
	})
}

// merge is mergeInto for a list in which no name occurs twice. What was added stands from own on.
func merge(fields []upstream.Field, own int) []upstream.Field {
	kept := fields[:own]
	for _, added := range fields[own:] {
		if f := http1.Find(kept, added.ID()); f != nil {
			f.Value += ", " + added.Value
		} else {
			kept = append(kept, added)
		}
	}
	return kept
}

// appendAdded appends what this proxy says of itself and the client, by name.
func (x *exchange) appendAdded(fields []upstream.Field, host string) []upstream.Field {
	r := x.r
	if x.server.via >= viaOn {
		fields = x.appendVia(fields)
	}
	if x.dir.addHeaders == module.Off || r.Proxy != module.ReverseProxied {
		return fields
	}
	fields = appendOwn(fields, http1.XForwardedFor, r.UserAgentText())
	if host != "" {
		fields = appendOwn(fields, http1.XForwardedHost, host)
	}
	return appendOwn(fields, http1.XForwardedServer, r.Server.Name)
}

func appendOwn(fields []upstream.Field, id http1.ID, value string) []upstream.Field {
	n := len(fields)
	if n == cap(fields) {
		fields = slices.Grow(fields, 1)
	}
	fields = fields[:n+1]
	fields[n].Set(id, value)
	return fields
}

// withheld says that a field of the client's is none of the origin's business, though it is not of one hop.
func (x *exchange) withheld(id http1.ID) bool {
	r := x.r
	switch id {
	case http1.Host, http1.Expect:
		return true
	case http1.ProxyAuthorization:
		_, chain := r.Env("Proxy-Chain-Auth")
		return r.User != "" && !chain
	case http1.IfMatch, http1.IfModifiedSince, http1.IfRange, http1.IfUnmodifiedSince, http1.IfNoneMatch:
		return r.Main != nil // a subrequest wants the whole thing
	case http1.Via:
		return x.server.via == viaBlock
	}
	return false
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

// appendVia appends what this proxy says in Via of a message that is or answers r (RFC 9110 7.6.3), if anything: as in httpd, the
// version of both is the client's.
func (x *exchange) appendVia(fields []upstream.Field) []upstream.Field {
	if x.server.via != viaOn && x.server.via != viaFull {
		return fields
	}
	r := x.r
	// The vhost's name, not what the client called it.
	value := strconv.Itoa(r.HTTP.ProtoMajor) + "." + strconv.Itoa(r.HTTP.ProtoMinor) + " " + r.Server.Name
	if port := r.ServerPort(); !(port == 80 && r.HTTPScheme() == "http" || port == 443 && r.HTTPScheme() == "https") {
		value += ":" + strconv.Itoa(port)
	}
	if x.server.via == viaFull {
		value += " (" + module.ServerTokens("min") + ")"
	}
	return appendOwn(fields, http1.Via, value)
}

func expects100(r *module.Request) bool {
	return http1.HasToken(r.Field("Expect"), "100-continue") && r.Protocol == "HTTP/1.1"
}
