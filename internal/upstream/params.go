package upstream

import (
	"time"
)

// Params are what ProxyPass, BalancerMember and ProxySet say about a worker. The struct is comparable: equal Params make equal
// workers.
type Params struct {
	Min, Max, SMax int // connections, as httpd counts them: per child process. Max 0: no limit; SMax -1: as Max
	Acquire        time.Duration
	TTL            time.Duration // 0: connections don't age
	Reuse          Toggle

	ConnectTimeout time.Duration // 0: Timeout
	Timeout        time.Duration // 0: the request's (ProxyTimeout, Timeout)
	Retry          time.Duration
	Ping           time.Duration // 0: don't
	AddressTTL     time.Duration // of looked up addresses; negative: until they stop working

	KeepAlive         bool
	FlushPackets      FlushMode
	FlushWait         time.Duration
	IOBufferSize      int
	ReceiveBufferSize int // 0: the system's
	ResponseFieldSize int

	LoadFactor      float64
	LBSet           int
	Route, Redirect string
	Set, Clear      Status // status=

	Upgrade, Secret, Flusher string
	Mapping                  string // "", "encoded" or "servlet"

	HCMethod                  string // upper case; "NONE" and "": no checks
	HCPasses, HCFails         int
	HCInterval                time.Duration
	HCURI, HCExpr, HCTemplate string
}

// Toggle is On, Off, or not said.
type Toggle int8

const (
	Unset Toggle = 0
	On    Toggle = 1
	Off   Toggle = -1
)

// FlushMode is flushpackets=.
type FlushMode uint8

const (
	FlushOff FlushMode = iota
	FlushOn
	FlushAuto
)

// httpd's defaults.
const (
	defaultRetry      = 60 * time.Second
	defaultFlushWait  = 10 * time.Millisecond
	defaultBufferSize = 8192
	defaultHCInterval = 30 * time.Second
	maxNameLength     = 63 // of route, redirect, secret, nonce
	maxProtocolLength = 15 // of upgrade, flusher
)

// DefaultParams are those of a worker about which nothing is said.
func DefaultParams() Params {
	return Params{SMax: -1, Retry: defaultRetry, AddressTTL: -time.Second, FlushWait: defaultFlushWait,
		IOBufferSize: defaultBufferSize, ResponseFieldSize: defaultBufferSize, LoadFactor: 1,
		HCPasses: 1, HCFails: 1, HCInterval: defaultHCInterval}
}

// SetParam sets one key=value of a worker; an error names what was expected, or the nearest known key.
func (p *Params) SetParam(key, value string) error { return setParam(WorkerParams(), p, key, value) }

// WorkerParams lists the parameters of workers and balancer members.
func WorkerParams() []Param[Params] { return workerParams }

var workerParams = []Param[Params]{
	{"acquire", "", "Longest wait for a free connection when max is reached (ms); then 503.",
		func(p *Params, v string) error { return duration(&p.Acquire, v, time.Millisecond, time.Millisecond) }},
	{"addressttl", "-1", "How long a looked up address is kept (seconds); -1 until it stops working.",
		func(p *Params, v string) error { return seconds(&p.AddressTTL, v, -1) }},
	{"connectiontimeout", "timeout", "Longest wait for a connection to open (seconds).",
		func(p *Params, v string) error { return duration(&p.ConnectTimeout, v, time.Second, time.Millisecond) }},
	{"disablereuse", "Off", "On closes each connection after one request.",
		func(p *Params, v string) error { return toggle(&p.Reuse, v, Off, On) }},
	{"enablereuse", "On", "The inverse of disablereuse, for schemes that don't pool unless told.",
		func(p *Params, v string) error { return toggle(&p.Reuse, v, On, Off) }},
	{"flusher", "flush", "Provider that mod_proxy_fdpass uses.",
		func(p *Params, v string) error { return limited(&p.Flusher, v, maxProtocolLength) }},
	{"flushpackets", "off", "on, off or auto: whether each part of a response is sent on at once (ajp, fcgi).",
		func(p *Params, v string) error { return flushMode(&p.FlushPackets, v) }},
	{"flushwait", "10", "With flushpackets=auto: how long more data is waited for (ms, at most 1000).",
		func(p *Params, v string) error { return flushWait(&p.FlushWait, v) }},
	{"hcexpr", "", "ProxyHCExpr that decides whether a health check passed.",
		func(p *Params, v string) error { p.HCExpr = v; return nil }},
	{"hcfails", "1", "Failed checks after which the worker is taken out.",
		func(p *Params, v string) error { return number(&p.HCFails, v, 0, maxInt) }},
	{"hcinterval", "30", "Time between health checks (seconds, at least 100ms).",
		func(p *Params, v string) error { return duration(&p.HCInterval, v, time.Second, 100*time.Millisecond) }},
	{"hcmethod", "None", "None, TCP, OPTIONS, HEAD, GET, OPTIONS11, HEAD11 or GET11.",
		func(p *Params, v string) error { return healthMethod(&p.HCMethod, v) }},
	{"hcpasses", "1", "Passed checks after which the worker is put back.",
		func(p *Params, v string) error { return number(&p.HCPasses, v, 0, maxInt) }},
	{"hctemplate", "", "ProxyHCTemplate whose parameters hold for this worker.",
		func(p *Params, v string) error { p.HCTemplate = v; return nil }},
	{"hcuri", "", "What is appended to the worker's URL for health checks.",
		func(p *Params, v string) error { return limited(&p.HCURI, v, maxNameLength) }},
	{"iobuffersize", "8192", "Size of the buffer between client and backend (bytes, at least 512; 0: 8192).",
		func(p *Params, v string) error { return bufferSize(&p.IOBufferSize, v, 512, defaultBufferSize) }},
	{"keepalive", "Off", "On lets the system probe quiet connections (SO_KEEPALIVE).",
		func(p *Params, v string) error { return onOff(&p.KeepAlive, v) }},
	{"lbset", "0", "Members of a lower set are tried first (0 to 99).",
		func(p *Params, v string) error { return number(&p.LBSet, v, 0, 99) }},
	{"loadfactor", "1", "Share of the load (1 to 100, fractions allowed).",
		func(p *Params, v string) error { return loadFactor(&p.LoadFactor, v) }},
	{"mapping", "", "encoded or servlet: how a request's path is normalised before it is matched.",
		func(p *Params, v string) error { return mapping(&p.Mapping, v) }},
	{"max", "no limit", "Most connections, counted per child process as httpd would run them.",
		func(p *Params, v string) error { return number(&p.Max, v, 0, maxInt) }},
	{"min", "0", "Entries that a pool allocates ahead; without effect here.",
		func(p *Params, v string) error { return number(&p.Min, v, 0, maxInt) }},
	{"ping", "", "Asks the backend for a sign of life before the body is sent, and waits so long for it (seconds).",
		func(p *Params, v string) error { return duration(&p.Ping, v, time.Second, time.Millisecond) }},
	{"receivebuffersize", "0", "Size of the system's receive buffer (bytes, at least 512; 0: its default).",
		func(p *Params, v string) error { return bufferSize(&p.ReceiveBufferSize, v, 512, 0) }},
	{"redirect", "", "Route of the member that takes over this one's sessions while it can't be used.",
		func(p *Params, v string) error { return limited(&p.Redirect, v, maxNameLength) }},
	{"responsefieldsize", "8192", "Longest line of a response's header (bytes; 0: 8192).",
		func(p *Params, v string) error { return bufferSize(&p.ResponseFieldSize, v, 1, defaultBufferSize) }},
	{"retry", "60", "How long a worker in error is left alone (seconds); 0: not at all.",
		func(p *Params, v string) error { return seconds(&p.Retry, v, 0) }},
	{"route", "", "Name of the member that sessions carry.",
		func(p *Params, v string) error { return limited(&p.Route, v, maxNameLength) }},
	{"secret", "", "Shared secret of ajp.",
		func(p *Params, v string) error { return limited(&p.Secret, v, maxNameLength) }},
	{"smax", "max", "Idle connections above this number are closed after ttl; here all are.",
		func(p *Params, v string) error { return number(&p.SMax, v, 0, maxInt) }},
	{"status", "", "Initial states: letters of D S I R H E N C, with + or -.",
		func(p *Params, v string) (err error) { p.Set, p.Clear, err = parseStatus(v); return err }},
	{"timeout", "ProxyTimeout", "How long the backend may be silent (seconds).",
		func(p *Params, v string) error { return seconds(&p.Timeout, v, 1) }},
	{"ttl", "", "Connections idle so long are not used again (seconds).",
		func(p *Params, v string) error { return seconds(&p.TTL, v, 1) }},
	{"upgrade", "", "Protocol that a request may be upgraded to: websocket, ANY or NONE.",
		func(p *Params, v string) error { return limited(&p.Upgrade, v, maxProtocolLength) }},
}
