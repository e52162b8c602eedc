// Package request is mod_request: it keeps the body of a request that mod_auth_form or mod_include read.
package request

import (
	"fmt"
	"strconv"

	"transom/internal/module"
)

// Module returns mod_request.
func Module() *module.Module {
	return &module.Module{Name: "mod_request", Identifier: "request_module", Directives: []module.Directive{
		{Name: "KeptBodySize", Where: module.Sections, Args: module.One, Syntax: "KeptBodySize maximum size in bytes",
			Doc: "How much of a body is kept for modules that read it before the handler.", Support: module.Accepted("no module here reads a body before the handler"),
			Set: func(c *module.Command) error {
				if n, err := strconv.ParseInt(c.Args[0], 10, 64); err != nil || n < 0 {
					return fmt.Errorf("KeptBodySize must be a valid size in bytes, or zero.")
				}
				return nil
			}},
	}}
}
