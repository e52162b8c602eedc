// Package listen accepts connections and serves HTTP on them: sockets, TLS and ALPN, an
// HTTP/1.x server with httpd's limits and timeouts, and HTTP/2 by golang.org/x/net/http2.
// Both call one Handler.
package listen

import (
	"crypto/tls"
	"net/netip"
	"time"

	"transom/internal/wire/http1"
)

// Settings are what the configuration says about connections of one address or requests
// of one virtual host. They are shared and must not change once handed out.
type Settings struct {
	http1.Options // HttpProtocolOptions, LimitRequestLine, -Fields, -FieldSize

	Timeout              time.Duration // between two reads, or writes, of a client (Timeout); 0: for ever
	KeepAlive            bool
	KeepAliveTimeout     time.Duration
	MaxKeepAliveRequests int // 0: any number

	HandshakeTimeout Pace // RequestReadTimeout handshake=
	HeaderTimeout    Pace // RequestReadTimeout header=
	BodyTimeout      Pace // RequestReadTimeout body=

	// ProxyProtocol says of a peer's address whether its connections begin with a PROXY
	// header; nil: none do. One that then doesn't is closed.
	ProxyProtocol func(peer netip.Addr) bool

	// TLS is served on connections of an address whose default host has it. "h2" among
	// its NextProtos enables HTTP/2.
	TLS *tls.Config
}

// Pace is one stage of RequestReadTimeout: the stage must be over after First; MinRate
// bytes per second, if set, earn more time, up to Max (0: any).
type Pace struct {
	First, Max time.Duration // First 0: no limit
	MinRate    int
}

// DefaultSettings are httpd's.
func DefaultSettings() *Settings {
	return &Settings{
		Options:              http1.Options{Limits: http1.DefaultLimits},
		Timeout:              60 * time.Second,
		KeepAlive:            true,
		KeepAliveTimeout:     5 * time.Second,
		MaxKeepAliveRequests: 100,
		HeaderTimeout:        Pace{First: 20 * time.Second, Max: 40 * time.Second, MinRate: 500},
		BodyTimeout:          Pace{First: 20 * time.Second, MinRate: 500},
	}
}
