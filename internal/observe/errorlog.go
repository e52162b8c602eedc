package observe

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ErrorLog is one server's ErrorLog with its LogLevel. It is immutable; the Sink behind it may be shared.
type ErrorLog struct {
	Sink   *Sink
	Levels *Levels
}

// Record is one line of the error log.
type Record struct {
	Level  Level
	Module string // short name as in LogLevel: "core", "proxy"
	Client string // address:port, or empty
	Code   string // httpd's message number, "AH01144", or empty
	Text   string
}

// Logs says whether a record of this level would be written. Notices always are, as in httpd (LogLevel in its manual).
func (l *ErrorLog) Logs(module string, level Level) bool {
	return l != nil && l.Sink != nil && (level == Notice || level <= l.Levels.Of(module))
}

// Write writes one record if its level asks for it. Errors of the destination are not reported: there is no better place.
func (l *ErrorLog) Write(r Record) {
	if !l.Logs(r.Module, r.Level) {
		return
	}
	l.Sink.WriteNow(FormatRecord(time.Now(), r))
}

// Printf writes one line for a module.
func (l *ErrorLog) Printf(module string, level Level, code, format string, args ...any) {
	if l.Logs(module, level) {
		l.Write(Record{Level: level, Module: module, Code: code, Text: fmt.Sprintf(format, args...)})
	}
}

var pid = strconv.Itoa(os.Getpid())

// FormatRecord is httpd 2.4's default ErrorLogFormat.
func FormatRecord(now time.Time, r Record) []byte {
	b := make([]byte, 0, 160+len(r.Text))
	b = append(b, '[')
	b = now.AppendFormat(b, "Mon Jan 02 15:04:05.000000 2006")
	b = append(b, "] ["...)
	b = append(b, r.Module...)
	b = append(b, ':')
	b = append(b, r.Level.String()...)
	b = append(b, "] [pid "...)
	b = append(b, pid...)
	b = append(b, ':', 't', 'i', 'd', ' ')
	b = append(b, pid...)
	b = append(b, "] "...)
	if r.Client != "" {
		b = append(b, "[client "...)
		b = append(b, r.Client...)
		b = append(b, "] "...)
	}
	if r.Code != "" {
		b = append(b, r.Code...)
		b = append(b, ": "...)
	}
	b = append(b, EscapeLog(r.Text)...)
	return append(b, '\n')
}

// EscapeLog keeps whatever is not printable ASCII out of log files, in httpd's notation (ap_escape_errorlog_item): no line
// can be forged, and no terminal commanded.
func EscapeLog(s string) string {
	if strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c >= 0x7f || c == '\\' }) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			b.WriteString(`\\`)
		case c >= '\b' && c <= '\r' && c != '\f':
			b.WriteByte('\\')
			b.WriteByte("btnv r"[c-'\b'])
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
