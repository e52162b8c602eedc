// Package http2 is what mod_http2's directives mean here: HTTP/2 itself is the listener's (Protocols h2).
package http2

import "transom/internal/module"

// Module returns mod_http2.
func Module() *module.Module {
	m := &module.Module{Name: "mod_http2", Identifier: "http2_module"}
	for _, r := range rows {
		m.Directives = append(m.Directives, module.Directive{Name: r.name, Where: r.where, Args: module.AnyArgs,
			Syntax: r.name + " " + r.argument, Doc: r.doc, Support: r.support})
	}
	return m
}

const library = "the HTTP/2 library sizes its windows, frames and workers itself"

var (
	tuning = module.Accepted(library)
	noPush = module.Accepted("nothing is pushed: browsers no longer take it")
	tlsOld = module.Accepted("TLS below 1.2 and its ciphers never carry HTTP/2")
)

var rows = []struct {
	name, argument, doc string
	where               module.Where
	support             module.Support
}{
	{"H2WindowSize", "bytes", "How much a client may send ahead on a stream.", module.Servers, tuning},
	{"H2MaxSessionStreams", "n", "How many streams a connection may have at once.", module.Servers, tuning},
	{"H2MaxWorkers", "n", "How many threads serve HTTP/2.", module.InServer, tuning},
	{"H2MinWorkers", "n", "How many threads wait for HTTP/2.", module.InServer, tuning},
	{"H2MaxWorkerIdleSeconds", "n", "How long such a thread waits.", module.InServer, tuning},
	{"H2StreamMaxMemSize", "bytes", "How much of a response is buffered.", module.Servers, tuning},
	{"H2StreamTimeout", "time-interval", "How long a stream waits.", module.Servers, module.Accepted("a stream waits for its client as long as Timeout says")},
	{"H2MaxDataFrameLen", "n", "The longest DATA frame.", module.Servers, tuning},
	{"H2MaxStreamErrors", "n", "How many errors a client may make.", module.Servers, tuning},
	{"H2Padding", "numbits", "Padding of frames.", module.Servers, tuning},
	{"H2OutputBuffering", "On|Off", "Whether output is collected.", module.InServer, tuning},
	{"H2CopyFiles", "On|Off", "Whether files are copied before they are sent.", module.Servers | module.Sections, tuning},
	{"H2SerializeHeaders", "On|Off", "Whether requests are parsed as HTTP/1.1.", module.Servers, tuning},
	{"H2SessionExtraFiles", "n", "How many files stay open.", module.Servers, tuning},
	{"H2TLSWarmUpSize", "bytes", "When TLS records grow.", module.Servers, tuning},
	{"H2TLSCoolDownSecs", "seconds", "When TLS records shrink again.", module.Servers, tuning},
	{"H2ModernTLSOnly", "On|Off", "Whether only modern TLS may carry HTTP/2.", module.Servers, tlsOld},
	{"H2Upgrade", "On|Off", "Whether HTTP/1.1 may be upgraded to HTTP/2.", module.Servers | module.Sections, module.Accepted("an upgrade to h2c is never offered, nor passed on")},
	{"H2Direct", "On|Off", "Whether HTTP/2 may begin without an upgrade.", module.Servers, module.Accepted("HTTP/2 is spoken over TLS only")},
	{"H2Push", "On|Off", "Whether responses are pushed.", module.Servers | module.Sections, noPush},
	{"H2PushPriority", "mime-type priority", "Priority of pushed responses.", module.Servers, noPush},
	{"H2PushDiarySize", "n", "How many pushes are remembered.", module.Servers, noPush},
	{"H2PushResource", "[add] path [critical]", "What is pushed early.", module.Servers | module.Sections | module.InHtaccess, noPush},
	{"H2EarlyHints", "On|Off", "Whether 103 is sent.", module.Servers | module.Sections, module.Accepted("103 responses of an origin server are passed on")},
	{"H2EarlyHint", "name value", "A header of 103 responses.", module.Servers | module.Sections, module.Ignored("Transom makes no 103 responses of its own")},
	{"H2ProxyRequests", "On|Off", "Whether HTTP/2 may ask for a forward proxy.", module.Servers, module.Accepted("there is no forward proxy")},
	{"H2WebSockets", "On|Off", "Whether WebSockets may be opened over HTTP/2.", module.Servers, module.Ignored("WebSockets are opened over HTTP/1.1, to which browsers turn by themselves")},
}
