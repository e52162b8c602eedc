// Package info is mod_info: the modules, what they understand, and the configuration that is in force.
package info

import (
	"bytes"
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// Module returns mod_info.
func Module() *module.Module {
	return &module.Module{Name: "mod_info", Identifier: "info_module",
		Directives: []module.Directive{{Name: "AddModuleInfo", Where: module.Servers, Args: module.Two, Syntax: "AddModuleInfo module-name string",
			Doc: "Adds HTML to what server-info shows of a module.", Set: addModuleInfo}},
		Offers: module.Offers{Handlers: []module.NamedHandler{{Name: "server-info", Serve: serve}}},
	}
}

var settings = &module.Slot[additions]{Merge: func(outer, inner *additions) *additions {
	return &additions{append(outer.list[:len(outer.list):len(outer.list)], inner.list...)}
}}

// additions are texts for modules, named as "mod_proxy.c".
type additions struct{ list [][2]string }

func addModuleInfo(c *module.Command) error {
	a := settings.Edit(c.Server.Settings)
	a.list = append(a.list, [2]string{c.Args[0], c.Args[1]})
	return nil
}

// serve is the handler server-info. Its query is empty, or server, list, hooks, config, or a module's file name.
func serve(r *module.Request) module.Result {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		r.SetErrHeader("Allow", "GET,HEAD")
		return http.StatusMethodNotAllowed
	}
	var b bytes.Buffer
	if err := page.Execute(&b, look(r, strings.ToLower(r.Query))); err != nil {
		r.Logf("info", observe.Error, "", "the page can't be made: %v", err)
		return http.StatusInternalServerError
	}
	return r.SendPage("text/html; charset=utf-8", b.Bytes())
}
