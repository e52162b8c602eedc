package core

import (
	"fmt"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

var logRows = []module.Directive{
	{Name: "ErrorLog", Where: module.Servers, Args: module.OneOrTwo, Syntax: "ErrorLog file-path|syslog[:[facility][:tag]]",
		Doc: "Where errors are logged: a file, a program behind a pipe, or syslog.", Set: func(c *module.Command) error {
			if len(c.Args) > 1 {
				return fmt.Errorf("ErrorLog takes one argument; providers other than files, pipes and syslog are not known")
			}
			server(c).ErrorLogName = c.Args[0]
			return nil
		}},
	{Name: "ErrorLogFormat", Where: module.Servers, Args: module.AnyArgs, Syntax: "ErrorLogFormat [connection|request] format",
		Doc: "The form of error log lines.", Support: module.Ignored("error logs have httpd's default form")},
	{Name: "LogLevel", Where: module.Servers | module.InDirectory | module.InLocation | module.InFiles | module.InProxy | module.InIf, Args: module.Some, Syntax: "LogLevel [module:]level [module:level] ...",
		Doc: "How much is logged, for all modules or for one.", Set: setLogLevel},
}

func setLogLevel(c *module.Command) error {
	levels := &observe.Levels{All: observe.Warn, Module: map[string]observe.Level{}}
	for _, a := range c.Args {
		name, level, split := strings.Cut(a, ":")
		if !split {
			level = name
		}
		l, err := observe.ParseLevel(level)
		if err != nil {
			return fmt.Errorf("LogLevel: %w", err)
		}
		if !split {
			levels.All = l
			continue
		}
		name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(name), "mod_"), ".c"), "_module")
		levels.Module[name] = l
	}
	if c.Section != nil {
		dir(c).LogLevels = levels
		return nil
	}
	server(c).LogLevels = levels
	return nil
}

// openErrorLogs gives every server its log. A server without an ErrorLog of its own shares the main server's.
func openErrorLogs(b *module.Build) error {
	for _, s := range b.Site.Servers {
		settings := module.CoreServer.Of(s.Settings)
		name := settings.ErrorLogName
		if name == "" {
			name = "logs/error_log"
		}
		sink, err := b.OpenLog(name)
		if err != nil {
			return fmt.Errorf("could not open error log file %s: %w", name, err)
		}
		levels := settings.LogLevels
		if levels == nil {
			levels = &observe.Levels{All: observe.Warn}
		}
		s.ErrorLog = &observe.ErrorLog{Sink: sink, Levels: levels}
	}
	return nil
}
