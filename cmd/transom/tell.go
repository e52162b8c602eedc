package main

import (
	"cmp"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/run"
)

// version prints what scripts parse: they look for an Apache/2.4.N token in the first line.
func version(w io.Writer) {
	fmt.Fprintf(w, "Server version: Transom/%s Apache/%s (Unix)\n", module.Version, module.APIVersion)
	fmt.Fprintf(w, "Server built:   %s\n", buildTime())
}

func settings(w io.Writer) {
	version(w)
	fmt.Fprintf(w, `Server's Module Magic Number: 20120211:142
Server loaded:  Go
Compiled using: Go
Architecture:   %d-bit
Server MPM:     event
  threaded:     yes (variable thread count)
    forked:     no
Server compiled with....
 -D HTTPD_ROOT="%s"
 -D SUEXEC_BIN=""
 -D DEFAULT_PIDLOG="%s"
 -D DEFAULT_ERRORLOG="logs/error_log"
 -D AP_TYPES_CONFIG_FILE="conf/mime.types"
 -D SERVER_CONFIG_FILE="%s"
`, 32<<(^uint(0)>>63), run.DefaultRoot, run.DefaultPidFile, run.DefaultFile)
}

func listModules(w io.Writer) {
	fmt.Fprintln(w, "Compiled in modules:")
	for _, b := range run.Builtins {
		fmt.Fprintf(w, "  %s\n", b.File)
	}
	for _, m := range modules.All() {
		if m.Absent == "" && !run.IsBuiltin(m.Identifier) {
			fmt.Fprintf(w, "  %s\n", m.Source())
		}
	}
}

func listDirectives(w io.Writer) {
	for _, m := range modules.All() {
		for i := range m.Directives {
			d := &m.Directives[i]
			fmt.Fprintf(w, "%s (%s)\n\t%s\n\tAllowed in %s\n", d.Title(), m.Source(), d.Doc, d.Where)
			switch d.Support.Level {
			case module.IsIgnored:
				fmt.Fprintf(w, "\tIgnored: %s\n", d.Support.Reason)
			case module.IsRefused:
				fmt.Fprintf(w, "\tRefused: %s\n", d.Support.Reason)
			}
		}
	}
}

// dump is what -D and a name prints, in httpd's order. A silent one does without "Syntax OK".
type dump struct {
	name   string
	silent bool
	write  func(*run.Config, io.Writer)
}

func dumps() []dump {
	return []dump{
		{"DUMP_VHOSTS", true, dumpVirtualHosts},
		{"DUMP_RUN_CFG", true, dumpRunSettings},
		{"DUMP_MODULES", true, dumpModules},
		{"DUMP_INCLUDES", true, dumpIncludes},
		{"DUMP_CERTS", false, dumpCertificates},
		{"DUMP_CONFIG", false, func(c *run.Config, w io.Writer) { dumpConfig(c.Tree.Nodes, "", new(string), w) }},
	}
}

// dumpModules is -M: the modules that are always there, then what LoadModule named and is here. Without any LoadModule all are there.
func dumpModules(c *run.Config, w io.Writer) {
	fmt.Fprintln(w, "Loaded Modules:")
	for _, b := range run.Builtins {
		fmt.Fprintf(w, " %s (static)\n", b.Identifier)
	}
	for _, m := range c.Build.Modules {
		if m.Absent == "" && len(c.Build.Loaded) == 0 && !run.IsBuiltin(m.Identifier) {
			fmt.Fprintf(w, " %s (static)\n", m.Identifier)
		}
	}
	c.Tree.Walk(func(n *conf.Node) {
		if words := n.Words(); n.Is("LoadModule") && len(words) > 0 && !run.IsBuiltin(words[0]) && !c.Build.Missing[words[0]] {
			fmt.Fprintf(w, " %s (shared)\n", words[0])
		}
	})
}

func dumpIncludes(c *run.Config, w io.Writer) {
	fmt.Fprintln(w, "Included configuration files:")
	for _, f := range c.Tree.Included {
		line := "*"
		if f.Line > 0 {
			line = strconv.Itoa(f.Line)
		}
		fmt.Fprintf(w, "%*s(%s) %s\n", 2+2*f.Depth, "", line, f.File)
	}
}

func dumpCertificates(c *run.Config, w io.Writer) {
	fmt.Fprintln(w, "Server certificates:")
	c.Tree.Walk(func(n *conf.Node) {
		if words := n.Words(); n.Is("SSLCertificateFile") && len(words) > 0 {
			fmt.Fprintf(w, "  %s\n", c.Build.Path(words[0]))
		}
	})
}

// dumpVirtualHosts is -S, in the form that scripts parse.
func dumpVirtualHosts(c *run.Config, w io.Writer) {
	fmt.Fprintln(w, "VirtualHost configuration:")
	byAddress := map[string][]*module.Server{}
	var order []string
	for _, s := range c.Site.Servers[1:] {
		for _, a := range s.Addresses {
			key := addressKey(a)
			if byAddress[key] == nil {
				order = append(order, key)
			}
			byAddress[key] = append(byAddress[key], s)
		}
	}
	sort.SliceStable(order, func(i, j int) bool { return !strings.HasPrefix(order[i], "*") && strings.HasPrefix(order[j], "*") })
	for _, key := range order {
		list := byAddress[key]
		if len(list) == 1 {
			fmt.Fprintf(w, "%-22s %s (%s:%d)\n", key, list[0].Name, list[0].File, list[0].Line)
			continue
		}
		fmt.Fprintf(w, "%-22s is a NameVirtualHost\n", key)
		fmt.Fprintf(w, "         default server %s (%s:%d)\n", list[0].Name, list[0].File, list[0].Line)
		for _, s := range list {
			fmt.Fprintf(w, "         port %s namevhost %s (%s:%d)\n", key[strings.LastIndexByte(key, ':')+1:], s.Name, s.File, s.Line)
			for _, a := range s.Aliases {
				fmt.Fprintf(w, "                 alias %s\n", a)
			}
			for _, a := range s.Wildcards {
				fmt.Fprintf(w, "                 wild alias %s\n", a)
			}
		}
	}
}

func addressKey(a module.Address) string {
	host, port := "*", "*"
	if a.IP.IsValid() {
		host = a.IP.String()
		if a.IP.Is6() {
			host = "[" + host + "]"
		}
	}
	if a.Port != 0 {
		port = fmt.Sprint(a.Port)
	}
	return host + ":" + port
}

func dumpRunSettings(c *run.Config, w io.Writer) {
	b := c.Build
	main := module.CoreServer.Of(b.Site.Servers[0].Settings)
	errorLog := main.ErrorLogName
	if errorLog == "" {
		errorLog = "logs/error_log"
	}
	if !strings.HasPrefix(errorLog, "|") && !strings.HasPrefix(errorLog, "syslog") {
		errorLog = b.Path(errorLog)
	}
	fmt.Fprintf(w, "ServerRoot: %q\nMain DocumentRoot: %q\nMain ErrorLog: %q\nPidFile: %q\n", b.ServerRoot, cmp.Or(main.DocumentRoot, b.Path("htdocs")), errorLog, run.PidFile(b))
	for _, d := range c.Tree.Defines.Names() {
		if v, ok := c.Tree.Defines.Value(d); ok && v != "" {
			fmt.Fprintf(w, "Define: %s=%s\n", d, v)
			continue
		}
		fmt.Fprintf(w, "Define: %s\n", d)
	}
	if name := b.Process.User; name != "" {
		fmt.Fprintf(w, "User: name=%q%s\n", name, id(run.LookupUser(name)))
	}
	if name := b.Process.Group; name != "" {
		fmt.Fprintf(w, "Group: name=%q%s\n", name, id(run.LookupGroup(name)))
	}
}

// id is a number as -S shows it, or nothing if there is no such user or group.
func id(number int, err error) string {
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" id=%d", number)
}

// dumpConfig is -t -D DUMP_CONFIG: every directive with its place, in mod_info's form. file is the one that was named last.
func dumpConfig(nodes []*conf.Node, indent string, file *string, w io.Writer) {
	for _, n := range nodes {
		if n.Pos.File != *file {
			*file = n.Pos.File
			fmt.Fprintf(w, "%s# In file: %s\n", indent, n.Pos.File)
		}
		fmt.Fprintf(w, "%s# %3d:\n", indent, n.Pos.Line)
		if !n.Section {
			fmt.Fprintln(w, strings.TrimRight(indent+n.Name+" "+n.Raw, " "))
			continue
		}
		fmt.Fprintf(w, "%s<%s>\n", indent, strings.TrimRight(n.Name+" "+n.Raw, " "))
		dumpConfig(n.Children, indent+"  ", file, w)
		fmt.Fprintf(w, "%s</%s>\n", indent, n.Name)
	}
}
