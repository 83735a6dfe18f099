package storagetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func filterCases() []testCase {
	cases := []testCase{
		{"a list without conditions has every record", func(b *bench) {
			b.project(b.a, "Roof")
			b.project(b.a, "Wall")
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Roof", "Wall")
		}},
		{"all conditions must hold", func(b *bench) {
			b.project(b.a, "Roof", text("status", "it's over"))
			b.project(b.a, "Wall")
			b.project(b.a, "Door", text("status", "it's over"), text("code", "D"))
			got := b.list(b.a, b.projects, query.List{Order: order(b.projects), Limit: 9, Where: []query.Condition{
				where(b.projects, "status", query.Equal, schema.String("it's over")),
				where(b.projects, "code", query.IsNull, schema.Bool(true)),
			}})
			b.wantTexts(b.projects, got, "name", "Roof")
		}},
		{"a list by ids has those in the order of ids", func(b *bench) {
			p, _, d := b.project(b.a, "Roof"), b.project(b.a, "Wall"), b.project(b.a, "Door")
			got := b.list(b.a, b.projects, query.ByID(b.projects, []id.ID{ident(d), id.New(), ident(p), ident(p)}))
			b.wantTexts(b.projects, got, "name", "Roof", "Door")
		}},
		{"a list of values may be long", func(b *bench) {
			var values []schema.Value
			for i := range 700 {
				values = append(values, schema.String(fmt.Sprint("none ", i)))
			}
			b.project(b.a, "Roof")
			b.project(b.a, "none 3")
			b.project(b.a, "none 699")
			got := b.list(b.a, b.projects, query.List{Order: order(b.projects), Limit: 9, Where: []query.Condition{where(b.projects, "name", query.In, values...)}})
			b.wantTexts(b.projects, got, "name", "none 3", "none 699")
		}},
		{"user text is a value and never SQL", func(b *bench) {
			hostile := `' OR 1=1; DROP TABLE projects; -- " \ $1 ?1 :x @y %s`
			b.project(b.a, "Roof")
			b.project(b.a, hostile, text("description", hostile))
			for _, op := range []query.Op{query.Equal, query.In, query.Contains, query.GreaterEqual} {
				got := b.list(b.a, b.projects, query.List{
					Order: order(b.projects), Limit: 9, Search: []string{hostile},
					Where: []query.Condition{where(b.projects, "name", op, schema.String(hostile))},
				})
				b.wantTexts(b.projects, got, "name", hostile)
			}
		}},
	}
	for _, f := range tasks().Fields {
		if f.Filter {
			cases = append(cases, testCase{"every look-up of " + f.Name + " (" + f.Type.String() + ")", lookups(f.Name)})
		}
	}
	return append(cases, testCase{"every look-up of a count", countLookups})
}

// lookups compares every look-up of one field, against every value it has, with plain Go.
func lookups(field string) func(*bench) {
	return func(b *bench) {
		b.scatter()
		b.compareLookups(b.tasks, field)
	}
}

func countLookups(b *bench) {
	b.scatter()
	b.compareLookups(b.projects, "tasks_count")
}

// scatter fills tenant a with projects and tasks whose fields have few different values, null among them.
func (b *bench) scatter() {
	b.Helper()
	due, _ := schema.DateOf(moment(0))
	names := []string{"Alpha", "alpha", "Ärger", "b%_", "", "zz"}
	b.must(b.a.Update(b.ctx, func(tx storage.Tx) error {
		var last id.ID
		for i := range 4 {
			p := b.record(b.projects, text("name", names[i]))
			b.must(tx.Put(b.ctx, b.projects, p, 0))
			for j := range i * 3 {
				t := b.record(b.tasks,
					reference("project", ident(p)), text("title", names[j%6]), integer("rank", int64(j%3-1)), set{"done", schema.Bool(j%2 == 0)},
					text("group", names[(j+1)%3]), set{"created_at", schema.Moment(moment(j % 4))}, set{"updated_at", schema.Moment(moment(j % 3))})
				if j%3 > 0 {
					t = with(b.tasks, t, text("note", names[j%4]), integer("size", int64(j)), set{"score", schema.Float(float64(j) / 3)},
						set{"flag", schema.Bool(j%4 == 1)}, set{"due", schema.Days(due.Int() + int64(j%2))},
						set{"at", schema.Micros(moment(0).UnixMicro() + int64(j%2))}, reference("parent", last), reference("assignee", ident(p)), reference("created_by", ident(p)))
					t.Version = 1
				}
				last = ident(t)
				b.must(tx.Put(b.ctx, b.tasks, t, 0))
			}
		}
		return nil
	}))
}

func (b *bench) compareLookups(r *schema.Resource, field string) {
	b.Helper()
	everything := b.all(b.a, r)
	f := r.Field(field)
	values := []schema.Value{}
	for _, rec := range everything {
		if v := value(r, rec, field); !v.IsNull() && !slices.ContainsFunc(values, v.Equal) {
			values = append(values, v)
		}
	}
	if len(values) < 2 {
		b.Fatalf("only %d values of %s", len(values), field)
	}
	for _, op := range []query.Op{query.Equal, query.In, query.Greater, query.GreaterEqual, query.Less, query.LessEqual, query.Contains, query.IsNull} {
		for i, v := range values {
			c := query.Condition{Field: f, Op: op, Values: []schema.Value{v}}
			switch {
			case op == query.In:
				c.Values = append(slices.Clone(values[i:min(i+3, len(values))]), v)
			case op == query.IsNull:
				c.Values = []schema.Value{schema.Bool(i%2 == 0)}
			case op == query.Contains && f.Type != schema.Text:
				continue
			}
			b.compareQuery(r, everything, query.List{Where: []query.Condition{c}, Order: order(r), Limit: 1000, Count: true})
		}
	}
}

// compareQuery checks that the engine's answer to q is plain Go's.
func (b *bench) compareQuery(r *schema.Resource, everything []storage.Record, q query.List) {
	b.Helper()
	want, wantTotal := answer(r, everything, q)
	got, total := b.listTotal(b.a, r, q)
	if !slices.EqualFunc(got, want, func(x, y storage.Record) bool { return ident(x) == ident(y) }) {
		b.Fatalf("%s: got %v, want %v", describe(q), idents(got), idents(want))
	}
	if q.Count && total != wantTotal || !q.Count && total != -1 {
		b.Fatalf("%s: the total is %d, of %d", describe(q), total, wantTotal)
	}
}

func idents(records []storage.Record) []id.ID {
	out := make([]id.ID, len(records))
	for i := range records {
		out[i] = ident(records[i])
	}
	return out
}

func describe(q query.List) string {
	var out strings.Builder
	for _, c := range q.Where {
		fmt.Fprintf(&out, " %s/%d%s", c.Field.Name, c.Op, valuesText(c.Values))
	}
	fmt.Fprintf(&out, " search %q order", q.Search)
	for _, key := range q.Order {
		fmt.Fprintf(&out, " %s/%v", key.Field.Name, key.Desc)
	}
	if q.After != nil {
		fmt.Fprintf(&out, " backward=%v after%s", q.Backward, valuesText(q.After))
	}
	return fmt.Sprintf("list%s limit %d offset %d", out.String(), q.Limit, q.Offset)
}

func valuesText(values []schema.Value) string {
	var out []byte
	for _, v := range values {
		out = v.AppendJSON(append(out, ' '))
	}
	return string(out)
}
