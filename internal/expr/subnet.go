package expr

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Subnet is a set of addresses as -ipmatch and Require ip write it.
type Subnet struct {
	address, mask []byte // 4 or 16 bytes; the mask need not be contiguous
}

// ParseSubnet reads an address, an IPv4 prefix such as 10.1, address/bits or
// address/netmask.
func ParseSubnet(s string) (Subnet, error) {
	text, mask, masked := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(text)
	if err == nil && addr.Zone() == "" {
		return newSubnet(addr, mask, masked, s)
	}
	if subnet, ok := prefixSubnet(s); ok {
		return subnet, nil
	}
	return Subnet{}, fmt.Errorf("%q is not an address, subnet or IPv4 prefix", s)
}

func newSubnet(addr netip.Addr, mask string, masked bool, s string) (Subnet, error) {
	addr = addr.Unmap()
	n := Subnet{address: addr.AsSlice(), mask: leadingBits(addr.BitLen(), addr.BitLen())}
	if !masked {
		return n, nil
	}
	bits, err := strconv.Atoi(mask)
	if err == nil && bits > 0 && bits <= addr.BitLen() {
		n.mask = leadingBits(bits, addr.BitLen())
		return n, nil
	}
	netmask, err := netip.ParseAddr(mask)
	if err != nil || !netmask.Is4() || !addr.Is4() {
		return Subnet{}, fmt.Errorf("%q in %q is neither a number of bits from 1 to %d nor an IPv4 netmask", mask, s, addr.BitLen())
	}
	n.mask = netmask.AsSlice()
	return n, nil
}

// prefixSubnet reads leading bytes of an IPv4 address, which may end in a dot.
func prefixSubnet(s string) (Subnet, bool) {
	parts := strings.Split(strings.TrimSuffix(s, "."), ".")
	n := Subnet{make([]byte, 4), leadingBits(8*len(parts), 32)}
	if len(parts) > 4 {
		return n, false
	}
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return n, false
		}
		n.address[i] = byte(v)
	}
	return n, true
}

func leadingBits(bits, of int) []byte {
	mask := make([]byte, of/8)
	for i := range min(bits, of) {
		mask[i/8] |= 0x80 >> (i % 8)
	}
	return mask
}

// Contains reports whether addr is in the subnet. An IPv4 address mapped to
// IPv6 counts as IPv4.
func (n Subnet) Contains(addr netip.Addr) bool {
	bytes := addr.Unmap().AsSlice()
	if len(bytes) == 0 || len(bytes) != len(n.address) {
		return false
	}
	for i := range bytes {
		if bytes[i]&n.mask[i] != n.address[i]&n.mask[i] {
			return false
		}
	}
	return true
}
