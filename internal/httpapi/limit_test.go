package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/limit"
	"github.com/tenantry/tenantry/internal/tenant"
)

func rate(tb testing.TB, text string) limit.Rate {
	tb.Helper()
	r, err := limit.ParseRate(text)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// limited is an API with limits that stand still: nothing flows back.
func limited(t *testing.T, rates httpapi.Rates, change ...func(*httpapi.Config)) *bundle {
	t.Helper()
	limiter, err := limit.New(limit.Config{Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return setup(t, append(change, func(c *httpapi.Config) { c.Limiter, c.Rates = limiter, rates })...)
}

// left is what RateLimit says.
func left(rec *httptest.ResponseRecorder) string { return rec.Header().Get("RateLimit") }

// statuses sends a request n times and counts the statuses.
func (b *bundle) statuses(n int, r request) map[int]int {
	out := map[int]int{}
	for range n {
		out[b.send(r).Code]++
	}
	return out
}

func TestACallersLimit(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{Authenticated: rate(t, "3/h"), Anonymous: rate(t, "2/h")})
	for _, want := range []string{`"caller";r=2;t=1200`, `"caller";r=1;t=1200`, `"caller";r=0;t=1200`} {
		rec := b.send(request{as: "owner", do: "GET " + one})
		if got := rec.Header().Get("RateLimit-Policy"); rec.Code != 200 || left(rec) != want || got != `"caller";q=3;w=3600` {
			t.Errorf("%d %q, want %q of %q", rec.Code, left(rec), want, got)
		}
	}
	calls := len(b.resources.calls)
	rec := b.send(request{as: "owner", do: "GET " + one})
	problem(t, rec, 429, "rate_limited")
	if rec.Header().Get("Retry-After") != "1200" || left(rec) != `"caller";r=0;t=1200` || rec.Header().Get("RateLimit-Policy") == "" {
		t.Errorf("%v", rec.Header())
	}
	if len(b.resources.calls) != calls {
		t.Error("a refused request reaches the use cases")
	}
	// Another user, another tenant, a stranger at the same address.
	user := b.accounts.user
	b.accounts.user = id.New()
	if rec := b.send(request{as: "owner", do: "GET " + one}); rec.Code != 200 || left(rec) != `"caller";r=2;t=1200` {
		t.Errorf("another user: %d %q", rec.Code, left(rec))
	}
	b.accounts.user = user
	b.accounts.tenant.ID = tenant.NewID()
	if rec := b.send(request{as: "owner", do: "GET " + one}); rec.Code != 200 || left(rec) != `"caller";r=2;t=1200` {
		t.Errorf("another tenant: %d %q", rec.Code, left(rec))
	}
	if rec := b.send(request{do: "GET /api/schema/"}); rec.Code != 200 || left(rec) != `"address";r=1;t=1800` {
		t.Errorf("a stranger: %d %q", rec.Code, left(rec))
	}
}

func TestStrangersAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{Anonymous: rate(t, "4/h"), Authenticated: rate(t, "100/h")})
	for _, r := range []request{{do: "GET " + one}, {as: "nobody", do: "GET " + one}, {do: "GET /api/nowhere"}, {do: "PATCH " + all}} {
		if rec := b.send(r); rec.Code == 429 || !strings.HasPrefix(left(rec), `"address";r=`) {
			t.Errorf("%s: %d %q", r.do, rec.Code, left(rec))
		}
	}
	for _, r := range []request{{do: "GET " + one}, {as: "nobody", do: "GET " + one}, {do: "GET /api/nowhere"}, {do: "PATCH " + all}, {do: "GET /api/docs/"}, {do: "GET /api/schema/?x=1"}} {
		rec := b.send(r)
		problem(t, rec, 429, "rate_limited")
		if rec.Header().Get("WWW-Authenticate") != "" {
			t.Errorf("%s: asks for a token", r.do)
		}
	}
	if rec := b.send(request{as: "owner", do: "GET " + one}); rec.Code != 200 {
		t.Errorf("a caller with a token: %d", rec.Code)
	}
	for _, do := range []string{"GET /", "GET /healthz", "GET /readyz", "GET /nowhere"} {
		if rec := b.send(request{do: do}); rec.Code == 429 || left(rec) != "" {
			t.Errorf("%s: %d %q", do, rec.Code, left(rec))
		}
	}
	if rec := b.send(request{do: "GET " + one, from: "192.0.2.2:1234"}); rec.Code != 401 {
		t.Errorf("another address: %d", rec.Code)
	}
}

func TestIPv6IsLimitedByNetwork(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{Anonymous: rate(t, "2/h")})
	for i, want := range []struct {
		from   string
		status int
	}{
		{"[2001:db8:1:2::1]:1", 200},
		{"[2001:db8:1:2:ffff:ffff:ffff:ffff]:1", 200},
		{"[2001:db8:1:2::3%eth0]:1", 429},
		{"[2001:db8:1:3::1]:1", 200},
		{"192.0.2.1:1", 200},
		{"[::ffff:192.0.2.1]:1", 200},
		{"192.0.2.1:2", 429},
		{"[::ffff:192.0.2.2]:1", 200},
	} {
		if rec := b.send(request{do: "GET /api/schema/", from: want.from}); rec.Code != want.status {
			t.Errorf("%d %s: %d, want %d", i, want.from, rec.Code, want.status)
		}
	}
}

func TestNotModifiedCostsNothing(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{Authenticated: rate(t, "3/h"), Anonymous: rate(t, "3/h"), Tenant: rate(t, "9/h")})
	b.send(request{as: "owner", do: "GET " + one})
	for range 10 {
		rec := b.send(request{as: "owner", do: "GET " + one, header: header("If-None-Match", `"own.whole"`)})
		if rec.Code != 304 || left(rec) != `"caller";r=2;t=1200, "tenant";r=8;t=400` {
			t.Fatalf("%d %q", rec.Code, left(rec))
		}
	}
	tag := b.send(request{do: "GET /api/schema/"}).Header().Get("ETag")
	for range 10 {
		if rec := b.send(request{do: "GET /api/schema/", header: header("If-None-Match", tag)}); rec.Code != 304 || left(rec) != `"address";r=2;t=1200` {
			t.Fatalf("%d %q", rec.Code, left(rec))
		}
	}
	if got := b.statuses(3, request{as: "owner", do: "GET " + one}); got[200] != 2 || got[429] != 1 {
		t.Errorf("behind them: %v", got)
	}
	// Whoever has nothing left learns nothing.
	if rec := b.send(request{as: "owner", do: "GET " + one, header: header("If-None-Match", `"own.whole"`)}); rec.Code != 429 {
		t.Errorf("with nothing left: %d", rec.Code)
	}
}

func TestATenantsLimit(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{Authenticated: rate(t, "3/h"), Tenant: rate(t, "4/h"), Tenants: map[string]limit.Rate{"large": rate(t, "1000/h"), "free": {}}})
	if rec := b.send(request{as: "owner", do: "GET " + one}); rec.Header().Get("RateLimit-Policy") != `"caller";q=3;w=3600, "tenant";q=4;w=3600` || left(rec) != `"caller";r=2;t=1200, "tenant";r=3;t=900` {
		t.Errorf("%v", rec.Header())
	}
	b.statuses(2, request{as: "owner", do: "GET " + one})
	b.accounts.user = id.New() // a colleague
	if got := b.statuses(3, request{as: "owner", do: "GET " + one}); got[200] != 1 || got[429] != 2 {
		t.Errorf("a colleague: %v", got)
	}
	if rec := b.send(request{as: "owner", do: "GET " + one}); left(rec) != `"caller";r=2;t=1200, "tenant";r=0;t=900` || rec.Header().Get("Retry-After") != "900" {
		t.Errorf("the tenant's refusal costs the caller: %v", rec.Header())
	}
	b.accounts.tenant = tenant.Tenant{ID: tenant.NewID(), Slug: "large"}
	if rec := b.send(request{as: "owner", do: "GET " + one}); left(rec) != `"caller";r=2;t=1200, "tenant";r=999;t=4` {
		t.Errorf("a tenant with its own limit: %q", left(rec))
	}
	b.accounts.tenant = tenant.Tenant{ID: tenant.NewID(), Slug: "free"}
	if rec := b.send(request{as: "owner", do: "GET " + one}); left(rec) != `"caller";r=2;t=1200` {
		t.Errorf("a tenant without limit: %q", left(rec))
	}
}

func TestAnOperationsOwnLimit(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{
		Anonymous: rate(t, "50/h"), Authenticated: rate(t, "100/h"), LoginAddress: rate(t, "60/m"),
		Operations: map[string]limit.Rate{"listTasks": rate(t, "2/m"), "getTask": {}, "getSchema": rate(t, "1/h"), "getHealth": rate(t, "1/h"), "signIn": rate(t, "1/h")},
	})
	if got := b.statuses(5, request{as: "owner", do: "GET " + all}); got[200] != 2 || got[429] != 3 {
		t.Errorf("2/m: %v", got)
	}
	if rec := b.send(request{as: "owner", do: "GET " + all}); left(rec) != `"operation";r=0;t=30` || rec.Header().Get("RateLimit-Policy") != `"operation";q=2;w=60` {
		t.Errorf("%v", rec.Header())
	}
	if got := b.statuses(5, request{as: "owner", do: "GET " + one}); got[200] != 5 {
		t.Errorf("off: %v", got)
	}
	if rec := b.send(request{as: "owner", do: "GET /api/v1/projects/"}); left(rec) != `"caller";r=99;t=36` {
		t.Errorf("the others' limit: %q", left(rec))
	}
	for _, do := range []string{"GET /api/schema/", "GET /healthz"} {
		if got := b.statuses(3, request{do: do}); got[200] != 1 || got[429] != 2 {
			t.Errorf("%s: %v", do, got)
		}
	}
	if got := b.statuses(3, request{do: "POST /api/v1/auth/token/", body: `{"username":"x","password":"y"}`}); got[200] != 1 || got[429] != 2 {
		t.Errorf("signIn: %v", got)
	}
	c := b.config
	c.Rates.Operations = map[string]limit.Rate{"listTask": rate(t, "1/h")}
	if _, err := httpapi.New(c); err == nil || !strings.Contains(err.Error(), `"listTask"`) {
		t.Errorf("an operation that is none: %v", err)
	}
}

// TestEveryAnswerUnderAPISaysItsLimits also asks wrongly.
func TestEveryAnswerUnderAPISaysItsLimits(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{
		Anonymous: rate(t, "1000/h"), Authenticated: rate(t, "1000/h"), LoginAddress: rate(t, "1000/m"), Login: rate(t, "1000/m"),
	}, func(c *httpapi.Config) { c.Origins = []string{"https://app.example.com"} })
	for _, op := range table() {
		path := strings.ReplaceAll(op.Path, "{id}", recordID)
		for name, r := range map[string]request{
			"asked well": {as: "owner", do: op.Method + " " + path, body: `{"token":"x"}`}, "a stranger": {do: op.Method + " " + path},
			"a bad query": {as: "owner", do: op.Method + " " + path + "?%zz"}, "a bad method": {do: "TRACE " + path},
		} {
			rec := b.send(r)
			policies, limits := rec.Header()["Ratelimit-Policy"], rec.Header()["Ratelimit"]
			if want := strings.HasPrefix(path, "/api/"); (len(policies) == 1) != want || (len(limits) == 1) != want {
				t.Errorf("%s, %s: %d, %q %q", op.ID, name, rec.Code, policies, limits)
			}
		}
	}
	for _, r := range []request{
		{do: "GET /api/nowhere"},
		{do: "GET /api"},
		{do: "GET /api/docs/assets/favicon.svg"},
		{do: "GET /api/v1//tasks/"},
		{do: "OPTIONS " + all, header: header("Origin", "https://app.example.com", "Access-Control-Request-Method", "GET")},
	} {
		if rec := b.send(r); left(rec) == "" || rec.Header().Get("RateLimit-Policy") == "" {
			t.Errorf("%s: %d %v", r.do, rec.Code, rec.Header())
		}
	}
	b.resources.do = nil
	b.resources.err = errors.New("broken")
	if rec := b.send(request{as: "owner", do: "GET " + one}); rec.Code != 500 || left(rec) == "" {
		t.Errorf("a failure: %d %v", rec.Code, rec.Header())
	}
}

func TestWhatCostsNothing(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{Anonymous: rate(t, "2/h"), Authenticated: rate(t, "2/h")}, func(c *httpapi.Config) { c.Origins = []string{"https://app.example.com"} })
	for _, r := range []request{
		{do: "GET /api/docs/assets/favicon.svg"},
		{do: "GET /api/docs/assets/nowhere.js"},
		{do: "OPTIONS " + all, header: header("Origin", "https://app.example.com", "Access-Control-Request-Method", "GET")},
		{do: "OPTIONS " + all, header: header("Origin", "https://evil.example", "Access-Control-Request-Method", "GET")},
	} {
		if got := b.statuses(5, r); got[429] != 0 {
			t.Errorf("%s: %v", r.do, got)
		}
	}
	b.accounts.err = fault.New(fault.Unavailable, "")
	if got := b.statuses(5, request{as: "owner", do: "GET " + one}); got[503] != 5 {
		t.Errorf("while the gate is shut: %v", got)
	}
	b.accounts.err = nil
	if rec := b.send(request{do: "GET /api/schema/"}); left(rec) != `"address";r=1;t=1800` {
		t.Errorf("behind all that: %q", left(rec))
	}
}

func (b *bundle) login(from, username string) *httptest.ResponseRecorder {
	return b.send(request{do: "POST /api/v1/auth/token/", body: fmt.Sprintf(`{"username":%q,"password":"x"}`, username), from: from + ":1"})
}

func TestLogIns(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{Login: rate(t, "10/m"), LoginAddress: rate(t, "60/m"), Anonymous: rate(t, "1/h")})
	b.accounts.err = fault.New(fault.CredentialsInvalid, "")
	if rec := b.login("192.0.2.1", "ada"); rec.Code != 401 || left(rec) != `"login-address";r=59;t=1, "login";r=9;t=6` ||
		rec.Header().Get("RateLimit-Policy") != `"login-address";q=60;w=60, "login";q=10;w=60` {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
	for range 9 {
		b.login("192.0.2.1", "ada")
	}
	b.accounts.signedIn = nil
	rec := b.login("192.0.2.1", "ada")
	problem(t, rec, 429, "rate_limited")
	if rec.Header().Get("Retry-After") != "6" || b.accounts.signedIn != nil {
		t.Errorf("the eleventh: %v, %v", rec.Header(), b.accounts.signedIn)
	}
	if rec := b.login("192.0.2.1", "grace"); rec.Code != 401 || left(rec) != `"login-address";r=49;t=1, "login";r=9;t=6` {
		t.Errorf("another username: %d %q", rec.Code, left(rec))
	}
	// The victim is elsewhere, and so are more guessers: each has one try.
	for _, from := range []string{"198.51.100.1", "198.51.100.2", "[2001:db8::1]"} {
		b.accounts.err = nil
		if rec := b.login(from, "ada"); rec.Code != 200 || left(rec) != `"login-address";r=59;t=1, "login";r=9;t=6` {
			t.Errorf("the victim, from %s: %d %q", from, rec.Code, left(rec))
		}
		rec := b.login(from, "ada")
		problem(t, rec, 429, "rate_limited")
		if rec.Header().Get("Retry-After") != "60" {
			t.Errorf("another try from %s: wait %s", from, rec.Header().Get("Retry-After"))
		}
	}
}

func TestLogInsFromOneAddress(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{Login: rate(t, "10/m"), LoginAddress: rate(t, "6/m")})
	for i := range 3 {
		if rec := b.login("192.0.2.1", fmt.Sprint("user", i)); rec.Code != 200 {
			t.Errorf("user %d: %d", i, rec.Code)
		}
	}
	// Other operations on tokens, and bodies that name nobody, count as well.
	for _, r := range []request{
		{do: "POST /api/v1/auth/token/refresh/", body: `{"refresh":"x"}`}, {do: "POST /api/v1/auth/token/", body: `[`}, {do: "POST /api/v1/auth/token/?x=%zz", body: `{}`},
	} {
		if rec := b.send(r); rec.Code == 429 || !strings.HasPrefix(left(rec), `"login-address";r=`) {
			t.Errorf("%s: %d %q", r.do, rec.Code, left(rec))
		}
	}
	if rec := b.login("192.0.2.1", "another"); rec.Code != 429 {
		t.Errorf("the seventh: %d", rec.Code)
	}
	if rec := b.login("192.0.2.2", "another"); rec.Code != 200 || left(rec) != `"login-address";r=5;t=10, "login";r=9;t=6` {
		t.Errorf("the refused attempt was charged to the username: %q", left(rec))
	}
}

func TestExactlyTheLimitOfAThousand(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{Authenticated: rate(t, "100/h")})
	handler := b.handler
	var through, refused atomic.Int64
	var done sync.WaitGroup
	for range 1000 {
		done.Go(func() {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, one, nil)
			req.Header.Set("Authorization", "Bearer owner")
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, req)
			switch rec.Code {
			case 200:
				through.Add(1)
			case 429:
				refused.Add(1)
			}
		})
	}
	done.Wait()
	if through.Load() != 100 || refused.Load() != 900 || len(b.resources.calls) != 100 {
		t.Errorf("%d through, %d refused, %d calls", through.Load(), refused.Load(), len(b.resources.calls))
	}
}

// TestAPanicKeepsTheHeaders: an answer that is begun anew says the same about limits and origins.
func TestAPanicKeepsTheHeaders(t *testing.T) {
	t.Parallel()
	b := limited(t, httpapi.Rates{Authenticated: rate(t, "3/h")}, func(c *httpapi.Config) { c.Origins = []string{"https://app.example.com"} })
	b.resources.do = func(context.Context) { panic("broken") }
	rec := b.send(request{as: "owner", do: "GET " + one, header: header("Origin", "https://app.example.com")})
	problem(t, rec, 500, "internal")
	if left(rec) != `"caller";r=2;t=1200` || rec.Header().Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("%v", rec.Header())
	}
}
