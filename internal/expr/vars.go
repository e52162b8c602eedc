package expr

import (
	"slices"
	"strings"
	"time"
)

// coreVariables are those of the manual page on expressions.
var coreVariables = []string{
	"HTTP_ACCEPT", "HTTP_COOKIE", "HTTP_FORWARDED", "HTTP_HOST", "HTTP_PROXY_CONNECTION", "HTTP_REFERER", "HTTP_USER_AGENT",
	"REQUEST_METHOD", "REQUEST_SCHEME", "REQUEST_URI", "DOCUMENT_URI", "REQUEST_FILENAME", "SCRIPT_FILENAME",
	"LAST_MODIFIED", "SCRIPT_USER", "SCRIPT_GROUP", "PATH_INFO", "QUERY_STRING", "IS_SUBREQ", "THE_REQUEST",
	"REMOTE_ADDR", "REMOTE_PORT", "REMOTE_HOST", "REMOTE_USER", "REMOTE_IDENT",
	"SERVER_NAME", "SERVER_PORT", "SERVER_ADMIN", "SERVER_PROTOCOL", "DOCUMENT_ROOT", "AUTH_TYPE", "CONTENT_TYPE",
	"HANDLER", "HTTP2", "HTTPS", "IPV6", "REQUEST_STATUS", "REQUEST_LOG_ID", "CONN_LOG_ID", "CONN_REMOTE_ADDR",
	"CONTEXT_PREFIX", "CONTEXT_DOCUMENT_ROOT",
	"TIME_YEAR", "TIME_MON", "TIME_DAY", "TIME_HOUR", "TIME_MIN", "TIME_SEC", "TIME_WDAY", "TIME",
	"SERVER_SOFTWARE", "API_VERSION",
}

// TimeVariable returns TIME_YEAR and its kin at the given time, in its zone.
func TimeVariable(name string, now time.Time) (string, bool) {
	layout := ""
	switch name {
	case "TIME_YEAR":
		layout = "2006"
	case "TIME_MON":
		layout = "01"
	case "TIME_DAY":
		layout = "02"
	case "TIME_HOUR":
		layout = "15"
	case "TIME_MIN":
		layout = "04"
	case "TIME_SEC":
		layout = "05"
	case "TIME":
		layout = "20060102150405"
	case "TIME_WDAY":
		return string('0' + byte(now.Weekday())), true
	default:
		return "", false
	}
	return now.Format(layout), true
}

func (p *parser) newVariable(id string, at int) (word, error) {
	upper := strings.ToUpper(id)
	if slices.Contains(coreVariables, upper) || p.opt.Variable != nil && p.opt.Variable(upper) {
		return variable(upper), nil
	}
	return nil, p.fail(at, "variable %s does not exist", id)
}
