package site

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// splitHost takes a Host header apart. A trailing dot is the same name (httpd: fix_hostname).
func splitHost(host string) (name string, port int) {
	if host == "" {
		return "", 0
	}
	if plainName(host) {
		return host, 0
	}
	name = host
	if strings.IndexByte(host, ':') >= 0 {
		if h, p, err := net.SplitHostPort(host); err == nil {
			name = h
			if n, err := strconv.ParseUint(p, 10, 16); err == nil {
				port = int(n)
			}
			if plainName(name) {
				return name, port
			}
		}
	}
	literal := strings.Trim(name, "[]")
	if ip, err := netip.ParseAddr(literal); err == nil {
		if ip.Is4() {
			return literal, port // there is one way to write it
		}
		return ip.String(), port
	}
	return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(name, ":"), ".")), port
}

// plainName says of most names that they are what they should be: lower case, no address, no trailing dot.
func plainName(host string) bool {
	if host == "" || host[len(host)-1] < 'a' {
		return false
	}
	for i := range len(host) {
		if !plainInName[host[i]] {
			return false
		}
	}
	return true
}

var plainInName = func() (table [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyz0123456789.-_") {
		table[c] = true
	}
	return table
}()
