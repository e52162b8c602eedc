package http1

import "net/http"

// ID is the number of a common field name, in any case.
type ID uint8

// The fields of one hop come first (RFC 9110 §7.6.1), then others that decisions hang on.
const (
	unknown  ID = iota // nobody has looked
	Uncommon           // a token that has no number

	Connection
	KeepAlive
	ProxyConnection
	TE
	Trailer
	TransferEncoding
	Upgrade
	ContentLength
	HTTP2Settings // the last of one hop

	Authorization
	ContentLocation
	Cookie
	Date
	Destination
	Expect
	Host
	IfMatch
	IfModifiedSince
	IfNoneMatch
	IfRange
	IfUnmodifiedSince
	Location
	MaxForwards
	ProxyAuthorization
	SecWebSocketAccept
	SecWebSocketExtensions
	SecWebSocketKey
	SecWebSocketProtocol
	SecWebSocketVersion
	Server
	SetCookie
	Status
	URI
	Via
	XForwardedFor
	XForwardedHost
	XForwardedServer
)

// common are the names that most messages consist of, as http.CanonicalHeaderKey writes them.
var common = [...]string{
	Connection: "Connection", KeepAlive: "Keep-Alive", ProxyConnection: "Proxy-Connection", TE: "Te", Trailer: "Trailer",
	TransferEncoding: "Transfer-Encoding", Upgrade: "Upgrade", ContentLength: "Content-Length", HTTP2Settings: "Http2-Settings",

	Authorization: "Authorization", ContentLocation: "Content-Location", Cookie: "Cookie", Date: "Date", Destination: "Destination",
	Expect: "Expect", Host: "Host", IfMatch: "If-Match", IfModifiedSince: "If-Modified-Since", IfNoneMatch: "If-None-Match",
	IfRange: "If-Range", IfUnmodifiedSince: "If-Unmodified-Since", Location: "Location", MaxForwards: "Max-Forwards", ProxyAuthorization: "Proxy-Authorization",
	SecWebSocketAccept: "Sec-Websocket-Accept", SecWebSocketExtensions: "Sec-Websocket-Extensions", SecWebSocketKey: "Sec-Websocket-Key",
	SecWebSocketProtocol: "Sec-Websocket-Protocol", SecWebSocketVersion: "Sec-Websocket-Version", Server: "Server",
	SetCookie: "Set-Cookie", Status: "Status", URI: "Uri", Via: "Via", XForwardedFor: "X-Forwarded-For", XForwardedHost: "X-Forwarded-Host",
	XForwardedServer: "X-Forwarded-Server",

	"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Accept-Ranges", "Access-Control-Allow-Credentials",
	"Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin", "Age", "Allow", "Alt-Svc",
	"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Range", "Content-Security-Policy",
	"Content-Type", "Dnt", "Etag", "Expires", "Forwarded", "From", "Last-Modified", "Link", "Origin", "Pragma",
	"Priority", "Proxy-Authenticate", "Range", "Referer", "Referrer-Policy", "Retry-After", "Sec-Ch-Ua", "Sec-Ch-Ua-Mobile",
	"Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User",
	"Strict-Transport-Security", "Upgrade-Insecure-Requests", "User-Agent", "Vary", "Warning", "Www-Authenticate",
	"X-Content-Type-Options", "X-Forwarded-Proto", "X-Frame-Options", "X-Powered-By", "X-Real-Ip", "X-Request-Id", "X-Requested-With",
	"X-Xss-Protection",
}

// spelled are the common names as most write them.
var spelled = func() [len(common)]string {
	t := common
	for _, name := range []string{"TE", "HTTP2-Settings", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Key",
		"Sec-WebSocket-Protocol", "Sec-WebSocket-Version", "DNT", "ETag", "WWW-Authenticate", "sec-ch-ua", "sec-ch-ua-mobile",
		"sec-ch-ua-platform"} {
		t[commonAt[commonHash(name)]] = name
	}
	return t
}()

// commonAt finds a common name by its hash. No two have the same; where a new one would, TestCanonical wants other factors.
var commonAt = func() (at [1024]ID) {
	for id, name := range common {
		if name != "" {
			at[commonHash(name)] = ID(id)
		}
	}
	return at
}()

// commonHash looks at the length and three letters, in any case, of a name of two or more.
func commonHash(name string) uint {
	n := len(name)
	return (uint(n) + 3*(uint(name[0])|0x20) + 8*(uint(name[n-2])|0x20) + 34*(uint(name[n-1])|0x20)) % 1024
}

// NameID is a name's number, Uncommon if it has none.
func NameID(name string) ID {
	if len(name) >= 2 {
		if id := commonAt[commonHash(name)]; EqualFold(spelled[id], name) {
			return id
		}
	}
	return Uncommon
}

// OneHop says that a field concerns one connection (RFC 9110 §7.6.1), or is written anew for the next.
func (id ID) OneHop() bool { return Connection <= id && id <= HTTP2Settings }

// Decisive says that decisions hang on a field: the number has a name.
func (id ID) Decisive() bool { return Connection <= id && id <= XForwardedServer }

// ByProxies says that a field is a list that each proxy on the way may write itself into.
func (id ID) ByProxies() bool { return Via <= id && id <= XForwardedServer }

// Set makes f one of a common name, as http.CanonicalHeaderKey writes it.
func (f *Field) Set(id ID, value string) { f.Name, f.Value, f.id = common[id], value, id }

// Field makes one of a common name, as http.CanonicalHeaderKey writes it.
func (id ID) Field(value string) Field { return Field{common[id], value, id} }

// ID is the number of the field's name. Whoever reads a field has looked already; the ID then goes wherever the Field is copied,
// and nobody may change its Name.
func (f *Field) ID() ID {
	if f.id != unknown {
		return f.id
	}
	return NameID(f.Name)
}

// Canonical is the field's name as http.CanonicalHeaderKey writes it.
func (f *Field) Canonical() string {
	if f.id > Uncommon {
		return common[f.id]
	}
	return Canonical(f.Name)
}

// Canonical is http.CanonicalHeaderKey without garbage for names that are canonical
// already or common.
func Canonical(name string) string {
	if id := NameID(name); id != Uncommon {
		return common[id]
	}
	if canonical(name) {
		return name
	}
	return http.CanonicalHeaderKey(name)
}

func canonical(name string) bool {
	upper := true
	for i := 0; i < len(name); i++ {
		c := name[i]
		if upper && c >= 'a' && c <= 'z' || !upper && c >= 'A' && c <= 'Z' {
			return false
		}
		upper = c == '-'
	}
	return true
}
