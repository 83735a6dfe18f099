package issuer

import (
	"errors"
	"net/netip"
	"syscall"
)

var errAddress = errors.New("the address is not a public one")

// special are the networks that are not the public internet beside those that net/netip knows, the ones that carry an
// IPv4 address inside of an IPv6 one among them.
func special() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "168.63.129.16/32", // the last is Azure's own, for its machines alone
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "fec0::/10",
	} {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// carrier is the shared address space behind carriers' NAT, which clusters use as a private one.
func carrier() netip.Prefix { return netip.MustParsePrefix("100.64.0.0/10") }

// public reports whether the address is one of the public internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, network := range special() {
		if network.Contains(a) {
			return false
		}
	}
	return true
}

// inside reports whether the address is private or loopback. Link-local ones, which the metadata of clouds is served
// at, are neither.
func inside(a netip.Addr) bool {
	a = a.Unmap()
	return a.Zone() == "" && (a.IsPrivate() || a.IsLoopback() || carrier().Contains(a)) && a != netip.MustParseAddr("fd00:ec2::254")
}

// guard returns a net.Dialer's Control, which sees the address that is really connected to: a name that resolves to
// another one than before gains nothing.
func guard(private bool) func(network, address string, c syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || network != "tcp4" && network != "tcp6" {
			return errAddress
		}
		if public(to.Addr()) || private && inside(to.Addr()) {
			return nil
		}
		return errAddress
	}
}
