package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/httpapi"
)

const app = "https://app.example.com"

func origins(names ...string) func(*httpapi.Config) {
	return func(c *httpapi.Config) { c.Origins = names }
}

// cross returns the headers of an answer that are about origins.
func cross(h http.Header) map[string]string {
	out := map[string]string{}
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			out[name] = h.Get(name)
		}
	}
	return out
}

func TestAnOriginThatMay(t *testing.T) {
	t.Parallel()
	b := setup(t, origins("http://localhost:3000", app))
	for _, do := range []string{"GET " + one, "POST " + all, "GET /api/nowhere", "PATCH " + all} {
		rec := b.send(request{as: "owner", do: do, header: header("Origin", app)})
		want := map[string]string{
			"Access-Control-Allow-Origin":   app,
			"Access-Control-Expose-Headers": "ETag, Location, Link, X-Request-ID, RateLimit, RateLimit-Policy, Retry-After, Idempotency-Replayed",
		}
		if diff := cmp.Diff(want, cross(rec.Header())); diff != "" || strings.Join(rec.Header()["Vary"], "|") != "Authorization, Origin" {
			t.Errorf("%s: %s, Vary %q", do, diff, rec.Header()["Vary"])
		}
	}
	for _, path := range []string{"/api/schema/", "/api/docs/assets/favicon.svg"} {
		h := b.send(request{do: "GET " + path, header: header("Origin", app)}).Header()
		if h.Get("Access-Control-Allow-Origin") != app || strings.Join(h["Vary"], "|") != "Accept-Encoding, Origin" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if got := b.send(request{as: "owner", do: "GET " + one}); len(cross(got.Header())) != 0 || got.Header().Get("Vary") != "Authorization, Origin" {
		t.Errorf("without an origin: %v", got.Header())
	}
	if got := b.send(request{do: "GET /healthz", header: header("Origin", app)}); len(cross(got.Header())) != 0 {
		t.Errorf("outside of the API: %v", got.Header())
	}
}

func TestOriginsThatMayNot(t *testing.T) {
	t.Parallel()
	b := setup(t, origins(app))
	for _, lines := range [][]string{
		{"null"},
		{"https://evil.example"},
		{"https://app.example.com.evil.example"},
		{"https://evil-app.example.com"},
		{"http://app.example.com"},
		{"https://app.example.com:8443"},
		{"https://app.example.com/"},
		{"https://sub.app.example.com"},
		{"HTTPS://APP.EXAMPLE.COM"},
		{"*"},
		{""},
		{app, "https://evil.example"},
		{"https://evil.example", app},
		{app + ", https://evil.example"},
		{"https://app.example.com\t"},
		{"file://"},
	} {
		for _, method := range []string{"GET", "OPTIONS"} {
			h := header("Access-Control-Request-Method", "GET")
			h["Origin"] = lines
			rec := b.send(request{as: "owner", do: method + " " + one, header: h})
			if got := cross(rec.Header()); len(got) != 0 {
				t.Errorf("%s from %q: %v", method, lines, got)
			}
		}
	}
	none := setup(t)
	rec := none.send(request{as: "owner", do: "GET " + one, header: header("Origin", app)})
	if len(cross(rec.Header())) != 0 || rec.Header().Get("Vary") != "Authorization" {
		t.Errorf("without any origin that may: %v", rec.Header())
	}
	rec = none.send(request{do: "OPTIONS " + one, header: header("Origin", app, "Access-Control-Request-Method", "GET")})
	if len(cross(rec.Header())) != 0 || rec.Code != 204 || rec.Header().Get("Allow") == "" {
		t.Errorf("a preflight where no origin may: %d %v", rec.Code, rec.Header())
	}
}

func TestPreflights(t *testing.T) {
	t.Parallel()
	b := setup(t, origins(app))
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"} {
		const all = "authorization,content-type,idempotency-key,if-match,if-none-match,x-request-id"
		rec := b.send(request{do: "OPTIONS " + one, header: header("Origin", app, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", all)})
		want := map[string]string{
			"Access-Control-Allow-Origin": app, "Access-Control-Allow-Methods": method, "Access-Control-Allow-Headers": all, "Access-Control-Max-Age": "7200",
		}
		if diff := cmp.Diff(want, cross(rec.Header())); rec.Code != 204 || diff != "" || rec.Body.Len() != 0 {
			t.Errorf("%s: %d %s", method, rec.Code, diff)
		}
		if got := rec.Header()["Vary"]; strings.Join(got, "|") != "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" {
			t.Errorf("%s: Vary %q", method, got)
		}
	}
	for name, h := range map[string]http.Header{
		"a method that nobody uses": header("Origin", app, "Access-Control-Request-Method", "TRACE"),
		"a header that nobody uses": header("Origin", app, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "x-tenant-id"),
		"one among others":          header("Origin", app, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "Authorization, X-Tenant-ID, If-Match"),
	} {
		if rec := b.send(request{do: "OPTIONS " + one, header: h}); rec.Code != 204 || len(cross(rec.Header())) != 0 {
			t.Errorf("%s: %d %v", name, rec.Code, cross(rec.Header()))
		}
	}
	for name, r := range map[string]request{
		"no preflight":        {do: "OPTIONS " + one, header: header("Origin", app)},
		"no origin":           {do: "OPTIONS " + one, header: header("Access-Control-Request-Method", "GET")},
		"outside of the API":  {do: "OPTIONS /healthz", header: header("Origin", app, "Access-Control-Request-Method", "GET")},
		"TRACE from a script": {do: "TRACE " + one, header: header("Origin", app)},
	} {
		rec := b.send(r)
		if want := map[bool]int{true: 405, false: 204}[strings.HasPrefix(r.do, "TRACE")]; rec.Code != want || rec.Header().Get("Allow") == "" {
			t.Errorf("%s: %d", name, rec.Code)
		}
		if rec.Header().Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("%s is taken for a preflight: %v", name, rec.Header())
		}
	}
	for _, lines := range [][]string{{"Authorization, Content-Type"}, {"content-type,authorization"}, {"Content-Type", " AUTHORIZATION ,,content-type"}} {
		h := header("Origin", app, "Access-Control-Request-Method", "GET")
		h["Access-Control-Request-Headers"] = lines
		if rec := b.send(request{do: "OPTIONS " + one, header: h}); rec.Header().Get("Access-Control-Allow-Headers") != "authorization,content-type" {
			t.Errorf("%q: %v", lines, cross(rec.Header()))
		}
	}
	if len(b.accounts.asked) != 0 || len(b.resources.calls) != 0 {
		t.Error("a preflight reaches the gate or a use case")
	}
}

func TestWhatIsNoOrigin(t *testing.T) {
	t.Parallel()
	c := setup(t).config
	for _, text := range []string{"*", "null", "https://*.example.com", "app.example.com", "https://app.example.com/"} {
		c.Origins = []string{app, text}
		if _, err := httpapi.New(c); err == nil || !strings.Contains(err.Error(), `"`+text+`"`) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestPagesKeepToThemselves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/api/docs/", "/api/redoc/"} {
		h := b.send(request{do: "GET " + path}).Header()
		if h.Get("Cross-Origin-Opener-Policy") != "same-origin" || !strings.Contains(h.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%s: %v", path, h)
		}
	}
}
