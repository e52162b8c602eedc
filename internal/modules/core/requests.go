package core

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
)

// server and dir are short for the setters below.
func server(c *module.Command) *module.CoreServerSettings {
	return module.CoreServer.Edit(c.Server.Settings)
}
func dir(c *module.Command) *module.CoreDirSettings { return module.CoreDir.Edit(c.Dir) }

var requestRows = []module.Directive{
	explainRow,
	{Name: "Timeout", Where: module.Servers, Args: module.One, Syntax: "Timeout seconds",
		Doc: "How long to wait for bytes to come or go.", Set: setTimeout},
	{Name: "KeepAlive", Where: module.Servers, Args: module.OnOff, Syntax: "KeepAlive On|Off",
		Doc: "Whether a connection may carry several requests.", Set: func(c *module.Command) error {
			server(c).KeepAlive = c.Flag()
			return nil
		}},
	{Name: "KeepAliveTimeout", Where: module.Servers, Args: module.One, Syntax: "KeepAliveTimeout num[ms]",
		Doc: "How long a connection waits for its next request.", Set: func(c *module.Command) error {
			server(c).KeepAliveTimeoutSet = true
			return seconds(c, &server(c).KeepAliveTimeout, 0)
		}},
	{Name: "MaxKeepAliveRequests", Where: module.Servers, Args: module.One, Syntax: "MaxKeepAliveRequests number",
		Doc: "How many requests a connection may carry; 0 is any number, and below it none is kept alive.", Set: func(c *module.Command) error {
			server(c).MaxKeepAliveSet = true
			return number(c, &server(c).MaxKeepAliveRequests, math.MinInt)
		}},
	{Name: "LimitRequestLine", Where: module.Servers, Args: module.One, Syntax: "LimitRequestLine bytes",
		Doc: "The longest request line that is taken.", Set: func(c *module.Command) error {
			return limit(c, &server(c).LimitRequestLine)
		}},
	{Name: "LimitRequestFields", Where: module.Servers, Args: module.One, Syntax: "LimitRequestFields number",
		Doc: "How many header fields a request may have; 0 is any number.", Set: func(c *module.Command) error {
			server(c).LimitFieldsSet = true
			return number(c, &server(c).LimitRequestFields, 0)
		}},
	{Name: "LimitRequestFieldSize", Where: module.Servers, Args: module.One, Syntax: "LimitRequestFieldSize bytes",
		Doc: "The longest header field that is taken.", Set: func(c *module.Command) error {
			return limit(c, &server(c).LimitRequestFieldSize)
		}},
	{Name: "LimitRequestBody", Where: module.Anywhere, Override: module.OverrideAll, Args: module.One, Syntax: "LimitRequestBody bytes",
		Doc: "The largest request body that is taken; 0 is any size.", Set: setLimitRequestBody},
	{Name: "LimitXMLRequestBody", Where: module.Anywhere, Override: module.OverrideAll, Args: module.One, Syntax: "LimitXMLRequestBody bytes",
		Doc: "The largest XML body that mod_dav takes.", Support: module.Accepted("no module here parses XML bodies")},
	{Name: "LimitInternalRecursion", Where: module.Servers, Args: module.OneOrTwo, Syntax: "LimitInternalRecursion number [number]",
		Doc: "How many internal redirects may follow each other, and how deep subrequests may nest; 10 without it.", Set: setRecursion},
	{Name: "AllowEncodedSlashes", Where: module.Servers, Args: module.One, Syntax: "AllowEncodedSlashes On|Off|NoDecode",
		Doc: "Whether %2F may stand in a path, and whether it is decoded.", Set: func(c *module.Command) error {
			return oneOf(c, &server(c).AllowEncodedSlashes, "on", "off", "nodecode")
		}},
	{Name: "MergeSlashes", Where: module.Servers, Args: module.OnOff, Syntax: "MergeSlashes On|Off",
		Doc: "Whether several slashes in a path count as one.", Set: func(c *module.Command) error {
			server(c).MergeSlashes = c.Flag()
			return nil
		}},
	{Name: "TraceEnable", Where: module.Servers, Args: module.One, Syntax: "TraceEnable on|off|extended",
		Doc: "Whether TRACE is answered.", Set: func(c *module.Command) error {
			return oneOf(c, &server(c).TraceEnable, "on", "off", "extended")
		}},
	{Name: "HttpProtocolOptions", Where: module.Servers, Args: module.Some, Syntax: "HttpProtocolOptions [Strict|Unsafe] [RegisteredMethods|LenientMethods] [Allow0.9|Require1.0]",
		Doc: "How strictly requests are read.", Set: setProtocolOptions},
	{Name: "Protocols", Where: module.Servers, Args: module.Some, Syntax: "Protocols protocol ...",
		Doc: "The protocols that may be spoken: h2, h2c, http/1.1.", Set: setProtocols},
	{Name: "ProtocolsHonorOrder", Where: module.Servers, Args: module.OnOff, Syntax: "ProtocolsHonorOrder On|Off",
		Doc: "Whether the server's order of protocols decides.", Support: module.Accepted("the server's order always decides, httpd's default")},
	{Name: "UseCanonicalName", Where: module.Servers | module.Sections, Args: module.One, Syntax: "UseCanonicalName On|Off|DNS",
		Doc: "Whether self-referential URLs use ServerName instead of the client's Host.", Set: setUseCanonicalName},
	{Name: "UseCanonicalPhysicalPort", Where: module.Servers | module.Sections, Args: module.OnOff, Syntax: "UseCanonicalPhysicalPort On|Off",
		Doc: "Whether self-referential URLs may use the port of the connection.", Set: func(c *module.Command) error {
			dir(c).UseCanonicalPhysicalPort = c.Flag()
			return nil
		}},
	{Name: "HostnameLookups", Where: module.Servers | module.Sections, Args: module.One, Syntax: "HostnameLookups On|Off|Double",
		Doc: "Whether clients' addresses are looked up for the logs.", Set: func(c *module.Command) error {
			return oneOf(c, &dir(c).HostnameLookups, "on", "off", "double")
		}},
	{Name: "ServerSignature", Where: module.Anywhere, Override: module.OverrideAll, Args: module.One, Syntax: "ServerSignature On|Off|EMail",
		Doc: "Whether server-made pages end with a line about the server.", Set: func(c *module.Command) error {
			return oneOf(c, &dir(c).ServerSignature, "on", "off", "email")
		}},
	{Name: "RegisterHttpMethod", Where: module.InServer, Args: module.Some, Syntax: "RegisterHttpMethod method [method] ...",
		Doc: "Methods that <Limit> may name.", Support: module.Ignored("every method is known")},
	{Name: "QualifyRedirectURL", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.OnOff, Syntax: "QualifyRedirectURL On|Off",
		Doc: "Whether REDIRECT_URL has scheme and host.", Support: module.Ignored("REDIRECT_URL is always a path")},
	{Name: "ReadBufferSize", Where: module.Anywhere, Args: module.One, Syntax: "ReadBufferSize bytes",
		Doc: "How much is read from a file at once.", Support: module.Ignored("the sizes of buffers are Transom's own")},
	{Name: "ErrorDocument", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs, Syntax: "ErrorDocument error-code document",
		Doc: "What to answer for a status: text, a path here, or a URL elsewhere.", Set: setErrorDocument},
	{Name: "SetHandler", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.One, Syntax: "SetHandler handler-name|none|expression",
		Doc: "The handler for all that matches.", Set: setHandler},
	{Name: "SetOutputFilter", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.One, Syntax: "SetOutputFilter filter[;filter...]",
		Doc: "Filters for all responses that match.", Set: func(c *module.Command) error {
			dir(c).OutputFilters = strings.Split(c.Args[0], ";")
			return module.CheckFilters(c, dir(c).OutputFilters)
		}},
	inputFilterRow,
}

// seconds reads a time with httpd's units: plain numbers are seconds; ms, s, min (mi), h also stand.
func seconds(c *module.Command, to *time.Duration, least int) error {
	d, err := module.ParseTime(c.Args[0], time.Second)
	if err != nil || d < time.Duration(least)*time.Second && least > 0 && d <= 0 {
		return fmt.Errorf("%s must be a number of seconds, at least %d, not %q", c.Name, least, c.Args[0])
	}
	*to = d
	return nil
}

// setTimeout: httpd waits for nothing at 0, so that no origin server's answer ever comes in time, and for ever below it.
func setTimeout(c *module.Command) error {
	n, err := strconv.Atoi(c.Args[0])
	switch {
	case err == nil && n == 0:
		c.Warnf("Timeout 0 counts as 60, the default: httpd would wait for nothing, and pass nothing on to origin servers; give a number of seconds")
		server(c).Timeout = 60 * time.Second
		return nil
	case err == nil && n < 0:
		server(c).Timeout = math.MaxInt32 * time.Second
		return nil
	}
	return seconds(c, &server(c).Timeout, 1)
}

// limit reads the longest length of a line. None at all can only be kept by an empty line, so that 1 says the same as 0.
func limit(c *module.Command, to *int) error {
	if err := number(c, to, 0); err != nil {
		return err
	}
	*to = max(*to, 1)
	return nil
}

func number(c *module.Command, to *int, least int) error {
	n, err := strconv.Atoi(c.Args[0])
	if err != nil && least == math.MinInt {
		return fmt.Errorf("%s must be a number, not %q", c.Name, c.Args[0])
	}
	if err != nil || n < least {
		return fmt.Errorf("%s must be a number, at least %d, not %q", c.Name, least, c.Args[0])
	}
	*to = n
	return nil
}

func oneOf(c *module.Command, to *string, values ...string) error {
	for _, v := range values {
		if strings.EqualFold(v, c.Args[0]) {
			*to = v
			return nil
		}
	}
	return fmt.Errorf("%s must be one of %s, not %q", c.Name, strings.Join(values, ", "), c.Args[0])
}

// setRecursion takes one number for both limits, or one for redirects and one for subrequests; 0 stands for the default.
func setRecursion(c *module.Command) error {
	var limits [2]int
	for i, arg := range c.Args {
		n, err := strconv.Atoi(arg)
		if err != nil || n < 0 {
			return fmt.Errorf("LimitInternalRecursion must be a number of redirects and perhaps one of subrequests, 0 for the default of 10, not %q", arg)
		}
		limits[i] = n
	}
	if len(c.Args) == 1 {
		limits[1] = limits[0]
	}
	server(c).LimitRedirects, server(c).LimitSubrequests = limits[0], limits[1]
	return nil
}

func setLimitRequestBody(c *module.Command) error {
	n, err := strconv.ParseInt(c.Args[0], 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("LimitRequestBody must be a number of bytes, 0 for any size, not %q", c.Args[0])
	}
	dir(c).LimitRequestBody, dir(c).LimitBodySet = n, true
	return nil
}

func setProtocolOptions(c *module.Command) error {
	for _, a := range c.Args {
		switch strings.ToLower(a) {
		case "strict", "unsafe", "registeredmethods", "lenientmethods", "allow0.9", "require1.0":
			server(c).ProtocolOptions = append(server(c).ProtocolOptions, strings.ToLower(a))
		default:
			return fmt.Errorf("HttpProtocolOptions accepts Strict, Unsafe, RegisteredMethods, LenientMethods, Allow0.9 and Require1.0, not %q", a)
		}
	}
	return nil
}

func setProtocols(c *module.Command) error {
	server(c).Protocols = []string{}
	for _, a := range c.Args {
		switch p := strings.ToLower(a); p {
		case "h2", "http/1.1":
			server(c).Protocols = append(server(c).Protocols, p)
		case "h2c":
			c.Warnf("Protocols h2c is ignored: HTTP/2 is spoken over TLS only")
		default:
			c.Warnf("Protocols %s is ignored: known are h2 and http/1.1", a)
		}
	}
	return nil
}

func setUseCanonicalName(c *module.Command) error {
	switch strings.ToLower(c.Args[0]) {
	case "on":
		dir(c).UseCanonicalName = module.On
	case "off":
		dir(c).UseCanonicalName = module.Off
	case "dns":
		dir(c).UseCanonicalName, dir(c).UseCanonicalDNS = module.On, true
		c.Warnf("UseCanonicalName DNS counts as On: no address is looked up for a name")
	default:
		return fmt.Errorf("UseCanonicalName must be On, Off or DNS, not %q", c.Args[0])
	}
	return nil
}

func setErrorDocument(c *module.Command) error {
	code, rest := module.Word(c.Raw)
	if code == "" {
		return fmt.Errorf("ErrorDocument takes a status and a document: %s", c.Directive.Syntax)
	}
	status, err := strconv.Atoi(code)
	if err != nil || http.StatusText(status) == "" {
		return fmt.Errorf("ErrorDocument %s: Unsupported HTTP response code: expected a status such as 404, then a text, a path or a URL", code)
	}
	quoted := strings.HasPrefix(rest, `"`) || strings.HasPrefix(rest, "'")
	var doc module.ErrorDocument
	what, more := module.Word(rest)
	if what == "" && more == "" && !quoted {
		return fmt.Errorf("ErrorDocument %s needs a text, a path or a URL", code)
	}
	if more != "" {
		return fmt.Errorf("ErrorDocument takes two arguments, a status and a document: put a text of several words in quotes")
	}
	switch {
	case strings.EqualFold(what, "default"):
	case strings.HasPrefix(what, "/"):
		doc.Path = what
	case strings.Contains(what, "://") && !strings.Contains(what, " "):
		doc.URL = what
		if status == 401 {
			c.Warnf("ErrorDocument 401 with a full URL is ignored: the browser would never ask for a password")
			return nil
		}
	default:
		doc.Text, doc.IsText = strings.TrimPrefix(what, `"`), true
	}
	if err := dynamic(c.Build, &doc); err != nil {
		return err
	}
	if dir(c).ErrorDocuments == nil {
		dir(c).ErrorDocuments = map[int]module.ErrorDocument{}
	}
	dir(c).ErrorDocuments[status] = doc
	return nil
}

func setHandler(c *module.Command) error {
	h := c.Args[0]
	if strings.HasPrefix(h, "expr=") {
		value, err := c.Build.CompileString(h[5:])
		if err != nil {
			return fmt.Errorf("SetHandler: %w", err)
		}
		dir(c).HandlerExpr = value
		return nil
	}
	dir(c).Handler, dir(c).HandlerExpr = strings.ToLower(h), nil
	if strings.HasPrefix(h, "proxy:") {
		dir(c).Handler = h
	}
	return nil
}

// dynamic makes a text, a path or a URL with %{...} in it an expression (httpd 2.4.13).
func dynamic(b *module.Build, doc *module.ErrorDocument) error {
	source := doc.Path + doc.URL
	if doc.IsText {
		source = doc.Text
	}
	if !strings.Contains(source, "%{") {
		return nil
	}
	value, err := b.CompileString(source)
	if err != nil {
		return fmt.Errorf("ErrorDocument: %w", err)
	}
	doc.Dynamic = func(r *module.Request) string {
		text, _ := value(r)
		return text
	}
	return nil
}
