package storagetest

import (
	"sync/atomic"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func versionCases() []testCase {
	return []testCase{
		{"a write over another version is refused", func(b *bench) {
			p := b.project(b.a, "Roof")
			b.must(b.put(b.a, b.projects, with(b.projects, p, text("name", "Wall")), 1))
			b.wantCode(b.put(b.a, b.projects, with(b.projects, p, text("name", "Door")), 1), fault.PreconditionFailed)
			got := b.get(b.a, b.projects, ident(p))
			b.wantTexts(b.projects, []storage.Record{got}, "name", "Wall")
			if got.Version != 2 {
				b.Fatalf("the version is %d, want 2", got.Version)
			}
		}},
		{"a write over a record that is gone is refused", func(b *bench) {
			p := b.project(b.a, "Roof")
			b.must(b.remove(b.a, b.projects, ident(p)))
			b.wantCode(b.put(b.a, b.projects, with(b.projects, p), 1), fault.PreconditionFailed)
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name")
		}},
		{"the version that is stored is the record's own", func(b *bench) {
			p := b.project(b.a, "Roof")
			p.Version = 7
			b.must(b.put(b.a, b.projects, p, 1))
			if got := b.get(b.a, b.projects, ident(p)).Version; got != 7 {
				b.Fatalf("the version is %d, want 7", got)
			}
		}},
		{"of eight who read a version at once, one writes over it", func(b *bench) {
			p := b.project(b.a, "Roof")
			var wins atomic.Int64
			b.together(8, func(int) {
				err := b.put(b.a, b.projects, with(b.projects, p), 1)
				if err == nil {
					wins.Add(1)
				} else if !fault.Is(err, fault.PreconditionFailed) {
					b.Errorf("got the error %v, want precondition_failed", err)
				}
			})
			if wins.Load() != 1 {
				b.Fatalf("%d of them wrote", wins.Load())
			}
		}},
		{"a record that was read in a transaction does not change before its end", func(b *bench) {
			p := b.project(b.a, "Roof")
			t := b.task(b.a, ident(p))
			b.together(8, func(int) {
				for range 4 {
					err := b.a.Update(b.ctx, func(tx storage.Tx) error {
						rec, err := tx.Get(b.ctx, b.tasks, ident(t))
						if err != nil {
							return err
						}
						n := value(b.tasks, rec, "rank").Int()
						return tx.Put(b.ctx, b.tasks, with(b.tasks, rec, set{"rank", schema.Int(n + 1)}), rec.Version)
					})
					if err != nil {
						b.Errorf("count up: %v", err)
					}
				}
			})
			got := b.get(b.a, b.tasks, ident(t))
			if n := value(b.tasks, got, "rank").Int(); n != 32 || got.Version != 33 {
				b.Fatalf("counted to %d at version %d, want 32 at 33", n, got.Version)
			}
		}},
	}
}
