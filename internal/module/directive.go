package module

import "transom/internal/conf"

// Where is a set of places in which a directive may stand.
type Where uint16

const (
	InServer      Where = 1 << iota // outside every section
	InVirtualHost                   // directly in <VirtualHost>
	InDirectory                     // <Directory>, <DirectoryMatch>
	InLocation                      // <Location>, <LocationMatch>
	InFiles                         // <Files>, <FilesMatch>
	InProxy                         // <Proxy>, <ProxyMatch>
	InIf                            // <If>, <ElseIf>, <Else>
	InHtaccess

	// Servers is httpd's "server config, virtual host".
	Servers = InServer | InVirtualHost
	// Sections is httpd's "directory".
	Sections = InDirectory | InLocation | InFiles | InProxy | InIf
	// Anywhere is httpd's "server config, virtual host, directory, .htaccess".
	Anywhere = Servers | Sections | InHtaccess
)

// Override is the AllowOverride group that admits a directive to .htaccess.
type Override uint8

const (
	OverrideAuthConfig Override = 1 << iota
	OverrideFileInfo
	OverrideIndexes
	OverrideLimit
	OverrideOptions
	OverrideAll = OverrideAuthConfig | OverrideFileInfo | OverrideIndexes | OverrideLimit | OverrideOptions
)

// Arity is how a directive's arguments are split and how many there may be.
type Arity struct {
	Min, Max int  // Max < 0: any number
	Raw      bool // the setter gets Command.Raw and splits it itself
	Flag     bool // one argument, On or Off
}

var (
	NoArgs   = Arity{0, 0, false, false}
	One      = Arity{1, 1, false, false}
	Two      = Arity{2, 2, false, false}
	OneOrTwo = Arity{1, 2, false, false}
	OneTo3   = Arity{1, 3, false, false}
	TwoOr3   = Arity{2, 3, false, false}
	Three    = Arity{3, 3, false, false}
	Some     = Arity{1, -1, false, false}
	TwoPlus  = Arity{2, -1, false, false}
	AnyArgs  = Arity{0, -1, false, false}
	RawArgs  = Arity{0, -1, true, false}
	OnOff    = Arity{1, 1, false, true}
)

// Support says what Transom does with a directive.
type Support struct {
	Level  SupportLevel
	Reason string // why it is ignored or refused; a sentence's end, "because ..."
}

type SupportLevel uint8

const (
	FullSupport SupportLevel = iota
	IsIgnored                // accepted with a warning that gives the reason
	IsRefused                // an error that gives the reason
	IsAccepted               // accepted and without meaning here; no warning, since nothing is lost
)

// Full is the support of a directive that does what httpd's does.
var Full = Support{}

func Ignored(reason string) Support  { return Support{IsIgnored, reason} }
func Refused(reason string) Support  { return Support{IsRefused, reason} }
func Accepted(reason string) Support { return Support{IsAccepted, reason} }

// Directive is a row of a module's table.
type Directive struct {
	Name     string // for a section without the angle brackets
	Where    Where
	Override Override // zero: not in .htaccess, whatever Where says
	Args     Arity
	Syntax   string // as in httpd's manual: "ProxyPass [path] !|url [key=value ...]"
	Doc      string // one sentence
	Support  Support

	// Set acts on a plain directive. Its error becomes a diagnostic at the directive's line.
	Set func(*Command) error
	// Open acts on a section, whose children it applies by Command.Apply or reads itself. A row has Set or Open.
	Open func(*Command) error
}

// Command is one directive being read: where it stands and what it may write to.
type Command struct {
	*conf.Node
	Args      []string // split and unquoted; nil if the arity is raw
	Directive *Directive
	Server    *Server   // the server being configured
	Dir       *Settings // settings of the innermost section, or the server's own defaults
	Section   *Section  // the innermost section, nil outside
	Methods   *Methods  // of an enclosing <Limit> or <LimitExcept>, nil for all
	Where     Where     // exactly one bit
	Build     *Build
	Override  Override       // in .htaccess: the groups that are allowed
	Allow     *AllowOverride // in .htaccess: all that AllowOverride says
}

// Flag is the value of an On/Off argument.
func (c *Command) Flag() Flag {
	if len(c.Args) > 0 && equalFold(c.Args[0], "on") {
		return On
	}
	return Off
}

// Warnf records a warning at the directive's line.
func (c *Command) Warnf(format string, args ...any) { c.Build.Warnf(c.Node, format, args...) }

// Apply reads children in the scope of in (a copy of c with Server, Section, Dir, Where or Methods changed).
func (c *Command) Apply(in Command, children []*conf.Node) { c.Build.apply(in, children) }
