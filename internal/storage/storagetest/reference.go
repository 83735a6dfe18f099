package storagetest

import (
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func referenceCases() []testCase {
	return []testCase{
		{"a reference to nothing is refused by name", func(b *bench) {
			p := b.project(b.a, "Roof")
			t := b.task(b.a, ident(p))
			b.wantReference(b.put(b.a, b.tasks, b.record(b.tasks, reference("project", id.New())), 0), "project")
			b.wantReference(b.put(b.a, b.tasks, b.record(b.tasks, reference("project", ident(p)), reference("parent", id.New())), 0), "parent")
			b.wantReference(b.put(b.a, b.tasks, b.record(b.tasks, reference("project", id.New()), reference("parent", id.New())), 0), "project", "parent")
			b.wantReference(b.put(b.a, b.tasks, with(b.tasks, t, reference("parent", id.New())), 1), "parent")
			if n := len(b.all(b.a, b.tasks)); n != 1 {
				b.Fatalf("there are %d tasks, want 1", n)
			}
		}},
		{"a plain id and a member's refer to nothing here", func(b *bench) {
			p := b.project(b.a, "Roof")
			b.task(b.a, ident(p), reference("assignee", id.New()), reference("created_by", id.New()))
		}},
		{"a null reference is fine", func(b *bench) {
			b.task(b.a, ident(b.project(b.a, "Roof")), set{"parent", schema.Null()})
		}},
		{"a record may name itself and one of the same transaction", func(b *bench) {
			p := b.project(b.a, "Roof")
			t := b.record(b.tasks, reference("project", ident(p)))
			t.Values[b.tasks.Index("parent")] = t.Values[0]
			child := b.record(b.tasks, reference("project", ident(p)), reference("parent", ident(t)))
			b.insert(b.a, b.tasks, t, child)
		}},
		{"a record that is named can't be deleted", func(b *bench) {
			p := b.project(b.a, "Roof")
			t := b.task(b.a, ident(p))
			b.wantCode(b.remove(b.a, b.projects, ident(p)), fault.Conflict)
			b.get(b.a, b.projects, ident(p))
			b.must(b.remove(b.a, b.tasks, ident(t)))
			b.must(b.remove(b.a, b.projects, ident(p)))
		}},
		{"a cascade is a list with locks, deletes from the leaves up and one transaction", func(b *bench) {
			p, other := b.project(b.a, "Roof"), b.project(b.a, "Wall")
			b.task(b.a, ident(other), text("title", "stays"))
			for range 5 {
				b.task(b.a, ident(p))
			}
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				var ids []id.ID
				_, err := tx.List(b.ctx, b.tasks, query.List{
					Where: []query.Condition{where(b.tasks, "project", query.Equal, schema.ID(ident(p)))}, Order: order(b.tasks), Limit: 100, Lock: true,
				}, func(rec storage.Record) error { ids = append(ids, ident(rec)); return nil })
				b.must(err)
				b.must(tx.Delete(b.ctx, b.tasks, ids))
				return tx.Delete(b.ctx, b.projects, []id.ID{ident(p)})
			}))
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Wall")
			b.wantTexts(b.tasks, b.all(b.a, b.tasks), "title", "stays")
		}},
		{"a parent and its child are deleted by one call", func(b *bench) {
			p := b.project(b.a, "Roof")
			parent := b.task(b.a, ident(p))
			child := b.task(b.a, ident(p), reference("parent", ident(parent)))
			b.wantCode(b.remove(b.a, b.tasks, ident(parent)), fault.Conflict)
			b.must(b.remove(b.a, b.tasks, ident(parent), ident(child)))
		}},
		{"a required record must be there", func(b *bench) {
			p := b.project(b.a, "Roof")
			require := func(i id.ID) error {
				return b.a.Update(b.ctx, func(tx storage.Tx) error { return tx.Require(b.ctx, b.projects, i, "project") })
			}
			b.must(require(ident(p)))
			b.wantReference(require(id.New()), "project")
		}},
		{"a failed requirement undoes what was written", func(b *bench) {
			err := b.a.Update(b.ctx, func(tx storage.Tx) error {
				if err := tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0); err != nil {
					return err
				}
				_ = tx.Require(b.ctx, b.projects, id.New(), "project")
				return nil
			})
			b.wantReference(err, "project")
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name")
		}},
		{"a required record stays until the end", requiredStays},
	}
}

// wantReference checks for validation_failed with unknown references at these fields, in the words of all engines.
func (b *bench) wantReference(err error, fields ...string) {
	b.Helper()
	b.wantCode(err, fault.ValidationFailed, fields...)
	b.wantWords(err, fault.UnknownReference)
}

// requiredStays deletes a project while another transaction that requires it is about to add a task to it: the
// deletion must fail, or the whole other transaction.
func requiredStays(b *bench) {
	for range 5 {
		p := b.project(b.a, id.New().String())
		deleted := make(chan error, 1)
		err := b.a.Update(b.ctx, func(tx storage.Tx) error {
			if err := tx.Require(b.ctx, b.projects, ident(p), "project"); err != nil {
				return err
			}
			// Reading makes an engine that defers run what it was told, so that the record is held from here on.
			if _, err := tx.Get(b.ctx, b.projects, ident(p)); err != nil {
				return err
			}
			go func() { deleted <- b.remove(b.a, b.projects, ident(p)) }()
			return tx.Put(b.ctx, b.tasks, b.record(b.tasks, reference("project", ident(p))), 0)
		})
		b.must(err)
		b.wantCode(<-deleted, fault.Conflict)
	}
}
