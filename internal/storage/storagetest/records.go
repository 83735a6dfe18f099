package storagetest

import (
	"errors"
	"strings"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func recordCases() []testCase {
	return []testCase{
		{"a record reads as it was written", func(b *bench) {
			p := b.project(b.a, "Roof")
			parent := b.task(b.a, ident(p), text("title", "first"))
			want := b.fullTask(ident(p), ident(parent))
			b.insert(b.a, b.tasks, want)
			want.Values[b.tasks.Index("project_name")] = schema.String("Roof")
			b.wantRecord(b.get(b.a, b.tasks, ident(want)), want)
			b.wantRecord(b.list(b.a, b.tasks, query.ByID(b.tasks, []id.ID{ident(want)}))[0], want)
		}},
		{"an unknown id is not found", func(b *bench) {
			_, err := b.a.Get(b.ctx, b.projects, id.New())
			b.wantMissing(err)
			b.wantMissing(b.a.Update(b.ctx, func(tx storage.Tx) error {
				_, err := tx.Get(b.ctx, b.projects, id.New())
				return err
			}))
		}},
		{"an update writes every field and nothing else", func(b *bench) {
			p, other := b.project(b.a, "Roof"), b.project(b.a, "Wall")
			changed := with(b.projects, p, text("name", "Floor"), text("description", "new"), text("status", "it's over"), text("code", "F"))
			changed.Values[b.projects.Index("updated_at")] = schema.Moment(moment(9))
			b.must(b.put(b.a, b.projects, changed, 1))
			changed.Values[b.projects.Index("tasks_count")] = schema.Int(0)
			b.wantRecord(b.get(b.a, b.projects, ident(p)), changed)
			b.wantTexts(b.projects, []storage.Record{b.get(b.a, b.projects, ident(other))}, "name", "Wall")
		}},
		{"a deleted record is gone and others stay", func(b *bench) {
			p, other := b.project(b.a, "Roof"), b.project(b.a, "Wall")
			b.must(b.remove(b.a, b.projects, ident(p)))
			_, err := b.a.Get(b.ctx, b.projects, ident(p))
			b.wantMissing(err)
			b.get(b.a, b.projects, ident(other))
		}},
		{"deleting what is not there does nothing", func(b *bench) {
			b.project(b.a, "Roof")
			b.must(b.remove(b.a, b.projects, id.New(), id.New()))
			b.must(b.remove(b.a, b.projects))
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Roof")
		}},
		{"many records are deleted at once", func(b *bench) {
			p := b.project(b.a, "Roof")
			var ids []id.ID
			for range 300 {
				ids = append(ids, ident(b.record(b.tasks)))
			}
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				for _, i := range ids {
					rec := b.record(b.tasks, reference("project", ident(p)))
					rec.Values[0] = schema.ID(i)
					if err := tx.Put(b.ctx, b.tasks, rec, 0); err != nil {
						return err
					}
				}
				return nil
			}))
			b.must(b.remove(b.a, b.tasks, ids[1:]...))
			if left := b.all(b.a, b.tasks); len(left) != 1 || ident(left[0]) != ids[0] {
				b.Fatalf("%d records are left, want the first alone", len(left))
			}
		}},
		{"an id that exists is a conflict", func(b *bench) {
			p := b.project(b.a, "Roof")
			again := b.record(b.projects, text("name", "Wall"))
			again.Values[0] = schema.ID(ident(p))
			b.wantTaken(b.put(b.a, b.projects, again, 0), "id")
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Roof")
		}},
		{"derived values are computed and what is put there is ignored", func(b *bench) {
			p := b.project(b.a, "Roof", integer("tasks_count", 77))
			empty := b.project(b.a, "Wall")
			t := b.task(b.a, ident(p), text("project_name", "nonsense"))
			b.task(b.a, ident(p))
			if n := value(b.projects, b.get(b.a, b.projects, ident(p)), "tasks_count").Int(); n != 2 {
				b.Fatalf("tasks_count is %d, want 2", n)
			}
			if n := value(b.projects, b.get(b.a, b.projects, ident(empty)), "tasks_count").Int(); n != 0 {
				b.Fatalf("tasks_count is %d, want 0", n)
			}
			b.must(b.put(b.a, b.projects, with(b.projects, p, text("name", "Floor")), 1))
			b.wantTexts(b.tasks, []storage.Record{b.get(b.a, b.tasks, ident(t))}, "project_name", "Floor")
		}},
		{"a record that Get returned is the caller's", func(b *bench) {
			p, other := b.project(b.a, "Roof"), b.project(b.a, "Wall")
			first := b.get(b.a, b.projects, ident(p))
			kept := first.Clone()
			for range 5 {
				b.get(b.a, b.projects, ident(other))
				b.all(b.a, b.projects)
			}
			b.wantRecord(first, kept)
		}},
		{"a transaction reads what it has written", func(b *bench) {
			p := b.record(b.projects, text("name", "Roof"))
			b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
				b.must(tx.Put(b.ctx, b.projects, p, 0))
				got, err := tx.Get(b.ctx, b.projects, ident(p))
				b.must(err)
				b.wantTexts(b.projects, []storage.Record{got}, "name", "Roof")
				var n int
				_, err = tx.List(b.ctx, b.projects, query.List{Order: order(b.projects), Limit: 5}, func(storage.Record) error { n++; return nil })
				b.must(err)
				if n != 1 {
					b.Fatalf("the list in the transaction has %d records, want 1", n)
				}
				return nil
			}))
		}},
		{"a long text survives", func(b *bench) {
			long := strings.Repeat("äöü ", 25_000)
			p := b.project(b.a, "Roof", text("description", long))
			if got := value(b.projects, b.get(b.a, b.projects, ident(p)), "description").Text(); got != long {
				b.Fatalf("got %d bytes, want %d", len(got), len(long))
			}
		}},
		{"an error of yield ends the list and is returned", func(b *bench) {
			b.project(b.a, "Roof")
			b.project(b.a, "Wall")
			stop := errors.New("stop")
			calls := 0
			_, err := b.a.List(b.ctx, b.projects, query.List{Order: order(b.projects), Limit: 5}, func(storage.Record) error { calls++; return stop })
			b.wantSame(err, stop)
			if calls != 1 {
				b.Fatalf("yield was called %d times", calls)
			}
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Roof", "Wall")
		}},
	}
}

// fullTask returns a task with a value in every field.
func (b *bench) fullTask(project, parent id.ID) storage.Record {
	b.Helper()
	due, _ := schema.DateOf(moment(0))
	return b.record(b.tasks,
		reference("project", project), reference("parent", parent), reference("assignee", id.New()),
		text("title", "Größe 📐 \"quoted\" 'single' \\ back"), text("note", "line\r\n\ttab"),
		integer("rank", -1<<63), integer("size", 1<<63-1), set{"score", schema.Float(-0.1)},
		set{"done", schema.Bool(true)}, set{"flag", schema.Bool(false)}, set{"due", due}, set{"at", schema.Moment(moment(1))},
		text("group", "select"), set{"meta", schema.RawJSON([]byte(`{"b":1,"a":[null,1.50,"ü"]}`))}, reference("created_by", id.New()),
	)
}
