package core

import (
	"fmt"
	"strconv"
	"strings"

	"transom/internal/module"
)

const oneProcess = "one process with an event loop serves all connections"

var processRows = append([]module.Directive{
	{Name: "User", Where: module.InServer, Args: module.One, Syntax: "User unix-userid",
		Doc: "The user to become once the ports are bound.", Set: func(c *module.Command) error {
			c.Build.Process.User = c.Args[0]
			return nil
		}},
	{Name: "Group", Where: module.InServer, Args: module.One, Syntax: "Group unix-group",
		Doc: "The group to become once the ports are bound.", Set: func(c *module.Command) error {
			c.Build.Process.Group = c.Args[0]
			return nil
		}},
	{Name: "PidFile", Where: module.InServer, Args: module.One, Syntax: "PidFile filename",
		Doc: "The file that holds the process ID.", Set: func(c *module.Command) error {
			c.Build.Process.PidFile = c.Args[0]
			return nil
		}},
	{Name: "TransomControlSocket", Where: module.InServer, Args: module.One, Syntax: "TransomControlSocket filename|Off",
		Doc: "The Unix domain socket that `transom tunnels` asks; it stands beside PidFile, with the ending .sock.", Set: func(c *module.Command) error {
			c.Build.Process.ControlSocket = c.Args[0]
			return nil
		}},
	{Name: "ExtendedStatus", Where: module.InServer, Args: module.OnOff, Syntax: "ExtendedStatus On|Off",
		Doc: "Whether server-status shows totals and every request; on unless this says otherwise.", Set: func(c *module.Command) error {
			c.Build.Process.ExtendedStatus = c.Flag()
			return nil
		}},
	{Name: "ServerTokens", Where: module.InServer, Args: module.One, Syntax: "ServerTokens Major|Minor|Min[imal]|Prod[uctOnly]|OS|Full",
		Doc: "What the Server header tells.", Set: func(c *module.Command) error {
			return oneOf(c, &c.Build.Process.ServerTokens, "major", "minor", "min", "minimal", "prod", "productonly", "os", "full")
		}},
	{Name: "ListenBackLog", Where: module.InServer, Args: module.One, Syntax: "ListenBackLog backlog",
		Doc: "How many connections may wait to be accepted.", Support: module.Accepted("the kernel's limit applies")},
	{Name: "GracefulShutdownTimeout", Where: module.InServer, Args: module.One, Syntax: "GracefulShutdownTimeout seconds",
		Doc: "How long a graceful stop waits for requests; 0 is as long as it takes.", Set: func(c *module.Command) error {
			return seconds(c, &c.Build.Process.GracefulShutdown, 0)
		}},
}, mpmRows()...)

func mpmRows() []module.Directive {
	var rows []module.Directive
	for _, name := range []string{"StartServers", "ServerLimit", "MaxClients", "MaxRequestWorkers", "MinSpareServers", "MaxSpareServers",
		"MinSpareThreads", "MaxSpareThreads", "ThreadsPerChild", "ThreadLimit", "MaxRequestsPerChild", "MaxConnectionsPerChild",
		"AsyncRequestWorkerFactor", "MaxSpareThreadsPerChild", "ThreadStackSize", "MaxMemFree", "ReceiveBufferSize", "SendBufferSize", "ListenCoresBucketsRatio"} {
		rows = append(rows, module.Directive{Name: name, Where: module.InServer, Args: module.One, Syntax: name + " number",
			Doc: "Sizes httpd's process model; read for what it says of limits per process.", Support: module.Accepted(oneProcess), Set: setMPM})
	}
	for _, r := range []struct{ name, syntax, doc string }{
		{"ScoreBoardFile", "ScoreBoardFile file-path", "Where httpd keeps its processes' states."},
		{"DefaultRuntimeDir", "DefaultRuntimeDir directory", "Where httpd keeps its runtime files."},
		{"CoreDumpDirectory", "CoreDumpDirectory directory", "Where a crash leaves its memory."},
		{"LockFile", "LockFile filename", "The lock that httpd 2.2's processes share."},
		{"AcceptMutex", "AcceptMutex method", "How httpd 2.2's processes take turns to accept."},
		{"Mutex", "Mutex mechanism [default|mutex-name] ... [OmitPID]", "How httpd's processes lock each other out."},
		{"AcceptFilter", "AcceptFilter protocol accept_filter", "Kernel filters for new connections."},
		{"EnableExceptionHook", "EnableExceptionHook On|Off", "Whether modules hear of a crash."},
		{"SeeRequestTail", "SeeRequestTail On|Off", "Which end of a long request line server-status shows."},
		{"FlushMaxThreshold", "FlushMaxThreshold number", "When httpd's output filters flush."},
		{"FlushMaxPipelined", "FlushMaxPipelined number", "How many pipelined responses httpd collects."},
		{"EnableMMAP", "EnableMMAP On|Off", "Whether httpd maps files into memory."},
		{"RegexDefaultOptions", "RegexDefaultOptions [none] [+|-]option ...", "Options of all regular expressions."},
	} {
		rows = append(rows, module.Directive{Name: r.name, Where: module.Anywhere, Args: module.AnyArgs, Syntax: r.syntax, Doc: r.doc, Support: acceptedOrRefused(r.name)})
	}
	return rows
}

func acceptedOrRefused(name string) module.Support {
	if name == "RegexDefaultOptions" {
		return module.Refused("it would change what patterns match")
	}
	return module.Accepted(oneProcess)
}

func setMPM(c *module.Command) error {
	n, err := strconv.Atoi(c.Args[0])
	if err != nil || n < 0 {
		return fmt.Errorf("%s must be a number, not %q", c.Name, c.Args[0])
	}
	if c.Build.Process.MPM == nil {
		c.Build.Process.MPM = map[string]int{}
	}
	c.Build.Process.MPM[strings.ToLower(c.Name)] = n
	return nil
}
