package account_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/token"
)

func (f *fixture) refresh(tb testing.TB, raw string) account.Grant {
	tb.Helper()
	g, err := f.Refresh(tb.Context(), by, raw)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	f := setup(t)
	first := f.signIn(t, "may", "acme")
	f.clock.advance(10 * time.Minute)
	if err := f.SetRole(t.Context(), by, "acme", "may", policy.Viewer); err != nil {
		t.Fatal(err)
	}
	second := f.refresh(t, first.Refresh)
	if second.Refresh == first.Refresh || second.Access == first.Access {
		t.Error("a token is the same as before")
	}
	if second.Tenant != f.acme || second.Role != policy.Viewer || second.ExpiresIn != 15*time.Minute || second.User.Username != "may" {
		t.Errorf("grant = %+v", second)
	}
	opens(t, f.Service, second.Access, "")
	opens(t, f.Service, first.Access, "") // its time is not over
	f.refresh(t, second.Refresh)
}

func TestReuseRevokesTheFamily(t *testing.T) {
	t.Parallel()
	f := setup(t)
	thief := f.signIn(t, "bob", "")
	others := f.signIn(t, "bob", "")
	owner := f.refresh(t, thief.Refresh)
	opens(t, f.Service, owner.Access, "")

	_, err := f.Refresh(t.Context(), by, thief.Refresh)
	wantCode(t, err, fault.TokenInvalid)
	for _, raw := range []string{owner.Refresh, thief.Refresh} {
		_, err := f.Refresh(t.Context(), by, raw)
		wantCode(t, err, fault.TokenInvalid)
		if got := fault.From(err).Message; got != "The token is not valid." {
			t.Errorf("message = %q", got)
		}
	}
	for _, raw := range []string{owner.Access, thief.Access} {
		opens(t, f.Service, raw, fault.TokenInvalid)
	}
	opens(t, f.Service, others.Access, "")
	f.refresh(t, others.Refresh)
}

func TestOneOfTwoRefreshesAtOnceWins(t *testing.T) {
	t.Parallel()
	f := setup(t)
	nodes := []*account.Service{f.Service, f.node(t, func(*account.Config) {})}
	for range 10 {
		g := f.signIn(t, "bob", "")
		var group sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			group.Go(func() {
				_, errs[i] = nodes[i%2].Refresh(t.Context(), by, g.Refresh)
			})
		}
		group.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			wantCode(t, err, fault.TokenInvalid)
		}
		if won != 1 {
			t.Fatalf("%d refreshes won, want 1", won)
		}
	}
}

func TestRefreshAsksTheGate(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	other := f.node(t, func(*account.Config) {}) // is told of nothing, and must not need to be
	g := f.signIn(t, "bob", "")
	opens(t, other, g.Access, "")
	steps := []struct {
		name     string
		do, undo func() error
		want     fault.Code
	}{
		{
			"suspended", func() error { return f.Suspend(ctx, by, "acme") }, func() error { return f.Activate(ctx, by, "acme") },
			fault.TenantSuspended,
		},
		{
			"disabled", func() error { return f.SetActive(ctx, by, "bob", false) },
			func() error { return f.SetActive(ctx, by, "bob", true) }, fault.TokenInvalid,
		},
		{
			"removed", func() error { return f.RemoveMember(ctx, by, "acme", "bob") },
			func() error { return nil }, fault.TokenInvalid,
		},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		_, err := other.Refresh(ctx, by, g.Refresh)
		if code(err) != step.want {
			t.Errorf("%s: error = %v, want %s", step.name, err, step.want)
		}
		if err := step.undo(); err != nil {
			t.Fatal(err)
		}
	}
	for _, raw := range []string{"", "nonsense", g.Access} {
		_, err := other.Refresh(ctx, by, raw)
		wantCode(t, err, fault.TokenInvalid)
	}
}

func TestVerifyTellsOfGoodTokens(t *testing.T) {
	t.Parallel()
	f := setup(t)
	g := f.signIn(t, "may", "globex")
	whole := start.Truncate(time.Second)
	want := account.Verified{Type: token.Access, User: f.user(t, "may"), Tenant: f.globex.ID, Role: policy.Member}
	for _, c := range []struct {
		raw       string
		tokenType token.Type
		ttl       time.Duration
	}{
		{g.Access, token.Access, 15 * time.Minute},
		{g.Refresh, token.Refresh, 7 * 24 * time.Hour},
	} {
		want.Type, want.ExpiresAt = c.tokenType, whole.Add(c.ttl)
		got, err := f.Verify(t.Context(), c.raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestVerifyRefusesWhatIsGoodForNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	verify := func(raw string, want fault.Code) {
		t.Helper()
		_, err := f.Verify(ctx, raw)
		wantCode(t, err, want)
	}
	first := f.signIn(t, "bob", "")
	second := f.refresh(t, first.Refresh)
	verify(first.Refresh, fault.TokenInvalid) // rotated
	verify(second.Refresh, "")
	verify(second.Access, "")
	verify("nonsense", fault.TokenInvalid)
	verify(f.access(t, func(c *token.Claims) { c.User = id.New() }), fault.TokenInvalid)

	if err := f.Suspend(ctx, by, "acme"); err != nil {
		t.Fatal(err)
	}
	verify(second.Refresh, fault.TenantSuspended)
	if err := f.Activate(ctx, by, "acme"); err != nil {
		t.Fatal(err)
	}
	if err := f.Revoke(ctx, by, second.Refresh); err != nil {
		t.Fatal(err)
	}
	verify(second.Refresh, fault.TokenInvalid)
	verify(second.Access, fault.TokenInvalid)

	third := f.signIn(t, "bob", "")
	f.clock.advance(15 * time.Minute)
	verify(third.Access, fault.TokenExpired)
	verify(third.Refresh, "")
	f.clock.advance(7 * 24 * time.Hour)
	verify(third.Refresh, fault.TokenExpired)
}

func TestVerifyRefusesARefreshTokenWithoutItsFamily(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw, err := f.tokens.SignRefresh(token.Claims{
		User: f.user(t, "bob"), Tenant: f.acme.ID, Family: id.New(), ExpiresAt: start.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Verify(t.Context(), raw)
	wantCode(t, err, fault.TokenInvalid)
	_, err = f.Refresh(t.Context(), by, raw)
	wantCode(t, err, fault.TokenInvalid)
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	g, others := f.signIn(t, "bob", ""), f.signIn(t, "bob", "")
	if err := f.Revoke(ctx, by, g.Access); err != nil {
		t.Fatal(err)
	}
	opens(t, f.Service, g.Access, fault.TokenInvalid)
	next := f.refresh(t, g.Refresh)
	opens(t, f.Service, next.Access, "")
	if err := f.Revoke(ctx, by, g.Refresh); err != nil { // an old one of the family ends it as well
		t.Fatal(err)
	}
	opens(t, f.Service, next.Access, fault.TokenInvalid)
	_, err := f.Refresh(ctx, by, next.Refresh)
	wantCode(t, err, fault.TokenInvalid)
	opens(t, f.Service, others.Access, "")
}

func TestRevokeOfNothingIsNoError(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := context.WithoutCancel(t.Context())
	g := f.signIn(t, "bob", "")
	expired := f.access(t, func(c *token.Claims) { c.ExpiresAt = start.Add(-time.Second) })
	if err := f.Revoke(ctx, by, g.Access); err != nil {
		t.Fatal(err)
	}
	before, err := f.platform.Generation(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{"", "nonsense", g.Access, g.Access + "A", expired} {
		if err := f.Revoke(ctx, by, raw); err != nil {
			t.Errorf("error = %v, want nil", err)
		}
	}
	after, err := f.platform.Generation(ctx)
	if err != nil || after != before {
		t.Errorf("generation = %d, %v, want %d: what changes nothing must not empty the caches", after, err, before)
	}
}

func TestTokensOfClientsAreRevoked(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.access(t, func(*token.Claims) {})
	opens(t, f.Service, raw, "")
	if err := f.Revoke(t.Context(), by, raw); err != nil {
		t.Fatal(err)
	}
	opens(t, f.Service, raw, fault.TokenInvalid)
	opens(t, f.Service, f.access(t, func(*token.Claims) {}), "")
}
