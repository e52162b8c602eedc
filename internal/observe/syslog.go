//go:build !windows && !plan9

package observe

import (
	"fmt"
	"io"
	"log/syslog"
	"strings"
)

var facilities = map[string]syslog.Priority{
	"": syslog.LOG_LOCAL7, "kern": syslog.LOG_KERN, "user": syslog.LOG_USER, "mail": syslog.LOG_MAIL, "daemon": syslog.LOG_DAEMON,
	"auth": syslog.LOG_AUTH, "syslog": syslog.LOG_SYSLOG, "lpr": syslog.LOG_LPR, "news": syslog.LOG_NEWS, "uucp": syslog.LOG_UUCP,
	"cron": syslog.LOG_CRON, "authpriv": syslog.LOG_AUTHPRIV, "ftp": syslog.LOG_FTP, "local0": syslog.LOG_LOCAL0,
	"local1": syslog.LOG_LOCAL1, "local2": syslog.LOG_LOCAL2, "local3": syslog.LOG_LOCAL3, "local4": syslog.LOG_LOCAL4,
	"local5": syslog.LOG_LOCAL5, "local6": syslog.LOG_LOCAL6, "local7": syslog.LOG_LOCAL7,
}

// Syslog opens "syslog[:[facility][:tag]]".
func Syslog(spec string) Opener {
	return func() (io.WriteCloser, error) {
		_, rest, _ := strings.Cut(spec, ":")
		facility, tag, _ := strings.Cut(rest, ":")
		p, ok := facilities[strings.ToLower(facility)]
		if !ok {
			return nil, fmt.Errorf("syslog has no facility %q", facility)
		}
		if tag == "" {
			tag = "httpd"
		}
		return syslog.New(p|syslog.LOG_ERR, tag)
	}
}
