// Package observe holds what every part of Transom may emit to: error logs, the files behind all logs, and live counters.
package observe

import (
	"fmt"
	"strings"
)

// Level is a severity of the error log, in httpd's order (LogLevel).
type Level int8

const (
	Emerg Level = iota
	Alert
	Crit
	Error
	Warn
	Notice
	Info
	Debug
	Trace1
	Trace2
	Trace3
	Trace4
	Trace5
	Trace6
	Trace7
	Trace8
)

var levelNames = [...]string{"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
	"trace1", "trace2", "trace3", "trace4", "trace5", "trace6", "trace7", "trace8"}

func (l Level) String() string { return levelNames[l] }

// ParseLevel reads a level's name without regard to case.
func ParseLevel(name string) (Level, error) {
	for i, n := range levelNames {
		if strings.EqualFold(n, name) {
			return Level(i), nil
		}
	}
	return 0, fmt.Errorf("%q is no log level; known are emerg, alert, crit, error, warn, notice, info, debug, trace1 to trace8", name)
}

// Levels is what one LogLevel directive says: a level for all and some for single modules. Immutable once in use.
type Levels struct {
	All    Level
	Module map[string]Level // by short name: "proxy", "ssl"
}

// Of is the level that applies to a module's short name.
func (l *Levels) Of(module string) Level {
	if l == nil {
		return Warn
	}
	if v, ok := l.Module[module]; ok {
		return v
	}
	return l.All
}
