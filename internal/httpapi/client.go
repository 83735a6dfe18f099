package httpapi

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
)

// client is whoever the request comes from, as far as we can know. What a header says counts only where a proxy that
// we trust is connected to us: anybody else could write anything there.
type client struct {
	address netip.Addr // not valid where the connection has none
	// scheme is what the client spoke to the first proxy; empty where nobody whom we trust says so.
	scheme string
	// host is the host that the client named.
	host string
}

// findClient finds out who is connected, and through which proxies.
func (s *server) findClient(r *http.Request) client {
	found := client{address: peer(r.RemoteAddr), host: r.Host}
	if r.TLS != nil {
		found.scheme = "https"
	}
	if !s.trusts(found.address) {
		return found
	}
	found.address = s.behind(found.address, r.Header["X-Forwarded-For"])
	switch scheme := last(r.Header["X-Forwarded-Proto"]); {
	case strings.EqualFold(scheme, "https"):
		found.scheme = "https"
	case strings.EqualFold(scheme, "http"):
		found.scheme = "http"
	}
	if host := last(r.Header["X-Forwarded-Host"]); validHost(host) {
		found.host = host
	}
	return found
}

// peer reads the address of a connection.
func peer(text string) netip.Addr {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return plainAddress(at.Addr())
	}
	return netip.Addr{}
}

// plainAddress gives an address one form: no IPv4 in IPv6, no zone.
func plainAddress(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func (s *server) trusts(a netip.Addr) bool {
	for _, network := range s.proxies {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// behind goes through the addresses that proxies have added, the nearest first, up to the first one that is no proxy
// of ours. Whatever stands before it, the client may have written itself.
func (s *server) behind(nearest netip.Addr, lines []string) netip.Addr {
	rest := strings.Join(lines, ",")
	for rest != "" {
		var text string
		rest, text = cutLast(rest)
		address, ok := forwarded(text)
		if !ok {
			return nearest // not from a proxy that does its work: nothing before it can be trusted
		}
		nearest = address
		if !s.trusts(nearest) {
			return nearest
		}
	}
	return nearest
}

// cutLast cuts the last item off a list.
func cutLast(list string) (rest, item string) {
	i := strings.LastIndexByte(list, ',')
	return list[:max(i, 0)], strings.TrimSpace(list[i+1:])
}

// last returns the last item of a list in several lines: the one that the nearest proxy has written.
func last(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	_, item := cutLast(lines[len(lines)-1])
	return item
}

// forwarded reads an address in X-Forwarded-For. Some proxies add the port.
func forwarded(text string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")); err == nil {
		return plainAddress(address), true
	}
	if at, err := netip.ParseAddrPort(text); err == nil {
		return plainAddress(at.Addr()), true
	}
	return netip.Addr{}, false
}

// ip returns the client's address in text, empty where the connection has none.
func (c client) ip() string {
	if !c.address.IsValid() {
		return ""
	}
	return c.address.String()
}

// network returns what of the address is counted as one client: all of an IPv4 address, the first 64 bits of an IPv6
// one, since whoever has one of those has 2^64 of them.
func (c client) network() string {
	if !c.address.IsValid() {
		return ""
	}
	bytes := c.address.As16()
	if c.address.Is6() {
		clear(bytes[8:])
	}
	return string(bytes[:])
}

// origin returns scheme and host as the client named them, or nothing where the host is none: a page's address is
// relative then.
func (c client) origin() string {
	if !validHost(c.host) {
		return ""
	}
	if c.scheme == "https" {
		return "https://" + c.host
	}
	return "http://" + c.host
}

// toHTTPS sends a client to https that has spoken plain HTTP to our proxy.
func (s *server) toHTTPS(x *exchange) error {
	if !validHost(x.client.host) {
		return fault.New(fault.MalformedBody, "The Host header names no host.")
	}
	host := x.client.host
	if end := strings.LastIndexByte(host, ':'); end >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:end] // the port of plain HTTP
	}
	h := x.w.Header()
	delete(h, "Strict-Transport-Security") // which counts over https alone (RFC 6797, section 7.2)
	h["Location"] = x.value("https://" + host + x.r.URL.RequestURI())
	return x.sendNothing(http.StatusPermanentRedirect)
}
