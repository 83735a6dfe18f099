package storagetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

func platformCases() []testCase {
	return []testCase{
		{"a tenant reads as it was created, by id and by slug", func(b *bench) {
			want := tenant.Tenant{ID: tenant.NewID(), Slug: "gamma", Name: "Gämma & Sons", Status: tenant.Active, CreatedAt: moment(7)}
			all := b.engine.Platform().Tenants()
			b.must(all.Create(b.ctx, want))
			byID, err := all.Get(b.ctx, want.ID)
			b.must(err)
			bySlug, err := all.BySlug(b.ctx, "gamma")
			b.must(err)
			b.wantEqual([]tenant.Tenant{byID, bySlug}, []tenant.Tenant{want, want})
			s, err := b.engine.Open(b.ctx, want.ID)
			b.must(err)
			defer s.Close()
			b.project(s, "works at once")
		}},
		{"a slug that is taken is a conflict and makes nothing", func(b *bench) {
			again := tenant.Tenant{ID: tenant.NewID(), Slug: "alpha", Name: "x", Status: tenant.Active, CreatedAt: moment(0)}
			before := b.generation()
			b.wantCode(b.engine.Platform().Tenants().Create(b.ctx, again), fault.Conflict, "slug")
			_, err := b.engine.Platform().Tenants().Get(b.ctx, again.ID)
			b.wantMissing(err)
			b.wantGeneration(before, 0)
		}},
		{"tenants are listed in pages by id", func(b *bench) {
			want := []tenant.ID{b.tenants[0], b.tenants[1]}
			for i := range 3 {
				t, _ := b.newTenant(fmt.Sprint("t", i))
				want = append(want, t)
			}
			var got []tenant.ID
			page := storage.Page{Limit: 2}
			for {
				tenants, err := b.engine.Platform().Tenants().List(b.ctx, page)
				b.must(err)
				if len(tenants) == 0 {
					break
				}
				for _, t := range tenants {
					got = append(got, t.ID)
				}
				page.After = id.ID(got[len(got)-1])
			}
			slices.SortFunc(want, func(x, y tenant.ID) int { return strings.Compare(x.String(), y.String()) })
			b.wantEqual(got, want)
		}},
		{"a tenant is suspended and activated", func(b *bench) {
			all := b.engine.Platform().Tenants()
			for _, status := range []tenant.Status{tenant.Suspended, tenant.Active} {
				b.must(all.SetStatus(b.ctx, b.tenants[0], status))
				got, err := all.Get(b.ctx, b.tenants[0])
				b.must(err)
				b.wantEqual(got.Status, status)
			}
			other, err := all.Get(b.ctx, b.tenants[1])
			b.must(err)
			b.wantEqual(other.Status, tenant.Active)
		}},
		{"a user reads as created, by id and by name", func(b *bench) {
			want := b.user("ann")
			other := storage.User{ID: id.New(), Username: "Ann", Active: false, Operator: true, CreatedAt: moment(2)}
			users := b.engine.Platform().Users()
			b.must(users.Create(b.ctx, other)) // names are compared byte by byte
			got, err := users.Get(b.ctx, want.ID)
			b.must(err)
			byName, err := users.ByName(b.ctx, "Ann")
			b.must(err)
			b.wantEqual([]storage.User{got, byName}, []storage.User{want, other})
			page, err := users.List(b.ctx, storage.Page{After: want.ID, Limit: 9})
			b.must(err)
			b.wantEqual(page, []storage.User{other})
			b.wantCode(users.Create(b.ctx, storage.User{ID: id.New(), Username: "ann", CreatedAt: moment(0)}), fault.Conflict, "username")
		}},
		{"a user's password and state change", func(b *bench) {
			u := b.user("ann")
			users := b.engine.Platform().Users()
			b.must(users.SetPassword(b.ctx, u.ID, "hash2"))
			b.must(users.SetActive(b.ctx, u.ID, false))
			got, err := users.Get(b.ctx, u.ID)
			b.must(err)
			u.PasswordHash, u.Active = "hash2", false
			b.wantEqual(got, u)
		}},
		{"a rehash replaces the former hash alone and ends no session", func(b *bench) {
			u := b.user("ann")
			f := b.family(u.ID)
			users := b.engine.Platform().Users()
			b.must(users.Rehash(b.ctx, u.ID, "hash", "stronger"))
			b.must(users.Rehash(b.ctx, u.ID, "hash", "late"))
			got, err := users.Get(b.ctx, u.ID)
			b.must(err)
			b.wantEqual(got.PasswordHash, "stronger")
			_, err = b.tokens().Family(b.ctx, f.ID, moment(0))
			b.must(err)
		}},
		{"what is unknown is not found", func(b *bench) {
			p, u := b.engine.Platform(), id.New()
			_, err := p.Tenants().Get(b.ctx, tenant.NewID())
			b.wantMissing(err)
			_, err = p.Tenants().BySlug(b.ctx, "none")
			b.wantMissing(err)
			b.wantMissing(p.Tenants().SetStatus(b.ctx, tenant.NewID(), tenant.Suspended))
			_, err = p.Users().Get(b.ctx, u)
			b.wantMissing(err)
			_, err = p.Users().ByName(b.ctx, "none")
			b.wantMissing(err)
			b.wantMissing(p.Users().SetPassword(b.ctx, u, "x"))
			b.wantMissing(p.Users().SetActive(b.ctx, u, true))
			_, err = p.Memberships().Standing(b.ctx, b.tenants[0], u)
			b.wantMissing(err)
			b.wantMissing(p.Memberships().SetRole(b.ctx, b.tenants[0], u, policy.Admin))
			b.wantMissing(p.Memberships().Delete(b.ctx, b.tenants[0], u))
			_, err = p.Tokens().Family(b.ctx, u, moment(0))
			b.wantMissing(err)
		}},
		{"a membership joins a user and a tenant", func(b *bench) {
			u := b.user("ann")
			m := b.member(b.tenants[0], u.ID, policy.Admin)
			got, err := b.engine.Platform().Memberships().Standing(b.ctx, b.tenants[0], u.ID)
			b.must(err)
			t, err := b.engine.Platform().Tenants().Get(b.ctx, b.tenants[0])
			b.must(err)
			b.wantEqual(got, storage.Standing{Tenant: t, User: u, Membership: m})
			_, err = b.engine.Platform().Memberships().Standing(b.ctx, b.tenants[1], u.ID)
			b.wantMissing(err)
			again := m
			again.ID = id.New()
			if err := b.engine.Platform().Memberships().Create(b.ctx, again); !fault.Is(err, fault.Conflict) {
				b.Fatalf("got the error %v, want a conflict", err)
			}
			stray := storage.Membership{ID: id.New(), Tenant: tenant.NewID(), User: u.ID, Role: policy.Member, CreatedAt: moment(0)}
			b.wantMissing(b.engine.Platform().Memberships().Create(b.ctx, stray))
			stray.Tenant, stray.User = b.tenants[1], id.New()
			b.wantMissing(b.engine.Platform().Memberships().Create(b.ctx, stray))
		}},
		{"standings are listed by user and by tenant", func(b *bench) {
			ann, bob := b.user("ann"), b.user("bob")
			b.member(b.tenants[1], ann.ID, policy.Viewer)
			b.member(b.tenants[0], ann.ID, policy.Owner)
			b.member(b.tenants[0], bob.ID, policy.Member)
			of, err := b.engine.Platform().Memberships().OfUser(b.ctx, ann.ID)
			b.must(err)
			b.wantEqual(names(of), []string{"alpha ann owner", "beta ann viewer"})
			page, err := b.engine.Platform().Memberships().OfTenant(b.ctx, b.tenants[0], storage.Page{Limit: 1})
			b.must(err)
			b.wantEqual(names(page), []string{"alpha ann owner"})
			page, err = b.engine.Platform().Memberships().OfTenant(b.ctx, b.tenants[0], storage.Page{Limit: 9, After: page[0].Membership.ID})
			b.must(err)
			b.wantEqual(names(page), []string{"alpha bob member"})
		}},
		{"a membership of another tenant is not found", func(b *bench) {
			m := b.member(b.tenants[1], b.user("ann").ID, policy.Member)
			memberships := b.engine.Platform().Memberships()
			b.wantMissing(memberships.SetRole(b.ctx, b.tenants[0], m.ID, policy.Owner))
			b.wantMissing(memberships.Delete(b.ctx, b.tenants[0], m.ID))
			got, err := memberships.Standing(b.ctx, b.tenants[1], m.User)
			b.must(err)
			b.wantEqual(got.Membership, m)
		}},
		{"the last owner stays", func(b *bench) {
			memberships := b.engine.Platform().Memberships()
			ann := b.member(b.tenants[0], b.user("ann").ID, policy.Owner)
			bob := b.member(b.tenants[0], b.user("bob").ID, policy.Admin)
			b.member(b.tenants[1], b.user("cid").ID, policy.Owner)
			b.wantCode(memberships.SetRole(b.ctx, b.tenants[0], ann.ID, policy.Admin), fault.Conflict)
			b.wantCode(memberships.Delete(b.ctx, b.tenants[0], ann.ID), fault.Conflict)
			b.must(memberships.SetRole(b.ctx, b.tenants[0], ann.ID, policy.Owner))
			b.must(memberships.SetRole(b.ctx, b.tenants[0], bob.ID, policy.Owner))
			b.must(memberships.SetRole(b.ctx, b.tenants[0], ann.ID, policy.Viewer))
			b.must(memberships.Delete(b.ctx, b.tenants[0], ann.ID))
			b.wantCode(memberships.Delete(b.ctx, b.tenants[0], bob.ID), fault.Conflict)
		}},
		{"owners who leave at once leave one", func(b *bench) {
			var owners []id.ID
			for i := range 8 {
				owners = append(owners, b.member(b.tenants[0], b.user(fmt.Sprint("u", i)).ID, policy.Owner).ID)
			}
			b.together(8, func(i int) {
				var err error
				if i%2 == 0 {
					err = b.engine.Platform().Memberships().Delete(b.ctx, b.tenants[0], owners[i])
				} else {
					err = b.engine.Platform().Memberships().SetRole(b.ctx, b.tenants[0], owners[i], policy.Member)
				}
				if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Unavailable) {
					b.Errorf("got the error %v, want a conflict", err)
				}
			})
			left, err := b.engine.Platform().Memberships().OfTenant(b.ctx, b.tenants[0], storage.Page{Limit: 99})
			b.must(err)
			if !slices.ContainsFunc(left, func(s storage.Standing) bool { return s.Membership.Role == policy.Owner }) {
				b.Fatal("no owner is left")
			}
		}},
		{"the generation rises with every change of who may do what, and with nothing else", generationRises},
	}
}

func generationRises(b *bench) {
	p := b.engine.Platform()
	u := b.user("ann")
	b.member(b.tenants[0], b.user("owner").ID, policy.Owner)
	m := b.member(b.tenants[0], u.ID, policy.Member)
	f, g := b.family(u.ID), b.family(u.ID)
	next := id.New()
	for _, step := range []struct {
		name  string
		rises int64
		do    func() error
	}{
		{"create a user", 1, func() error { b.user("bob"); return nil }},
		{"rehash", 0, func() error { return p.Users().Rehash(b.ctx, u.ID, "hash", "hash3") }},
		{"set a password", 1, func() error { return p.Users().SetPassword(b.ctx, b.userNamed("bob"), "x") }},
		{"disable a user", 1, func() error { return p.Users().SetActive(b.ctx, u.ID, false) }},
		{"suspend a tenant", 1, func() error { return p.Tenants().SetStatus(b.ctx, b.tenants[0], tenant.Suspended) }},
		{"create a tenant", 1, func() error { b.newTenant("gamma"); return nil }},
		{"set a role", 1, func() error { return p.Memberships().SetRole(b.ctx, b.tenants[0], m.ID, policy.Admin) }},
		{"delete a membership", 1, func() error { return p.Memberships().Delete(b.ctx, b.tenants[0], m.ID) }},
		{"create an identity", 1, func() error { b.identity(issuer, "x", u.ID); return nil }},
		{"delete an identity", 1, func() error { return p.Identities().Delete(b.ctx, issuer, "x") }},
		{"join", 1, func() error {
			m, newcomer := b.newcomer("cid", "y")
			return p.Memberships().Join(b.ctx, m, newcomer)
		}},
		{"create a family", 0, func() error { b.family(u.ID); return nil }},
		{"rotate", 0, func() error { return p.Tokens().RotateFamily(b.ctx, f.ID, f.Current, next, moment(0)) }},
		{"rotate with an old token", 1, func() error { b.wantRefused(f, f.Current); return nil }},
		{"rotate what is revoked", 0, func() error { b.wantRefused(f, next); return nil }},
		{"revoke a family", 1, func() error { return p.Tokens().RevokeFamily(b.ctx, g.ID, moment(0)) }},
		{"revoke a token", 1, func() error { return p.Tokens().Revoke(b.ctx, id.New(), moment(9)) }},
		{"prune", 0, func() error { return p.Tokens().Prune(b.ctx, moment(0)) }},
		{"rotate the keys", 1, func() error { b.rotate("a", 0, 1); return nil }},
		{"retire a key", 1, func() error { return p.Keys().Retire(b.ctx, "a", moment(2)) }},
		{"prune keys", 0, func() error { return p.Keys().Prune(b.ctx, moment(9)) }},
	} {
		before := b.generation()
		b.must(step.do())
		if rose := b.generation() - before; min(rose, 1) != step.rises {
			b.Errorf("%s: the generation rose by %d", step.name, rose)
		}
	}
}

func (b *bench) userNamed(name string) id.ID {
	b.Helper()
	u, err := b.engine.Platform().Users().ByName(b.ctx, name)
	b.must(err)
	return u.ID
}

func (b *bench) generation() int64 {
	b.Helper()
	n, err := b.engine.Platform().Generation(b.ctx)
	b.must(err)
	return n
}

func (b *bench) wantGeneration(before, rises int64) {
	b.Helper()
	if n := b.generation(); n != before+rises {
		b.Fatalf("the generation went from %d to %d, want a rise of %d", before, n, rises)
	}
}

// user creates a user with the password hash "hash".
func (b *bench) user(name string) storage.User {
	b.Helper()
	u := storage.User{ID: id.New(), Username: name, PasswordHash: "hash", Active: true, CreatedAt: moment(1)}
	b.must(b.engine.Platform().Users().Create(b.ctx, u))
	return u
}

func (b *bench) member(t tenant.ID, u id.ID, role policy.Role) storage.Membership {
	b.Helper()
	m := storage.Membership{ID: id.New(), Tenant: t, User: u, Role: role, CreatedAt: moment(2)}
	b.must(b.engine.Platform().Memberships().Create(b.ctx, m))
	return m
}

func names(standings []storage.Standing) []string {
	var out []string
	for _, s := range standings {
		out = append(out, s.Tenant.Slug+" "+s.User.Username+" "+s.Membership.Role.String())
	}
	return out
}

func (b *bench) wantEqual(got, want any) {
	b.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		b.Fatalf("got something else (-want +got):\n%s", diff)
	}
}
