package listen

import (
	"net/http"
	"net/url"
	"strings"

	"transom/internal/module"
	"transom/internal/wire/http1"
)

var (
	emptyRequest = new(http.Request)
	chunkedOnly  = []string{"chunked"}
)

// accept makes the http.Request of a head that was parsed, or refuses it. Its Header is left to whoever asks for one.
func (x *exchange) accept() {
	h := &x.head
	if s := x.conn.server.Settings(x.conn.local, h.Host); s != nil {
		x.settings = s
	}
	x.makeRequest()
	if err := parseTarget(&x.url, h); err != nil {
		x.refuse(&module.BadRequest{Status: http.StatusBadRequest, Reason: "invalid request target"})
		return
	}
	if h.Major == 0 {
		return
	}
	expect := false
	if h.Expects {
		var ok bool
		if expect, ok = expectation(h.Fields); !ok {
			x.refuse(&module.BadRequest{Status: http.StatusExpectationFailed, Reason: "unknown expectation"})
			return
		}
	}
	if h.Length != 0 {
		x.takeBody(expect && h.Minor > 0)
	}
}

func (x *exchange) takeBody(expect bool) {
	h := &x.head
	x.body.open(h.Length, expect)
	x.req.Body = &x.body
	x.req.ContentLength = h.Length
	if h.Length == http1.Chunked {
		x.req.TransferEncoding = chunkedOnly
		x.req.Trailer = announced(h.Fields)
	}
}

// refuse makes a request for the logs of one that could not be accepted. Its body, if it
// has one, is never read.
func (x *exchange) refuse(bad *module.BadRequest) {
	x.info.Bad = bad
	x.closeAfter = true
	x.makeRequest()
	x.body.refused = true
	x.w.discard = bad.LogOnly
	if h := &x.head; !strings.HasPrefix(h.Target, "/") || parseTarget(&x.url, h) != nil {
		x.url = url.URL{Path: "/"}
	}
}

func (x *exchange) makeRequest() {
	h, c := &x.head, x.conn
	x.req = x.blank
	x.req.Method, x.req.RequestURI, x.req.Host = h.Method, h.Target, h.Host
	x.req.URL = &x.url
	x.req.Proto, x.req.ProtoMajor, x.req.ProtoMinor = protocol(h.Major, h.Minor), h.Major, h.Minor
	x.req.Body = http.NoBody
	x.req.Close = !h.KeepAlive
	x.req.RemoteAddr, x.req.TLS = c.peer, c.tls.state
}

func protocol(major, minor int) string {
	switch {
	case major == 1 && minor == 1:
		return "HTTP/1.1"
	case major == 1 && minor == 0:
		return "HTTP/1.0"
	case major == 0 && minor == 9:
		return "HTTP/0.9"
	case major == 0:
		return "" // no request line was understood
	}
	return "HTTP/" + string([]byte{byte('0' + major), '.', byte('0' + minor)})
}

// parseTarget sets u as net/http does from a target whose characters were checked.
func parseTarget(u *url.URL, h *http1.RequestHead) error {
	t := h.Target
	*u = url.URL{}
	switch h.Form {
	case http1.Asterisk:
		u.Path = "*"
		return nil
	case http1.Authority:
		u.Host = t
		return nil
	case http1.Absolute:
		parsed, err := url.ParseRequestURI(t)
		if err != nil {
			return err
		}
		*u = *parsed
		return nil
	}
	path, query, has := strings.Cut(t, "?")
	u.RawQuery, u.ForceQuery = query, has && query == ""
	u.Path = path
	if simplePath(path) {
		return nil
	}
	var err error
	u.RawPath = path
	u.Path, err = url.PathUnescape(path)
	return err
}

// simplePath reports that escaping path would give path.
func simplePath(path string) bool {
	for i := 0; i < len(path); i++ {
		c := path[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '-' || c > '9') && c != '_' && c != '~' {
			return false
		}
	}
	return true
}

// expectation reports whether 100-continue is expected, and false for anything else
// (RFC 9110 §10.1.1).
func expectation(fields []http1.Field) (expect, ok bool) {
	for i := range fields {
		f := &fields[i]
		if f.ID() != http1.Expect {
			continue
		}
		if !http1.EqualFold(f.Value, "100-continue") {
			return false, false
		}
		expect = true
	}
	return expect, true
}

// announced makes the map of trailers that the Trailer fields promise; nil of none.
func announced(fields []http1.Field) http.Header {
	var h http.Header
	for i := range fields {
		f := &fields[i]
		if f.ID() != http1.Trailer {
			continue
		}
		for e, rest, ok := http1.NextElement(f.Value); ok; e, rest, ok = http1.NextElement(rest) {
			if !http1.IsToken(e) || http1.ForbiddenTrailer(e) {
				continue
			}
			if h == nil {
				h = make(http.Header)
			}
			h[http1.Canonical(e)] = nil
		}
	}
	return h
}
