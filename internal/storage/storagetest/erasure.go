package storagetest

import (
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

func erasureCases() []testCase {
	return []testCase{
		{"an erased tenant leaves nothing, and says what there was", func(b *bench) {
			gone, u := b.filled("gone")
			kept, _ := b.filled("kept")
			before, all := b.weigh(kept), b.engine.Platform().Tenants()
			b.must(all.SetStatus(b.ctx, gone, tenant.Suspended))
			start := b.generation()
			b.wantErased(gone, map[string]int64{
				"tenant.projects": 1, "tenant.tasks": 2, "tenant.events": 1,
				"platform.memberships": 1, "platform.service_accounts": 1, "platform.families": 1, "platform.usage": 1, "platform.sizes": 1,
				"platform.outbox": 1, "platform.tenants": 1,
			})
			b.wantGeneration(start, 1)
			_, err := all.Get(b.ctx, gone)
			b.wantMissing(err)
			_, err = b.engine.Platform().Users().Get(b.ctx, u)
			b.must(err) // a user belongs to no tenant
			b.wantEqual(b.weigh(kept), before)
			b.wantErased(gone, map[string]int64{}) // once more, to see that nothing is left
			again := tenant.Tenant{ID: tenant.NewID(), Slug: "gone", Name: "Another", Status: tenant.Active, CreatedAt: moment(9)}
			b.must(all.Create(b.ctx, again))
			b.wantEqual(b.weigh(again.ID), 0)
		}},
		{"only a suspended tenant is erased", func(b *bench) {
			t, _ := b.filled("busy")
			before, start := b.weigh(t), b.generation()
			_, err := b.engine.Platform().Recording(b.queued("erased")).Tenants().Erase(b.ctx, t)
			b.wantCode(err, fault.Conflict)
			b.wantEqual(b.weigh(t), before)
			b.wantGeneration(start, 0)
			for _, nobody := range []tenant.ID{{}, tenant.Platform} {
				if _, err := b.engine.Platform().Tenants().Erase(b.ctx, nobody); err == nil {
					b.Error("what is no tenant was erased")
				}
			}
		}},
		{"an erasure queues its events", func(b *bench) {
			t, _ := b.filled("gone")
			b.must(b.engine.Platform().Tenants().SetStatus(b.ctx, t, tenant.Suspended))
			b.must(b.outbox().Finish(b.ctx, b.claimed()...))
			event := b.queued("erased")
			event.Trail = tenant.Platform
			_, err := b.engine.Platform().Recording(event).Tenants().Erase(b.ctx, t)
			b.must(err)
			b.wantEqual(b.claimed(), []id.ID{event.Event.ID})
		}},
	}
}

// filled makes a tenant that has something of everything, and returns it with its only user.
func (b *bench) filled(slug string) (tenant.ID, id.ID) {
	b.Helper()
	t, s := b.newTenant(slug)
	defer s.Close()
	p := ident(b.project(s, "Roof"))
	parent := b.task(s, p)
	b.task(s, p, reference("parent", ident(parent)))
	b.must(b.appendEvents(s, b.event("made")))
	u := b.user(slug).ID
	b.member(t, u, policy.Owner)
	b.serviceAccount(t, slug)
	b.must(b.tokens().CreateFamily(b.ctx, storage.Family{
		ID: id.New(), Tenant: t, User: u, Current: id.New(), ExpiresAt: moment(900),
	}))
	b.must(b.engine.Platform().Usage().Add(b.ctx, []storage.UsageCount{{ID: id.New(), Tenant: t, Hour: moment(0), Requests: 1, Writes: 1}}))
	waiting := b.queued("waiting")
	waiting.Trail = t
	b.must(b.outbox().Add(b.ctx, waiting))
	return t, u
}

// weigh returns how many projects, tasks and events a tenant has, each with its own weight.
func (b *bench) weigh(t tenant.ID) int {
	b.Helper()
	s, err := b.engine.Open(b.ctx, t)
	b.must(err)
	defer s.Close()
	return len(b.all(s, b.projects)) + 10*len(b.all(s, b.tasks)) + 100*len(b.trail(s))
}

// wantErased erases a tenant and compares all that was removed, other than nothing.
func (b *bench) wantErased(t tenant.ID, want map[string]int64) {
	b.Helper()
	removed, err := b.engine.Platform().Tenants().Erase(b.ctx, t)
	b.must(err)
	got := map[string]int64{}
	for _, r := range removed {
		table := r.Place[strings.IndexByte(r.Place, '.')+1:]
		if r.Count != 0 && table != "tenant_stores" && !strings.HasPrefix(table, "event_head") { // each engine has its own
			got[r.Place] = r.Count
		}
	}
	b.wantEqual(got, want)
}

// claimed takes all that waits in the outbox.
func (b *bench) claimed() []id.ID {
	b.Helper()
	queued, err := b.outbox().Claim(b.ctx, moment(5000), moment(5001), 99)
	b.must(err)
	out := []id.ID{}
	for _, q := range queued {
		out = append(out, q.Event.ID)
	}
	return out
}
