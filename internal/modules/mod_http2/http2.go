// Package http2 is mod_http2. The listener speaks HTTP/2 over TLS where Protocols names h2; what httpd lets one tune about it is
// the library's here.
package http2

import (
	"strings"

	"transom/internal/module"
)

// Module returns mod_http2.
func Module() *module.Module {
	m := &module.Module{Name: "mod_http2", Identifier: "http2_module"}
	for _, group := range groups {
		for _, name := range strings.Fields(group.names) {
			m.Directives = append(m.Directives, module.Directive{Name: name, Where: module.Servers | module.Sections, Args: module.RawArgs,
				Syntax: name + " ...", Doc: group.doc, Support: group.support})
		}
	}
	return m
}

var groups = []struct {
	doc     string
	support module.Support
	names   string
}{
	{"How httpd spreads HTTP/2 over its threads and buffers.", module.Accepted("each stream has a goroutine, and buffers are the library's"),
		"H2CopyFiles H2MaxDataFrameLen H2MaxWorkerIdleSeconds H2MaxWorkers H2MinWorkers H2OutputBuffering H2SerializeHeaders H2StreamMaxMemSize " +
			"H2TLSCoolDownSecs H2TLSWarmUpSize H2WindowSize"},
	{"Server push, which browsers no longer take.", module.Ignored("nothing is pushed: browsers have given it up"),
		"H2Push H2PushDiarySize H2PushPriority H2PushResource H2EarlyHint H2EarlyHints"},
	{"Other ways to HTTP/2 than TLS with ALPN.", module.Ignored("HTTP/2 is spoken over TLS only, and no other service is announced"),
		"H2AltSvc H2AltSvcMaxAge H2Direct H2Upgrade H2ProxyRequests H2WebSockets"},
	{"Limits of a connection with HTTP/2.", module.Ignored("the limits of HTTP/2 are the library's, and Timeout holds"),
		"H2MaxSessionStreams H2ModernTLSOnly H2Padding H2StreamTimeout"},
}
