package core

import (
	"net/http"
	"path"
	"strconv"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

var hooks = []module.Hook{
	{Phase: module.PostRead, Position: module.ReallyFirst, Run: explain, Applies: explainTo.InServer},
	{Phase: module.Translate, Position: module.ReallyLast, Run: translate},
	{Phase: module.Fixups, Position: module.ReallyFirst, Run: overrideType, Applies: namesType},
	{Phase: module.InsertFilter, Run: limitBody, Only: module.Bodies},
	{Phase: module.InsertFilter, Run: insertInputFilters, Only: module.Bodies, Applies: inputFilters.InSections},
	{Phase: module.InsertFilter, Run: outputFilters, Applies: namesFilters},
	{Phase: module.InsertFilter, Position: module.ReallyLast, Run: defaultCharset, Applies: namesCharset},
	{Phase: module.Handler, Position: module.ReallyLast, Run: serveFile, Only: module.Files},
}

func namesType(_, sections *module.Settings) bool {
	d := module.CoreDir.Of(sections)
	return d.HandlerExpr != nil || d.Handler != "" || d.ForceType != ""
}

func namesFilters(_, sections *module.Settings) bool {
	return len(module.CoreDir.Of(sections).OutputFilters) > 0
}

func namesCharset(_, sections *module.Settings) bool {
	return module.CoreDir.Of(sections).AddDefaultCharset != ""
}

// translate maps the URL below DocumentRoot.
func translate(r *module.Request) module.Result {
	if r.URI == "*" {
		return module.OK
	}
	if r.Method == http.MethodConnect {
		r.SetErrHeader("Allow", allowed(r))
		return http.StatusMethodNotAllowed
	}
	if !strings.HasPrefix(r.URI, "/") {
		r.Logf("core", observe.Error, "AH00126", "Invalid URI in request '%s'", r.Conn.Line)
		return http.StatusBadRequest
	}
	root := module.CoreServer.Of(r.Server.Settings).DocumentRoot
	if root == "" {
		root = r.Site.Build.Path("htdocs") // httpd's compiled-in default
	}
	r.Filename = root + r.URI
	return module.OK
}

// overrideType applies SetHandler and ForceType.
func overrideType(r *module.Request) module.Result {
	d := module.CoreDir.Of(r.Dir)
	if d.HandlerExpr != nil {
		h, err := d.HandlerExpr(r)
		if err != nil {
			r.Logf("core", observe.Error, "AH03154", "Can't evaluate handler expression: %v", err)
			return http.StatusInternalServerError
		}
		setHandlerName(r, h)
	} else if d.Handler != "" && r.Proxy == module.NotProxied {
		setHandlerName(r, d.Handler)
	}
	if d.ForceType != "" {
		r.ContentType = d.ForceType
		if strings.EqualFold(d.ForceType, "none") {
			r.ContentType = ""
		}
	}
	return module.OK
}

// defaultCharset comes behind whatever else sets a type (mod_headers).
func defaultCharset(r *module.Request) module.Result {
	if cs := module.CoreDir.Of(r.Dir).AddDefaultCharset; cs != "" && cs != "off" {
		r.BeforeHeaders(func(status int, h http.Header) { addCharset(h, cs) })
	}
	return module.OK
}

func setHandlerName(r *module.Request, h string) {
	if strings.EqualFold(h, "none") {
		h = ""
	}
	r.Handler = h
}

func addCharset(h http.Header, charset string) {
	ct := h.Get("Content-Type")
	if (strings.HasPrefix(ct, "text/plain") || strings.HasPrefix(ct, "text/html")) && !strings.Contains(ct, "charset=") {
		h.Set("Content-Type", ct+"; charset="+charset)
	}
}

// outputFilters are SetOutputFilter's.
func outputFilters(r *module.Request) module.Result {
	return r.InsertFilters(module.CoreDir.Of(r.Dir).OutputFilters)
}

// limitBody enforces LimitRequestBody.
func limitBody(r *module.Request) module.Result {
	d := module.CoreDir.Of(r.Dir)
	limit := d.LimitRequestBody
	if !d.LimitBodySet && r.Proxy == module.NotProxied {
		limit = 1 << 30 // httpd's default since 2.4.53, which leaves what is proxied alone
	}
	if limit == 0 || r.HTTP.Body == nil || r.RedirectNow != 0 {
		return module.OK // an ErrorDocument is read, whatever was refused
	}
	if r.HTTP.ContentLength > limit {
		r.Logf("core", observe.Error, "AH01588", "Requested content-length of %d is larger than the configured limit of %d", r.HTTP.ContentLength, limit)
		return http.StatusRequestEntityTooLarge
	}
	if r.HTTP.ContentLength < 0 {
		r.HTTP.Body = http.MaxBytesReader(nil, r.HTTP.Body, limit)
	}
	return module.OK
}

// serveFile is httpd's default handler: a file, or why not.
func serveFile(r *module.Request) module.Result {
	if r.Handler != "" && r.Handler != "default-handler" {
		return module.Declined
	}
	switch r.Method {
	case http.MethodOptions:
		return options(r)
	case http.MethodTrace:
		return trace(r)
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		r.SetErrHeader("Allow", allowed(r))
		if !module.KnownMethod(r.Method) {
			r.Logf("core", observe.Error, "AH00135", "Invalid method in request %s", r.Conn.Line)
			return http.StatusNotImplemented
		}
		r.Logf("core", observe.Error, "AH00041", "method %s is not allowed for a file: %s", r.Method, r.Filename)
		return http.StatusMethodNotAllowed
	}
	if strings.HasPrefix(r.ContentType, "application/x-httpd-") {
		// AddType application/x-httpd-php .php: in httpd the type names the handler, which is not there.
		r.Logf("core", observe.Error, "", "%s has the type %s, which names a handler that is not run here: use SetHandler proxy:fcgi://...", r.Filename, r.ContentType)
		return http.StatusInternalServerError
	}
	if r.Info == nil {
		r.Logf("core", observe.Info, "AH00128", "File does not exist: %s", r.Filename)
		return http.StatusNotFound
	}
	if r.Info.IsDir() {
		r.Logf("core", observe.Info, "AH00129", "Attempt to serve directory: %s", r.Filename)
		return http.StatusNotFound
	}
	accept := module.CoreDir.Of(r.Dir).AcceptPathInfo
	if r.PathInfo != "" && accept != "on" {
		r.Logf("core", observe.Info, "AH00128", "File does not exist: %s", path.Join(r.Filename, r.PathInfo))
		return http.StatusNotFound
	}
	if !r.Info.Mode().IsRegular() {
		r.Logf("core", observe.Error, "", "%s is neither a file nor a directory", r.Filename)
		return http.StatusForbidden
	}
	return sendFile(r)
}

// allowed are the methods that a file knows.
func allowed(r *module.Request) string {
	if module.CoreServer.Of(r.Server.Settings).TraceEnable == "off" {
		return "GET,POST,OPTIONS,HEAD"
	}
	return "GET,POST,OPTIONS,HEAD,TRACE"
}

func options(r *module.Request) module.Result {
	h := r.Writer.Header()
	if r.URI != "*" {
		h.Set("Allow", allowed(r))
	}
	h.Set("Content-Length", "0")
	r.Writer.WriteHeader(http.StatusOK)
	return module.OK
}

// trace answers TRACE with the request as it came (RFC 9110 9.3.8).
func trace(r *module.Request) module.Result {
	mode := module.CoreServer.Of(r.Server.Settings).TraceEnable
	if mode == "off" {
		r.SetNote("error-notes", "TRACE denied by server configuration")
		r.SetErrHeader("Allow", allowed(r)) // RFC 9110 15.5.6
		return http.StatusMethodNotAllowed
	}
	if r.HTTP.ContentLength != 0 && mode != "extended" {
		r.SetNote("error-notes", "TRACE with a request body is not allowed")
		return http.StatusRequestEntityTooLarge
	}
	var b strings.Builder
	b.WriteString(r.Conn.Line + "\r\n")
	for _, f := range r.Conn.Fields {
		switch strings.ToLower(f.Name) {
		case "authorization", "cookie", "proxy-authorization": // RFC 9110 9.3.8: nothing sensitive
			continue
		}
		b.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	b.WriteString("\r\n")
	r.Writer.Header().Set("Content-Type", "message/http")
	r.Writer.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	r.Writer.WriteHeader(http.StatusOK)
	r.Writer.Write([]byte(b.String()))
	return module.OK
}
