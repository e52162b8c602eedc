package run

import (
	"os"
	"runtime/debug"
	"strings"

	"transom/internal/module"
)

// tellCrashes makes the runtime's last words go to the main error log, if that is a file: there may be nobody behind
// standard error.
func tellCrashes(b *module.Build) {
	name := module.CoreServer.Of(b.Site.Servers[0].Settings).ErrorLogName
	if name == "" {
		name = "logs/error_log"
	}
	if strings.HasPrefix(name, "|") || strings.HasPrefix(name, "syslog") || strings.HasPrefix(name, "/dev/") {
		forgetCrashes()
		return
	}
	log, err := os.OpenFile(b.Path(name), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return
	}
	defer log.Close()
	debug.SetCrashOutput(log, debug.CrashOptions{})
}

func forgetCrashes() { debug.SetCrashOutput(nil, debug.CrashOptions{}) }
