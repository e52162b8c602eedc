package module

import "transom/internal/conf"

// Step is what one directive did to a request, for those who ask how a URL is mapped. Request.Trace gets the steps in
// order; it is nil unless somebody listens, and then inherited by requests within the request.
type Step struct {
	conf.Pos
	Directive string // "RewriteRule"
	Text      string // what was compared with what, and the result
}
