package storagetest

import (
	"sync"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func uniqueCases() []testCase {
	return []testCase{
		{"a taken value is a conflict that names the field", func(b *bench) {
			p := b.project(b.a, "Roof", text("code", "R"))
			other := b.project(b.a, "Wall")
			b.wantTaken(b.put(b.a, b.projects, b.record(b.projects, text("name", "Roof")), 0), "name")
			b.wantTaken(b.put(b.a, b.projects, b.record(b.projects, text("name", "x"), text("code", "R")), 0), "code")
			b.wantTaken(b.put(b.a, b.projects, with(b.projects, other, text("name", "Roof")), 1), "name")
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Roof", "Wall")
			b.must(b.put(b.a, b.projects, with(b.projects, p, text("description", "its own name again")), 1))
		}},
		{"the same value in two tenants is fine", func(b *bench) {
			b.project(b.a, "Roof")
			b.project(b.b, "Roof")
		}},
		{"two taken values are both named", func(b *bench) {
			b.project(b.a, "Roof", text("code", "R"))
			b.wantTaken(b.put(b.a, b.projects, b.record(b.projects, text("name", "Roof"), text("code", "R")), 0), "name", "code")
		}},
		{"values that differ in one byte are different", func(b *bench) {
			for _, name := range []string{"roof", "Roof", "roof ", " roof", "röof", "ro\u0308of", ""} {
				b.project(b.a, name)
			}
		}},
		{"null is not taken", func(b *bench) {
			b.project(b.a, "Roof", set{"code", schema.Null()})
			b.project(b.a, "Wall", set{"code", schema.Null()})
		}},
		{"a value that was let go can be taken", func(b *bench) {
			p := b.project(b.a, "Roof")
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				b.must(tx.Put(b.ctx, b.projects, with(b.projects, p, text("name", "Wall")), 1))
				return tx.Put(b.ctx, b.projects, b.record(b.projects, text("name", "Roof")), 0)
			}))
			b.must(b.remove(b.a, b.projects, ident(p)))
			b.project(b.a, "Wall")
		}},
		{"of eight who take one value at once, one gets it", func(b *bench) {
			var wins sync.Map
			b.together(8, func(i int) {
				err := b.put(b.a, b.projects, b.record(b.projects, text("name", "Roof")), 0)
				if err == nil {
					wins.Store(i, true)
				} else if !fault.Is(err, fault.Conflict) {
					b.Errorf("got the error %v, want a conflict", err)
				}
			})
			n := 0
			wins.Range(func(any, any) bool { n++; return true })
			if n != 1 {
				b.Fatalf("%d of them got it", n)
			}
		}},
	}
}

// together calls fn in n goroutines at once and waits for them.
func (b *bench) together(n int, fn func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	all.Wait()
}
