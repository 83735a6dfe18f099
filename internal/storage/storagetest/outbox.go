package storagetest

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

func outboxCases() []testCase {
	return []testCase{
		{"an event is claimed as it was queued", func(b *bench) {
			first, second := b.queued("first"), b.queued("second")
			first.Until = moment(10)
			second.Trail, second.Event.Record = tenant.Platform, id.ID{}
			b.must(b.outbox().Add(b.ctx, second, first))
			b.wantClaim(moment(9), moment(20), second)
			first.Tried = true // by whoever queued it
			b.wantClaim(moment(10), moment(30), first)
			second.Tried = true
			b.wantClaim(moment(20), moment(40), second)
			b.wantClaim(moment(29), moment(40))
		}},
		{"what is finished never comes back, and finishing the unknown does nothing", func(b *bench) {
			first, second := b.queued("first"), b.queued("second")
			b.must(b.outbox().Add(b.ctx, first, second))
			b.must(b.outbox().Finish(b.ctx, first.Event.ID, id.New()))
			b.must(b.outbox().Finish(b.ctx))
			b.wantClaim(moment(5), moment(6), second)
			b.must(b.outbox().Finish(b.ctx, second.Event.ID))
			b.wantClaim(moment(7), moment(8))
		}},
		{"a claim takes as many as it may, those first that wait longest", func(b *bench) {
			var all []storage.QueuedEvent
			for i := range 5 {
				q := b.queued("n")
				q.Until = moment(5 - i)
				all = append(all, q)
			}
			b.must(b.outbox().Add(b.ctx, all...))
			got, err := b.outbox().Claim(b.ctx, moment(9), moment(20), 2)
			b.must(err)
			b.wantEqual(eventIDs(got), eventIDs(all[3:]))
		}},
		{"what is claimed together comes in the order in which it was made", func(b *bench) {
			var all []storage.QueuedEvent
			for range 20 {
				all = append(all, b.queued("n"))
			}
			for _, i := range []int{7, 3, 19, 0, 12, 1, 2, 4, 5, 6, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18} {
				b.must(b.outbox().Add(b.ctx, all[i]))
			}
			for i := range all {
				all[i].Tried = false
			}
			b.wantClaim(moment(5), moment(60), all...)
		}},
		{"of eight who claim at once, each event goes to one", func(b *bench) {
			var all []storage.QueuedEvent
			for range 300 {
				all = append(all, b.queued("n"))
			}
			b.must(b.outbox().Add(b.ctx, all...))
			var claimed atomic.Int64
			b.together(8, func(int) {
				for {
					got, err := b.outbox().Claim(b.ctx, moment(5), moment(60), 5)
					if err != nil {
						b.Errorf("claim: %v", err)
					}
					if len(got) == 0 {
						return
					}
					claimed.Add(int64(len(got)))
				}
			})
			// Whoever found all of the rest taken has left early, so what is over is claimed here.
			rest, err := b.outbox().Claim(b.ctx, moment(5), moment(60), 999)
			b.must(err)
			if n := int(claimed.Load()) + len(rest); n != len(all) {
				b.Fatalf("%d claims of %d events", n, len(all))
			}
		}},
		{"a change queues its events with itself", recordedChanges},
		{"a change that fails, or changes nothing, queues nothing", failedChanges},
		{"the platform's trail is there from the start, and no tenant's", func(b *bench) {
			s, err := b.engine.Open(b.ctx, tenant.Platform)
			b.must(err)
			defer s.Close()
			b.must(b.appendEvents(s, b.event("one"), b.event("two")))
			b.wantChain(b.trail(s))
			if n := len(b.trail(b.a)); n != 0 {
				b.Fatalf("tenant a's trail has %d events", n)
			}
			impostor := tenant.Tenant{ID: tenant.Platform, Slug: "platform", Name: "x", Status: tenant.Active, CreatedAt: moment(0)}
			if b.engine.Platform().Tenants().Create(b.ctx, impostor) == nil {
				b.Error("a tenant has the platform's id")
			}
			_, err = b.engine.Platform().Tenants().BySlug(b.ctx, "platform")
			b.wantMissing(err)
		}},
	}
}

// recordedChanges holds every method that changes something against the promise of Recording.
func recordedChanges(b *bench) {
	u := b.user("ann")
	b.member(b.tenants[0], b.user("owner").ID, policy.Owner)
	m := b.member(b.tenants[0], u.ID, policy.Member)
	f, g := b.family(u.ID), b.family(u.ID)
	fresh := storage.Family{ID: id.New(), Tenant: b.tenants[0], User: u.ID, Current: id.New(), ExpiresAt: moment(3600)}
	for i, do := range []func(p storage.Platform) error{
		func(p storage.Platform) error {
			return p.Tenants().Create(b.ctx, tenant.Tenant{ID: tenant.NewID(), Slug: "gamma", Name: "x", Status: tenant.Active, CreatedAt: moment(0)})
		},
		func(p storage.Platform) error { return p.Tenants().SetStatus(b.ctx, b.tenants[0], tenant.Suspended) },
		func(p storage.Platform) error {
			return p.Users().Create(b.ctx, storage.User{ID: id.New(), Username: "new", CreatedAt: moment(0)})
		},
		func(p storage.Platform) error { return p.Users().SetActive(b.ctx, u.ID, false) },
		func(p storage.Platform) error { return p.Users().SetPassword(b.ctx, b.userNamed("new"), "x") },
		func(p storage.Platform) error {
			return p.Memberships().SetRole(b.ctx, b.tenants[0], m.ID, policy.Admin)
		},
		func(p storage.Platform) error { return p.Memberships().Delete(b.ctx, b.tenants[0], m.ID) },
		func(p storage.Platform) error {
			m.ID = id.New()
			return p.Memberships().Create(b.ctx, m)
		},
		func(p storage.Platform) error { return p.Tokens().CreateFamily(b.ctx, fresh) },
		func(p storage.Platform) error { return p.Tokens().RevokeFamily(b.ctx, f.ID, moment(0)) },
		func(p storage.Platform) error { return p.Tokens().Revoke(b.ctx, id.New(), moment(9)) },
		func(p storage.Platform) error {
			b.wantCode(p.Tokens().RotateFamily(b.ctx, g.ID, id.New(), id.New(), moment(0)), fault.TokenInvalid)
			return nil
		},
		func(p storage.Platform) error {
			return p.Identities().Create(b.ctx, storage.Identity{Issuer: issuer, Subject: "x", User: u.ID, CreatedAt: moment(0)})
		},
		func(p storage.Platform) error { return p.Identities().Delete(b.ctx, issuer, "x") },
		func(p storage.Platform) error {
			m := storage.Membership{ID: id.New(), Tenant: b.tenants[1], User: u.ID, Role: policy.Member, CreatedAt: moment(0)}
			return p.Memberships().Join(b.ctx, m, nil)
		},
		func(p storage.Platform) error { return p.Keys().Rotate(b.ctx, key("a", 0, 1), time.Minute) },
		func(p storage.Platform) error { return p.Keys().Retire(b.ctx, storage.DefaultKey, moment(2)) },
	} {
		own, platforms := b.queued("own"), b.queued("platform's")
		platforms.Trail = tenant.Platform
		b.must(do(b.engine.Platform().Recording(own, platforms)))
		got, err := b.outbox().Claim(b.ctx, moment(5), moment(6), 9)
		b.must(err)
		if !slices.Equal(eventIDs(got), eventIDs([]storage.QueuedEvent{own, platforms})) {
			b.Errorf("change %d queued %v", i, got)
		}
		b.must(b.outbox().Finish(b.ctx, eventIDs(got)...))
	}
}

func failedChanges(b *bench) {
	u := b.user("ann")
	m := b.member(b.tenants[0], u.ID, policy.Owner)
	f, g := b.family(u.ID), b.family(u.ID)
	b.must(b.tokens().RevokeFamily(b.ctx, g.ID, moment(0)))
	b.rotate("a", 0, 1)
	b.must(b.keys().Retire(b.ctx, "a", moment(2)))
	for i, do := range []func(p storage.Platform) error{
		func(p storage.Platform) error { return p.Memberships().Delete(b.ctx, b.tenants[0], m.ID) },
		func(p storage.Platform) error { return p.Tenants().SetStatus(b.ctx, tenant.NewID(), tenant.Suspended) },
		func(p storage.Platform) error {
			return p.Users().Create(b.ctx, storage.User{ID: id.New(), Username: "ann", CreatedAt: moment(0)})
		},
		func(p storage.Platform) error {
			return p.Tokens().RotateFamily(b.ctx, f.ID, f.Current, id.New(), moment(0))
		},
		func(p storage.Platform) error {
			return p.Tokens().RotateFamily(b.ctx, g.ID, g.Current, id.New(), moment(0))
		},
		func(p storage.Platform) error { return p.Tokens().RevokeFamily(b.ctx, g.ID, moment(0)) },
		func(p storage.Platform) error { return p.Tokens().RevokeFamily(b.ctx, id.New(), moment(0)) },
		func(p storage.Platform) error { return p.Keys().Rotate(b.ctx, key("a", 0, 1), time.Minute) },
		func(p storage.Platform) error { return p.Keys().Retire(b.ctx, "a", moment(3)) },
		func(p storage.Platform) error { return p.Keys().Retire(b.ctx, storage.DefaultKey, moment(0)) },
		func(p storage.Platform) error { return p.Keys().Retire(b.ctx, "b", moment(3)) },
	} {
		_ = do(b.engine.Platform().Recording(b.queued("lost"))) // what each answers is told elsewhere
		if got, err := b.outbox().Claim(b.ctx, moment(5), moment(6), 9); err != nil || len(got) > 0 {
			b.Errorf("change %d queued %v, %v", i, got, err)
		}
	}
	// An event that can't be queued takes its change with it.
	taken := b.queued("first")
	b.must(b.outbox().Add(b.ctx, taken))
	if b.engine.Platform().Recording(taken).Tenants().SetStatus(b.ctx, b.tenants[0], tenant.Suspended) == nil {
		b.Error("a change went through without its event")
	}
	got, err := b.engine.Platform().Tenants().Get(b.ctx, b.tenants[0])
	b.must(err)
	b.wantEqual(got.Status, tenant.Active)
}

func (b *bench) outbox() storage.Outbox { return b.engine.Platform().Outbox() }

// queued returns an event on its way to tenant a's trail.
func (b *bench) queued(action string) storage.QueuedEvent {
	return storage.QueuedEvent{Trail: b.tenants[0], Event: b.event(action)}
}

func eventIDs(events []storage.QueuedEvent) []id.ID {
	var out []id.ID
	for _, q := range events {
		out = append(out, q.Event.ID)
	}
	slices.SortFunc(out, func(x, y id.ID) int { return slices.Compare(x[:], y[:]) })
	return out
}

// wantClaim claims what is due and compares it with these, in this order.
func (b *bench) wantClaim(now, until time.Time, want ...storage.QueuedEvent) {
	b.Helper()
	got, err := b.outbox().Claim(b.ctx, now, until, 99)
	b.must(err)
	for i := range want {
		want[i].Until = until
	}
	if len(got) == 0 && len(want) == 0 {
		return
	}
	b.wantEqual(got, want)
}
