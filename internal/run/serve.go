package run

import (
	"net/http"

	"transom/internal/listen"
	"transom/internal/module"
)

// connOf says what the listener knows of a request in the words of the contract.
func connOf(r *http.Request) module.Conn {
	info := listen.FromContext(r.Context())
	c := module.Conn{ID: info.ConnID, Local: info.Local, Remote: info.Remote, ProxiedFor: info.Client, TLS: info.TLS, KeepAlives: info.KeepAlives,
		Fields: info.Fields, Distinct: info.Distinct, Line: info.Line, Received: info.Received, Exchange: info}
	if bad := info.Bad; bad != nil {
		c.Bad = &module.BadRequest{Status: bad.Status, Reason: bad.Reason, LogOnly: bad.LogOnly, PlainOnTLS: bad.PlainOnTLS}
	}
	return c
}
