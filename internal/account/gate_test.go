package account_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

func TestSessionIsTheMembershipsAndNotTheTokens(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.access(t, func(c *token.Claims) { c.Role, c.Scopes = policy.Owner, []string{"read"} })
	got, err := f.Authenticate(t.Context(), by, raw)
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Actor{
		Kind: policy.User, ID: f.user(t, "bob"), Name: "bob", Tenant: f.acme.ID, Role: policy.Member,
		Scopes: []string{"read"}, Pass: f.passes.For(f.acme.ID),
	}
	if diff := cmp.Diff(want, got.Actor); diff != "" {
		t.Errorf("actor (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(f.acme, got.Tenant); diff != "" {
		t.Errorf("tenant (-want +got):\n%s", diff)
	}
	if got.User.Username != "bob" || !got.User.Active || got.Claims.Role != policy.Owner {
		t.Errorf("user = %+v, claims = %+v", got.User, got.Claims)
	}
}

func TestOperatorInsideATenantHasTheRoleOfTheExchange(t *testing.T) {
	t.Parallel()
	f := setup(t)
	root, err := f.CreateUser(t.Context(), by, "root", password, true)
	if err != nil {
		t.Fatal(err)
	}
	enter := func(c *token.Claims) { c.User, c.OnBehalfOf, c.Role = root.ID, root.ID, policy.Viewer }
	got, err := f.Authenticate(t.Context(), by, f.access(t, enter))
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Actor{
		Kind: policy.Operator, ID: root.ID, Name: "root", Tenant: f.acme.ID, Role: policy.Viewer, Scopes: []string{}, OnBehalfOf: root.ID,
		Pass: f.passes.For(f.acme.ID),
	}
	if diff := cmp.Diff(want, got.Actor); diff != "" {
		t.Errorf("actor (-want +got):\n%s", diff)
	}
	for name, change := range map[string]func(c *token.Claims){
		"somebody else's name": func(c *token.Claims) { c.OnBehalfOf = root.ID },
		"no operator":          func(c *token.Claims) { c.OnBehalfOf = c.User },
		"nobody":               func(c *token.Claims) { c.User = id.New(); c.OnBehalfOf = c.User },
		"no tenant":            func(c *token.Claims) { enter(c); c.Tenant = tenant.NewID() },
	} {
		if _, err := f.Authenticate(t.Context(), by, f.access(t, change)); !fault.Is(err, fault.TokenInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.SetActive(t.Context(), by, "root", false); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Authenticate(t.Context(), by, f.access(t, enter)); !fault.Is(err, fault.TokenInvalid) {
		t.Errorf("a disabled operator: %v", err)
	}
}

func TestGateRefusesStrangersAlike(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, name := range []string{"dis", "out"} {
		if _, err := f.CreateUser(t.Context(), by, name, password, false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.AddMember(t.Context(), by, "acme", "dis", policy.Owner); err != nil {
		t.Fatal(err)
	}
	if err := f.SetActive(t.Context(), by, "dis", false); err != nil {
		t.Fatal(err)
	}
	_, badToken := f.Authenticate(t.Context(), by, "nonsense")
	for name, change := range map[string]func(*token.Claims){
		"unknown tenant":   func(c *token.Claims) { c.Tenant = tenant.NewID() },
		"unknown user":     func(c *token.Claims) { c.User = id.New() },
		"other tenant":     func(c *token.Claims) { c.Tenant = f.globex.ID },
		"no membership":    func(c *token.Claims) { c.User = f.user(t, "out") },
		"disabled user":    func(c *token.Claims) { c.User = f.user(t, "dis") },
		"user as tenant":   func(c *token.Claims) { c.Tenant = tenant.ID(c.User) },
		"tenant as user":   func(c *token.Claims) { c.User = id.ID(c.Tenant) },
		"service":          func(c *token.Claims) { c.Kind = policy.Service },
		"service and role": func(c *token.Claims) { c.Kind, c.Role = policy.Service, policy.Owner },
	} {
		_, err := f.Authenticate(t.Context(), by, f.access(t, change))
		wantCode(t, err, fault.TokenInvalid)
		if got, want := fault.From(err).Message, fault.From(badToken).Message; got != want {
			t.Errorf("%s: message %q is not that of any bad token, %q", name, got, want)
		}
	}
	expired := f.access(t, func(c *token.Claims) { c.ExpiresAt = start.Add(-time.Second) })
	opens(t, f.Service, expired, fault.TokenExpired)
}

func TestDisabledUserOfASuspendedTenantLearnsNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.signIn(t, "bob", "").Access
	if err := f.Suspend(t.Context(), by, "acme"); err != nil {
		t.Fatal(err)
	}
	opens(t, f.Service, raw, fault.TenantSuspended)
	if err := f.SetActive(t.Context(), by, "bob", false); err != nil {
		t.Fatal(err)
	}
	opens(t, f.Service, raw, fault.TokenInvalid)
}

// change is something that must reach every node.
type change struct {
	name string
	do   func(context.Context, *fixture, account.Grant) error
	// seen reports whether what Authenticate returned shows the change.
	seen func(account.Session, error) bool
}

func refused(want fault.Code) func(account.Session, error) bool {
	return func(_ account.Session, err error) bool { return code(err) == want }
}

func changes() []change {
	return []change{
		{"suspended tenant", func(ctx context.Context, f *fixture, _ account.Grant) error {
			return f.Suspend(ctx, by, "acme")
		}, refused(fault.TenantSuspended)},
		{"removed member", func(ctx context.Context, f *fixture, _ account.Grant) error {
			return f.RemoveMember(ctx, by, "acme", "bob")
		}, refused(fault.TokenInvalid)},
		{"disabled user", func(ctx context.Context, f *fixture, _ account.Grant) error {
			return f.SetActive(ctx, by, "bob", false)
		}, refused(fault.TokenInvalid)},
		{"changed role", func(ctx context.Context, f *fixture, _ account.Grant) error {
			return f.SetRole(ctx, by, "acme", "bob", policy.Viewer)
		}, func(s account.Session, err error) bool { return err == nil && s.Actor.Role == policy.Viewer }},
		{"revoked access token", func(ctx context.Context, f *fixture, g account.Grant) error {
			return f.Revoke(ctx, by, g.Access)
		}, refused(fault.TokenInvalid)},
		{"revoked family", func(ctx context.Context, f *fixture, g account.Grant) error {
			return f.Revoke(ctx, by, g.Refresh)
		}, refused(fault.TokenInvalid)},
		{"new password", func(ctx context.Context, f *fixture, _ account.Grant) error {
			return f.SetPassword(ctx, by, "bob", "another password")
		}, refused(fault.TokenInvalid)},
		{"refresh token used twice", func(ctx context.Context, f *fixture, g account.Grant) error {
			if _, err := f.Refresh(ctx, by, g.Refresh); err != nil {
				return err
			}
			if _, err := f.Refresh(ctx, by, g.Refresh); !fault.Is(err, fault.TokenInvalid) {
				return fmt.Errorf("second use: %w", err)
			}
			return nil
		}, refused(fault.TokenInvalid)},
	}
}

// TestChangesAreSeenAtOnceOnTheSameNode holds the clock, so that nothing is read again because of its age.
func TestChangesAreSeenAtOnceOnTheSameNode(t *testing.T) {
	t.Parallel()
	for _, c := range changes() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			g := f.signIn(t, "bob", "")
			opens(t, f.Service, g.Access, "")
			if err := c.do(t.Context(), f, g); err != nil {
				t.Fatal(err)
			}
			if s, err := f.Authenticate(t.Context(), by, g.Access); !c.seen(s, err) {
				t.Errorf("session = %+v, error = %v", s, err)
			}
		})
	}
}

// TestChangesAreSeenWithinASecondOnOtherNodes uses the real clock and the polling as it is configured by default.
func TestChangesAreSeenWithinASecondOnOtherNodes(t *testing.T) {
	t.Parallel()
	for _, c := range changes() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			other := f.watching(t)
			g := f.signIn(t, "bob", "")
			for range 3 { // in memory, and confirmed by some polls
				opens(t, other, g.Access, "")
				time.Sleep(150 * time.Millisecond)
			}
			if err := c.do(t.Context(), f, g); err != nil {
				t.Fatal(err)
			}
			changed := time.Now()
			for {
				asked := time.Since(changed)
				s, err := other.Authenticate(t.Context(), by, g.Access)
				if c.seen(s, err) {
					break
				}
				if asked > time.Second {
					t.Fatalf("not seen %s after the change: error = %v", asked, err)
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}

// watching returns another node that follows changes by the real clock until the test ends.
func (f *fixture) watching(t *testing.T) *account.Service {
	t.Helper()
	began := time.Now()
	s := f.node(t, func(c *account.Config) {
		c.Clock = func() time.Time { return start.Add(time.Since(began)) }
	})
	f.watch(t, s)
	return s
}

func (f *fixture) watch(t *testing.T, s *account.Service) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Watch(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// TestUnconfirmedAnswersAreGoodForASecond has a node that nothing tells of changes.
func TestUnconfirmedAnswersAreGoodForASecond(t *testing.T) {
	t.Parallel()
	for _, c := range changes() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			other := f.node(t, func(*account.Config) {})
			g := f.signIn(t, "bob", "")
			opens(t, other, g.Access, "")
			if err := c.do(t.Context(), f, g); err != nil {
				t.Fatal(err)
			}
			f.clock.advance(time.Second)
			if s, err := other.Authenticate(t.Context(), by, g.Access); err != nil || s.Actor.Role != policy.Member {
				t.Errorf("after a second: session = %+v, error = %v; memory was not used", s, err)
			}
			f.clock.advance(1)
			if s, err := other.Authenticate(t.Context(), by, g.Access); !c.seen(s, err) {
				t.Errorf("after more than a second: session = %+v, error = %v", s, err)
			}
		})
	}
}

func TestGateClosesWhenThePlatformIsDown(t *testing.T) {
	t.Parallel()
	f := setup(t)
	node := f.node(t, func(c *account.Config) { c.Poll = time.Millisecond })
	f.watch(t, node)
	raw := f.signIn(t, "bob", "").Access
	f.polled(t)
	opens(t, node, raw, "")
	f.platform.down.Store(true)
	f.polled(t)
	opens(t, node, raw, "")
	f.clock.advance(time.Second + 1)
	f.polled(t)
	_, err := node.Authenticate(t.Context(), by, raw)
	wantCode(t, err, fault.Unavailable)
	if fault.From(err).RetryAfter == 0 {
		t.Error("nothing says when to try again")
	}
	f.platform.down.Store(false)
	opens(t, node, raw, "")
	f.polled(t)
	if log := f.log.String(); strings.Count(log, "can't be followed") != 1 || strings.Count(log, "followed again") != 1 {
		t.Errorf("the outage is not told once in the log:\n%s", log)
	}
}

// polled waits until a poll has begun and ended.
func (f *fixture) polled(t *testing.T) {
	t.Helper()
	for until := f.platform.generations.Load() + 3; f.platform.generations.Load() < until; {
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
		time.Sleep(time.Millisecond)
	}
}

func TestConfirmedAnswersAreNotReadAgain(t *testing.T) {
	t.Parallel()
	f := setup(t)
	node := f.node(t, func(c *account.Config) { c.Poll = time.Millisecond })
	f.watch(t, node)
	raw := f.signIn(t, "bob", "").Access
	f.polled(t)
	opens(t, node, raw, "")
	before := f.platform.standings.Load()
	for range 5 {
		f.clock.advance(800 * time.Millisecond)
		f.polled(t)
		opens(t, node, raw, "")
	}
	if reads := f.platform.standings.Load() - before; reads != 0 {
		t.Errorf("%d reads, want 0", reads)
	}
}

func TestAnswersNobodyGotAreNotRemembered(t *testing.T) {
	t.Parallel()
	f := setup(t)
	other := f.node(t, func(*account.Config) {})
	raw := f.access(t, func(c *token.Claims) { c.User = f.user(t, "gus") })
	opens(t, other, raw, fault.TokenInvalid)
	if _, err := f.AddMember(t.Context(), by, "acme", "gus", policy.Viewer); err != nil {
		t.Fatal(err)
	}
	opens(t, other, raw, "")
}

func TestRequestsAtOnceReadOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.signIn(t, "bob", "").Access
	before := f.platform.standings.Load()
	f.platform.set(&f.platform.afterStanding, func() { time.Sleep(50 * time.Millisecond) })
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := f.Authenticate(t.Context(), by, raw); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if reads := f.platform.standings.Load() - before; reads != 1 {
		t.Errorf("%d reads, want 1", reads)
	}
}

// hold makes the next read of a standing wait, with its answer in hand, until release is called.
func (f *fixture) hold(t *testing.T) (held <-chan struct{}, release func()) {
	t.Helper()
	reached, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	f.platform.set(&f.platform.afterStanding, func() {
		f.platform.set(&f.platform.afterStanding, nil)
		close(reached)
		<-leave
	})
	release = func() { once.Do(func() { close(leave) }) }
	t.Cleanup(release)
	return reached, release
}

// TestAnswerOnItsWayDuringAChangeIsNotUsed is the race that a cache which is only emptied loses: the old answer
// comes after the change.
func TestAnswerOnItsWayDuringAChangeIsNotUsed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.signIn(t, "bob", "").Access
	held, release := f.hold(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = f.Authenticate(context.WithoutCancel(t.Context()), by, raw)
	}()
	<-held
	if err := f.Suspend(t.Context(), by, "acme"); err != nil {
		t.Fatal(err)
	}
	opens(t, f.Service, raw, fault.TenantSuspended) // does not wait for the read that has begun before
	release()
	<-done // that request came before the change: either answer is right
	opens(t, f.Service, raw, fault.TenantSuspended)
}

// TestSlowReadIsNotSharedForLong lets a read take longer than its answer may be old.
func TestSlowReadIsNotSharedForLong(t *testing.T) {
	t.Parallel()
	f := setup(t)
	other := f.node(t, func(*account.Config) {})
	raw := f.signIn(t, "bob", "").Access
	held, release := f.hold(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = other.Authenticate(context.WithoutCancel(t.Context()), by, raw)
	}()
	<-held
	if err := f.Suspend(t.Context(), by, "acme"); err != nil { // other is not told
		t.Fatal(err)
	}
	f.clock.advance(time.Second + 1)
	opens(t, other, raw, fault.TenantSuspended)
	release()
	<-done
	opens(t, other, raw, fault.TenantSuspended)
}

func TestCancelledRequestDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.signIn(t, "bob", "").Access
	held, release := f.hold(t)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := f.Authenticate(ctx, by, raw)
		first <- err
	}()
	<-held
	go func() {
		_, err := f.Authenticate(t.Context(), by, raw)
		second <- err
	}()
	time.Sleep(20 * time.Millisecond) // so that the second waits for the first one's read
	cancel()
	wantCode(t, <-first, fault.Unavailable)
	release()
	if err := <-second; err != nil {
		t.Error(err)
	}
}

func TestIsMember(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, c := range []struct {
		tenant tenant.ID
		user   id.ID
		want   bool
	}{
		{f.acme.ID, f.user(t, "bob"), true},
		{f.globex.ID, f.user(t, "bob"), false},
		{f.globex.ID, f.user(t, "may"), true},
		{f.acme.ID, id.New(), false},
		{tenant.NewID(), f.user(t, "bob"), false},
	} {
		got, err := f.IsMember(t.Context(), c.tenant, c.user)
		if err != nil || got != c.want {
			t.Errorf("IsMember(%s, %s) = %v, %v, want %v", c.tenant, c.user, got, err, c.want)
		}
	}
	f.platform.down.Store(true)
	f.clock.advance(time.Hour)
	if got, err := f.IsMember(t.Context(), f.acme.ID, f.user(t, "bob")); err == nil || got {
		t.Errorf("IsMember = %v, %v while the platform is down", got, err)
	}
}

func TestWatchPrunes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.access(t, func(*token.Claims) {})
	if err := f.Revoke(t.Context(), by, raw); err != nil {
		t.Fatal(err)
	}
	revoked := func() int {
		ids, err := f.platform.Tokens().Revoked(t.Context(), start)
		if err != nil {
			t.Fatal(err)
		}
		return len(ids)
	}
	if n := revoked(); n != 1 {
		t.Fatalf("%d revoked tokens, want 1", n)
	}
	f.clock.advance(2 * time.Hour)
	f.watch(t, f.node(t, func(c *account.Config) { c.Poll = time.Millisecond }))
	f.polled(t)
	if n := revoked(); n != 0 {
		t.Errorf("%d revoked tokens are left, want 0", n)
	}
}

// TestAuthenticateAllocatesNothing holds the hot path to its budget.
func TestAuthenticateAllocatesNothing(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts everybody's
	f := setup(t)
	raw := f.signIn(t, "bob", "").Access
	allocs := testing.AllocsPerRun(1000, func() {
		if _, err := f.Authenticate(context.Background(), by, raw); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations, the budget is 0", allocs)
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	f := setup(b)
	raw := f.signIn(b, "bob", "").Access
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Authenticate(b.Context(), by, raw); err != nil {
			b.Fatal(err)
		}
	}
}
