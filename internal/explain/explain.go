// Package explain answers which way a request takes through a configuration. It sends the request through the compiled Site
// as the listener would, listens to what that tells, and takes the place of the schemes, so that nobody is dialled.
package explain

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"transom/internal/module"
	"transom/internal/wire/http1"
)

// Question is a request as a client would send it.
type Question struct {
	Method    string // "" stands for GET
	URL       string // absolute, or a path
	Header    []string
	TLS       bool
	WebSocket bool // add the fields of a handshake
	From      netip.Addr
	To        netip.AddrPort // invalid: as Listen and <VirtualHost> suggest
}

// Explanation is what happened, in order.
type Explanation struct {
	Request  string     `json:"request"`
	From     string     `json:"from"`
	To       string     `json:"to"`
	Host     *Step      `json:"virtual_host"`
	Sections []Step     `json:"sections"` // in the order in which they are merged
	Steps    []Step     `json:"steps"`
	Upstream []Upstream `json:"upstream"`
	Response Response   `json:"response"`
}

// Step is what one directive, or one module, did.
type Step struct {
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Directive string `json:"directive"`
	Text      string `json:"text"`
}

// Upstream is a request that would have been sent to an origin server.
type Upstream struct {
	Worker string   `json:"worker"`
	Origin string   `json:"origin"`
	Tunnel bool     `json:"tunnel"` // if the origin accepts the handshake
	Head   []string `json:"head"`
	Error  string   `json:"error,omitempty"` // why nothing would be sent
}

// Response is what the client would get. That of an origin is taken to be a 200 without fields and body.
type Response struct {
	Status int      `json:"status"`
	Fields []string `json:"fields"`
}

// Serve is a Site's entrance.
type Serve func(http.ResponseWriter, *http.Request, *module.Conn)

// Explainer is made before the configuration is compiled, with the modules that it will be compiled with.
type Explainer struct{ sent []Upstream }

// Modules puts the Explainer in the place of the modules' schemes.
func (e *Explainer) Modules(list []*module.Module) []*module.Module {
	for _, m := range list {
		for i, s := range m.Offers.Schemes {
			m.Offers.Schemes[i] = recorder{s, e}
		}
	}
	return list
}

// Explain sends the question through a Site. It is not safe for concurrent use.
func (e *Explainer) Explain(serve Serve, b *module.Build, q Question) (*Explanation, error) {
	r, err := q.request()
	if err != nil {
		return nil, err
	}
	x := &Explanation{Sections: []Step{}, Steps: []Step{}, Request: r.Method + " " + q.scheme() + "://" + r.Host + r.RequestURI}
	c := module.Conn{ID: 1, Received: time.Now(), Remote: netip.AddrPortFrom(q.From, 40000), Line: r.Method + " " + r.RequestURI + " " + r.Proto, Trace: x.add}
	if !q.From.IsValid() {
		c.Remote = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 40000)
	}
	if q.scheme() == "https" {
		c.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, CipherSuite: tls.TLS_AES_128_GCM_SHA256, ServerName: hostOnly(r.Host)}
		r.TLS = c.TLS
	}
	c.Local = q.To
	if !c.Local.IsValid() {
		c.Local = target(b, hostOnly(r.Host), q.port(b))
	}
	x.From, x.To = c.Remote.Addr().String(), c.Local.String()
	if !listens(b, c.Local) {
		x.add(module.Step{Directive: "Listen", Text: fmt.Sprintf("no Listen covers %v: the request would not get here", c.Local)})
	}
	e.sent = []Upstream{}
	w := &response{header: http.Header{}}
	hidden := &module.NoListener{}
	c.Exchange = hidden
	serve(w, r, &c)
	for _, f := range hidden.After {
		f()
	}
	x.Upstream, x.Response = e.sent, w.result()
	return x, nil
}

// add takes a step. Sections are walked twice, before and behind the mapping of the URL: the second time counts.
func (x *Explanation) add(s module.Step) {
	step := Step{s.File, s.Line, s.Directive, s.Text}
	switch {
	case x.Host == nil && (s.Directive == "<VirtualHost>" || s.Directive == "server config"):
		x.Host = &step
	case s.Text == "applies":
		for i, old := range x.Sections {
			if old == step {
				x.Sections = append(x.Sections[:i], x.Sections[i+1:]...)
				break
			}
		}
		x.Sections = append(x.Sections, step)
	default:
		x.Steps = append(x.Steps, step)
	}
}

func (q *Question) scheme() string {
	if q.TLS || strings.HasPrefix(strings.ToLower(q.URL), "https://") || strings.HasPrefix(strings.ToLower(q.URL), "wss://") {
		return "https"
	}
	return "http"
}

// parts takes the URL apart by hand, so that a strange one arrives as it was written.
func (q *Question) parts() (host, target string) {
	_, rest, absolute := strings.Cut(q.URL, "://")
	if !absolute {
		return "", q.URL
	}
	i := strings.IndexAny(rest, "/?")
	if i < 0 {
		return rest, "/"
	}
	host, target = rest[:i], rest[i:]
	if target[0] == '?' {
		target = "/" + target
	}
	return host, target
}

func (q *Question) request() (*http.Request, error) {
	if scheme, _, absolute := strings.Cut(q.URL, "://"); absolute {
		switch strings.ToLower(scheme) {
		case "http", "https":
		case "ws", "wss":
			q.WebSocket = true
		default:
			return nil, fmt.Errorf("%q: expected http, https, ws or wss before ://", q.URL)
		}
	}
	host, target := q.parts()
	target, _, _ = strings.Cut(target, "#")
	path, query, _ := strings.Cut(target, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return nil, fmt.Errorf("%q: %v: two hexadecimal digits must follow each %%; the server would answer 400", q.URL, err)
	}
	if !strings.HasPrefix(target, "/") || strings.ContainsAny(target, " \t\r\n\x00") {
		return nil, fmt.Errorf("%q: expected http://host/path, https://host/path, or a path that begins with a slash, without blanks", q.URL)
	}
	r := &http.Request{Method: q.Method, URL: &url.URL{Path: decoded, RawPath: path, RawQuery: query}, RequestURI: target,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Host: host, Body: http.NoBody}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if q.WebSocket {
		for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13",
			"Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
			r.Header.Set(name, value)
		}
	}
	for _, line := range q.Header {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || !http1.IsToken(name) || strings.ContainsAny(value, "\r\n\x00") {
			return nil, fmt.Errorf("-H %q: expected 'Name: value'", line)
		}
		if strings.EqualFold(name, "Host") {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	if r.Host == "" {
		r.Host = "localhost"
	}
	return r, nil
}
