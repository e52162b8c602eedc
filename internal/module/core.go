package module

import (
	"time"
	"transom/internal/conf"

	"transom/internal/observe"
)

// CoreServer are the settings of httpd's core that belong to a server. Everyone may read them; core alone writes them.
var CoreServer = &Slot[CoreServerSettings]{Merge: mergeCoreServer}

type CoreServerSettings struct {
	ServerAdmin           string
	DocumentRoot          string
	Timeout               time.Duration // 0: 60 s
	KeepAlive             Flag
	KeepAliveTimeout      time.Duration // negative: unset; see KeepAliveTimeoutSet
	KeepAliveTimeoutSet   bool
	MaxKeepAliveRequests  int // 0: unlimited if Set; negative: none is kept alive
	MaxKeepAliveSet       bool
	LimitRequestLine      int // 0: 8190
	LimitRequestFields    int // valid if Set; 0: no limit
	LimitFieldsSet        bool
	LimitRequestFieldSize int // 0: 8190
	StrictHostCheck       Flag
	LimitRedirects        int    // LimitInternalRecursion; 0: 10
	LimitSubrequests      int    // likewise
	TraceEnable           string // "on", "off", "extended" or unset
	AllowEncodedSlashes   string // "on", "off", "nodecode" or unset
	AccessFileNames       []string
	MergeSlashes          Flag
	Protocols             []string
	ProtocolOptions       []string // HttpProtocolOptions
	ErrorLogName          string   // as written
	ErrorLogNode          *conf.Node
	LogLevels             *observe.Levels
}

// CoreDir are the settings of httpd's core that belong to sections.
var CoreDir = &Slot[CoreDirSettings]{Merge: mergeCoreDir}

type CoreDirSettings struct {
	UseCanonicalName         Flag
	UseCanonicalDNS          bool
	UseCanonicalPhysicalPort Flag
	HostnameLookups          string // "on", "off", "double" or unset
	ErrorDocuments           map[int]ErrorDocument
	ServerSignature          string // "on", "off", "email" or unset
	Options                  Options
	AllowOverride            *AllowOverride
	LimitRequestBody         int64 // -1: unset is expressed by LimitBodySet
	LimitBodySet             bool
	LogLevels                *observe.Levels
	Handler                  string // SetHandler; "none" turns it off
	HandlerExpr              func(*Request) (string, error)
	ForceType                string
	DefaultType              string
	AddDefaultCharset        string // "off" or a charset or unset
	FileETag                 []string
	EnableSendfile           Flag
	AcceptPathInfo           string // "on", "off", "default" or unset
	ContentDigest            Flag
	CGIPassAuth              Flag
	CGIRequestURI            string   // "original-uri", "current-uri" or unset
	OutputFilters            []string // SetOutputFilter
}

// ErrorDocument is one of three forms: text, a path on this server, or a URL elsewhere; "default" is all three empty.
type ErrorDocument struct {
	Text    string
	IsText  bool
	Path    string
	URL     string
	Dynamic func(*Request) string // of an expression; replaces the text, the path or the URL
}

// Options is the Options directive with its + and - forms.
type Options struct {
	Set, Add, Remove OptionBits
	IsSet            bool
}

type OptionBits uint16

const (
	OptIndexes OptionBits = 1 << iota
	OptIncludes
	OptFollowSymLinks
	OptExecCGI
	OptSymLinksIfOwner
	OptMultiViews
	OptIncNoExec
	OptAll = OptIndexes | OptIncludes | OptFollowSymLinks | OptExecCGI
)

// Bits are the options in effect; httpd's default is FollowSymLinks.
func (o Options) Bits() OptionBits {
	bits := o.Set
	if !o.IsSet {
		bits = OptFollowSymLinks
	}
	return bits&^o.Remove | o.Add
}

// Then is what applies when a second Options directive follows, in the same scope or in one within.
func (o Options) Then(inner Options) Options {
	if inner.IsSet {
		return inner
	}
	return Options{Set: o.Set, IsSet: o.IsSet, Add: o.Add&^inner.Remove | inner.Add, Remove: o.Remove&^inner.Add | inner.Remove}
}

// AllowOverride says what .htaccess files may hold.
type AllowOverride struct {
	Groups   Override
	Set      bool            // AllowOverride was given, not only AllowOverrideList
	List     map[string]bool // lower-case names of AllowOverrideList
	Options  OptionBits      // AllowOverride Options=...; 0: every option
	Nonfatal Nonfatal
}

func mergeAllowOverride(outer, inner *AllowOverride) *AllowOverride {
	switch {
	case inner == nil:
		return outer
	case outer == nil, inner.Set && inner.List != nil:
		return inner
	}
	m := *inner
	if !inner.Set {
		m = *outer
	}
	m.List = inner.List
	if m.List == nil {
		m.List = outer.List
	}
	return &m
}

// Nonfatal says which errors in .htaccess files are only logged.
type Nonfatal uint8

const (
	NonfatalOverride Nonfatal = 1 << iota // directives that AllowOverride does not admit
	NonfatalUnknown                       // directives that nobody knows
)

func mergeCoreServer(outer, inner *CoreServerSettings) *CoreServerSettings {
	m := *inner
	m.ServerAdmin = Inherit(outer.ServerAdmin, inner.ServerAdmin)
	m.DocumentRoot = Inherit(outer.DocumentRoot, inner.DocumentRoot)
	m.Timeout = Inherit(outer.Timeout, inner.Timeout)
	m.KeepAlive = inner.KeepAlive.Inherit(outer.KeepAlive)
	if !inner.KeepAliveTimeoutSet {
		m.KeepAliveTimeout, m.KeepAliveTimeoutSet = outer.KeepAliveTimeout, outer.KeepAliveTimeoutSet
	}
	if !inner.MaxKeepAliveSet {
		m.MaxKeepAliveRequests, m.MaxKeepAliveSet = outer.MaxKeepAliveRequests, outer.MaxKeepAliveSet
	}
	m.LimitRequestLine = Inherit(outer.LimitRequestLine, inner.LimitRequestLine)
	if !inner.LimitFieldsSet {
		m.LimitRequestFields, m.LimitFieldsSet = outer.LimitRequestFields, outer.LimitFieldsSet
	}
	m.LimitRequestFieldSize = Inherit(outer.LimitRequestFieldSize, inner.LimitRequestFieldSize)
	m.LimitRedirects = Inherit(outer.LimitRedirects, inner.LimitRedirects)
	m.LimitSubrequests = Inherit(outer.LimitSubrequests, inner.LimitSubrequests)
	m.TraceEnable = Inherit(outer.TraceEnable, inner.TraceEnable)
	m.StrictHostCheck = inner.StrictHostCheck.Inherit(outer.StrictHostCheck)
	m.MergeSlashes = inner.MergeSlashes.Inherit(outer.MergeSlashes)
	if inner.Protocols == nil {
		m.Protocols = outer.Protocols
	}
	if inner.ProtocolOptions == nil {
		m.ProtocolOptions = outer.ProtocolOptions
	}
	m.ErrorLogName = Inherit(outer.ErrorLogName, inner.ErrorLogName)
	m.ErrorLogNode = Inherit(outer.ErrorLogNode, inner.ErrorLogNode)
	if inner.AccessFileNames == nil {
		m.AccessFileNames = outer.AccessFileNames
	}
	m.LogLevels = Inherit(outer.LogLevels, inner.LogLevels)
	// AllowEncodedSlashes is not inherited by virtual hosts (httpd's manual, core).
	return &m
}

func mergeCoreDir(outer, inner *CoreDirSettings) *CoreDirSettings {
	m := *inner
	m.UseCanonicalName = inner.UseCanonicalName.Inherit(outer.UseCanonicalName)
	m.UseCanonicalDNS = inner.UseCanonicalDNS || inner.UseCanonicalName == Unset && outer.UseCanonicalDNS
	m.UseCanonicalPhysicalPort = inner.UseCanonicalPhysicalPort.Inherit(outer.UseCanonicalPhysicalPort)
	m.HostnameLookups = Inherit(outer.HostnameLookups, inner.HostnameLookups)
	m.ErrorDocuments = mergeMaps(outer.ErrorDocuments, inner.ErrorDocuments)
	m.ServerSignature = Inherit(outer.ServerSignature, inner.ServerSignature)
	m.Options = outer.Options.Then(inner.Options)
	m.AllowOverride = mergeAllowOverride(outer.AllowOverride, inner.AllowOverride)
	if !inner.LimitBodySet {
		m.LimitRequestBody, m.LimitBodySet = outer.LimitRequestBody, outer.LimitBodySet
	}
	m.LogLevels = Inherit(outer.LogLevels, inner.LogLevels)
	if inner.Handler == "" && inner.HandlerExpr == nil {
		m.Handler, m.HandlerExpr = outer.Handler, outer.HandlerExpr
	}
	m.ForceType = Inherit(outer.ForceType, inner.ForceType)
	m.DefaultType = Inherit(outer.DefaultType, inner.DefaultType)
	m.AddDefaultCharset = Inherit(outer.AddDefaultCharset, inner.AddDefaultCharset)
	if inner.FileETag == nil {
		m.FileETag = outer.FileETag
	}
	m.EnableSendfile = inner.EnableSendfile.Inherit(outer.EnableSendfile)
	m.AcceptPathInfo = Inherit(outer.AcceptPathInfo, inner.AcceptPathInfo)
	m.ContentDigest = inner.ContentDigest.Inherit(outer.ContentDigest)
	m.CGIPassAuth = inner.CGIPassAuth.Inherit(outer.CGIPassAuth)
	m.CGIRequestURI = Inherit(outer.CGIRequestURI, inner.CGIRequestURI)
	if inner.OutputFilters == nil {
		m.OutputFilters = outer.OutputFilters
	}
	return &m
}

func mergeMaps[K comparable, V any](outer, inner map[K]V) map[K]V {
	if len(inner) == 0 {
		return outer
	}
	m := make(map[K]V, len(outer)+len(inner))
	for k, v := range outer {
		m[k] = v
	}
	for k, v := range inner {
		m[k] = v
	}
	return m
}
