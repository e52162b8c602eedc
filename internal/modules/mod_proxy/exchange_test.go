package proxy_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
	"transom/internal/upstream"
)

func fields(lines ...string) (list []upstream.Field) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		list = append(list, upstream.Field{Name: name, Value: value})
	}
	return list
}

func lines(list []upstream.Field) (out []string) {
	for _, f := range list {
		out = append(out, f.Name+": "+f.Value)
	}
	return out
}

// TestOutgoing compares the header that an origin sees.
func TestOutgoing(t *testing.T) {
	const base = "Listen 80\nProxyPass / http://origin.test:8080/\n"
	for _, test := range []struct {
		name, config string
		header       []string
		host         string
		want         []string
	}{
		{"added", "", nil, "", []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Host: www.example.com", "X-Forwarded-Server: www.example.com"}},
		{"appended", "", []string{"X-Forwarded-For: 1.1.1.1", "X-Forwarded-Host: q"}, "", []string{
			"X-Forwarded-For: 1.1.1.1, 198.51.100.7", "X-Forwarded-Host: q, www.example.com", "X-Forwarded-Server: www.example.com"}},
		{"appended to lines", "RequestHeader add X-Forwarded-For 2.2.2.2\nRequestHeader set Z 1", []string{"X-Forwarded-For: 1.1.1.1"}, "", []string{
			"X-Forwarded-For: 1.1.1.1, 2.2.2.2, 198.51.100.7", "X-Forwarded-Host: www.example.com", "X-Forwarded-Server: www.example.com", "Z: 1"}},
		{"added in place of what was unset", "RequestHeader unset X-Forwarded-Host", []string{"X-Forwarded-Host: q", "X-Z: 1"}, "", []string{
			"X-Z: 1", "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Host: www.example.com", "X-Forwarded-Server: www.example.com"}},
		{"not added", "ProxyAddHeaders Off", []string{"X-A: 1"}, "", []string{"X-A: 1"}},
		{"preserved", "ProxyPreserveHost On\nProxyAddHeaders Off", []string{"Host: app.test:99"}, "app.test:99", nil},
		{"via", "ProxyVia On\nProxyAddHeaders Off", []string{"Via: 1.0 x"}, "", []string{"Via: 1.0 x, 1.1 www.example.com"}},
		{"via blocked", "ProxyVia Block\nProxyAddHeaders Off", []string{"Via: 1.0 x"}, "", nil},
		{"forwards", "ProxyAddHeaders Off", []string{"Max-Forwards: 3"}, "", []string{"Max-Forwards: 2"}},
		{"forwards set", "ProxyMaxForwards 7\nProxyAddHeaders Off", nil, "", []string{"Max-Forwards: 7"}},
		{"lines joined", "ProxyAddHeaders Off", []string{"X-A: 1", "X-A: 2", "Cookie: a=1", "Cookie: b=2"}, "", []string{"Cookie: a=1; b=2", "X-A: 1, 2"}},
		// Security case 15: Connection can name neither what the proxy adds nor what backends trust.
		{"hop by hop", "", []string{"Connection: close, X-Forwarded-For, X-Real-IP, Cookie, X-Hop", "X-Real-IP: 9", "Cookie: a=1", "X-Hop: 1", "Te: trailers", "Keep-Alive: 1",
			"Proxy-Connection: x", "Upgrade: h2c", "Http2-Settings: AA"}, "", []string{"Cookie: a=1", "X-Real-Ip: 9",
			"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Host: www.example.com", "X-Forwarded-Server: www.example.com"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var seen *upstream.Request
			s := sitetest.New(t, base+test.config, all(func(_ *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
				seen = &upstream.Request{Host: req.Host, Fields: slices.Clone(req.Fields)} // req's memory serves others later
				return text(200, ""), nil
			}))
			s.Get(t, "/", test.header...)
			if seen == nil {
				t.Fatal("the origin was not asked")
			}
			if d := cmp.Diff(test.want, lines(seen.Fields)); d != "" {
				t.Error(d)
			}
			if seen.Host != test.host {
				t.Errorf("Host is %q", seen.Host)
			}
		})
	}
}

// TestReverse compares what ProxyPassReverse and its kin make of a response's header, with httpd 2.4.71's answers.
func TestReverse(t *testing.T) {
	const config = `Listen 80
ProxyPass /a http://origin.test:8080/main
ProxyPassReverse /a http://origin.test:8080/main
ProxyPassReverse /rel /inner
ProxyPassReverse /else https://public.test/x
ProxyPassReverseCookiePath /main /a
ProxyPassReverseCookieDomain origin.test public.test
<Proxy balancer://c>
  BalancerMember http://member.test/base
</Proxy>
<Location /a/b>
  ProxyPassReverse balancer://c/
</Location>
`
	for _, test := range []struct{ name, value, want string }{
		{"Location", "http://origin.test:8080/main/x?y", "http://www.example.com/a/x?y"},
		{"Location", "HTTP://ORIGIN.test:8080/MAIN/x", "http://www.example.com/a/x"},
		{"Location", "http://origin.test:8080/mainly", "http://www.example.com/aly"},
		{"Location", "http://origin.test/main/x", "http://origin.test/main/x"},
		{"Location", "/inner/y", "http://www.example.com/rel/y"},
		{"Location", "http://any.test/inner/y", "http://www.example.com/rel/y"},
		{"Location", "https://public.test/x/y", "http://www.example.com/else/y"},
		{"Location", "http://member.test/base/z", "http://www.example.com/a/b/z"},
		{"Location", "/elsewhere", "/elsewhere"},
		{"Content-Location", "http://origin.test:8080/main/x", "http://www.example.com/a/x"},
		{"URI", "http://origin.test:8080/main/x", "http://www.example.com/a/x"},
		{"Destination", "http://origin.test:8080/main/x", "http://www.example.com/a/x"},
		{"Refresh", "0; url=http://origin.test:8080/main/x", "0; url=http://origin.test:8080/main/x"},
		{"Set-Cookie", "a=b; Path=/main/sub; Domain=Origin.test; HttpOnly", "a=b; Path=/a; Domain=public.test; HttpOnly"},
		{"Set-Cookie", "a=b;path=/main", "a=b;path=/a"},
		{"Set-Cookie", "a=b; path=/other; domain=other.test", "a=b; path=/other; domain=other.test"},
		{"Set-Cookie", "path=/main", "path=/main"},
		{"Set-Cookie", "a=b;", "a=b;"},
		{"Set-Cookie", "a=b; ; pathpath=/main; Path=", "a=b; ; pathpath=/main; Path="},
	} {
		s := sitetest.New(t, config, all(func(*upstream.Worker, *upstream.Request) (*upstream.Response, error) {
			return text(302, "", fields(test.name+": "+test.value)...), nil
		}))
		if got := s.Get(t, "/a/b").Header().Get(test.name); got != test.want {
			t.Errorf("%s: %s became %q, want %q", test.name, test.value, got, test.want)
		}
	}
}

// TestFailures compares statuses and log lines of exchanges that failed.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		log    string
	}{
		{&upstream.Error{Status: 503, Code: "AH01114", Reason: "failed to make connection to backend: origin.test", Err: errors.New("refused")}, 503, "AH00957: http: attempt to connect to origin.test failed"},
		{&upstream.Error{Status: 502, Code: "AH01102", Reason: "Error reading from remote server"}, 502, "[proxy_http:error] [pid "},
		{&upstream.Error{Status: 500, Code: "AH00898", Reason: "DNS lookup failure for: origin.test"}, 500, "AH00898: DNS lookup failure for: origin.test"},
		{errors.New("surprise"), 502, "surprise"},
	} {
		s := sitetest.New(t, "Listen 80\nErrorLog logs/error_log\nProxyPass / http://origin.test/\n", all(func(*upstream.Worker, *upstream.Request) (*upstream.Response, error) {
			return nil, test.err
		}))
		w := s.Get(t, "/")
		if w.Code != test.status {
			t.Errorf("%v: status %d", test.err, w.Code)
		}
		if log := s.Read(t, "logs/error_log"); !strings.Contains(log, test.log) {
			t.Errorf("%v: %q is not in\n%s", test.err, test.log, log)
		}
	}
}

// TestNoHandler: a scheme that nobody offers is a warning at start, and httpd's AH01144 with each request.
func TestNoHandler(t *testing.T) {
	s := sitetest.New(t, "Listen 80\nErrorLog logs/error_log\nProxyPass /f gopher://origin.test/\n", all(nil))
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Text, "gopher") {
		t.Errorf("warnings: %v", s.Warnings)
	}
	if code := s.Get(t, "/f").Code; code != http.StatusInternalServerError {
		t.Errorf("status %d", code)
	}
	if log := s.Read(t, "logs/error_log"); !strings.Contains(log, "AH01144: No protocol handler was valid for the URL /f (scheme 'gopher')") {
		t.Errorf("the log says\n%s", log)
	}
}

// TestErrorOverride: the listed statuses, or all from 400 on.
func TestErrorOverride(t *testing.T) {
	for _, test := range []struct {
		config string
		status int
		own    bool
	}{
		{"ProxyErrorOverride On", 404, true},
		{"ProxyErrorOverride On", 302, false},
		{"ProxyErrorOverride On 500 503", 404, false},
		{"ProxyErrorOverride On 500 503", 503, true},
		{"ProxyErrorOverride Off", 503, false},
		{"", 503, false},
	} {
		s := sitetest.New(t, "Listen 80\nProxyPass / http://origin.test/\n"+test.config, all(func(*upstream.Worker, *upstream.Request) (*upstream.Response, error) {
			return text(test.status, "the origin's"), nil
		}))
		w := s.Get(t, "/")
		if w.Code != test.status || (w.Body.String() != "the origin's") != test.own {
			t.Errorf("%q, %d: %d %q", test.config, test.status, w.Code, w.Body)
		}
	}
}

// TestRefused: configurations that must not load, and what the message must hold.
func TestRefused(t *testing.T) {
	for _, test := range []struct{ config, want string }{
		{"ProxyPass /", "needs a path when not defined in a location"},
		{"ProxyPass / origin.test", "absolute"},
		{"ProxyPass / http://origin.test/ upgraded=x", `unknown parameter "upgraded" (nearest known: upgrade)`},
		{"ProxyPass / http://origin.test/ remark", `"remark"`},
		{"ProxyPass / http://origin.test/ timeout=0", "timeout=0"},
		{"ProxyPass / http://origin.test:0/", "port"},
		{"ProxyPass / balancer://c/ max=5", "unknown parameter"},
		{"ProxyPassMatch ^/(?\\! http://origin.test/", "Regular expression could not be compiled"},
		{"<Location /x>\nProxyPass /y http://origin.test/\n</Location>", "can not have a path when defined in a location"},
		{"<Directory />\nProxyPass http://origin.test/\n</Directory>", "not allowed here"},
		{"ProxyPassReverse http://origin.test/", "needs a path"},
		{"ProxyPassReverseMatch / http://origin.test/", "ProxyPassReverse"},
		{"ProxyRequests Maybe", "On or Off"},
		{"ProxyRemote * http://other.test", "not supported"},
		{"ProxyVia maybe", "off | on | full | block"},
		{"ProxyTimeout 0", "at least 1 second"},
		{"ProxyErrorOverride On 200", "400 to 599"},
		{"ProxyErrorOverride Off 404", "no status codes"},
		{"ProxyBadHeader Skip", "IsError"},
		{"BalancerMember http://origin.test/", "balancer name"},
		{"<Proxy http://origin.test/>\nBalancerMember http://m.test/\n</Proxy>", "balancer://"},
		{"<Proxy *>\nProxySet timeout=5\n</Proxy>", "pattern"},
		{"<Proxy balancer://c>\nBalancerMember http://m.test/ loadfactor=1000\n</Proxy>", "loadfactor"},
		{"<Proxy balancer://c>\nBalancerMember http://m.test/ hctemplate=none\n</Proxy>", "ProxyHCTemplate"},
		{"ProxySourceAddress here", "IP address"},
		{"TransomTunnelPing -1", "whole number"},
	} {
		if errs := sitetest.Errors(t, "Listen 80\n"+test.config+"\n", modules.All()); !strings.Contains(errs, test.want) {
			t.Errorf("%s\n%q, want %q", test.config, errs, test.want)
		}
	}
}

// TestSharedParameters: a parameter of a worker that an earlier ProxyPass defined is ignored, which is worth a word only if it differs.
func TestSharedParameters(t *testing.T) {
	s := sitetest.New(t, "Listen 80\nProxyPass /a ws://origin.test/x retry=0 timeout=60\nProxyPass /b ws://origin.test/x retry=0 timeout=90\n", all(nil))
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Text, "'timeout=90'") {
		t.Errorf("warnings: %v", s.Warnings)
	}
}

// TestNoForwardProxy: ProxyRequests On, which people paste, opens nothing.
func TestNoForwardProxy(t *testing.T) {
	s := sitetest.New(t, "Listen 80\nProxyRequests On\nProxyPass /app http://origin.test/\n", all(func(_ *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
		return text(200, req.Target), nil
	}))
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Text, "ProxyRequests On is ignored") {
		t.Errorf("warnings: %v", s.Warnings)
	}
	if w := s.Get(t, "http://other.test/x"); w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
	if w := s.Get(t, "http://other.test/app/x"); w.Body.String() != "//x" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestEnvironment: the variables that change how a request is sent.
func TestEnvironment(t *testing.T) {
	for _, test := range []struct {
		variable string
		want     func(*upstream.Request) bool
	}{
		{"force-proxy-request-1.0", func(r *upstream.Request) bool { return r.HTTP10 }},
		{"proxy-nokeepalive", func(r *upstream.Request) bool { return r.NoReuse }},
		{"proxy-initial-not-pooled", func(r *upstream.Request) bool { return r.Fresh }},
		{"proxy-sendcl", func(r *upstream.Request) bool { return r.NeedLength }},
		{"proxy-sendchunked", func(r *upstream.Request) bool { return r.ContentLength < 0 }},
		{"proxy-interim-response=Suppress", func(r *upstream.Request) bool { return r.Interim == nil }},
	} {
		for _, set := range []string{test.variable, "none"} {
			var seen *upstream.Request
			s := sitetest.New(t, "Listen 80\nProxyPass / http://origin.test/\nSetEnvIf Request_URI . "+set, all(func(_ *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
				seen = req
				return text(200, ""), nil
			}))
			req := sitetest.Request("POST", "/")
			req.Body, req.ContentLength = io.NopCloser(strings.NewReader("abc")), 3
			s.Do(t, req)
			if test.want(seen) != (set != "none") {
				t.Errorf("%s with %s: %+v", test.variable, set, seen)
			}
		}
	}
}

// TestSetHandler: SetHandler "proxy:URL" sends requests for files on.
func TestSetHandler(t *testing.T) {
	s := sitetest.New(t, "Listen 80\n<FilesMatch \\.php$>\nSetHandler \"proxy:http://origin.test\"\n</FilesMatch>", all(func(w *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
		return text(200, told(w, req)), nil
	}))
	s.Write(t, "htdocs/a b.php", "source")
	if got, want := s.Get(t, "/a%20b.php?q").Body.String(), "http://origin.test"+s.Root+"/htdocs/a%20b.php?q"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestBlock: ProxyBlock's words in the host's name.
func TestBlock(t *testing.T) {
	s := sitetest.New(t, "Listen 80\nProxyBlock BAD.test\nProxyPass /a http://very.bad.test/\nProxyPass /b http://good.test/bad.test\n", all(func(*upstream.Worker, *upstream.Request) (*upstream.Response, error) {
		return text(200, ""), nil
	}))
	if code := s.Get(t, "/a").Code; code != http.StatusForbidden {
		t.Errorf("/a: %d", code)
	}
	if code := s.Get(t, "/b").Code; code != http.StatusOK {
		t.Errorf("/b: %d", code)
	}
}
