package httpapi

import (
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/internal/resource"
)

// listRecords answers one page of a list: {"count"?, "next", "previous", "results"}.
func (s *server) listRecords(x *exchange) error {
	if err := untagged(x.r); err != nil {
		return err
	}
	page, err := s.resources.List(x.ctx, x.call(), x.endpoint.op, x.id(), x.query)
	if err != nil {
		return err
	}
	next, previous := x.pageURL(page.Next), x.pageURL(page.Previous)
	x.linkPages(next, previous)
	out := append(x.scratch[:0], '{')
	if page.Count >= 0 {
		out = append(out, `"count":`...)
		out = strconv.AppendInt(out, page.Count, 10)
		out = append(out, ',')
	}
	out = append(out, `"next":`...)
	out = appendURL(out, next)
	out = append(out, `,"previous":`...)
	out = appendURL(out, previous)
	out = append(out, `,"results":`...)
	out = append(out, page.Results...)
	x.scratch = append(out, '}')
	return x.sendJSON(http.StatusOK, x.scratch)
}

// linkPages says the same as next and previous in a Link header (RFC 8288).
func (x *exchange) linkPages(next, previous string) {
	link := ""
	if next != "" {
		link = "<" + next + `>; rel="next"`
	}
	if previous != "" {
		if link != "" {
			link += ", "
		}
		link += "<" + previous + `>; rel="prev"`
	}
	if link != "" {
		x.w.Header()["Link"] = x.value(link)
	}
}

// appendURL appends an address as JSON. It consists of what validHost lets through and of percent-encoded text, so
// that nothing in it needs escaping; the usual escape for & would spoil it for whoever copies it from a terminal.
func appendURL(dst []byte, address string) []byte {
	if address == "" {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = append(dst, address...)
	return append(dst, '"')
}

// pageURL returns the address of another page: the client's own parameters with the position replaced. It is empty
// where there is no such page.
func (x *exchange) pageURL(to resource.Link) string {
	if to.Param == "" {
		return ""
	}
	query := make(url.Values, len(x.query)+1)
	maps.Copy(query, x.query)
	query.Set(to.Param, to.Value) // a cursor and a page are never given together
	return x.client.origin() + pathOf(x.r) + "?" + query.Encode()
}

// validHost reports whether text is a name or an address, with a port or without: nothing that could end the host in
// an address, or a quoted string.
func validHost(text string) bool {
	host := text
	if end := strings.LastIndexByte(text, ':'); end >= 0 && !strings.HasSuffix(text, "]") {
		host = text[:end]
		if _, err := strconv.ParseUint(text[end+1:], 10, 16); err != nil {
			return false
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		address, err := netip.ParseAddr(inner)
		return ok && err == nil && address.Is6() && address.Zone() == ""
	}
	return host != "" && len(host) <= 253 && strings.Trim(host, hostCharacters) == ""
}

const hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
