package postgres_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
)

// benched is a bundle with a project and a hundred tasks.
func benched(b *testing.B) (w *bundle, project, task id.ID) {
	b.Helper()
	w = setupWith(b, func(c *postgres.Config) { c.MaxConns = 8 })
	project = w.create(b, w.storeA, "bench")
	for range 100 {
		task = id.New()
		err := w.storeA.Update(b.Context(), func(tx storage.Tx) error {
			return tx.Put(b.Context(), w.tasks, w.task(task, project, "task"), 0)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	return w, project, task
}

func BenchmarkGet(b *testing.B) {
	w, _, task := benched(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.storeA.Get(b.Context(), w.tasks, task); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkList(b *testing.B) {
	w, _, _ := benched(b)
	q := w.newest(w.tasks, 20)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.storeA.List(b.Context(), w.tasks, q, func(storage.Record) error { return nil }); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkCreate(b *testing.B) {
	w, project, _ := benched(b)
	ctx := b.Context()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			task := id.New()
			var rec storage.Record
			err := w.storeA.Update(ctx, func(tx storage.Tx) error {
				if err := tx.Require(ctx, w.projects, project, "project"); err != nil {
					return err
				}
				if err := tx.Put(ctx, w.tasks, w.task(task, project, "x"), 0); err != nil {
					return err
				}
				if err := tx.Append(ctx, event(task)); err != nil {
					return err
				}
				return tx.Return(ctx, w.tasks, task, &rec)
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
}
