package status

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"transom/internal/module"
)

// version has the token that scripts look for (see -v).
const version = "Transom/" + module.Version + " Apache/" + module.APIVersion + " (Unix)"

const longTime = "Monday, 02-Jan-2006 15:04:05 MST"

// auto writes "Key: value" lines, keys and order as httpd's.
func (s *snapshot) auto(r *module.Request, b *bytes.Buffer) {
	line := func(key string, value any) { fmt.Fprintf(b, "%s: %v\n", key, value) }
	b.WriteString(r.ServerName() + "\n")
	line("ServerVersion", version)
	line("ServerMPM", "event")
	line("Server Built", built())
	line("CurrentTime", s.Now.Format(longTime))
	line("RestartTime", s.Reloaded.Format(longTime))
	line("ParentServerConfigGeneration", s.Generation)
	line("ParentServerMPMGeneration", s.Generation-1)
	line("ServerUptimeSeconds", int64(s.Uptime/time.Second))
	line("ServerUptime", s.UptimeText())
	if s.HasLoad {
		line("Load1", fixed(s.Load[0]))
		line("Load5", fixed(s.Load[1]))
		line("Load15", fixed(s.Load[2]))
	}
	if s.Extended {
		s.autoTotals(line)
	}
	line("BusyWorkers", s.Busy())
	line("GracefulWorkers", 0)
	line("IdleWorkers", s.Idle())
	line("Processes", 1)
	line("Stopping", 0)
	line("ConnsTotal", len(s.Connections)+len(s.Tunnels))
	line("ConnsAsyncWaitIO", 0)
	line("ConnsAsyncWriting", 0)
	line("ConnsAsyncKeepAlive", s.KeptAlive)
	line("ConnsAsyncClosing", 0)
	line("Tunnels", len(s.Tunnels))
	line("LostLogLines", s.LostLogLines)
	line("Scoreboard", s.Scoreboard())
	for _, section := range r.Site.Offered.StatusSections {
		if section.Auto != nil {
			section.Auto(r, writer{b})
		}
	}
}

func (s *snapshot) autoTotals(line func(string, any)) {
	line("Total Accesses", s.Accesses)
	line("Total kBytes", s.Bytes>>10)
	line("Total Duration", s.Duration.Milliseconds())
	line("CPUUser", general(s.User.Seconds()))
	line("CPUSystem", general(s.System.Seconds()))
	line("CPUChildrenUser", 0)
	line("CPUChildrenSystem", 0)
	uptime := float64(s.Uptime / time.Second)
	if cpu := (s.User + s.System).Seconds(); cpu > 0 && uptime > 0 {
		line("CPULoad", general(cpu*100/uptime))
	}
	line("Uptime", int64(uptime))
	if uptime > 0 {
		line("ReqPerSec", general(float64(s.Accesses)/uptime))
		line("BytesPerSec", general(float64(s.Bytes)/uptime))
	}
	if s.Accesses > 0 {
		line("BytesPerReq", general(float64(s.Bytes)/float64(s.Accesses)))
		line("DurationPerReq", general(float64(s.Duration.Milliseconds())/float64(s.Accesses)))
	}
}

// general is C's %g.
func general(f float64) string { return fmt.Sprintf("%.6g", f) }

func fixed(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

// built is the time of the revision that the program was built from.
func built() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.time" {
				return setting.Value
			}
		}
	}
	return "unknown"
}
