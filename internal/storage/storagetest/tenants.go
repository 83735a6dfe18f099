package storagetest

import (
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// tenantCases ask for tenant b's records by every method of tenant a's store.
func tenantCases() []testCase {
	return []testCase{
		{"get finds nothing of another tenant", func(b *bench) {
			p, t := b.foreign()
			for _, err := range []error{b.getError(b.projects, ident(p)), b.getError(b.tasks, ident(t)), b.getError(b.projects, id.New())} {
				b.wantMissing(err)
				if err.Error() != fault.Missing().Error() {
					b.Fatalf("the error says more than that nothing was found: %v", err)
				}
			}
		}},
		{"list, search and count find nothing of another tenant", func(b *bench) {
			p, _ := b.foreign()
			own := b.project(b.a, "own")
			for _, q := range []query.List{
				{},
				{Search: []string{"foreign"}},
				{Where: []query.Condition{where(b.projects, "name", query.Equal, schema.String("foreign"))}},
				query.ByID(b.projects, []id.ID{ident(p)}),
				{Where: []query.Condition{where(b.projects, "tasks_count", query.Greater, schema.Int(0))}},
				{After: []schema.Value{schema.ID(id.ID{})}},
				{After: []schema.Value{schema.ID(ident(p))}, Backward: true},
			} {
				q.Order, q.Limit, q.Count = order(b.projects), 99, true
				got, total := b.listTotal(b.a, b.projects, q)
				for _, rec := range got {
					if ident(rec) != ident(own) {
						b.Fatalf("%s finds a record of another tenant", describe(q))
					}
				}
				if total > 1 {
					b.Fatalf("%s counts %d", describe(q), total)
				}
			}
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				_, err := tx.List(b.ctx, b.projects, query.List{Order: order(b.projects), Limit: 99, Lock: true}, func(rec storage.Record) error {
					if ident(rec) != ident(own) {
						b.Fatal("a list with locks finds a record of another tenant")
					}
					return nil
				})
				return err
			}))
		}},
		{"aggregates count nothing of another tenant", func(b *bench) {
			b.foreign()
			b.must(b.a.View(b.ctx, func(tx storage.Tx) error {
				answers, err := tx.Aggregate(b.ctx,
					query.Aggregate{Resource: b.tasks, Sum: b.tasks.Field("rank"), Distinct: b.tasks.Field("project")},
					query.Aggregate{Resource: b.projects, GroupBy: fields(b.projects, "name", "tasks_count")})
				b.must(err)
				b.wantGroups(answers[0], "=0/0/0")
				b.wantGroups(answers[1])
				return nil
			}))
		}},
		{"derived fields look at no other tenant", func(b *bench) {
			p, t := b.foreign()
			// The same ids in both tenants: what derives from them must stay apart.
			own, ownTask := p.Clone(), t.Clone()
			own.Values[b.projects.Index("name")] = schema.String("own")
			b.insert(b.a, b.projects, own)
			if n := value(b.projects, b.get(b.a, b.projects, ident(p)), "tasks_count").Int(); n != 0 {
				b.Fatalf("it counts %d tasks of another tenant", n)
			}
			b.insert(b.a, b.tasks, ownTask)
			b.wantTexts(b.tasks, b.all(b.a, b.tasks), "project_name", "own")
			b.wantTexts(b.tasks, b.all(b.b, b.tasks), "project_name", "foreign")
			if n := value(b.projects, b.get(b.b, b.projects, ident(p)), "tasks_count").Int(); n != 1 {
				b.Fatalf("tasks_count of the other tenant is %d, want 1", n)
			}
		}},
		{"put changes nothing of another tenant", func(b *bench) {
			p, _ := b.foreign()
			b.wantCode(b.put(b.a, b.projects, with(b.projects, p, text("name", "stolen")), 1), fault.PreconditionFailed)
			b.wantTexts(b.projects, b.all(b.b, b.projects), "name", "foreign")
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name")
		}},
		{"a unique value says nothing of another tenant", func(b *bench) {
			b.foreign()
			b.project(b.a, "foreign", text("code", "F"))
		}},
		{"a reference reaches no other tenant", func(b *bench) {
			p, t := b.foreign()
			b.wantReference(b.put(b.a, b.tasks, b.record(b.tasks, reference("project", ident(p))), 0), "project")
			own := b.project(b.a, "own")
			b.wantReference(b.put(b.a, b.tasks, b.record(b.tasks, reference("project", ident(own)), reference("parent", ident(t))), 0), "parent")
			b.wantReference(b.a.Update(b.ctx, func(tx storage.Tx) error { return tx.Require(b.ctx, b.projects, ident(p), "project") }), "project")
		}},
		{"delete removes nothing of another tenant", func(b *bench) {
			p, t := b.foreign()
			b.must(b.remove(b.a, b.tasks, ident(t)))
			b.must(b.remove(b.a, b.projects, ident(p)))
			b.get(b.b, b.projects, ident(p))
			b.get(b.b, b.tasks, ident(t))
		}},
		{"return finds nothing of another tenant", func(b *bench) {
			p, _ := b.foreign()
			var rec storage.Record
			b.wantMissing(b.a.Update(b.ctx, func(tx storage.Tx) error { return tx.Return(b.ctx, b.projects, ident(p), &rec) }))
			if rec.Values != nil {
				b.Fatal("the record was filled")
			}
		}},
		{"each tenant has a trail of its own", func(b *bench) {
			b.must(b.appendEvents(b.b, b.event("theirs"), b.event("theirs")))
			b.must(b.appendEvents(b.a, b.event("ours")))
			for s, n := range map[storage.Store]int{b.a: 1, b.b: 2} {
				trail := b.trail(s)
				if len(trail) != n {
					b.Fatalf("the trail has %d events, want %d", len(trail), n)
				}
				b.wantChain(trail)
			}
			_, err := b.a.Get(b.ctx, b.events, b.trail(b.b)[0].ID)
			b.wantMissing(err)
		}},
		{"a tenant that was never provisioned has nothing", func(b *bench) {
			b.foreign()
			s, err := b.engine.Open(b.ctx, tenant.NewID())
			if err != nil {
				b.wantMissing(err)
				return
			}
			defer s.Close()
			if got := b.all(s, b.projects); len(got) != 0 {
				b.Fatalf("it has %d projects", len(got))
			}
		}},
	}
}

// foreign fills tenant b with a project and its task, both named "foreign".
func (b *bench) foreign() (project, task storage.Record) {
	b.Helper()
	project = b.project(b.b, "foreign", text("code", "F"))
	return project, b.task(b.b, ident(project), text("title", "foreign"), integer("rank", 5))
}

func (b *bench) getError(r *schema.Resource, i id.ID) error {
	_, err := b.a.Get(b.ctx, r, i)
	if err != nil {
		return err
	}
	return b.a.View(b.ctx, func(tx storage.Tx) error {
		_, err := tx.Get(b.ctx, r, i)
		return err
	})
}
