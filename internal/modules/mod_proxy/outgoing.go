package proxy

import (
	"net/http"
	"strconv"
	"strings"

	"transom/internal/module"
	"transom/internal/upstream"
	"transom/internal/wire/http1"
)

// outgoing makes the header that the origin gets. What the client's Connection names is removed first, so that it can't
// name what the proxy adds.
func (x *exchange) outgoing(req *upstream.Request) {
	r := x.r
	h := r.HTTP.Header.Clone()
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
	x.addVia(h, r.Protocol)
	if x.dir.addHeaders.Or(true) && r.Proxy == module.ReverseProxied {
		add(h, "X-Forwarded-For", r.UserAgentAddr.String())
		if host != "" {
			add(h, "X-Forwarded-Host", host)
		}
		add(h, "X-Forwarded-Server", r.Server.Name)
	}
	joinLines(h)
	req.Fields = upstream.Ordered(h, r.Conn.Fields)
}

// joinLines makes one line of those with the same name, as httpd does (RFC 9110 5.2); cookies are joined by their own separator.
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

// addVia adds this proxy to Via, which protocol tells of the message that came (RFC 9110 7.6.3).
func (x *exchange) addVia(h http.Header, protocol string) {
	switch x.server.via {
	case viaBlock:
		delete(h, "Via")
	case viaOn, viaFull:
		r := x.r
		// The vhost's name, not what the client called it.
		value := strings.TrimPrefix(protocol, "HTTP/") + " " + r.Server.Name
		if port := r.ServerPort(); !(port == 80 && r.HTTPScheme() == "http" || port == 443 && r.HTTPScheme() == "https") {
			value += ":" + strconv.Itoa(port)
		}
		if x.server.via == viaFull {
			value += " (" + module.ServerTokens("min") + ")"
		}
		add(h, "Via", value)
	}
}

func expects100(r *module.Request) bool {
	return http1.HasToken(r.HTTP.Header.Get("Expect"), "100-continue") && r.Protocol == "HTTP/1.1"
}
