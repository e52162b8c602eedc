package http1

import "net/http"

// Canonical is http.CanonicalHeaderKey without garbage for names that are canonical
// already or common.
func Canonical(name string) string {
	if known := commonName(name); EqualFold(known, name) {
		return known
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

// common are the names that most messages consist of.
var common = [...]string{
	"", "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Accept-Ranges", "Access-Control-Allow-Credentials",
	"Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin", "Age", "Allow", "Alt-Svc",
	"Authorization", "Cache-Control", "Connection", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
	"Content-Location", "Content-Range", "Content-Security-Policy", "Content-Type", "Cookie", "Date", "Dnt", "Etag", "Expect",
	"Expires", "Forwarded", "From", "Host", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
	"If-Unmodified-Since", "Keep-Alive", "Last-Modified", "Link", "Location", "Max-Forwards", "Origin", "Pragma", "Priority",
	"Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Range", "Referer", "Referrer-Policy", "Retry-After",
	"Sec-Ch-Ua", "Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site",
	"Sec-Fetch-User", "Sec-Websocket-Accept", "Sec-Websocket-Extensions", "Sec-Websocket-Key", "Sec-Websocket-Protocol",
	"Sec-Websocket-Version", "Server", "Set-Cookie", "Strict-Transport-Security", "Te", "Trailer", "Transfer-Encoding",
	"Upgrade", "Upgrade-Insecure-Requests", "User-Agent", "Vary", "Via", "Warning", "Www-Authenticate",
	"X-Content-Type-Options", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server",
	"X-Frame-Options", "X-Powered-By", "X-Real-Ip", "X-Request-Id", "X-Requested-With", "X-Xss-Protection",
}

// commonAt finds a common name by its hash. No two have the same; where a new one would, TestCanonical wants other factors.
var commonAt = func() (at [1024]uint8) {
	for i, name := range common[1:] {
		at[commonHash(name)] = uint8(i + 1)
	}
	return at
}()

// commonName is the one common name that name may be, in any case.
func commonName(name string) string {
	if len(name) < 2 {
		return ""
	}
	return common[commonAt[commonHash(name)]]
}

// commonHash looks at the length and three letters, in any case, of a name of two or more.
func commonHash(name string) uint {
	n := len(name)
	return (uint(n) + 3*(uint(name[0])|0x20) + 8*(uint(name[n-2])|0x20) + 34*(uint(name[n-1])|0x20)) % 1024
}
