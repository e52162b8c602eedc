package dir

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"transom/internal/module"
)

var directives = []module.Directive{
	{Name: "DirectoryIndex", Where: module.Anywhere, Override: module.OverrideIndexes, Args: module.AnyArgs, Syntax: "DirectoryIndex disabled | local-url [local-url] ...",
		Doc: "What is served for a directory.", Set: setIndex},
	{Name: "DirectoryIndexRedirect", Where: module.Anywhere, Override: module.OverrideIndexes, Args: module.One, Syntax: "DirectoryIndexRedirect on | off | permanent | temp | seeother | 3xx-code",
		Doc: "Whether the client is sent to the index instead.", Set: setIndexRedirect},
	{Name: "DirectorySlash", Where: module.Anywhere, Override: module.OverrideIndexes, Args: module.OnOff, Syntax: "DirectorySlash On|Off",
		Doc: "Whether a directory without a slash at its end is redirected to the one with.", Set: func(c *module.Command) error {
			settings.Edit(c.Dir).slash = c.Flag()
			return nil
		}},
	{Name: "DirectoryCheckHandler", Where: module.Anywhere, Override: module.OverrideIndexes, Args: module.OnOff, Syntax: "DirectoryCheckHandler On|Off",
		Doc: "Whether a directory that has a handler is left to it.", Set: func(c *module.Command) error {
			settings.Edit(c.Dir).checkHandler = c.Flag()
			return nil
		}},
	{Name: "FallbackResource", Where: module.Anywhere, Override: module.OverrideIndexes, Args: module.One, Syntax: "FallbackResource disabled | local-url",
		Doc: "What is served for a path that leads to nothing.", Set: func(c *module.Command) error {
			settings.Edit(c.Dir).fallback = c.Args[0]
			return nil
		}},
}

// setIndex adds names in one scope, as httpd does; "disabled" alone turns the index off.
func setIndex(c *module.Command) error {
	v := settings.Edit(c.Dir)
	if len(c.Args) == 1 && strings.EqualFold(c.Args[0], "disabled") {
		v.index = []string{}
		return nil
	}
	v.index = append(v.index, c.Args...)
	return nil
}

var redirects = map[string]int{"on": http.StatusFound, "off": -1, "permanent": http.StatusMovedPermanently, "temp": http.StatusFound, "seeother": http.StatusSeeOther}

func setIndexRedirect(c *module.Command) error {
	status, ok := redirects[strings.ToLower(c.Args[0])]
	if !ok {
		n, err := strconv.Atoi(c.Args[0])
		if err != nil || n < 300 || n > 399 {
			return fmt.Errorf("DirectoryIndexRedirect must be on, off, permanent, temp, seeother or a status from 300 to 399, not %q", c.Args[0])
		}
		status = n
	}
	settings.Edit(c.Dir).indexRedirect = status
	return nil
}
