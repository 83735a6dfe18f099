package httpapi_test

import (
	"crypto/tls"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/resource"
)

func proxies(networks ...string) func(*httpapi.Config) {
	return func(c *httpapi.Config) {
		for _, n := range networks {
			c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix(n))
		}
	}
}

func TestTheClientsAddress(t *testing.T) {
	t.Parallel()
	trusting := setup(t, proxies("10.0.0.0/8", "fd00::/8"))
	trustless := setup(t)
	for name, c := range map[string]struct {
		from, want string
		forwarded  []string
	}{
		"no proxy":                          {"192.0.2.1:1", "192.0.2.1", nil},
		"a stranger says so":                {"192.0.2.1:1", "192.0.2.1", []string{"198.51.100.7"}},
		"our proxy says so":                 {"10.0.0.1:1", "198.51.100.7", []string{"198.51.100.7"}},
		"our proxy says nothing":            {"10.0.0.1:1", "10.0.0.1", nil},
		"the client has written more":       {"10.0.0.1:1", "198.51.100.7", []string{"203.0.113.9, 198.51.100.7"}},
		"through two of ours":               {"10.0.0.1:1", "198.51.100.7", []string{"203.0.113.9, 198.51.100.7, 10.9.9.9"}},
		"in several lines":                  {"10.0.0.1:1", "198.51.100.7", []string{"203.0.113.9", "198.51.100.7", "10.9.9.9"}},
		"the client claims to be ours":      {"10.0.0.1:1", "198.51.100.7", []string{"10.1.1.1, 198.51.100.7"}},
		"all are ours":                      {"10.0.0.1:1", "10.1.1.1", []string{"10.1.1.1, 10.2.2.2"}},
		"nonsense from the client":          {"10.0.0.1:1", "198.51.100.7", []string{"nonsense, 198.51.100.7"}},
		"nonsense from our proxy":           {"10.0.0.1:1", "10.0.0.1", []string{"198.51.100.7, nonsense"}},
		"nonsense before our second proxy":  {"10.0.0.1:1", "10.9.9.9", []string{"198.51.100.7, unknown, 10.9.9.9"}},
		"nothing between commas":            {"10.0.0.1:1", "10.0.0.1", []string{"198.51.100.7,"}},
		"with a port":                       {"10.0.0.1:1", "198.51.100.7", []string{"198.51.100.7:4711"}},
		"IPv6":                              {"[fd00::1]:1", "2001:db8::7", []string{"2001:db8::7"}},
		"IPv6 in brackets":                  {"[fd00::1]:1", "2001:db8::7", []string{"[2001:db8::7]"}},
		"IPv6 with a port":                  {"[fd00::1]:1", "2001:db8::7", []string{"[2001:db8::7]:80"}},
		"IPv4 in IPv6, a proxy":             {"[::ffff:10.0.0.1]:1", "198.51.100.7", []string{"::ffff:198.51.100.7"}},
		"a very long list":                  {"10.0.0.1:1", "198.51.100.7", []string{strings.Repeat("10.1.1.1,", 5000) + "198.51.100.7"}},
		"a proxy's neighbour is no proxy":   {"11.0.0.1:1", "11.0.0.1", []string{"198.51.100.7"}},
		"no address at all":                 {"@", "", []string{"198.51.100.7"}},
		"a zone":                            {"[fe80::1%eth0]:1", "fe80::1", nil},
		"a list whose end is a proxy alone": {"10.0.0.1:1", "10.3.3.3", []string{"10.3.3.3"}},
	} {
		r := request{as: "owner", do: "GET " + one, from: c.from, header: header()}
		r.header["X-Forwarded-For"] = c.forwarded
		trusting.send(r)
		if got := trusting.resources.last().call.IP; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		trustless.send(r)
		if got := trustless.resources.last().call.IP; len(c.forwarded) > 0 && strings.Contains(got, "198.51") {
			t.Errorf("%s: without trusted proxies it is %q", name, got)
		}
	}
}

func TestTheHostThatAProxyNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, want string
		header     []string
	}{
		"our proxy":            {"10.0.0.1:1", "https://api.example.com", []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "api.example.com"}},
		"in capitals":          {"10.0.0.1:1", "https://example.com", []string{"X-Forwarded-Proto", "HTTPS"}},
		"a stranger":           {"192.0.2.1:1", "http://example.com", []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example"}},
		"a host that is none":  {"10.0.0.1:1", "https://example.com", []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", `evil"example`}},
		"the nearest proxy's":  {"10.0.0.1:1", "https://near.example", []string{"X-Forwarded-Proto", "http, https", "X-Forwarded-Host", "far.example, near.example"}},
		"another scheme":       {"10.0.0.1:1", "http://example.com", []string{"X-Forwarded-Proto", "gopher"}},
		"nothing from a proxy": {"10.0.0.1:1", "http://example.com", nil},
	} {
		b := setup(t, proxies("10.0.0.0/8"))
		b.resources.page.Next = resource.Link{Param: "page", Value: "2"}
		rec := b.send(request{as: "owner", do: "GET " + all, from: c.from, header: header(c.header...)})
		if want := `"next":"` + c.want + `/api/v1/tasks/?page=2"`; !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s: %s, want %s", name, rec.Body, want)
		}
	}
}

func TestPlainHTTPInProduction(t *testing.T) {
	t.Parallel()
	production := func(c *httpapi.Config) { c.Production = true }
	b := setup(t, production, proxies("10.0.0.0/8"))
	plain := header("X-Forwarded-Proto", "http", "X-Forwarded-Host", "api.example.com:80")
	for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
		rec := b.send(request{as: "owner", do: method + " " + all + "?a=b%20c", from: "10.0.0.1:1", header: plain})
		if got := rec.Header().Get("Location"); rec.Code != 308 || got != "https://api.example.com/api/v1/tasks/?a=b%20c" || rec.Header().Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: %d %q %v", method, rec.Code, got, rec.Header())
		}
	}
	if len(b.resources.calls) != 0 || len(b.accounts.asked) != 0 {
		t.Error("a token that came in plain text was used")
	}
	for host, want := range map[string]string{"[2001:db8::1]:80": "https://[2001:db8::1]/", "[2001:db8::1]": "https://[2001:db8::1]/", "example.org": "https://example.org/"} {
		rec := b.send(request{do: "GET /", from: "10.0.0.1:1", header: header("X-Forwarded-Proto", "http", "X-Forwarded-Host", host)})
		if got := rec.Header().Get("Location"); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
	for name, r := range map[string]request{
		"https at the proxy":      {from: "10.0.0.1:1", header: header("X-Forwarded-Proto", "https")},
		"nobody says":             {from: "10.0.0.1:1"},
		"a stranger says http":    {from: "192.0.2.1:1", header: plain},
		"straight, without proxy": {from: "192.0.2.1:1"},
	} {
		r.as, r.do = "owner", "GET "+all
		if rec := b.send(r); rec.Code != 200 || rec.Header().Get("Strict-Transport-Security") != "max-age=31536000" {
			t.Errorf("%s: %d %v", name, rec.Code, rec.Header())
		}
	}
	development := setup(t, proxies("10.0.0.0/8"))
	if rec := development.send(request{as: "owner", do: "GET " + all, from: "10.0.0.1:1", header: plain}); rec.Code != 200 || rec.Header().Get("Strict-Transport-Security") != "" {
		t.Errorf("in development: %d %v", rec.Code, rec.Header())
	}
	badHost := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	badHost.Host, badHost.RemoteAddr = `evil"host`, "10.0.0.1:1"
	badHost.Header.Set("X-Forwarded-Proto", "http")
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, badHost)
	problem(t, rec, 400, "malformed_body")
	// A connection that is TLS itself needs no proxy to say so.
	direct := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	direct.TLS = &tls.ConnectionState{}
	rec = httptest.NewRecorder()
	b.handler.ServeHTTP(rec, direct)
	if rec.Code != 200 {
		t.Errorf("over TLS: %d", rec.Code)
	}
}
