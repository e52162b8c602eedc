package run

import (
	"net/http"

	"transom/internal/listen"
	"transom/internal/module"
)

// serve hands a request to the Site of the moment, with what the listener knows of it in the words of the contract.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	info := listen.FromContext(r.Context())
	c := module.Conn{ID: info.ConnID, Local: info.Local, Remote: info.Remote, ProxiedFor: info.Client, TLS: info.TLS, KeepAlives: info.KeepAlives,
		Fields: info.Fields, Line: info.Line, Received: info.Received, Exchange: info, Scoreboard: info}
	if bad := info.Bad; bad != nil {
		c.Bad = &module.BadRequest{Status: bad.Status, Reason: bad.Reason, LogOnly: bad.LogOnly, PlainOnTLS: bad.PlainOnTLS}
	}
	s.current.Load().Serve(w, r, &c)
}
