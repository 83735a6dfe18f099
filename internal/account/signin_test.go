package account_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/token"
)

func TestSignInGivesTokensThatOpenTheTenant(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, ref := range []string{"acme", f.acme.ID.String(), strings.ToUpper(f.acme.ID.String())} {
		g := f.signIn(t, "may", ref)
		if g.ExpiresIn != 15*time.Minute || g.Tenant != f.acme || g.Role != policy.Admin || g.User.Username != "may" {
			t.Errorf("grant for %s = %+v", ref, g)
		}
		s, err := f.Authenticate(t.Context(), by, g.Access)
		if err != nil {
			t.Fatal(err)
		}
		if s.Tenant != f.acme || s.Actor.Role != policy.Admin || s.Actor.ID != f.user(t, "may") {
			t.Errorf("session for %s = %+v", ref, s)
		}
		opens(t, f.Service, g.Refresh, fault.TokenInvalid)
	}
	if g := f.signIn(t, "bob", ""); g.Tenant != f.acme {
		t.Errorf("without a choice bob is in %s", g.Tenant.Slug)
	}
}

// TestSignInRefusesAlike compares all that a client sees, and what is read to get there.
func TestSignInRefusesAlike(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, name := range []string{"dis", "out"} {
		if _, err := f.CreateUser(t.Context(), by, name, password, false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.AddMember(t.Context(), by, "acme", "dis", policy.Member); err != nil {
		t.Fatal(err)
	}
	if err := f.SetActive(t.Context(), by, "dis", false); err != nil {
		t.Fatal(err)
	}
	if err := f.Suspend(t.Context(), by, "globex"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ username, password, ref string }{
		"wrong password":                   {"bob", password + ".", "acme"},
		"wrong password, no tenant":        {"may", password + ".", ""},
		"wrong password, suspended tenant": {"gus", password + ".", "globex"},
		"empty password":                   {"bob", "", "acme"},
		"endless password":                 {"bob", strings.Repeat("x", 1025), "acme"},
		"unknown user":                     {"nobody", password, "acme"},
		"no user":                          {"", password, "acme"},
		"user in capitals":                 {"BOB", password, "acme"},
		"user that can't be":               {"bob\x00", password, "acme"},
		"disabled user":                    {"dis", password, "acme"},
		"unknown tenant":                   {"bob", password, "nosuch"},
		"unknown tenant's id":              {"bob", password, id.New().String()},
		"tenant that can't be":             {"bob", password, "' OR 1=1"},
		"tenant in capitals":               {"bob", password, "ACME"},
		"tenant by its name":               {"bob", password, "Acme"},
		"not a member":                     {"ann", password, "globex"},
		"not a member, by id":              {"ann", password, f.globex.ID.String()},
		"no membership":                    {"out", password, ""},
	} {
		before := f.platform.finds.Load()
		g, err := f.SignIn(t.Context(), by, c.username, c.password, c.ref)
		want := fault.New(fault.CredentialsInvalid, "The username, the password or the tenant is wrong.")
		if diff := cmp.Diff(want, fault.From(err), cmpopts.IgnoreUnexported(fault.Error{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if g != (account.Grant{}) {
			t.Errorf("%s: something was granted", name)
		}
		if reads := f.platform.finds.Load() - before; reads != 2 {
			t.Errorf("%s: %d reads tell it from the others, want 2", name, reads)
		}
	}
}

// TestSignInHashesForStrangersToo measures the work by its memory, which is all that argon2 asks of a machine.
func TestSignInHashesForStrangersToo(t *testing.T) { //nolint:paralleltest // counts everybody's memory
	f := setup(t)
	const memory = 32 << 20
	f.Service = f.node(t, func(c *account.Config) { c.Passwords = account.Passwords{Time: 1, Memory: memory >> 10} })
	if _, err := f.CreateUser(t.Context(), by, "eve", password, false); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"eve", "nobody", "", "eve\n"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := f.SignIn(t.Context(), by, name, "a wrong password", "")
		runtime.ReadMemStats(&after)
		wantCode(t, err, fault.CredentialsInvalid)
		if used := after.TotalAlloc - before.TotalAlloc; used < memory || used > memory*3/2 {
			t.Errorf("%q: %d bytes, want about %d", name, used, memory)
		}
	}
}

func TestSignInChoosesTheTenant(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	_, err := f.SignIn(ctx, by, "may", password, "")
	want := &fault.Error{
		Code: fault.ValidationFailed, Message: "You belong to several tenants; name the one to sign in to.",
		Fields: []fault.Field{{Name: "tenant", Code: fault.FieldRequired, Message: "Name one of the tenants by its slug or id."}},
		Tenants: []fault.Choice{
			{ID: f.acme.ID.String(), Slug: "acme", Name: "Acme"},
			{ID: f.globex.ID.String(), Slug: "globex", Name: "Globex"},
		},
	}
	if diff := cmp.Diff(want, fault.From(err), cmpopts.IgnoreUnexported(fault.Error{})); diff != "" {
		t.Errorf("several tenants (-want +got):\n%s", diff)
	}
	if err := f.Suspend(ctx, by, "acme"); err != nil {
		t.Fatal(err)
	}
	if g := f.signIn(t, "may", ""); g.Tenant != f.globex {
		t.Errorf("one is suspended: may is in %s", g.Tenant.Slug)
	}
	_, err = f.SignIn(ctx, by, "may", password, "acme")
	wantCode(t, err, fault.TenantSuspended)
	_, err = f.SignIn(ctx, by, "bob", password, "")
	wantCode(t, err, fault.TenantSuspended)
	if err := f.Activate(ctx, by, "acme"); err != nil {
		t.Fatal(err)
	}
	if g := f.signIn(t, "bob", ""); g.Tenant.Slug != "acme" {
		t.Errorf("bob is in %s", g.Tenant.Slug)
	}
}

// TestPasswordChangedDuringSignIn changes it after it was checked and before the session exists to be revoked.
func TestPasswordChangedDuringSignIn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.platform.set(&f.platform.beforeCreate, func() {
		if err := f.SetPassword(context.WithoutCancel(t.Context()), by, "bob", "another password"); err != nil {
			t.Error(err)
		}
	})
	g, err := f.SignIn(t.Context(), by, "bob", password, "")
	wantCode(t, err, fault.CredentialsInvalid)
	if g.Access != "" || g.Refresh != "" {
		t.Error("tokens were given")
	}
	revoked, err := f.platform.Tokens().Revoked(t.Context(), f.clock.Now())
	if err != nil || len(revoked) != 1 {
		t.Errorf("revoked families: %v, %v, want one", revoked, err)
	}
}

func TestWeakHashesAreReplaced(t *testing.T) {
	t.Parallel()
	f := setup(t)
	before := f.signIn(t, "bob", "")
	hash := func() string {
		u, err := f.platform.Users().ByName(t.Context(), "bob")
		if err != nil {
			t.Fatal(err)
		}
		return u.PasswordHash
	}
	weak := hash()
	if !strings.HasPrefix(weak, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("hash = %s", weak)
	}
	stronger := f.node(t, func(c *account.Config) { c.Passwords = account.Passwords{Time: 2, Memory: 64} })
	for _, wrong := range []string{"a wrong password", ""} {
		if _, err := stronger.SignIn(t.Context(), by, "bob", wrong, ""); err == nil || hash() != weak {
			t.Fatalf("error = %v; a wrong password must change nothing", err)
		}
	}
	if _, err := stronger.SignIn(t.Context(), by, "bob", password, ""); err != nil {
		t.Fatal(err)
	}
	strong := hash()
	if !strings.HasPrefix(strong, "$argon2id$v=19$m=64,t=2,p=1$") {
		t.Errorf("hash = %s", strong)
	}
	opens(t, f.node(t, func(*account.Config) {}), before.Access, "")
	if _, err := f.Refresh(t.Context(), by, before.Refresh); err != nil {
		t.Errorf("a stronger hash of the same password ended the session: %v", err)
	}
	f.signIn(t, "bob", "") // under the weaker setting, which must not weaken it again
	if hash() != strong {
		t.Error("a strong hash was replaced")
	}
}

func TestFloodOfSignInsIsBounded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	node := f.node(t, func(c *account.Config) { c.Passwords = account.Passwords{Time: 1, Memory: 64, Workers: 1, Queue: 1} })
	leave := make(chan struct{})
	f.platform.set(&f.platform.beforeFind, func() { <-leave })
	errs := make(chan error)
	for range 5 {
		go func() {
			_, err := node.SignIn(context.WithoutCancel(t.Context()), by, "bob", password, "")
			errs <- err
		}()
	}
	for range 3 { // one has its turn, one waits
		err := <-errs
		wantCode(t, err, fault.Unavailable)
		if fault.From(err).RetryAfter <= 0 {
			t.Error("nothing says when to try again")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := node.SignIn(ctx, by, "bob", password, ""); err == nil {
		t.Error("signed in after the request has ended")
	}
	close(leave)
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestWaitingForATurnEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	f := setup(t)
	node := f.node(t, func(c *account.Config) { c.Passwords = account.Passwords{Time: 1, Memory: 64, Workers: 1, Queue: 1} })
	inside, leave, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	f.platform.set(&f.platform.beforeFind, func() { close(inside); <-leave })
	go func() {
		defer close(done)
		_, _ = node.SignIn(context.WithoutCancel(t.Context()), by, "bob", password, "")
	}()
	<-inside
	for range 3 { // a place in the queue that was given up is free again
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		_, err := node.SignIn(ctx, by, "bob", password, "")
		cancel()
		wantCode(t, err, fault.Unavailable)
		if fault.Is(err, fault.Unavailable) {
			t.Errorf("error = %v, want the end of the context", err)
		}
	}
	f.platform.set(&f.platform.beforeFind, nil)
	close(leave)
	<-done
	f.Service = node
	f.signIn(t, "bob", "")
}

func TestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const wrong = "a wrong passphrase"
	_, _ = f.SignIn(t.Context(), by, "bob", wrong, "")
	g := f.signIn(t, "bob", "")
	_ = f.SetPassword(t.Context(), by, "bob", "another passphrase")
	for range 2 {
		_, _ = f.Refresh(t.Context(), by, g.Refresh)
	}
	_, err := f.Verify(t.Context(), g.Access)
	log := f.log.String()
	if !strings.Contains(log, "its family is revoked") {
		t.Errorf("a stolen refresh token is not told in the log: %s", log)
	}
	if err == nil {
		t.Fatal("the token verifies")
	}
	u, _ := f.platform.Users().ByName(t.Context(), "bob")
	for _, secret := range []string{password, wrong, "another passphrase", u.PasswordHash, g.Access, g.Refresh} {
		if strings.Contains(log+err.Error(), secret) {
			t.Errorf("a secret is told: %s", log+err.Error())
		}
	}
}

func TestAccessTokenEndsWithItsFamily(t *testing.T) {
	t.Parallel()
	f := setup(t)
	node := f.node(t, func(c *account.Config) { c.AccessTTL, c.RefreshTTL = time.Hour, 90*time.Minute })
	g, err := node.SignIn(t.Context(), by, "bob", password, "")
	if err != nil {
		t.Fatal(err)
	}
	end := start.Truncate(time.Second).Add(90 * time.Minute)
	f.clock.advance(50 * time.Minute)
	g, err = node.Refresh(t.Context(), by, g.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	if g.ExpiresIn != 40*time.Minute {
		t.Errorf("expires in %s, want what is left of the session, 40m", g.ExpiresIn)
	}
	for _, c := range []struct {
		raw  string
		want token.Type
	}{{g.Access, token.Access}, {g.Refresh, token.Refresh}} {
		claims, err := f.tokens.Verify(c.raw, c.want)
		if err != nil || !claims.ExpiresAt.Equal(end) {
			t.Errorf("%s token ends at %s (%v), want %s", c.want, claims.ExpiresAt, err, end)
		}
	}
	f.clock.advance(40 * time.Minute)
	_, err = node.Refresh(t.Context(), by, g.Refresh)
	wantCode(t, err, fault.TokenExpired)
	opens(t, node, g.Access, fault.TokenExpired)
}
