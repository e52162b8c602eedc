// Package proxyfcgi is mod_proxy_fcgi: the scheme fcgi, spoken by php-fpm and others.
package proxyfcgi

import (
	"transom/internal/module"
	"transom/internal/upstream"
)

// Module returns mod_proxy_fcgi.
func Module() *module.Module {
	m := &module.Module{Name: "mod_proxy_fcgi", Identifier: "proxy_fcgi_module", Directives: directives}
	m.Offers.Schemes = []upstream.Scheme{scheme{}}
	return m
}

type scheme struct{}

func (scheme) Name() string        { return "fcgi" }
func (scheme) DefaultPort() string { return "8000" }
