package run

import (
	"net/http"

	"transom/internal/module"
)

// serve hands a request to the Site of the moment.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, c *module.Conn) {
	s.current.Load().Serve(w, r, c)
}
