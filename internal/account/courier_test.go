package account_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// lapse is longer than any claim on an event.
const lapse = time.Minute

// opener is what a node opens trails with.
type opener func(ctx context.Context, t tenant.ID) (storage.Store, error)

func through(open opener) func(*account.Config) {
	return func(c *account.Config) { c.Open, c.Poll = open, 5*time.Millisecond }
}

// broken opens nothing, as from a node whose disk is gone or that died.
func broken(context.Context, tenant.ID) (storage.Store, error) { return nil, errDown }

// watch runs a node until the returned function is called, which waits for its end.
func watch(tb testing.TB, s *account.Service) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Watch(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// trail returns a trail's events, oldest first, and checks their chain.
func (f *fixture) trail(tb testing.TB, t tenant.ID) []storage.Event {
	tb.Helper()
	store, err := f.engine.Open(tb.Context(), t)
	if err != nil {
		tb.Fatal(err)
	}
	defer store.Close()
	events := storage.Events()
	var out []storage.Event
	var last [sha256.Size]byte
	order := []query.Key{{Field: events.Field("seq")}, {Field: events.Field("id")}}
	_, err = store.List(tb.Context(), events, query.List{Order: order, Limit: 10_000}, func(rec storage.Record) error {
		v := rec.Clone().Values
		e := storage.Event{
			ID: v[storage.EventID].ID(), Seq: v[storage.EventSeq].Int(), At: v[storage.EventAt].Time(),
			ActorID: v[storage.EventActorID].ID(), Actor: v[storage.EventActor].Raw(), Action: v[storage.EventAction].Text(),
			Resource: v[storage.EventResource].Text(), Record: v[storage.EventRecord].ID(), Changes: v[storage.EventChanges].Raw(),
			RequestID: v[storage.EventRequestID].Text(), IP: v[storage.EventIP].Text(),
		}
		last = storage.ChainHash(last, int64(len(out)+1), e.Payload())
		if got := v[storage.EventHash].Text(); got != fmt.Sprintf("%x", last) {
			tb.Errorf("event %d of %s breaks the chain", e.Seq, t)
		}
		out = append(out, e)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// actions returns what a trail says beyond the first n events: "action resource".
func (f *fixture) actions(tb testing.TB, t tenant.ID, n int) []string {
	tb.Helper()
	var out []string
	for _, e := range f.trail(tb, t)[n:] {
		out = append(out, e.Action+" "+e.Resource)
	}
	return out
}

// wantActions waits until a trail says this beyond the first n events.
func (f *fixture) wantActions(tb testing.TB, t tenant.ID, n int, want ...string) {
	tb.Helper()
	var got []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if got = f.actions(tb, t, n); len(got) >= len(want) {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Fatalf("the trail (-want +got):\n%s", diff)
	}
}

// wantEmpty checks that nothing stays in the outbox for ever. What a node that was stopped had begun, another ends.
func (f *fixture) wantEmpty(tb testing.TB) {
	tb.Helper()
	for range 100 {
		f.clock.advance(lapse)
		stop := watch(tb, f.node(tb, through(f.engine.Open)))
		time.Sleep(20 * time.Millisecond)
		stop()
		if len(f.left(tb)) == 0 {
			return
		}
	}
	for _, q := range f.left(tb) {
		tb.Errorf("the outbox still has %s %s for %s", q.Event.Action, q.Event.Resource, q.Trail)
	}
}

// left returns all that is in the outbox, while no node is at it.
func (f *fixture) left(tb testing.TB) []storage.QueuedEvent {
	tb.Helper()
	left, err := f.engine.Platform().Outbox().Claim(tb.Context(), f.clock.Now().Add(lapse), f.clock.Now(), 1000)
	if err != nil {
		tb.Fatal(err)
	}
	return left
}

// settle ends the deliveries of a fixture's own events, which no node has finished.
func (f *fixture) settle(tb testing.TB) {
	tb.Helper()
	for _, q := range f.left(tb) {
		if err := f.engine.Platform().Outbox().Finish(tb.Context(), q.Event.ID); err != nil {
			tb.Fatal(err)
		}
	}
}

// TestAnEventThatWasNotDeliveredIsMadeUpFor lets a node die between the commit and the delivery.
func TestAnEventThatWasNotDeliveredIsMadeUpFor(t *testing.T) {
	onBothEngines(t, func(t *testing.T, f *fixture) {
		t.Helper()
		f.settle(t)
		n := len(f.trail(t, f.acme.ID))
		dying := f.node(t, through(broken))
		if err := dying.Suspend(t.Context(), by, "acme"); err != nil {
			t.Fatalf("a change fails for its event's delivery: %v", err)
		}
		if !strings.Contains(f.log.String(), "not delivered yet") {
			t.Error("the log says nothing")
		}
		stop := watch(t, f.node(t, through(f.engine.Open)))
		time.Sleep(50 * time.Millisecond) // some rounds
		f.wantActions(t, f.acme.ID, n)    // whose claim it is may still be at it
		f.clock.advance(lapse)
		f.wantActions(t, f.acme.ID, n, "suspended tenant")
		stop()
		f.wantEmpty(t)
		f.wantActions(t, f.acme.ID, n, "suspended tenant")
	})
}

// TestAnEventThatWasDeliveredIsNotRepeated lets a node die between the delivery and the end of its work.
func TestAnEventThatWasDeliveredIsNotRepeated(t *testing.T) {
	onBothEngines(t, func(t *testing.T, f *fixture) {
		t.Helper()
		f.settle(t)
		acme, platform := len(f.trail(t, f.acme.ID)), len(f.trail(t, tenant.Platform))
		if err := f.Suspend(t.Context(), by, "acme"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.SignIn(t.Context(), by, "no such user", password, ""); !fault.Is(err, fault.CredentialsInvalid) {
			t.Fatal(err)
		}
		f.clock.advance(lapse)
		stop := watch(t, f.node(t, through(f.engine.Open)))
		f.wantActions(t, tenant.Platform, platform, "suspended tenant", "log_in_failed users")
		stop()
		f.wantEmpty(t)
		f.wantActions(t, f.acme.ID, acme, "suspended tenant")
		f.wantActions(t, tenant.Platform, platform, "suspended tenant", "log_in_failed users")
	})
}

// TestALateDeliveryIsNone lets a node fall asleep on its way to the trail, until another one may have been there.
func TestALateDeliveryIsNone(t *testing.T) {
	onBothEngines(t, func(t *testing.T, f *fixture) {
		t.Helper()
		f.settle(t)
		n := len(f.trail(t, f.acme.ID))
		sleepy := f.node(t, through(func(ctx context.Context, of tenant.ID) (storage.Store, error) {
			f.clock.advance(lapse)
			return f.engine.Open(ctx, of)
		}))
		if _, err := sleepy.SignIn(t.Context(), by, "bob", password, "acme"); err != nil {
			t.Fatal(err)
		}
		f.wantActions(t, f.acme.ID, n)
		stop := watch(t, f.node(t, through(f.engine.Open)))
		f.wantActions(t, f.acme.ID, n, "logged_in members")
		stop()
		f.wantEmpty(t)
	})
}

// TestANodeThatIsStoppedLeavesNothingBehind of what it has delivered itself.
func TestANodeThatIsStoppedLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.settle(t)
	node := f.node(t, through(f.engine.Open))
	stop := watch(t, node)
	if _, err := node.SignIn(t.Context(), by, "bob", password, "acme"); err != nil {
		t.Fatal(err)
	}
	stop()
	if left := f.left(t); len(left) > 0 {
		t.Errorf("there is left: %s", left[0].Event.Action)
	}
}

// TestNodesShareTheOutbox lets three nodes deliver what many failed log-ins and two dead nodes have left.
func TestNodesShareTheOutbox(t *testing.T) {
	onBothEngines(t, func(t *testing.T, f *fixture) {
		t.Helper()
		f.settle(t)
		const each = 40
		n := len(f.trail(t, f.acme.ID))
		var want []string
		for range each {
			q := storage.QueuedEvent{Trail: f.acme.ID, Event: storage.Event{
				ID: id.New(), At: f.clock.Now(), Actor: []byte(`{}`), Action: "tried", Resource: "members", Changes: []byte(`{}`),
			}}
			fresh := q
			fresh.Event.ID, fresh.Event.Action = id.New(), "fresh"
			q.Until = f.clock.Now().Add(-time.Second) // of a node that died
			if err := f.engine.Platform().Outbox().Add(t.Context(), q, fresh); err != nil {
				t.Fatal(err)
			}
			want = append(want, "fresh members", "tried members")
		}
		var stops []func()
		for range 3 {
			stops = append(stops, watch(t, f.node(t, through(f.engine.Open))))
		}
		deadline := time.Now().Add(20 * time.Second)
		for len(f.trail(t, f.acme.ID)) < n+2*each && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		for _, stop := range stops {
			stop()
		}
		f.wantEmpty(t)
		got := f.actions(t, f.acme.ID, n)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the trail (-want +got):\n%s", diff)
		}
	})
}

// TestOneTrailThatCantBeReachedHoldsNoOtherUp leaves one tenant's store broken.
func TestOneTrailThatCantBeReachedHoldsNoOtherUp(t *testing.T) {
	t.Parallel()
	f := setup(t)
	acme, globex := len(f.trail(t, f.acme.ID)), len(f.trail(t, f.globex.ID))
	var mend atomic.Bool
	node := f.node(t, through(func(ctx context.Context, of tenant.ID) (storage.Store, error) {
		if of == f.acme.ID && !mend.Load() {
			return nil, errDown
		}
		return f.engine.Open(ctx, of)
	}))
	defer watch(t, node)()
	if _, err := node.SignIn(t.Context(), by, "may", "wrong", ""); !fault.Is(err, fault.CredentialsInvalid) {
		t.Fatal(err)
	}
	f.wantActions(t, f.globex.ID, globex, "log_in_failed members")
	f.wantActions(t, f.acme.ID, acme)
	mend.Store(true)
	f.clock.advance(lapse)
	f.wantActions(t, f.acme.ID, acme, "log_in_failed members")
}

// TestAChangeCountsBeforeItsEventIsDelivered holds the delivery: the gate must not wait for it.
func TestAChangeCountsBeforeItsEventIsDelivered(t *testing.T) {
	t.Parallel()
	f := setup(t)
	access := f.signIn(t, "bob", "acme").Access
	var once sync.Once
	var refused fault.Code
	f.Service = f.node(t, through(func(ctx context.Context, of tenant.ID) (storage.Store, error) {
		once.Do(func() {
			_, err := f.Authenticate(ctx, by, access)
			refused = code(err)
		})
		return f.engine.Open(ctx, of)
	}))
	opens(t, f.Service, access, "")
	if err := f.Suspend(t.Context(), by, "acme"); err != nil {
		t.Fatal(err)
	}
	if refused != fault.TenantSuspended {
		t.Errorf("while the event is delivered the tenant's token answers %q", refused)
	}
}
