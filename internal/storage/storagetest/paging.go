package storagetest

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func pagingCases() []testCase {
	return []testCase{
		{"rows inserted and deleted between pages neither repeat nor skip any", func(b *bench) { b.pageUnderWrites("-created_at", false) }},
		{"the same backwards", func(b *bench) { b.pageUnderWrites("-created_at", true) }},
		{"the same in an order with nulls", func(b *bench) { b.pageUnderWrites("size", false) }},
		{"the same in an order with nulls backwards", func(b *bench) { b.pageUnderWrites("-size", true) }},
		{"a page follows a record that is gone", func(b *bench) {
			p := b.project(b.a, "Roof")
			var all []storage.Record
			for i := range 5 {
				all = append(all, b.task(b.a, ident(p), integer("rank", int64(i)), text("title", fmt.Sprint(i))))
			}
			keys := order(b.tasks, "rank")
			b.must(b.remove(b.a, b.tasks, ident(all[2])))
			q := query.List{Order: keys, Limit: 9, After: keysOf(b.tasks, keys, all[2])}
			b.wantTexts(b.tasks, b.list(b.a, b.tasks, q), "title", "3", "4")
			q.Backward = true
			b.wantTexts(b.tasks, b.list(b.a, b.tasks, q), "title", "1", "0")
		}},
		{"numbered pages are cut from the whole", func(b *bench) {
			p := b.project(b.a, "Roof")
			for i := range 7 {
				b.task(b.a, ident(p), integer("rank", int64(i)), text("title", fmt.Sprint(i)))
			}
			q := query.List{Order: order(b.tasks, "rank"), Limit: 3, Offset: 3, Count: true}
			got, total := b.listTotal(b.a, b.tasks, q)
			b.wantTexts(b.tasks, got, "title", "3", "4", "5")
			b.wantTotal(total, 7)
			q.Offset = 6
			got, _ = b.listTotal(b.a, b.tasks, q)
			b.wantTexts(b.tasks, got, "title", "6")
			q.Offset = 9
			got, total = b.listTotal(b.a, b.tasks, q)
			b.wantTexts(b.tasks, got, "title")
			b.wantTotal(total, 7)
		}},
		{"the count is that of all pages and is given when asked for", func(b *bench) {
			p := b.project(b.a, "Roof")
			var last storage.Record
			for i := range 6 {
				last = b.task(b.a, ident(p), integer("rank", int64(i%2)), text("title", "x"))
			}
			keys := order(b.tasks)
			q := query.List{
				Order: keys, Limit: 1, Count: true, After: keysOf(b.tasks, keys, last), Search: []string{"X"},
				Where: []query.Condition{where(b.tasks, "rank", query.Equal, schema.Int(1))},
			}
			_, total := b.listTotal(b.a, b.tasks, q)
			b.wantTotal(total, 3)
			q.Count = false
			_, total = b.listTotal(b.a, b.tasks, q)
			b.wantTotal(total, -1)
			b.must(b.a.View(b.ctx, func(tx storage.Tx) error {
				q.Count = true
				total, err := tx.List(b.ctx, b.tasks, q, func(storage.Record) error { return nil })
				b.wantTotal(total, 3)
				return err
			}))
		}},
		{"a count and its page are of one moment", oneMoment},
	}
}

func (b *bench) wantTotal(got, want int64) {
	b.Helper()
	if got != want {
		b.Fatalf("the total is %d, want %d", got, want)
	}
}

// pageUnderWrites pages through tasks while others come and go on both sides. What was there all the time must
// come once, in order.
func (b *bench) pageUnderWrites(by string, backward bool) {
	b.Helper()
	p := b.project(b.a, "Roof")
	values := func(i int) []set {
		out := []set{{"created_at", schema.Moment(moment(i % 9))}}
		if i%4 > 0 {
			out = append(out, integer("size", int64(i%5)))
		}
		return out
	}
	var stay, goAway []storage.Record
	for i := range 30 {
		rec := b.task(b.a, ident(p), values(i)...)
		if i%3 == 0 {
			goAway = append(goAway, rec)
		} else {
			stay = append(stay, rec)
		}
	}
	keys := order(b.tasks, by)
	want, _ := answer(b.tasks, stay, query.List{Order: keys, Limit: 100, Backward: backward})
	q := query.List{Order: keys, Limit: 4, Backward: backward}
	var got []id.ID
	seen := map[id.ID]bool{}
	for round := 0; ; round++ {
		page := b.list(b.a, b.tasks, q)
		if len(page) == 0 {
			break
		}
		for _, rec := range page {
			if seen[ident(rec)] {
				b.Fatalf("the record %s comes twice", ident(rec))
			}
			seen[ident(rec)] = true
			if slices.ContainsFunc(stay, func(s storage.Record) bool { return ident(s) == ident(rec) }) {
				got = append(got, ident(rec))
			}
		}
		q.After = keysOf(b.tasks, keys, page[len(page)-1])
		if round < len(goAway) {
			b.must(b.remove(b.a, b.tasks, ident(goAway[round])))
			b.task(b.a, ident(p), values(round)...)
		}
	}
	if !slices.Equal(got, idents(want)) {
		b.Fatalf("paging gave %v, want %v", got, idents(want))
	}
}

// oneMoment lists with a count while another writes: without offsets and conditions both are of the same size.
func oneMoment(b *bench) {
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			rec := b.record(b.projects, text("name", id.New().String()))
			if err := b.put(b.a, b.projects, rec, 0); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 30 {
		got, total := b.listTotal(b.a, b.projects, query.List{Order: order(b.projects), Limit: 100_000, Count: true})
		if int64(len(got)) != total {
			close(stop)
			b.must(<-done)
			b.Fatalf("the list has %d records, its count is %d", len(got), total)
		}
	}
	close(stop)
	b.must(<-done)
}
