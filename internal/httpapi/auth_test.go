package httpapi_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/operation"
)

// TestEveryOperationOfATenantAsksForAToken sends everything else wrong as well: a stranger learns of the token alone.
func TestEveryOperationOfATenantAsksForAToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, op := range table() {
		if op.Audience == operation.Public {
			continue
		}
		rec := b.send(request{do: op.Method + " " + strings.ReplaceAll(op.Path, "{id}", "nonsense") + "?x=1&%zz", body: "[", header: header("If-Match", "x", "Content-Type", "text/plain")})
		problem(t, rec, 401, "not_authenticated")
		if got := rec.Header()["Www-Authenticate"]; len(got) != 1 || got[0] != `Bearer realm="tenantry"` {
			t.Errorf("%s: WWW-Authenticate %q", op.ID, got)
		}
	}
	if len(b.accounts.asked) != 0 || b.resources.last().name != "" {
		t.Errorf("something was asked: %v %+v", b.accounts.asked, b.resources.last())
	}
}

func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		lines  []string
		status int
		code   string
		asked  []string
	}{
		{"one token", []string{"Bearer owner"}, 200, "", []string{"owner"}},
		{"the scheme in any case", []string{"bEaReR owner"}, 200, "", []string{"owner"}},
		{"more spaces", []string{"Bearer   owner"}, 200, "", []string{"owner"}},
		{"an unknown token", []string{"Bearer other"}, 401, "token_invalid", []string{"other"}},
		{"nothing", []string{""}, 401, "not_authenticated", nil},
		{"another scheme", []string{"Basic b3duZXI6eA=="}, 401, "not_authenticated", nil},
		{"the token alone", []string{"owner"}, 401, "not_authenticated", nil},
		{"no token", []string{"Bearer"}, 401, "token_invalid", nil},
		{"no token but a space", []string{"Bearer "}, 401, "token_invalid", nil},
		{"two tokens", []string{"Bearer owner owner"}, 401, "token_invalid", nil},
		{"two in a list", []string{"Bearer owner, Bearer owner"}, 401, "token_invalid", nil},
		{"two headers", []string{"Bearer owner", "Bearer owner"}, 401, "token_invalid", nil},
		{"two headers, one good", []string{"Basic x", "Bearer owner"}, 401, "token_invalid", nil},
		{"characters of no token", []string{"Bearer own\"er"}, 401, "token_invalid", nil},
		{"padding alone", []string{"Bearer =="}, 401, "token_invalid", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			rec := b.send(request{do: "GET " + one, header: map[string][]string{"Authorization": c.lines}})
			if c.status == 200 {
				if rec.Code != 200 {
					t.Errorf("%d %s", rec.Code, rec.Body)
				}
			} else {
				problem(t, rec, c.status, c.code)
				hasError := strings.Contains(rec.Header().Get("WWW-Authenticate"), `error="invalid_token"`)
				if hasError != (c.code == "token_invalid") {
					t.Errorf("WWW-Authenticate %q", rec.Header().Get("WWW-Authenticate"))
				}
			}
			if diff := cmp.Diff(c.asked, b.accounts.asked); diff != "" {
				t.Errorf("asked: %s", diff)
			}
		})
	}
}

func TestWhyACallerIsRefused(t *testing.T) {
	t.Parallel()
	busy := fault.New(fault.Unavailable, "")
	busy.RetryAfter = 1500 * time.Millisecond
	for _, c := range []struct {
		err       error
		status    int
		code      string
		challenge string
		retry     string
	}{
		{fault.Wrap(fault.TokenExpired, "The token has expired.", errors.New("x")), 401, "token_expired", `Bearer realm="tenantry", error="invalid_token", error_description="The token has expired."`, ""},
		{fault.New(fault.TokenInvalid, "Say \"no\"."), 401, "token_invalid", `Bearer realm="tenantry", error="invalid_token", error_description="The token is not valid; sign in again."`, ""},
		{fault.New(fault.TenantSuspended, ""), 403, "tenant_suspended", "", ""},
		{busy, 503, "unavailable", "", "2"},
		{fault.New(fault.RateLimited, ""), 429, "rate_limited", "", "1"},
		{errors.New("driver says no"), 500, "internal", "", ""},
	} {
		b := setup(t)
		b.accounts.err = c.err
		rec := b.send(request{as: "owner", do: "GET " + one})
		problem(t, rec, c.status, c.code)
		if got := rec.Header().Get("WWW-Authenticate"); got != c.challenge {
			t.Errorf("%s: WWW-Authenticate %q, want %q", c.code, got, c.challenge)
		}
		if got := rec.Header().Get("Retry-After"); got != c.retry {
			t.Errorf("%s: Retry-After %q, want %q", c.code, got, c.retry)
		}
	}
}

func TestACallerWithoutATenantIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.accounts.tenant.ID = [16]byte{}
	problem(t, b.send(request{as: "owner", do: "GET /api/v1/me/"}), 401, "token_invalid")
}

func TestATokenInTheQueryIsAnUnknownParameter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	problem(t, b.send(request{do: "GET /api/v1/me/?access_token=owner"}), 401, "not_authenticated")
	got := problem(t, b.send(request{as: "viewer", do: "GET /api/v1/me/?access_token=owner"}), 422, "validation_failed")
	if diff := cmp.Diff([]string{"access_token:unknown"}, fields(got)); diff != "" {
		t.Error(diff)
	}
}

// TestWhoMayNotWriteLearnsThatFirst sends bodies that would be refused of somebody else.
func TestWhoMayNotWriteLearnsThatFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, do := range []string{"POST " + all, "PUT " + one, "PATCH " + one, "POST " + one + "complete/"} {
		for _, body := range []string{"", "[", strings.Repeat("x", 2<<20)} {
			rec := b.send(request{as: "viewer", do: do, body: body, header: header("Content-Type", "text/plain")})
			problem(t, rec, 403, "permission_denied")
		}
	}
	if got := b.resources.last(); got.name == "" || got.body != "" {
		t.Errorf("the use case, which records the refusal, got %+v", got)
	}
}
