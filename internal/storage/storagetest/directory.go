package storagetest

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// serviceAccount adds a service account to a tenant.
func (b *bench) serviceAccount(t tenant.ID, name string) storage.ServiceAccount {
	a := storage.ServiceAccount{
		ID: id.New(), Tenant: t, Name: name, Role: policy.Member, Secret: []byte("first"), ExpiresAt: moment(900),
		CreatedAt: moment(3), CreatedBy: id.New(),
	}
	b.must(b.engine.Platform().ServiceAccounts().Create(b.ctx, a))
	return a
}

// listed returns the records of a directory in their own order, as one text each.
func (b *bench) listed(of tenant.ID, r *schema.Resource, where ...query.Condition) []string {
	out := []string{}
	order := []query.Key{{Field: r.Field(schema.FieldCreatedAt)}, {Field: r.Field(schema.FieldID)}}
	q := query.List{Where: where, Order: order, Limit: 100, Count: true}
	total, err := b.engine.Platform().Directory(of).List(b.ctx, r, q, func(rec storage.Record) error {
		var text []byte
		for i := range r.Fields {
			text = append(rec.Values[i].AppendJSON(text), ' ')
		}
		out = append(out, string(text))
		return nil
	})
	b.must(err)
	b.wantEqual(total, int64(len(out)))
	return out
}

func directoryCases() []testCase {
	return []testCase{
		{"a service account reads as it was created, with its tenant", func(b *bench) {
			want := b.serviceAccount(b.tenants[0], "robot")
			got, t, err := b.engine.Platform().ServiceAccounts().Find(b.ctx, want.ID)
			b.must(err)
			b.wantEqual(got, want)
			b.wantEqual(t.ID, b.tenants[0])
			_, _, err = b.engine.Platform().ServiceAccounts().Find(b.ctx, id.New())
			b.wantMissing(err)
			nowhere := storage.ServiceAccount{ID: id.New(), Tenant: tenant.NewID(), Role: policy.Viewer, Secret: []byte("x"), CreatedAt: moment(0)}
			b.wantMissing(b.engine.Platform().ServiceAccounts().Create(b.ctx, nowhere))
		}},
		{"a service account changes in its own tenant alone, and raises the generation", func(b *bench) {
			a, all := b.serviceAccount(b.tenants[0], "robot"), b.engine.Platform().ServiceAccounts()
			before := b.generation()
			changed := a
			changed.Name, changed.Role, changed.ExpiresAt = "other", policy.Admin, time.Time{}
			b.must(all.Update(b.ctx, changed))
			b.must(all.Rotate(b.ctx, a.Tenant, a.ID, []byte("second"), moment(50)))
			b.wantGeneration(before, 2)
			changed.Secret, changed.Former, changed.FormerUntil = []byte("second"), []byte("first"), moment(50)
			got, _, err := all.Find(b.ctx, a.ID)
			b.must(err)
			b.wantEqual(got, changed)
			foreign := changed
			foreign.Tenant = b.tenants[1]
			b.wantMissing(all.Update(b.ctx, foreign))
			b.wantMissing(all.Rotate(b.ctx, b.tenants[1], a.ID, []byte("third"), moment(50)))
			b.wantMissing(all.Delete(b.ctx, b.tenants[1], a.ID))
			b.wantGeneration(before, 2)
			b.must(all.Delete(b.ctx, a.Tenant, a.ID))
			b.wantGeneration(before, 3)
			_, _, err = all.Find(b.ctx, a.ID)
			b.wantMissing(err)
		}},
		{"the last use of a service account shows, and raises nothing", func(b *bench) {
			a := b.serviceAccount(b.tenants[0], "robot")
			before, r := b.generation(), storage.ServiceAccountRecords()
			b.must(b.engine.Platform().ServiceAccounts().Touch(b.ctx, a.ID, moment(77)))
			b.wantGeneration(before, 0)
			rec, err := b.engine.Platform().Directory(b.tenants[0]).Get(b.ctx, r, a.ID)
			b.must(err)
			b.wantEqual(rec.Values[r.Index("last_used_at")].Time(), moment(77))
			b.wantEqual(rec.Values[r.Index("client_secret")].IsNull(), true)
			b.wantEqual(rec.Values[r.Index("expires_at")].Time(), moment(900))
		}},
		{"a change of what was seen fails where it is not so any more, and queues nothing", seenChanges},
		{"of eight who saw the same and change it at once, one succeeds", func(b *bench) {
			a := b.serviceAccount(b.tenants[0], "robot")
			seen := b.seen(a.Tenant, storage.ServiceAccountRecords(), a.ID)
			var changed atomic.Int64
			b.together(8, func(i int) {
				other := a
				other.Name = fmt.Sprint("robot ", i)
				switch err := b.engine.Platform().Provided(seen).ServiceAccounts().Update(b.ctx, other); {
				case err == nil:
					changed.Add(1)
				case !fault.Is(err, fault.PreconditionFailed):
					b.Errorf("change: %v", err)
				}
			})
			b.wantEqual(changed.Load(), int64(1))
		}},
		{"a directory shows the records of its tenant and no other's", func(b *bench) {
			mine, theirs := b.serviceAccount(b.tenants[0], "mine"), b.serviceAccount(b.tenants[1], "theirs")
			accounts, members := storage.ServiceAccountRecords(), storage.MemberRecords()
			u := b.user(`o"neil`)
			m := storage.Membership{ID: id.New(), Tenant: b.tenants[0], User: u.ID, Role: policy.Viewer, CreatedAt: moment(5)}
			b.must(b.engine.Platform().Memberships().Create(b.ctx, m))
			b.wantEqual(len(b.listed(b.tenants[0], accounts)), 1)
			b.wantEqual(len(b.listed(tenant.ID{}, accounts)), 0)
			b.wantEqual(b.listed(b.tenants[1], members), []string{})
			b.wantEqual(b.listed(b.tenants[0], members), []string{
				`"` + m.ID.String() + `" {"id":"` + u.ID.String() + `","username":"o\"neil"} "viewer" "` + m.CreatedAt.Format(schema.TimeForm) + `" "o\"neil" "` + u.ID.String() + `" `,
			})
			directory := b.engine.Platform().Directory(b.tenants[0])
			_, err := directory.Get(b.ctx, accounts, theirs.ID)
			b.wantMissing(err)
			_, err = directory.Get(b.ctx, accounts, mine.ID)
			b.must(err)
			name := query.Condition{Field: accounts.Field("name"), Op: query.In, Values: []schema.Value{schema.String("mine"), schema.String("theirs")}}
			b.wantEqual(len(b.listed(b.tenants[0], accounts, name)), 1)
		}},
		{"tenants and users are listed for nobody in particular, without a password", func(b *bench) {
			u := b.user("ann")
			tenants, users := storage.TenantRecords(), storage.UserRecords()
			b.must(b.engine.Platform().Tenants().Describe(b.ctx, b.tenants[1], "Renamed", []byte(`{"a":[1]}`)))
			b.must(b.engine.Platform().Users().SetOperator(b.ctx, u.ID, true))
			b.wantEqual(len(b.listed(tenant.ID{}, tenants)), 2)
			b.wantEqual(len(b.listed(b.tenants[0], tenants)), 0)
			slug := query.Condition{Field: tenants.Field("name"), Op: query.Contains, Values: []schema.Value{schema.String("RENAM")}}
			rec, err := b.engine.Platform().Directory(tenant.ID{}).Get(b.ctx, tenants, id.ID(b.tenants[1]))
			b.must(err)
			b.wantEqual(rec.Values[storage.TenantRecordSettings].Text(), `{"a":[1]}`)
			b.wantEqual(len(b.listed(tenant.ID{}, tenants, slug)), 1)
			operators := query.Condition{Field: users.Field("is_operator"), Op: query.Equal, Values: []schema.Value{schema.Bool(true)}}
			b.wantEqual(b.listed(tenant.ID{}, users, operators), []string{
				`"` + u.ID.String() + `" "ann" null true true "` + u.CreatedAt.Format(schema.TimeForm) + `" `,
			})
			b.wantCode(b.engine.Platform().Tenants().Describe(b.ctx, tenant.NewID(), "x", []byte("{}")), fault.NotFound)
			b.wantCode(b.engine.Platform().Users().SetOperator(b.ctx, id.New(), true), fault.NotFound)
		}},
	}
}

// seen reads a record of a directory.
func (b *bench) seen(of tenant.ID, r *schema.Resource, i id.ID) *storage.Seen {
	b.Helper()
	rec, err := b.engine.Platform().Directory(of).Get(b.ctx, r, i)
	b.must(err)
	return &storage.Seen{Resource: r, Values: rec.Values}
}

// seenChanges changes each kind of record between a look at it and each change that names what was seen.
func seenChanges(b *bench) {
	u := b.user("ann")
	b.member(b.tenants[0], b.user("owner").ID, policy.Owner)
	m, a := b.member(b.tenants[0], u.ID, policy.Member), b.serviceAccount(b.tenants[0], "robot")
	renamed := a
	renamed.Name, renamed.ExpiresAt = "other", time.Time{}
	describe := func(name, settings string) func(storage.Platform) error {
		return func(p storage.Platform) error {
			return p.Tenants().Describe(b.ctx, b.tenants[1], name, []byte(settings))
		}
	}
	role := func(to policy.Role) func(storage.Platform) error {
		return func(p storage.Platform) error { return p.Memberships().SetRole(b.ctx, b.tenants[0], m.ID, to) }
	}
	account := func(a storage.ServiceAccount) func(storage.Platform) error {
		return func(p storage.Platform) error { return p.ServiceAccounts().Update(b.ctx, a) }
	}
	operator := func(is bool) func(storage.Platform) error {
		return func(p storage.Platform) error { return p.Users().SetOperator(b.ctx, u.ID, is) }
	}
	status := func(to tenant.Status) func(storage.Platform) error {
		return func(p storage.Platform) error { return p.Tenants().SetStatus(b.ctx, b.tenants[1], to) }
	}
	rotate := func(secret string, until int) func(storage.Platform) error {
		return func(p storage.Platform) error {
			return p.ServiceAccounts().Rotate(b.ctx, a.Tenant, a.ID, []byte(secret), moment(until))
		}
	}
	for i, c := range []struct {
		of              tenant.ID
		r               *schema.Resource
		id              id.ID
		between, change func(storage.Platform) error
	}{
		{tenant.ID{}, storage.TenantRecords(), id.ID(b.tenants[1]), describe("Renamed", "{}"), describe("Mine", "{}")},
		{tenant.ID{}, storage.TenantRecords(), id.ID(b.tenants[1]), describe("Mine", `{"a":1}`), status(tenant.Suspended)},
		{tenant.ID{}, storage.TenantRecords(), id.ID(b.tenants[1]), status(tenant.Active), status(tenant.Suspended)},
		{tenant.ID{}, storage.TenantRecords(), id.ID(b.tenants[1]), status(tenant.Active), describe("Yours", "{}")},
		{tenant.ID{}, storage.UserRecords(), u.ID, operator(true), func(p storage.Platform) error { return p.Users().SetActive(b.ctx, u.ID, false) }},
		{tenant.ID{}, storage.UserRecords(), u.ID, operator(false), operator(true)},
		{tenant.ID{}, storage.UserRecords(), u.ID, operator(false), func(p storage.Platform) error { return p.Users().SetPassword(b.ctx, u.ID, "other") }},
		{a.Tenant, storage.ServiceAccountRecords(), a.ID, account(renamed), account(a)},
		{a.Tenant, storage.ServiceAccountRecords(), a.ID, account(renamed), rotate("second", 50)},
		{a.Tenant, storage.ServiceAccountRecords(), a.ID, rotate("third", 51), rotate("fourth", 52)},
		{a.Tenant, storage.ServiceAccountRecords(), a.ID, rotate("fifth", 53), account(renamed)},
		{a.Tenant, storage.ServiceAccountRecords(), a.ID, account(a), func(p storage.Platform) error { return p.ServiceAccounts().Delete(b.ctx, a.Tenant, a.ID) }},
		{m.Tenant, storage.MemberRecords(), m.ID, role(policy.Viewer), role(policy.Admin)},
		{m.Tenant, storage.MemberRecords(), m.ID, role(policy.Viewer), func(p storage.Platform) error { return p.Memberships().Delete(b.ctx, m.Tenant, m.ID) }},
	} {
		seen := b.seen(c.of, c.r, c.id)
		b.must(c.between(b.engine.Platform()))
		before := b.generation()
		if err := c.change(b.engine.Platform().Recording(b.queued("x")).Provided(seen)); !fault.Is(err, fault.PreconditionFailed) {
			b.Errorf("change %d of what was changed: %v", i, err)
		}
		b.wantGeneration(before, 0)
		b.wantClaim(moment(5), moment(60))
		if err := c.change(b.engine.Platform().Provided(b.seen(c.of, c.r, c.id))); err != nil {
			b.Errorf("change %d of what is there: %v", i, err)
		}
	}
}
