package ssl

import (
	"fmt"
	"strings"

	"transom/internal/module"
)

func requestDirectives() []module.Directive {
	const sections = module.Sections | module.InHtaccess
	dir := func(c *module.Command) *dirSettings { return dirs.Edit(c.Dir) }
	return []module.Directive{
		{Name: "SSLOptions", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.Some, Syntax: "SSLOptions [+|-]option ...",
			Doc: "StdEnvVars, ExportCertData, FakeBasicAuth, StrictRequire, LegacyDNStringFormat, OptRenegotiate.", Set: setOptions},
		{Name: "SSLRequireSSL", Where: sections, Override: module.OverrideAuthConfig, Args: module.NoArgs, Syntax: "SSLRequireSSL",
			Doc: "Requests must come by TLS.", Set: func(c *module.Command) error {
				dir(c).requireSSL = true
				return nil
			}},
		{Name: "SSLRequire", Where: sections, Override: module.OverrideAuthConfig, Args: module.RawArgs, Syntax: "SSLRequire expression",
			Doc: "A condition that requests by TLS must meet.", Set: func(c *module.Command) error {
				text := strings.TrimSpace(c.Raw)
				if len(text) > 1 && text[0] == '"' && strings.Count(text, `"`) == 2 && text[len(text)-1] == '"' {
					text = text[1 : len(text)-1]
				}
				met, err := c.Build.CompileSSLRequire(text)
				if err != nil {
					return fmt.Errorf("Cannot parse expression: %w", err)
				}
				d := dir(c)
				d.requirements = append(d.requirements, requirement{text, met})
				return nil
			}},
		{Name: "SSLUserName", Where: module.Anywhere, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "SSLUserName varname",
			Doc: "The variable that is the user's name.", Set: func(c *module.Command) error {
				dir(c).userName = c.Args[0]
				return nil
			}},
	}
}

var optionWords = map[string]optionBits{"stdenvvars": stdEnvVars, "exportcertdata": exportCertData, "fakebasicauth": fakeBasicAuth,
	"strictrequire": strict, "optrenegotiate": optRenegotiate, "legacydnstringformat": legacyDN,
	"compatenvvars": 0} // of httpd 2.0

func setOptions(c *module.Command) error {
	o := &dirs.Edit(c.Dir).options
	first := true
	for _, w := range c.Args {
		sign := byte(0)
		if w != "" && (w[0] == '+' || w[0] == '-') {
			sign, w = w[0], w[1:]
		}
		bit, ok := optionWords[strings.ToLower(w)]
		switch {
		case !ok:
			return fmt.Errorf("Illegal option '%s'", w)
		case sign == '-':
			o.add, o.remove, o.set = o.add&^bit, o.remove|bit, o.set&^bit
		case sign == '+':
			o.add, o.remove = o.add|bit, o.remove&^bit
		default:
			if first {
				*o = options{isSet: true}
				first = false
			}
			o.set |= bit
		}
	}
	return nil
}
