package core

import (
	"strings"

	"transom/internal/module"
)

var inputFilters = &module.Slot[inputFilterNames]{Merge: func(_, inner *inputFilterNames) *inputFilterNames { return inner }}

type inputFilterNames struct{ names []string }

var inputFilterRow = module.Directive{Name: "SetInputFilter", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.One,
	Syntax: "SetInputFilter filter[;filter...]", Doc: "Filters for all request bodies that match.", Set: func(c *module.Command) error {
		names := strings.Split(c.Args[0], ";")
		inputFilters.Edit(c.Dir).names = names
		module.CheckInputFilters(c, names)
		return nil
	}}

func insertInputFilters(r *module.Request) module.Result {
	r.InsertInputFilters(inputFilters.Of(r.Dir).names)
	return module.Declined
}
