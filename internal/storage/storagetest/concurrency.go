package storagetest

import (
	"fmt"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/storage"
)

func concurrencyCases() []testCase {
	return []testCase{
		{"eight connections at once lose nothing", func(b *bench) {
			stores := []storage.Store{b.a, b.b}
			b.together(8, func(worker int) {
				s := stores[worker%2]
				for i := range 10 {
					p := b.record(b.projects, text("name", fmt.Sprint(worker, "-", i)))
					t := b.record(b.tasks, reference("project", ident(p)))
					err := s.Update(b.ctx, func(tx storage.Tx) error {
						if err := tx.Put(b.ctx, b.projects, p, 0); err != nil {
							return err
						}
						return tx.Put(b.ctx, b.tasks, t, 0)
					})
					if err != nil {
						b.Errorf("write: %v", err)
						return
					}
					rec, err := s.Get(b.ctx, b.projects, ident(p))
					if err != nil || value(b.projects, rec, "tasks_count").Int() != 1 {
						b.Errorf("a worker can't read its own write: %v", err)
					}
					_, err = s.List(b.ctx, b.tasks, query.List{Order: order(b.tasks, "-created_at"), Limit: 20}, func(storage.Record) error { return nil })
					if err != nil {
						b.Errorf("list: %v", err)
					}
				}
			})
			for _, s := range stores {
				if p, t := len(b.all(s, b.projects)), len(b.all(s, b.tasks)); p != 40 || t != 40 {
					b.Fatalf("%d projects and %d tasks are left, want 40 of each", p, t)
				}
			}
		}},
		{"stores of one tenant are opened and closed at once", func(b *bench) {
			p := b.project(b.a, "Roof")
			b.together(8, func(int) {
				for range 10 {
					s, err := b.engine.Open(b.ctx, b.tenants[0])
					if err != nil {
						b.Errorf("open: %v", err)
						return
					}
					if _, err := s.Get(b.ctx, b.projects, ident(p)); err != nil {
						b.Errorf("get: %v", err)
					}
					s.Close()
					s.Close() // once more does no harm
				}
			})
			b.get(b.a, b.projects, ident(p))
		}},
		{"who adds to a parent and who deletes it never leave an orphan", func(b *bench) {
			var parents []id.ID
			for i := range 8 {
				parents = append(parents, ident(b.project(b.a, fmt.Sprint(i))))
			}
			b.together(8, func(worker int) {
				for _, p := range parents {
					if worker%2 == 0 {
						_ = b.remove(b.a, b.projects, p)
					} else {
						_ = b.put(b.a, b.tasks, b.record(b.tasks, reference("project", p)), 0)
					}
				}
			})
			for _, t := range b.all(b.a, b.tasks) {
				b.get(b.a, b.projects, value(b.tasks, t, "project").ID())
			}
		}},
	}
}
