package proxy

import (
	"net/http"
	"strconv"
	"strings"

	"transom/internal/module"
	"transom/internal/upstream"
	"transom/internal/wire/http1"
)

// stripNamed comes before RequestHeader and the like, so that a client's Connection can't name what they add
// (CVE-2022-31813), and behind mod_remoteip, for which the client's own proxy speaks.
func stripNamed(r *module.Request) module.Result {
	if r.Initial() {
		upstream.StripNamed(r.HTTP.Header)
		joinLines(r.HTTP.Header)
	}
	return module.Declined
}

// outgoing makes the header that the origin gets.
func (x *exchange) outgoing(req *upstream.Request) {
	r := x.r
	h := r.HTTP.Header.Clone()
	delete(h, "Connection") // what it names is gone since stripNamed
	upstream.StripHopByHop(h)
	delete(h, "Expect")
	if _, chain := r.Env("Proxy-Chain-Auth"); r.User != "" && !chain {
		delete(h, "Proxy-Authorization")
	}
	if r.Main != nil { // a subrequest wants the whole thing
		for _, name := range []string{"If-Match", "If-Modified-Since", "If-Range", "If-Unmodified-Since", "If-None-Match"} {
			delete(h, name)
		}
	}
	host := r.HTTP.Host
	if set := h.Get("Host"); set != "" {
		host = set
	}
	if x.dir.preserveHost.Or(false) {
		req.Host = host
		if host == "" {
			req.Host = r.Server.Name
		}
	}
	delete(h, "Host")
	if via := x.via(r.HTTP.ProtoMajor, r.HTTP.ProtoMinor); via != "" {
		add(h, "Via", via)
	} else if x.server.via == viaBlock {
		delete(h, "Via")
	}
	if x.dir.addHeaders.Or(true) && r.Proxy == module.ReverseProxied {
		add(h, "X-Forwarded-For", r.UserAgentAddr.String())
		if host != "" {
			add(h, "X-Forwarded-Host", host)
		}
		add(h, "X-Forwarded-Server", r.Server.Name)
	}
	req.Fields = upstream.Ordered(h, r.Conn.Fields)
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

// add appends to the list that a field holds (apr_table_mergen).
func add(h http.Header, name, value string) {
	if old := h[name]; len(old) > 0 {
		value = strings.Join(old, ", ") + ", " + value
	}
	h[name] = []string{value}
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
	return http1.HasToken(r.HTTP.Header.Get("Expect"), "100-continue") && r.Protocol == "HTTP/1.1"
}
