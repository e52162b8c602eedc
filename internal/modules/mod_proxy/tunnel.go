package proxy

import (
	"bytes"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/rawnet"
	"transom/internal/tunnel"
	"transom/internal/upstream"
	"transom/internal/wire/http1"
	"transom/internal/wire/ws"
)

// taker is what the listener's writer offers for HTTP/1.
type taker interface {
	Takeover() (conn net.Conn, buffered []byte, err error)
}

// tunnel answers the handshake with the origin's 101 and hands both connections to the relay. It owns resp.Upgraded.
func (x *exchange) tunnel(resp *upstream.Response) module.Result {
	r, up := x.r, resp.Upgraded
	defer resp.Body.Close()
	t := below[taker](r.Writer)
	if t == nil || x.rt.relay == nil {
		up.Conn.Close()
		up.Slot.Free()
		return fail(r, http.StatusInternalServerError, "AH00898", "this connection can't be switched to another protocol")
	}
	fields := x.switchingFields(resp)
	conn, buffered, err := t.Takeover()
	if err != nil {
		up.Conn.Close()
		up.Slot.Free()
		return fail(r, http.StatusBadRequest, "AH00898", err.Error())
	}
	r.Status = http.StatusSwitchingProtocols
	x.switched = appendSwitching(x.switched[:0], resp, fields)
	if err := send(conn, x.switched, x.rt.timeout); err != nil {
		r.Conn.Abort()
		conn.Close()
		up.Conn.Close()
		up.Slot.Free()
		r.Logf("proxy_wstunnel", observe.Info, "", "sending 101: %v", err)
		return module.Done
	}
	policy := x.policy()
	policy.Extensions = ws.Extensions(fields)
	end := &tunnelEnd{slot: up.Slot}
	end.ends = r.Site.Engine.Detach(r, end.room[:0])
	label := x.label()
	// An empty line behind the handshake is no frame (RFC 9112 2.2).
	buffered = bytes.TrimPrefix(buffered, []byte("\r\n"))
	id, err := x.rt.relay.Carry(tunnel.Side{Conn: conn, Buffered: buffered}, tunnel.Side{Conn: up.Conn, Buffered: up.Buffered},
		policy, label, end)
	if err != nil {
		r.Logf("proxy_wstunnel", observe.Error, "", "the tunnel could not start: %v", err)
		end.TunnelEnded(&tunnel.Result{Status: tunnel.Status{Label: label, Started: time.Now(), Last: time.Now()}, CloseCode: ws.CodeAbnormal, Err: err})
		return module.Suspended
	}
	if x.dir.tunnelLog.Or(false) {
		x.logOpen(id, label)
	}
	return module.Suspended
}

// send leaves no deadline behind.
func send(conn net.Conn, b []byte, patience time.Duration) error {
	if quick := rawnet.New(conn); quick != nil {
		_, err := quick.Write(b, patience)
		return err
	}
	conn.SetWriteDeadline(time.Now().Add(patience))
	defer conn.SetWriteDeadline(time.Time{})
	_, err := conn.Write(b)
	return err
}

// tunnelEnd is all that a tunnel keeps of its request, most often in one piece.
type tunnelEnd struct {
	slot upstream.Slot
	ends []module.TunnelEnd
	room [1]module.TunnelEnd
}

func (e *tunnelEnd) TunnelEnded(result *tunnel.Result) {
	e.slot.Free()
	for _, end := range e.ends {
		end.TunnelEnded(result)
	}
}

// switchingFields are the fields of the 101: the origin's, as other modules may change them.
func (x *exchange) switchingFields(resp *upstream.Response) []upstream.Field {
	r := x.r
	x.mapFields(resp)
	if !r.Layered() && len(r.ErrHeader) == 0 && !http1.Repeats(resp.Fields) {
		return resp.Fields
	}
	h := http.Header{}
	setHeader(h, resp)
	r.RunBeforeHeaders(resp.Status, h)
	for name, values := range r.ErrHeader {
		h[name] = append(h[name], values...)
	}
	return upstream.Ordered(h, resp.Fields)
}

// appendSwitching makes the head of the 101.
func appendSwitching(b []byte, resp *upstream.Response, fields []upstream.Field) []byte {
	b = http1.AppendStatusLine(b, resp.Status, resp.Reason)
	for i := range fields {
		f := &fields[i]
		switch f.ID() {
		case http1.Connection, http1.Upgrade, http1.ContentLength, http1.TransferEncoding:
			continue
		}
		b = f.AppendTo(b)
	}
	return append(b, "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"...)
}

// policy is what the TransomTunnel directives say. Timeout and ProxyTimeout don't end a tunnel that is only quiet.
func (x *exchange) policy() tunnel.Policy {
	d := x.dir
	return tunnel.Policy{
		Idle: d.idle.seconds(), Lifetime: d.lifetime.seconds(), Ping: d.ping.seconds(), HalfClosed: x.rt.timeout,
		MaxMessage: d.maxMessage.n, Strict: d.strict.Or(false), WebSocket: true,
	}
}

func (x *exchange) label() tunnel.Label {
	r := x.r
	host := r.Host
	if r.Port != 0 {
		host = net.JoinHostPort(host, strconv.Itoa(r.Port))
	}
	return tunnel.Label{Client: clientOf(r), Host: host, URL: r.UnparsedURI, Backend: r.Filename[len(proxyPrefix):]}
}

// clientOf is an address and a port, most often those that the listener has in words already.
func clientOf(r *module.Request) string {
	if r.UserAgentAddr.IsValid() {
		if client := netip.AddrPortFrom(r.UserAgentAddr, r.UserAgentPort()); client != r.Conn.Remote {
			return client.String()
		}
	}
	return r.HTTP.RemoteAddr
}

// logOpen writes TransomTunnelLog's line, whatever LogLevel says.
func (x *exchange) logOpen(id uint64, l tunnel.Label) {
	log := x.r.ErrorLog()
	if log == nil || log.Sink == nil {
		return
	}
	log.Sink.WriteNow(observe.FormatRecord(time.Now(), observe.Record{Level: observe.Notice, Module: "proxy_wstunnel", Client: l.Client,
		Text: "tunnel " + strconv.FormatUint(id, 10) + " opened: " + l.Host + l.URL + " to " + l.Backend}))
}
