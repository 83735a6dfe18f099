package issuer

import (
	"net/netip"
	"testing"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind      string
		addresses []string
	}{
		{"public", []string{"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1", "::ffff:1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1"}},
		{"inside", []string{
			"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "127.0.0.1", "127.255.255.254", "100.64.0.1", "100.127.255.255",
			"::1", "fd00::1", "fc00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
		}},
		{"never", []string{
			"0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.0.192",
			"192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "168.63.129.16", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "fd00:ec2::254",
			"64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "::127.0.0.1", "::ffff:169.254.169.254", "100::1", "fd00::1%eth0",
		}},
	} {
		for _, text := range c.addresses {
			address := netip.MustParseAddr(text)
			if public(address) != (c.kind == "public") || inside(address) != (c.kind == "inside") {
				t.Errorf("%s: public %v, inside %v, want %s", text, public(address), inside(address), c.kind)
			}
			connect := netip.AddrPortFrom(address, 443).String()
			if strict := guard(false)("tcp4", connect, nil); (strict == nil) != (c.kind == "public") {
				t.Errorf("connect to %s: %v", connect, strict)
			}
			if private := guard(true)("tcp6", connect, nil); (private == nil) != (c.kind != "never") {
				t.Errorf("connect to %s where private ones are allowed: %v", connect, private)
			}
		}
	}
	for _, network := range []string{"udp4", "unix", "tcp", ""} {
		if guard(false)(network, "1.1.1.1:443", nil) == nil {
			t.Errorf("%s is taken", network)
		}
	}
	for _, address := range []string{"", "example.com:443", "1.1.1.1", "/run/x.sock"} {
		if guard(true)("tcp4", address, nil) == nil {
			t.Errorf("%q is taken", address)
		}
	}
}
