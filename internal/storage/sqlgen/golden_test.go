package sqlgen_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
	"github.com/tenantry/tenantry/internal/tenant"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden compares all statements of both dialects with the golden files.
func TestGolden(t *testing.T) {
	t.Parallel()
	for dialect, name := range map[sqlgen.Dialect]string{sqlgen.Postgres: "postgres", sqlgen.SQLite: "sqlite"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, resources := builder(dialect)
			shapes := cases(b, resources)
			if dialect == sqlgen.Postgres {
				shapes = append(shapes, named{"size", b.Size(resources[1])}, named{"size of the events", b.Size(storage.Events())})
			}
			golden(t, name+"_statements.sql", statements(shapes))
			golden(t, name+"_tables.sql", tables(t, b, resources))
		})
	}
}

// ours is the tenant of all builders.
const ours = "0193a8b2-7c00-7000-8000-000000000001"

func builder(d sqlgen.Dialect) (*sqlgen.Builder, []*schema.Resource) {
	t, _ := tenant.ParseID(ours)
	resources := storagetest.Resources()
	return sqlgen.New(d, t, sqlgen.ByName(resources)), resources
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); run with -update if that is meant:\n%s", path, diff)
	}
}

// cases returns one statement of each shape.
func cases(b *sqlgen.Builder, resources []*schema.Resource) []named {
	projects, tasks, events := resources[0], resources[1], storage.Events()
	i := id.ID{15: 9}
	list := func(name string, r *schema.Resource, q query.List) named {
		if q.Order == nil {
			q.Order = keys(r, "id")
		}
		q.Limit = 21
		return named{"list " + name, b.List(r, q)}
	}
	out := []named{
		{"get with a count", b.Get(projects, i, false)},
		{"get with a look-up and a lock", b.Get(tasks, i, true)},
		{"get an event", b.Get(events, i, false)},
		list("first page", tasks, query.List{Order: keys(tasks, "-created_at", "-id")}),
		list("next page, one direction", tasks, query.List{Order: keys(tasks, "-created_at", "-id"), After: some(2)}),
		list("previous page, one direction", tasks, query.List{Order: keys(tasks, "-created_at", "-id"), After: some(2), Backward: true}),
		list("next page, two directions", tasks, query.List{Order: keys(tasks, "title", "-id"), After: some(2)}),
		list("next page, a nullable key rising", tasks, query.List{Order: keys(tasks, "due", "id"), After: some(2)}),
		list("next page, a nullable key falling", tasks, query.List{Order: keys(tasks, "-due", "id"), After: some(2)}),
		list("next page behind null, rising", tasks, query.List{Order: keys(tasks, "due", "id"), After: []schema.Value{schema.Null(), schema.ID(i)}}),
		list("next page behind null, falling", tasks, query.List{Order: keys(tasks, "-due", "id"), After: []schema.Value{schema.Null(), schema.ID(i)}}),
		list("three keys", tasks, query.List{Order: keys(tasks, "-title", "due", "id"), After: some(3)}),
		list("by derived fields", tasks, query.List{Order: keys(tasks, "project_name", "id"), After: some(2)}),
		list("by a count", projects, query.List{Order: keys(projects, "-tasks_count", "id"), After: some(2)}),
		list("numbered page with locks", tasks, query.List{Offset: 40, Lock: true}),
		list("search", tasks, query.List{Search: []string{"a", "b"}}),
		list("search where nothing may be searched", events, query.List{Search: []string{"a"}}),
		list("by ids", tasks, query.ByID(tasks, []id.ID{i, i})),
	}
	for op, name := range []string{"equal", "in", "gt", "gte", "lt", "lte", "icontains", "isnull"} {
		values := []schema.Value{schema.String("a"), schema.String("b"), schema.String("c")}
		if query.Op(op) == query.IsNull {
			values[0] = schema.Bool(true)
		}
		out = append(out, list("where "+name, tasks, query.List{Where: []query.Condition{
			{Field: tasks.Field("note"), Op: query.Op(op), Values: values}, {Field: tasks.Field("project_name"), Op: query.Op(op), Values: values},
		}}))
	}
	rec := storage.Record{Version: 3, Values: make([]schema.Value, len(tasks.Fields))}
	rec.Values[0] = schema.ID(i)
	event := storage.Record{Values: make([]schema.Value, len(events.Fields))}
	where := []query.Condition{{Field: tasks.Field("done"), Op: query.Equal, Values: []schema.Value{schema.Bool(true)}}}
	return append(out, []named{
		{"count", b.Count(tasks, query.List{Where: where, Search: []string{"a"}, After: some(1), Limit: 3})},
		{"aggregate", b.Aggregate(query.Aggregate{Resource: tasks})},
		{"aggregate in groups", b.Aggregate(query.Aggregate{
			Resource: tasks, Where: where, GroupBy: []*schema.Field{tasks.Field("title"), tasks.Field("project_name")}, Sum: tasks.Field("size"), Distinct: tasks.Field("project"),
		})},
		{"insert", b.Insert(tasks, rec)},
		{"insert an event", b.Insert(events, event)},
		{"update", b.Update(tasks, rec, 2)},
		{"delete", b.Delete(tasks, []id.ID{i, i})},
		{"exists", b.Exists(projects, i)},
		{"taken", b.Taken(projects, projects.Field("name"), schema.String("x"), i)},
	}...)
}

type named struct {
	name string
	sqlgen.Statement
}

func keys(r *schema.Resource, names ...string) []query.Key {
	var out []query.Key
	for _, name := range names {
		field, desc := strings.CutPrefix(name, "-")
		out = append(out, query.Key{Field: r.Field(field), Desc: desc})
	}
	return out
}

// some returns n values that are not null.
func some(n int) []schema.Value {
	out := make([]schema.Value, n)
	for i := range out {
		out[i] = schema.Int(int64(i))
	}
	return out
}

func statements(shapes []named) string {
	var out strings.Builder
	for _, c := range shapes {
		fmt.Fprintf(&out, "-- %s\n%s;\n-- ", c.name, c.SQL)
		for i, arg := range c.Args {
			if i > 0 {
				out.WriteString(", ")
			}
			out.WriteString(arg.Type.String())
		}
		out.WriteString("\n\n")
	}
	return out.String()
}

func tables(t *testing.T, b *sqlgen.Builder, resources []*schema.Resource) string {
	t.Helper()
	steps, err := b.Plan(nil, resources)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, step := range steps {
		fmt.Fprintf(&out, "-- %s: %s\n", step.Resource, step.Words)
		for _, statement := range step.Statements {
			out.WriteString(statement + ";\n")
		}
		fmt.Fprintf(&out, "-- %s\n\n", step.Snapshot)
	}
	return out.String()
}
