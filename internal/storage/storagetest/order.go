package storagetest

import (
	"fmt"
	"time"

	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func orderCases() []testCase {
	cases := []testCase{
		{"null comes last in a rising order and first in a falling one", func(b *bench) {
			p := b.project(b.a, "Roof")
			for _, note := range []set{text("note", "b"), {"note", schema.Null()}, text("note", "a"), text("note", "")} {
				b.task(b.a, ident(p), note)
			}
			b.wantTexts(b.tasks, b.ordered(order(b.tasks, "note")), "note", "", "a", "b", "<null>")
			b.wantTexts(b.tasks, b.ordered(order(b.tasks, "-note")), "note", "<null>", "b", "a", "")
		}},
		{"text is ordered byte by byte", func(b *bench) {
			p := b.project(b.a, "Roof")
			for _, title := range []string{"ä", "a", "Z", "_", "é", "aa", "A", "🙂", "\uffff"} {
				b.task(b.a, ident(p), text("title", title))
			}
			b.wantTexts(b.tasks, b.ordered(order(b.tasks, "title")), "title", "A", "Z", "_", "a", "aa", "ä", "é", "\uffff", "🙂")
		}},
		{"ties are broken by the next key and in the end by the id", func(b *bench) {
			p := b.project(b.a, "Roof")
			for i, title := range []string{"x", "y", "x", "y"} {
				b.task(b.a, ident(p), text("title", title), integer("rank", int64(i/2)), text("group", fmt.Sprint(i)))
			}
			b.wantTexts(b.tasks, b.ordered(order(b.tasks, "title", "-rank")), "group", "2", "0", "3", "1")
			b.wantTexts(b.tasks, b.ordered(order(b.tasks, "title")), "group", "0", "2", "1", "3")
		}},
		{"a derived field orders like any other", func(b *bench) {
			b.scatter()
			b.wantTexts(b.projects, b.list(b.a, b.projects, query.List{Order: order(b.projects, "-tasks_count"), Limit: 2}), "name", "b%_", "Ärger")
		}},
	}
	for i, r := range Resources() {
		for _, f := range r.Fields {
			if f.Sort {
				cases = append(cases, testCase{r.Name + " by " + f.Name + " up and down, forwards and backwards", func(b *bench) {
					b.scatter()
					b.compareOrders(b.resources[i], f.Name)
				}})
			}
		}
	}
	return append(cases, testCase{"moments a microsecond apart are apart", func(b *bench) {
		p := b.project(b.a, "Roof")
		for i := range 3 {
			b.task(b.a, ident(p), text("title", fmt.Sprint(i)), set{"at", schema.Moment(moment(0).Add(time.Duration(2-i) * time.Microsecond))})
		}
		b.wantTexts(b.tasks, b.ordered(order(b.tasks, "at")), "title", "2", "1", "0")
	}})
}

// ordered returns the tasks of tenant a.
func (b *bench) ordered(keys []query.Key) []storage.Record {
	b.Helper()
	return b.list(b.a, b.tasks, query.List{Order: keys, Limit: 1000})
}

// compareOrders compares the pages of orders by a field with plain Go, one behind each record.
func (b *bench) compareOrders(r *schema.Resource, field string) {
	b.Helper()
	everything := b.all(b.a, r)
	for _, keys := range [][]query.Key{order(r, field), order(r, "-"+field), order(r, field, "-created_at"), order(r, "-created_at", field)} {
		for _, backward := range []bool{false, true} {
			q := query.List{Order: keys, Limit: 3, Backward: backward}
			b.compareQuery(r, everything, q)
			for _, rec := range everything {
				q.After = keysOf(r, keys, rec)
				b.compareQuery(r, everything, q)
			}
		}
	}
}
