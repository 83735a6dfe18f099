package storagetest

import (
	"sync/atomic"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

const issuer = "https://idp.example.com"

func identityCases() []testCase {
	return []testCase{
		{"an identity reads as it was created", func(b *bench) {
			ann, bob := b.user("ann"), b.user("bob")
			second := b.identity(issuer, "b", ann.ID)
			first := b.identity(issuer, "ä \U0001F600", ann.ID)
			elsewhere := b.identity(issuer+"/", "b", bob.ID) // another issuer may call somebody else so
			upper := b.identity(issuer, "B", ann.ID)
			for _, want := range []storage.Identity{first, second, elsewhere, upper} {
				got, err := b.identities().Get(b.ctx, want.Issuer, want.Subject)
				b.must(err)
				b.wantEqual(got, want)
			}
			all, err := b.identities().OfUser(b.ctx, ann.ID)
			b.must(err)
			b.wantEqual(all, []storage.Identity{upper, second, first})
		}},
		{"a subject is one user's, who may have several", func(b *bench) {
			ann, bob := b.user("ann"), b.user("bob")
			taken := b.identity(issuer, "x", ann.ID)
			b.identity(issuer, "y", ann.ID)
			again := taken
			again.User = bob.ID
			before := b.generation()
			b.wantCode(b.identities().Create(b.ctx, again), fault.Conflict, "subject")
			b.wantGeneration(before, 0)
			got, err := b.identities().Get(b.ctx, issuer, "x")
			b.must(err)
			b.wantEqual(got, taken)
		}},
		{"an unknown identity is not found", func(b *bench) {
			b.identity(issuer, "x", b.user("ann").ID)
			for _, unknown := range [][2]string{{issuer, "y"}, {issuer + "/", "x"}, {issuer, "X"}, {"", "x"}, {issuer, ""}} {
				_, err := b.identities().Get(b.ctx, unknown[0], unknown[1])
				b.wantMissing(err)
				b.wantMissing(b.identities().Delete(b.ctx, unknown[0], unknown[1]))
			}
			b.wantMissing(b.identities().Create(b.ctx, storage.Identity{Issuer: issuer, Subject: "z", User: id.New(), CreatedAt: moment(0)}))
		}},
		{"a deleted identity is gone and may be another's", func(b *bench) {
			ann, bob := b.user("ann"), b.user("bob")
			b.identity(issuer, "x", ann.ID)
			kept := b.identity(issuer, "y", ann.ID)
			b.must(b.identities().Delete(b.ctx, issuer, "x"))
			b.wantMissing(b.identities().Delete(b.ctx, issuer, "x"))
			left, err := b.identities().OfUser(b.ctx, ann.ID)
			b.must(err)
			b.wantEqual(left, []storage.Identity{kept})
			b.identity(issuer, "x", bob.ID)
		}},
		{"a newcomer joins with user, identity and membership, or not at all", joinsWhole},
		{"of eight who join as one newcomer, one succeeds", func(b *bench) {
			var wins atomic.Int64
			b.together(8, func(int) {
				m, newcomer := b.newcomer("ann", "x")
				switch err := b.engine.Platform().Memberships().Join(b.ctx, m, newcomer); {
				case err == nil:
					wins.Add(1)
				case !fault.Is(err, fault.Conflict):
					b.Errorf("got the error %v, want a conflict", err)
				}
			})
			if wins.Load() != 1 {
				b.Fatalf("%d of them succeeded", wins.Load())
			}
		}},
		{"whoever was removed doesn't join until somebody lets them in", func(b *bench) {
			memberships, ann := b.engine.Platform().Memberships(), b.user("ann")
			removed := b.member(b.tenants[0], ann.ID, policy.Member)
			b.must(memberships.Delete(b.ctx, b.tenants[0], removed.ID))
			again := storage.Membership{ID: id.New(), Tenant: b.tenants[0], User: ann.ID, Role: policy.Member, CreatedAt: moment(3)}
			before := b.generation()
			b.wantMissing(memberships.Join(b.ctx, again, nil))
			b.wantGeneration(before, 0)
			_, err := memberships.Standing(b.ctx, b.tenants[0], ann.ID)
			b.wantMissing(err)
			elsewhere := again
			elsewhere.ID, elsewhere.Tenant = id.New(), b.tenants[1]
			b.must(memberships.Join(b.ctx, elsewhere, nil))
			let := b.member(b.tenants[0], ann.ID, policy.Viewer)
			b.must(memberships.Delete(b.ctx, b.tenants[0], let.ID))
			b.wantMissing(memberships.Join(b.ctx, again, nil))
		}},
		{"a removal and a join at once leave nobody who was removed", func(b *bench) {
			memberships := b.engine.Platform().Memberships()
			for range 10 {
				u := b.user(id.New().String())
				m := b.member(b.tenants[0], u.ID, policy.Member)
				again := storage.Membership{ID: id.New(), Tenant: b.tenants[0], User: u.ID, Role: policy.Member, CreatedAt: moment(3)}
				b.together(2, func(i int) {
					if i == 0 {
						if err := memberships.Delete(b.ctx, b.tenants[0], m.ID); err != nil {
							b.Errorf("got the error %v", err)
						}
					} else if err := memberships.Join(b.ctx, again, nil); !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
						b.Errorf("got the error %v, want a conflict or not found", err)
					}
				})
				_, err := memberships.Standing(b.ctx, b.tenants[0], u.ID)
				b.wantMissing(err)
			}
		}},
	}
}

func joinsWhole(b *bench) {
	p := b.engine.Platform()
	before := b.generation()
	m, newcomer := b.newcomer("ann", "x")
	b.must(p.Memberships().Join(b.ctx, m, newcomer))
	b.wantGeneration(before, 1)
	at, err := p.Memberships().Standing(b.ctx, m.Tenant, m.User)
	b.must(err)
	b.wantEqual([]any{at.User, at.Membership}, []any{newcomer.User, m})
	known, err := p.Identities().Get(b.ctx, issuer, "x")
	b.must(err)
	b.wantEqual(known, newcomer.Identity)

	before = b.generation()
	sameName, other := b.newcomer("ann", "y")
	b.wantConflict(p.Memberships().Join(b.ctx, sameName, other))
	sameSubject, third := b.newcomer("bob", "x")
	b.wantConflict(p.Memberships().Join(b.ctx, sameSubject, third))
	nowhere, fourth := b.newcomer("cid", "z")
	nowhere.Tenant = tenant.NewID()
	b.wantMissing(p.Memberships().Join(b.ctx, nowhere, fourth))
	m.ID = id.New()
	b.wantConflict(p.Memberships().Join(b.ctx, m, nil))
	m.User = id.New()
	b.wantMissing(p.Memberships().Join(b.ctx, m, nil))
	b.wantGeneration(before, 0)
	for _, name := range []string{"bob", "cid"} {
		_, err := p.Users().ByName(b.ctx, name)
		b.wantMissing(err)
	}
	for _, subject := range []string{"y", "z"} {
		_, err := p.Identities().Get(b.ctx, issuer, subject)
		b.wantMissing(err)
	}
}

func (b *bench) identities() storage.Identities { return b.engine.Platform().Identities() }

func (b *bench) identity(issuer, subject string, u id.ID) storage.Identity {
	b.Helper()
	i := storage.Identity{Issuer: issuer, Subject: subject, User: u, CreatedAt: moment(4)}
	b.must(b.identities().Create(b.ctx, i))
	return i
}

// newcomer is somebody of the name whom the issuer calls subject, and their membership in tenant a.
func (b *bench) newcomer(name, subject string) (storage.Membership, *storage.Newcomer) {
	b.Helper()
	u := storage.User{ID: id.New(), Username: name, Active: true, CreatedAt: moment(5)}
	return storage.Membership{ID: id.New(), Tenant: b.tenants[0], User: u.ID, Role: policy.Member, CreatedAt: moment(5)},
		&storage.Newcomer{User: u, Identity: storage.Identity{Issuer: issuer, Subject: subject, User: u.ID, CreatedAt: moment(5)}}
}

func (b *bench) wantConflict(err error) {
	b.Helper()
	if !fault.Is(err, fault.Conflict) {
		b.Fatalf("got the error %v, want a conflict", err)
	}
}
