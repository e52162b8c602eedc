//go:build !linux

package upstream

import (
	"context"
	"net"
	"net/netip"
	"time"
)

func dialTunnel(ctx context.Context, addr netip.AddrPort, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return network.DialContext(ctx, "tcp", addr.String())
}
