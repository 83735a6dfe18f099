package storagetest

import (
	"errors"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/storage"
)

func transactionCases() []testCase {
	return []testCase{
		{"an error leaves nothing and is returned", func(b *bench) {
			kept := b.project(b.a, "Wall")
			stop := errors.New("stop")
			b.wantSame(b.a.Update(b.ctx, func(tx storage.Tx) error {
				b.must(tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0))
				b.must(tx.Put(b.ctx, b.projects, with(b.projects, kept, text("name", "Door")), 1))
				b.must(tx.Append(b.ctx, b.event("created")))
				_, err := tx.Get(b.ctx, b.projects, ident(kept)) // what was deferred has run now
				b.must(err)
				return stop
			}), stop)
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Wall")
			if n := len(b.trail(b.a)); n != 0 {
				b.Fatalf("%d events are left", n)
			}
		}},
		{"a panic leaves nothing and the store goes on", func(b *bench) {
			func() {
				defer func() { _ = recover() }()
				_ = b.a.Update(b.ctx, func(tx storage.Tx) error {
					b.must(tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0))
					panic("in the middle")
				})
			}()
			b.project(b.a, "Wall")
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Wall")
		}},
		{"a write that failed fails the transaction, whatever its function makes of it", func(b *bench) {
			b.project(b.a, "Roof")
			err := b.a.Update(b.ctx, func(tx storage.Tx) error {
				b.must(tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Wall")), 0))
				_ = tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0)
				return nil
			})
			b.wantCode(err, fault.Conflict, "name")
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Roof")
		}},
		{"a record that is not found fails nothing", func(b *bench) {
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				_, err := tx.Get(b.ctx, b.projects, id.New())
				b.wantMissing(err)
				return tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0)
			}))
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Roof")
		}},
		{"writes take effect in the order of the calls", func(b *bench) {
			p := b.record(b.projects, text("name", "Roof"))
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				b.must(tx.Put(b.ctx, b.projects, p, 0))
				t := b.record(b.tasks, reference("project", ident(p)))
				b.must(tx.Require(b.ctx, b.projects, ident(p), "project"))
				b.must(tx.Put(b.ctx, b.tasks, t, 0))
				b.must(tx.Put(b.ctx, b.projects, with(b.projects, p, text("name", "Wall")), 1))
				b.must(tx.Delete(b.ctx, b.tasks, []id.ID{ident(t)}))
				return tx.Delete(b.ctx, b.projects, []id.ID{ident(p)})
			}))
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name")
		}},
		{"nobody sees what is not committed", func(b *bench) {
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				p := b.record(b.projects, text("name", "Roof"))
				b.must(tx.Put(b.ctx, b.projects, p, 0))
				_, err := tx.Get(b.ctx, b.projects, ident(p))
				b.must(err)
				b.wantTexts(b.projects, b.all(b.a, b.projects), "name")
				return nil
			}))
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Roof")
		}},
		{"a view reads one moment and can't write", func(b *bench) {
			p := b.project(b.a, "Roof")
			b.must(b.a.View(b.ctx, func(tx storage.Tx) error {
				_, err := tx.Get(b.ctx, b.projects, ident(p))
				b.must(err)
				b.must(b.put(b.a, b.projects, with(b.projects, p, text("name", "Wall")), 1))
				rec, err := tx.Get(b.ctx, b.projects, ident(p))
				b.must(err)
				b.wantTexts(b.projects, []storage.Record{rec}, "name", "Roof")
				groups, err := tx.Aggregate(b.ctx, query.Aggregate{Resource: b.projects, GroupBy: fields(b.projects, "name")})
				b.must(err)
				b.wantGroups(groups[0], `"Roof"=1/0/0`)
				return nil
			}))
			err := b.a.View(b.ctx, func(tx storage.Tx) error {
				return tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Door")), 0)
			})
			if err == nil {
				b.Fatal("a view wrote")
			}
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Wall")
		}},
		{"what Return promised is there when Update returns", func(b *bench) {
			p := b.record(b.projects, text("name", "Roof"))
			t := b.record(b.tasks, reference("project", ident(p)), text("title", "tiles"))
			var project, task, again storage.Record
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				b.must(tx.Put(b.ctx, b.projects, p, 0))
				b.must(tx.Return(b.ctx, b.projects, ident(p), &project))
				b.must(tx.Put(b.ctx, b.tasks, t, 0))
				b.must(tx.Return(b.ctx, b.tasks, ident(t), &task))
				b.must(tx.Append(b.ctx, b.event("created")))
				return tx.Return(b.ctx, b.projects, ident(p), &again)
			}))
			b.wantRecord(task, b.get(b.a, b.tasks, ident(t)))
			b.wantRecord(again, b.get(b.a, b.projects, ident(p)))
			b.wantRecord(project, again)
		}},
		{"Return of nothing is not found and undoes the rest", func(b *bench) {
			var rec storage.Record
			b.wantMissing(b.a.Update(b.ctx, func(tx storage.Tx) error {
				b.must(tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0))
				return tx.Return(b.ctx, b.projects, id.New(), &rec)
			}))
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name")
		}},
		{"a transaction is of no use after its end", func(b *bench) {
			var kept storage.Tx
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error { kept = tx; return nil }))
			if err := kept.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0); err == nil {
				b.Fatal("it took a write")
			}
			if _, err := kept.Get(b.ctx, b.projects, id.New()); err == nil || fault.Is(err, fault.NotFound) {
				b.Fatalf("it read, with the error %v", err)
			}
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name")
		}},
	}
}
