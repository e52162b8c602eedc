package module

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"transom/internal/conf"
	"transom/internal/observe"
	"transom/internal/tunnel"
)

// Build is a configuration becoming a Site.
type Build struct {
	ServerRoot string
	Process    Process
	Site       *Site
	Modules    []*Module
	Tree       *conf.Tree      // what was read; not of an .htaccess file
	Loaded     map[string]bool // identifiers named by LoadModule; modules need no loading to work
	Missing    map[string]bool // those among Loaded that are not here
	Listen     []ListenAddress
	Kept       *Kept // what outlives a reload
	Sinks      *observe.Sinks
	Live       Live // set when the Site serves, else nil
	Rootless   bool // DocumentRoot need not exist
	Checking   bool // -t: look, but leave no trace: open no log, bind no port
	Defined    func(name string) bool
	OnServe    []func()               // run in order when the Site is about to serve, not if it is given up or only checked
	HasModule  func(name string) bool // answers <IfModule> in .htaccess files; nil: every module is there
	Htaccess   bool                   // an .htaccess file is being read: nothing it says may read other files

	Warnings []Diagnostic
	Errors   []Diagnostic
	Apply    func(in Command, children []*conf.Node) // set by site
	sections int
}

// ListenAddress is one Listen directive.
type ListenAddress struct {
	conf.Pos
	Address  string // "host:port" as package net wants it; host may be empty
	Protocol string // "http", "https", or empty
}

// Diagnostic is a warning or an error at a place in the configuration.
type Diagnostic struct {
	conf.Pos
	Directive string
	Text      string
}

func (d Diagnostic) String() string {
	switch {
	case d.File == "":
		return d.Text
	case d.Line == 0: // the file as a whole
		return d.File + ": " + d.Text
	}
	return fmt.Sprintf("%s:%d: %s", d.File, d.Line, d.Text)
}

// Loads says whether a module is to act without being asked for by a directive: a LoadModule names it, or there is no LoadModule.
func (b *Build) Loads(identifier string) bool { return len(b.Loaded) == 0 || b.Loaded[identifier] }

// Named says whether a name of LogLevel is that of a module that is loaded: ssl, ssl_module or mod_ssl.c.
func (b *Build) Named(name string) bool {
	id := name
	if source, ok := strings.CutSuffix(name, ".c"); ok {
		id = strings.TrimPrefix(source, "mod_") + "_module"
	}
	for _, n := range []string{name, id, name + "_module"} {
		if b.Loaded[n] || b.HasModule != nil && b.HasModule(n) {
			return true
		}
		if b.HasModule == nil && slices.ContainsFunc(b.Modules, func(m *Module) bool { return n == m.Identifier || n == m.Source() }) {
			return true
		}
	}
	return false
}

// Serve runs OnServe: the Site will have requests from now on.
func (b *Build) Serve() {
	for _, f := range b.OnServe {
		f()
	}
}

func (b *Build) apply(in Command, children []*conf.Node) { b.Apply(in, children) }

// Warnf records a warning; n may be nil.
func (b *Build) Warnf(n *conf.Node, format string, args ...any) {
	b.Warnings = append(b.Warnings, diagnostic(n, fmt.Sprintf(format, args...)))
}

// Errorf records an error; n may be nil.
func (b *Build) Errorf(n *conf.Node, format string, args ...any) {
	b.Errors = append(b.Errors, diagnostic(n, fmt.Sprintf(format, args...)))
}

func diagnostic(n *conf.Node, text string) Diagnostic {
	if n == nil {
		return Diagnostic{Text: text}
	}
	return Diagnostic{Pos: n.Pos, Directive: n.Name, Text: text}
}

// NewSection makes a section with an ID of its own; the caller puts it into a list.
func (b *Build) NewSection(kind SectionKind, n *conf.Node, name string, m Matcher) *Section {
	b.sections++
	return &Section{Pos: n.Pos, Kind: kind, ID: b.sections, Name: name, Path: name, Title: "<" + n.Name + " " + n.Raw + ">", Match: m, Settings: &Settings{}}
}

// Kept holds what outlives a reload: worker pools, tunnels, shared counters. Everything in it is safe for concurrent use.
type Kept struct {
	mu     sync.Mutex
	values map[string]any
}

// Keep returns the value kept under key, made by create the first time.
func Keep[T any](k *Kept, key string, create func() T) T {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v, ok := k.values[key]; ok {
		return v.(T)
	}
	if k.values == nil {
		k.values = map[string]any{}
	}
	v := create()
	k.values[key] = v
	return v
}

// keptRelay is the key of the relay among what is kept.
const keptRelay = "tunnel.relay"

// Tunnels is the relay of the process.
func Tunnels(k *Kept) tunnel.Relay {
	return Keep(k, keptRelay, func() tunnel.Relay { return tunnel.New(tunnel.Options{}) })
}

// Process are the settings of core that belong to the whole process.
type Process struct {
	User, Group      string
	PidFile          string
	ServerTokens     string
	ListenBacklog    int
	ExtendedStatus   Flag
	ControlSocket    string        // TransomControlSocket; "" stands for the one beside PidFile, "off" for none
	GracefulShutdown time.Duration // GracefulShutdownTimeout; 0: no limit
	TunnelDrain      time.Duration // TransomTunnelDrain: over which a graceful stop spreads the end of tunnels
	Threaded         bool          // LoadModule names httpd's event or worker MPM
	// Sizes of httpd's process model; Transom has one process and reads them for what they say of `max` of a worker.
	MPM map[string]int // lower-case directive name -> number
}

// Processes is how many processes httpd would run at most with these MPM directives: what a limit that httpd counts per
// process must be multiplied with. Prefork has a process for each of MaxRequestWorkers; the other MPMs share them by
// ThreadsPerChild.
func (p *Process) Processes() int {
	get := func(def int, names ...string) int {
		for _, n := range names {
			if v := p.MPM[n]; v > 0 {
				return v
			}
		}
		return def
	}
	if _, named := p.MPM["threadsperchild"]; named || p.Threaded {
		threads := get(25, "threadsperchild")
		return max(1, get(400, "maxrequestworkers", "maxclients")/threads)
	}
	if _, sized := p.MPM["maxrequestworkers"]; sized {
		return get(256, "maxrequestworkers")
	}
	if _, sized := p.MPM["maxclients"]; sized {
		return get(256, "maxclients")
	}
	return 16 // httpd's event MPM: 400 MaxRequestWorkers of 25 threads each
}

// Lookup returns what Keep made under key, if it did.
func Lookup[T any](k *Kept, key string) (T, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.values[key].(T)
	return v, ok
}
