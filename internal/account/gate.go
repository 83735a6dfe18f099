package account

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

const (
	// trust is how long an answer is good that the database has not confirmed since. It is the contract's bound:
	// whatever fails, no node lets in for longer whom another has shut out.
	trust = time.Second
	// patience bounds one read of the gate, which is shared by several requests and so outlives each of them.
	patience = 5 * time.Second
	// remembered is how many standings are kept, at about half a kilobyte each.
	remembered = 50_000
)

// gate answers who stands where and what is revoked, from memory where that is known to be true.
//
// All it remembers belongs to an epoch. A change of who may do what, by this node or seen in the platform's
// generation, begins a new one, and nothing of an older one is used again: an answer that was on its way from the
// database during the change is as old as those in memory, and this is how it is known. Within its epoch an answer
// is true as of the moment when it was asked for, or when the generation was last seen unchanged if that is later,
// and is used for as long as trust from then.
type gate struct {
	platform storage.Platform
	clock    func() time.Time

	mu      sync.Mutex // orders the changes of now
	now     atomic.Pointer[moment]
	places  *otter.Cache[place, *standing]
	revoked atomic.Pointer[revocations]
	loads   singleflight.Group
}

// moment is what the gate knows of the platform as a whole.
type moment struct {
	epoch uint64
	// generation is the last one seen, where seen, and confirmed the moment before it was asked for.
	generation int64
	seen       bool
	confirmed  time.Time
}

// asOf says of which epoch and moment an answer is.
type asOf struct {
	epoch uint64
	at    time.Time
}

func (a asOf) good(m *moment, now time.Time) bool {
	at := a.at
	if m.confirmed.After(at) {
		at = m.confirmed
	}
	return a.epoch == m.epoch && now.Sub(at) <= trust
}

// place is where a caller of a kind stands: in a tenant, or, an operator of the platform, in none.
type place struct {
	kind   policy.Kind
	tenant tenant.ID
	caller id.ID
}

// standing is what is known of a caller. A service account's is told in the words of a member's: its own id, name and
// role stand there. An operator has no membership.
type standing struct {
	asOf
	storage.Standing
	// until is when a service account ends; zero never comes.
	until time.Time
}

type revocations struct {
	asOf
	ids map[id.ID]struct{}
}

func newGate(p storage.Platform, clock func() time.Time) (*gate, error) {
	places, err := otter.New(&otter.Options[place, *standing]{MaximumSize: remembered})
	if err != nil {
		return nil, err
	}
	g := &gate{platform: p, clock: clock, places: places}
	g.now.Store(&moment{})
	return g, nil
}

// drop forgets everything, at once. It follows each change that this node makes.
func (g *gate) drop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	next := *g.now.Load()
	g.begin(&next)
	g.now.Store(&next)
}

// begin makes next the first moment of a new epoch. The caches would not be used any more anyway; they are emptied
// for the memory.
func (g *gate) begin(next *moment) {
	next.epoch++
	g.places.InvalidateAll()
	g.revoked.Store(nil)
}

// poll asks for the generation and forgets everything where it is another than the last.
func (g *gate) poll(ctx context.Context) (changed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, trust)
	defer cancel()
	start := g.clock()
	generation, err := g.platform.Generation(ctx)
	if err != nil {
		return false, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	next := *g.now.Load()
	if changed = !next.seen || generation != next.generation; changed {
		g.begin(&next)
		next.seen, next.generation = true, generation
	}
	next.confirmed = start
	g.now.Store(&next)
	return changed, nil
}

// standing returns the caller's standing; not_found as the platform says it, which is never remembered.
func (g *gate) standing(ctx context.Context, p place) (*standing, error) {
	now, m := g.clock(), g.now.Load()
	if s, ok := g.places.GetIfPresent(p); ok && s.good(m, now) {
		return s, nil
	}
	return g.read(ctx, p, now, m)
}

// read is apart, so that an answer from memory allocates nothing.
func (g *gate) read(ctx context.Context, p place, now time.Time, m *moment) (*standing, error) {
	name := string(append(append([]byte("standing "+p.kind), p.tenant[:]...), p.caller[:]...))
	return share(ctx, g, name, now, m, func(ctx context.Context, of asOf) (*standing, error) {
		s := &standing{asOf: of}
		var err error
		switch p.kind {
		case policy.User:
			s.Standing, err = g.platform.Memberships().Standing(ctx, p.tenant, p.caller)
		case policy.Service:
			s.Standing, s.until, err = g.service(ctx, p)
		case policy.Operator:
			s.Standing, err = g.operator(ctx, p)
		default:
			err = fault.Missing()
		}
		if err != nil {
			return nil, err
		}
		s.User.PasswordHash = "" // nobody behind the gate needs it
		g.places.Set(p, s)
		return s, nil
	})
}

func (g *gate) service(ctx context.Context, p place) (at storage.Standing, until time.Time, err error) {
	a, t, err := g.platform.ServiceAccounts().Find(ctx, p.caller)
	if err == nil && t.ID != p.tenant {
		err = fault.Missing()
	}
	at = storage.Standing{
		Tenant: t, User: storage.User{ID: a.ID, Username: a.Name, Active: true},
		Membership: storage.Membership{ID: a.ID, Tenant: t.ID, User: a.ID, Role: a.Role},
	}
	return at, a.ExpiresAt, err
}

func (g *gate) operator(ctx context.Context, p place) (at storage.Standing, err error) {
	if at.User, err = g.platform.Users().Get(ctx, p.caller); err != nil {
		return at, err
	}
	if !at.User.Operator {
		return at, fault.Missing()
	}
	if !p.tenant.IsZero() {
		at.Tenant, err = g.platform.Tenants().Get(ctx, p.tenant)
	}
	return at, err
}

// isRevoked reports whether one of the ids, which are those of tokens and families, is revoked.
func (g *gate) isRevoked(ctx context.Context, ids ...id.ID) (bool, error) {
	r, err := g.revocations(ctx)
	if err != nil {
		return false, err
	}
	for _, i := range ids {
		if _, ok := r.ids[i]; ok {
			return true, nil
		}
	}
	return false, nil
}

func (g *gate) revocations(ctx context.Context) (*revocations, error) {
	now, m := g.clock(), g.now.Load()
	if r := g.revoked.Load(); r != nil && r.good(m, now) {
		return r, nil
	}
	return share(ctx, g, "revoked", now, m, func(ctx context.Context, of asOf) (*revocations, error) {
		listed, err := g.platform.Tokens().Revoked(ctx, of.at)
		if err != nil {
			return nil, err
		}
		r := &revocations{of, make(map[id.ID]struct{}, len(listed))}
		for _, i := range listed {
			r.ids[i] = struct{}{}
		}
		g.revoked.Store(r)
		return r, nil
	})
}

// share lets requests that need the same answer at the same time read it once. Nobody shares in a read that began
// in another epoch or long before: its answer could be older than the request may have it.
func share[T any](ctx context.Context, g *gate, name string, now time.Time, m *moment,
	read func(context.Context, asOf) (T, error),
) (T, error) {
	key := binary.BigEndian.AppendUint64([]byte(name), m.epoch)
	key = binary.BigEndian.AppendUint64(key, uint64(now.UnixNano())/uint64(trust/2))
	done := g.loads.DoChan(string(key), func() (any, error) {
		// One request's end must not be the others'.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return read(ctx, asOf{m.epoch, g.clock()})
	})
	var answer T
	select {
	case result := <-done:
		if result.Err != nil {
			return answer, closed(result.Err)
		}
		answer, _ = result.Val.(T)
		return answer, nil
	case <-ctx.Done():
		return answer, closed(ctx.Err())
	}
}

// closed returns the error of a gate that can't be asked: nobody gets in, and clients may try again.
func closed(err error) error {
	if _, known := errors.AsType[*fault.Error](err); known {
		return err
	}
	unavailable := fault.Wrap(fault.Unavailable, "Access can't be checked at the moment; try again.", err)
	unavailable.RetryAfter = time.Second
	return unavailable
}
