package core

import (
	"fmt"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

var logRows = []module.Directive{
	{Name: "ErrorLog", Where: module.Servers, Args: module.One, Syntax: "ErrorLog file-path|syslog[:[facility][:tag]]",
		Doc: "Where errors are logged: a file, a program behind a pipe, or syslog.", Set: func(c *module.Command) error {
			server(c).ErrorLogName, server(c).ErrorLogNode = c.Args[0], c.Node
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
		if !c.Build.Named(name) {
			return fmt.Errorf("LogLevel: Cannot find module %s: expected a name such as ssl, ssl_module or mod_ssl.c of a module that is loaded", name)
		}
		name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(name, "mod_"), ".c"), "_module")
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
func openErrorLogs(b *module.Build) {
	main := module.CoreServer.Of(b.Site.Servers[0].Settings)
	for _, s := range b.Site.Servers {
		settings := module.CoreServer.Of(s.Settings)
		name := settings.ErrorLogName
		if name == "" {
			name = "logs/error_log"
		}
		sink, err := b.OpenLog(name)
		if err != nil && (s.Index == 0 || settings.ErrorLogNode != main.ErrorLogNode) {
			b.Errorf(settings.ErrorLogNode, "ErrorLog: could not open error log file %s: %v; %s", name, err, module.LogRemedy(err))
		}
		levels := settings.LogLevels
		if levels == nil {
			levels = &observe.Levels{All: observe.Warn}
		}
		s.ErrorLog = &observe.ErrorLog{Sink: sink, Levels: levels}
	}
}
