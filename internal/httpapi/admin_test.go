package httpapi_test

import (
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi"
)

// pages answer with the path, fail at /admin/fail, panic at /admin/panic, and ask the API at /admin/api.
type pages struct{ seen *http.Request }

func (p *pages) Serve(w http.ResponseWriter, r *http.Request, api http.Handler) error {
	p.seen = r
	switch r.URL.Path {
	case "/admin/fail":
		return fault.New(fault.PermissionDenied, "Not you.")
	case "/admin/panic":
		panic("secret")
	case "/admin/api":
		inner := r.Clone(r.Context())
		inner.URL.Path = "/healthz"
		api.ServeHTTP(w, inner)
		return nil
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'")
	_, err := io.WriteString(w, r.URL.Path)
	return err
}

func withPages(p *pages) func(*httpapi.Config) {
	return func(c *httpapi.Config) { c.Admin = p }
}

func TestPagesGetWhatIsBelowAdmin(t *testing.T) {
	t.Parallel()
	p := &pages{}
	b := setup(t, withPages(p))
	for _, path := range []string{"/admin", "/admin/", "/admin/a/b.js"} {
		rec := b.send(request{do: "POST " + path, header: header("X-Request-ID", "mine")})
		if rec.Code != 200 || rec.Body.String() != path || rec.Header().Get("X-Content-Type-Options") != "nosniff" || rec.Header().Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %d %v %s", path, rec.Code, rec.Header(), rec.Body)
		}
		if !strings.Contains(rec.Header().Get("Content-Security-Policy"), "script-src") || rec.Header().Get("X-Request-Id") != "mine" {
			t.Errorf("%s: %v", path, rec.Header())
		}
	}
	if !strings.Contains(b.log.String(), `"route":"/admin/","status":200,"bytes":13`) {
		t.Errorf("the log is %s", b.log.String())
	}
	for _, path := range []string{"/administrator", "/ADMIN/", "/admin/a%2fb", "/admin%2f", "/admin/a%5cb"} {
		problem(t, b.send(request{do: "GET " + path}), 404, "not_found")
	}
	problem(t, setup(t).send(request{do: "GET /admin/"}), 404, "not_found")
}

func TestPagesFailLikeOperations(t *testing.T) {
	t.Parallel()
	b := setup(t, withPages(&pages{}))
	problem(t, b.send(request{do: "GET /admin/fail"}), 403, "permission_denied")
	rec := b.send(request{do: "GET /admin/panic"})
	problem(t, rec, 500, "internal")
	if strings.Contains(rec.Body.String(), "secret") {
		t.Errorf("the answer is %s", rec.Body)
	}
}

func TestPagesAskTheAPIInTheNameOfTheirClient(t *testing.T) {
	t.Parallel()
	p := &pages{}
	b := setup(t, withPages(p), func(c *httpapi.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	rec := b.send(request{do: "GET /admin/api", header: header("X-Forwarded-For", "203.0.113.9")})
	if rec.Code != 200 || rec.Body.String() != `{"status":"ok"}` {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if p.seen.Header.Get("X-Request-Id") != "made" {
		t.Errorf("pages see the request %q", p.seen.Header.Get("X-Request-Id"))
	}
	if got := strings.Count(b.log.String(), `"client":"203.0.113.9"`); got != 2 {
		t.Errorf("%d lines name the client: %s", got, b.log.String())
	}
}

func TestPagesComeByHTTPSInProduction(t *testing.T) {
	t.Parallel()
	p := &pages{}
	b := setup(t, withPages(p), func(c *httpapi.Config) {
		c.Production, c.TrustedProxies = true, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	})
	rec := b.send(request{do: "GET /admin/", header: header("X-Forwarded-Proto", "http")})
	if rec.Code != 308 || rec.Header().Get("Location") != "https://example.com/admin/" || p.seen != nil {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
	if rec := b.send(request{do: "GET /admin/", header: header("X-Forwarded-Proto", "https")}); rec.Code != 200 || rec.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
}

func TestTheLandingPageIsForBrowsers(t *testing.T) {
	t.Parallel()
	for _, admin := range []bool{false, true} {
		b := setup(t, func(c *httpapi.Config) {
			if admin {
				c.Admin = &pages{}
			}
		})
		page := b.send(request{do: "GET /", header: header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")})
		if page.Code != 200 || page.Header().Get("Content-Type") != "text/html; charset=utf-8" || page.Header().Get("Vary") != "Accept" {
			t.Errorf("%d %v", page.Code, page.Header())
		}
		policy := page.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self';") || strings.Contains(policy, "script-src") {
			t.Errorf("policy %s", policy)
		}
		body := page.Body.String()
		for _, part := range []string{"Sample &lt;&amp;&gt;", "1.2.3", `href="/api/docs/"`, `href="/api/schema/"`, `href="/healthz"`} {
			if !strings.Contains(body, part) {
				t.Errorf("the page lacks %s: %s", part, body)
			}
		}
		json := b.send(request{do: "GET /"})
		if json.Header().Get("Vary") != "Accept" || json.Header().Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", json.Header())
		}
		if strings.Contains(body, `href="/admin/"`) != admin || strings.Contains(json.Body.String(), `"admin":"/admin/"`) != admin {
			t.Errorf("the interface is served: %v, and %s, %s", admin, body, json.Body)
		}
		if style := b.send(request{do: "GET /api/docs/assets/landing.css"}); style.Code != 200 || style.Header().Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("the page's style: %d %v", style.Code, style.Header())
		}
	}
}
