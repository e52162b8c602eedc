package core

import (
	"fmt"
	"strings"

	"transom/internal/module"
)

var contentRows = []module.Directive{
	{Name: "Options", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.AnyArgs, Syntax: "Options [+|-]option [[+|-]option] ...",
		Doc: "What is allowed in a directory: Indexes, FollowSymLinks, ...", Set: setOptions},
	{Name: "AllowOverride", Where: module.Sections, Args: module.Some, Syntax: "AllowOverride All|None|directive-type [directive-type] ...",
		Doc: "Which groups of directives .htaccess files may hold.", Set: setAllowOverride},
	{Name: "AllowOverrideList", Where: module.Sections, Args: module.Some, Syntax: "AllowOverrideList None|directive [directive] ...",
		Doc: "Which single directives .htaccess files may hold.", Set: setAllowOverrideList},
	{Name: "AccessFileName", Where: module.Servers, Args: module.Some, Syntax: "AccessFileName filename [filename] ...",
		Doc: "The names of .htaccess files.", Set: func(c *module.Command) error {
			server(c).AccessFileNames = c.Args
			return nil
		}},
	{Name: "FileETag", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.Some, Syntax: "FileETag component ...",
		Doc: "What the ETag of a file is made of: INode, MTime, Size, Digest, All, None.", Set: setFileETag},
	{Name: "EnableSendfile", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.OnOff, Syntax: "EnableSendfile On|Off",
		Doc: "Whether the kernel copies files to connections.", Support: module.Accepted("the kernel copies where that is safe")},
	{Name: "MaxRanges", Where: module.Anywhere, Override: module.OverrideAll, Args: module.One, Syntax: "MaxRanges default|unlimited|none|number-of-ranges",
		Doc: "How many ranges of a file may be asked for at once.", Support: module.Ignored("the limit is httpd's default of 200")},
	{Name: "MaxRangeOverlaps", Where: module.Anywhere, Override: module.OverrideAll, Args: module.One, Syntax: "MaxRangeOverlaps default|unlimited|none|number-of-ranges",
		Doc: "How often such ranges may overlap.", Support: module.Ignored("the limit of ranges is enough")},
	{Name: "MaxRangeReversals", Where: module.Anywhere, Override: module.OverrideAll, Args: module.One, Syntax: "MaxRangeReversals default|unlimited|none|number-of-ranges",
		Doc: "How often such ranges may go backwards.", Support: module.Ignored("the limit of ranges is enough")},
	{Name: "AcceptPathInfo", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.One, Syntax: "AcceptPathInfo On|Off|Default",
		Doc: "Whether a path may go on behind a file's name.", Set: func(c *module.Command) error {
			return oneOf(c, &dir(c).AcceptPathInfo, "on", "off", "default")
		}},
	{Name: "CGIPassAuth", Where: module.Sections | module.InHtaccess, Override: module.OverrideAuthConfig, Args: module.OnOff, Syntax: "CGIPassAuth On|Off",
		Doc: "Whether scripts behind fcgi:// see the Authorization field.", Set: func(c *module.Command) error {
			dir(c).CGIPassAuth = c.Flag()
			return nil
		}},
	{Name: "CGIVar", Where: module.Sections | module.InHtaccess, Override: module.OverrideFileInfo, Args: module.Two, Syntax: "CGIVar REQUEST_URI original-uri|current-uri",
		Doc: "Whether a script's REQUEST_URI is what the client asked for, or what that became.", Set: func(c *module.Command) error {
			if c.Args[0] != "REQUEST_URI" {
				return fmt.Errorf("CGIVar %s: the variable must be REQUEST_URI", c.Args[0])
			}
			c.Args = c.Args[1:]
			return oneOf(c, &dir(c).CGIRequestURI, "original-uri", "current-uri")
		}},
	{Name: "ContentDigest", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.OnOff, Syntax: "ContentDigest On|Off",
		Doc: "Whether files are sent with an MD5 sum.", Support: module.Ignored("Content-MD5 was removed from HTTP (RFC 7231)")},
	{Name: "AddDefaultCharset", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.One, Syntax: "AddDefaultCharset On|Off|charset",
		Doc: "The charset of text responses that name none.", Set: func(c *module.Command) error {
			v := c.Args[0]
			if strings.EqualFold(v, "on") {
				v = "iso-8859-1"
			} else if strings.EqualFold(v, "off") {
				v = "off"
			}
			dir(c).AddDefaultCharset = v
			return nil
		}},
	{Name: "ForceType", Where: module.Sections | module.InHtaccess, Override: module.OverrideFileInfo, Args: module.One, Syntax: "ForceType media-type|None",
		Doc: "The media type of all that matches.", Set: func(c *module.Command) error {
			dir(c).ForceType = c.Args[0]
			return nil
		}},
	{Name: "DefaultType", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.One, Syntax: "DefaultType media-type|None",
		Doc: "In httpd 2.2, the media type of files whose type is unknown.", Set: func(c *module.Command) error {
			if !strings.EqualFold(c.Args[0], "none") {
				c.Warnf("Ignoring deprecated use of DefaultType, as httpd 2.4 does: a file of unknown type is sent without a type")
			}
			return nil
		}},
}

var optionBits = map[string]module.OptionBits{
	"indexes": module.OptIndexes, "includes": module.OptIncludes, "followsymlinks": module.OptFollowSymLinks,
	"execcgi": module.OptExecCGI, "symlinksifownermatch": module.OptSymLinksIfOwner, "multiviews": module.OptMultiViews,
	"includesnoexec": module.OptIncludes | module.OptIncNoExec, "all": module.OptAll, "none": 0,
}

func setOptions(c *module.Command) error {
	var o module.Options
	for i, arg := range c.Args {
		sign := byte(0)
		if arg[0] == '+' || arg[0] == '-' {
			sign, arg = arg[0], arg[1:]
		}
		bits, ok := optionBits[strings.ToLower(arg)]
		if !ok {
			return fmt.Errorf("Illegal option %s: Options knows All, None, Indexes, Includes, IncludesNOEXEC, FollowSymLinks, SymLinksIfOwnerMatch, ExecCGI and MultiViews", arg)
		}
		if c.Allow != nil && c.Allow.Options != 0 && bits&^c.Allow.Options != 0 {
			return fmt.Errorf("Option %s not allowed here: AllowOverride Options= does not name it", arg)
		}
		if i > 0 && (sign == 0) != o.IsSet {
			return fmt.Errorf("Either all Options must start with + or -, or no Option may.")
		}
		switch sign {
		case '+':
			o.Add, o.Remove = o.Add|bits, o.Remove&^bits
		case '-':
			o.Remove, o.Add = o.Remove|bits, o.Add&^bits
		default:
			o.Set, o.IsSet = o.Set|bits, true
		}
	}
	dir(c).Options = dir(c).Options.Then(o)
	return nil
}

var overrides = map[string]module.Override{
	"all": module.OverrideAll, "none": 0, "authconfig": module.OverrideAuthConfig, "fileinfo": module.OverrideFileInfo,
	"indexes": module.OverrideIndexes, "limit": module.OverrideLimit, "options": module.OverrideOptions,
}

func allowOverride(c *module.Command) *module.AllowOverride {
	if dir(c).AllowOverride == nil {
		dir(c).AllowOverride = &module.AllowOverride{}
	}
	return dir(c).AllowOverride
}

func setAllowOverride(c *module.Command) error {
	a := allowOverride(c)
	*a = module.AllowOverride{List: a.List, Set: true}
	for _, arg := range c.Args {
		name, value, _ := strings.Cut(strings.ToLower(arg), "=")
		if name == "nonfatal" {
			bits, ok := nonfatal[value]
			if !ok {
				return fmt.Errorf("Illegal override option %s: Nonfatal is Override, Unknown or All", arg)
			}
			a.Nonfatal |= bits
			continue
		}
		bits, ok := overrides[name]
		if !ok {
			return fmt.Errorf("Illegal override option %s: AllowOverride knows All, None, AuthConfig, FileInfo, Indexes, Limit, Options[=...] and Nonfatal=...", arg)
		}
		if value != "" && name != "options" {
			return fmt.Errorf("Illegal override option %s: only Options and Nonfatal take a value", arg)
		}
		a.Groups |= bits
		if value != "" {
			for _, name := range strings.Split(value, ",") {
				option, ok := optionBits[name]
				if !ok {
					return fmt.Errorf("Illegal option %s in AllowOverride Options=", name)
				}
				a.Options |= option
			}
		}
	}
	return nil
}

// A syntax error stays fatal with All too: what the author meant is unknown.
var nonfatal = map[string]module.Nonfatal{"override": module.NonfatalOverride, "unknown": module.NonfatalUnknown,
	"all": module.NonfatalOverride | module.NonfatalUnknown}

func setAllowOverrideList(c *module.Command) error {
	a := allowOverride(c)
	a.List = map[string]bool{}
	for _, arg := range c.Args {
		if !strings.EqualFold(arg, "none") {
			a.List[strings.ToLower(arg)] = true
		}
	}
	return nil
}

func setFileETag(c *module.Command) error {
	for _, a := range c.Args {
		switch strings.ToLower(strings.TrimLeft(a, "+-")) {
		case "inode", "mtime", "size", "all", "none", "digest":
		default:
			return fmt.Errorf("Invalid keyword '%s' for FileETag: it knows INode, MTime, Size, Digest, All and None", a)
		}
	}
	dir(c).FileETag = c.Args
	return nil
}
