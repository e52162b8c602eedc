package core

import (
	"cmp"
	"net/url"
	"os"
	"strconv"
	"time"

	"transom/internal/expr"
	"transom/internal/module"
)

// variables are the server variables of expressions and RewriteCond (expr.html#vars of httpd's manual).
var variables = func() []module.Variable {
	var list []module.Variable
	for name, f := range requestVariables {
		list = append(list, module.Variable{Name: name, Value: func(r *module.Request, _ string) (string, bool) { return f(r), true }})
	}
	for _, name := range []string{"TIME_YEAR", "TIME_MON", "TIME_DAY", "TIME_HOUR", "TIME_MIN", "TIME_SEC", "TIME_WDAY", "TIME"} {
		list = append(list, module.Variable{Name: name, Value: func(*module.Request, string) (string, bool) {
			return expr.TimeVariable(name, time.Now())
		}})
	}
	return list
}()

func header(name string) func(*module.Request) string {
	return func(r *module.Request) string {
		value, _ := r.Joined(name)
		return value
	}
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// requestURI is the path, as it was sent while nobody has decoded it.
func requestURI(r *module.Request) string {
	if u := undecoded(r); u != nil {
		return u.EscapedPath()
	}
	return r.URI
}

func queryString(r *module.Request) string {
	if u := undecoded(r); u != nil {
		return u.RawQuery
	}
	return r.Query
}

func undecoded(r *module.Request) *url.URL {
	if r.URI != "" {
		return nil
	}
	u, err := url.ParseRequestURI(r.UnparsedURI)
	if err != nil {
		return nil
	}
	return u
}

var requestVariables = map[string]func(*module.Request) string{
	"HTTP_ACCEPT":           header("Accept"),
	"HTTP_COOKIE":           header("Cookie"),
	"HTTP_FORWARDED":        header("Forwarded"),
	"HTTP_HOST":             func(r *module.Request) string { return r.HTTP.Host },
	"HTTP_PROXY_CONNECTION": header("Proxy-Connection"),
	"HTTP_REFERER":          header("Referer"),
	"HTTP_USER_AGENT":       header("User-Agent"),
	"REQUEST_METHOD":        func(r *module.Request) string { return r.Method },
	"REQUEST_SCHEME":        func(r *module.Request) string { return r.HTTPScheme() },
	"REQUEST_URI":           requestURI,
	"DOCUMENT_URI":          requestURI,
	"REQUEST_FILENAME":      func(r *module.Request) string { return r.Filename },
	"SCRIPT_FILENAME":       func(r *module.Request) string { return r.Filename },
	"LAST_MODIFIED": func(r *module.Request) string {
		if r.Info == nil {
			return ""
		}
		return r.Info.ModTime().UTC().Format("20060102150405")
	},
	"SCRIPT_USER":  func(*module.Request) string { return "" },
	"SCRIPT_GROUP": func(*module.Request) string { return "" },
	"PATH_INFO":    func(r *module.Request) string { return r.PathInfo },
	"QUERY_STRING": queryString,
	"IS_SUBREQ":    func(r *module.Request) string { return strconv.FormatBool(r.Main != nil) },
	"THE_REQUEST":  func(r *module.Request) string { return r.Conn.Line },
	"REMOTE_ADDR":  func(r *module.Request) string { return r.UserAgentAddr.String() },
	"REMOTE_PORT":  func(r *module.Request) string { return strconv.Itoa(int(r.Conn.Remote.Port())) },
	"REMOTE_HOST":  func(r *module.Request) string { return r.UserAgentAddr.String() },
	"REMOTE_USER":  func(r *module.Request) string { return r.User },
	"REMOTE_IDENT": func(*module.Request) string { return "" },
	"SERVER_NAME":  func(r *module.Request) string { return r.ServerName() },
	"SERVER_PORT":  func(r *module.Request) string { return strconv.Itoa(r.ServerPort()) },
	"SERVER_ADMIN": func(r *module.Request) string {
		return cmp.Or(module.CoreServer.Of(r.Server.Settings).ServerAdmin, "[no address given]")
	},
	"SERVER_PROTOCOL": func(r *module.Request) string { return r.Protocol },
	"SERVER_PROTOCOL_VERSION": func(r *module.Request) string {
		return strconv.Itoa(r.HTTP.ProtoMajor*1000 + r.HTTP.ProtoMinor)
	},
	"SERVER_PROTOCOL_VERSION_MAJOR": func(r *module.Request) string { return strconv.Itoa(r.HTTP.ProtoMajor) },
	"SERVER_PROTOCOL_VERSION_MINOR": func(r *module.Request) string { return strconv.Itoa(r.HTTP.ProtoMinor) },
	"SERVER_ADDR":                   func(r *module.Request) string { return r.Conn.Local.Addr().Unmap().String() },
	"SERVER_SOFTWARE":               func(r *module.Request) string { return r.Site.Banner },
	"API_VERSION":                   func(*module.Request) string { return "20120211:142" },
	"DOCUMENT_ROOT":                 func(r *module.Request) string { return module.CoreServer.Of(r.Server.Settings).DocumentRoot },
	"AUTH_TYPE":                     func(r *module.Request) string { return r.AuthType },
	"CONTENT_TYPE":                  func(r *module.Request) string { return r.ContentType },
	"HANDLER":                       func(r *module.Request) string { return r.Handler },
	"HTTPS":                         func(r *module.Request) string { return onOff(r.IsTLS()) },
	"HTTP2":                         func(r *module.Request) string { return onOff(r.HTTP.ProtoMajor == 2) },
	"IPV6":                          func(r *module.Request) string { return onOff(r.UserAgentAddr.Is6()) },
	"REQUEST_STATUS":                func(r *module.Request) string { return status(r) },
	"REQUEST_LOG_ID":                func(r *module.Request) string { return r.Notes["log-id"] },
	"CONN_LOG_ID":                   func(r *module.Request) string { return strconv.FormatInt(r.Conn.ID, 10) },
	"CONN_REMOTE_ADDR":              func(r *module.Request) string { return r.Conn.Remote.Addr().Unmap().String() },
	"CONTEXT_PREFIX":                func(r *module.Request) string { return r.Notes["context-prefix"] },
	"CONTEXT_DOCUMENT_ROOT": func(r *module.Request) string {
		if v := r.Notes["context-document-root"]; v != "" {
			return v
		}
		return module.CoreServer.Of(r.Server.Settings).DocumentRoot
	},
	"SERVER_PID": func(*module.Request) string { return strconv.Itoa(os.Getpid()) },
}

func status(r *module.Request) string {
	if r.Status == 0 {
		return ""
	}
	return strconv.Itoa(r.Status)
}
