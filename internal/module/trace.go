package module

import (
	"fmt"

	"transom/internal/conf"
)

// Step is what one directive did to a request, for those who ask how a URL is mapped. Request.Trace gets the steps in
// order; it is nil unless somebody listens, and then inherited by requests within the request.
type Step struct {
	conf.Pos
	Directive string // "RewriteRule"
	Text      string // what was compared with what, and the result
}

// Tracef records a step if somebody listens. Where requests often pass, ask whether Trace is nil before making arguments.
func (r *Request) Tracef(pos conf.Pos, directive, format string, args ...any) {
	if r.Trace != nil {
		r.Trace(Step{pos, directive, fmt.Sprintf(format, args...)})
	}
}
