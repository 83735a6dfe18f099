package sqlgen_test

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
	"github.com/tenantry/tenantry/internal/tenant"
)

func both() []sqlgen.Dialect { return []sqlgen.Dialect{sqlgen.Postgres, sqlgen.SQLite} }

// TestEveryTableIsBoundToTheTenant counts in every statement that the tenant is named for each table it touches, and
// that the first argument is the builder's tenant.
func TestEveryTableIsBoundToTheTenant(t *testing.T) {
	t.Parallel()
	aliases := regexp.MustCompile(`(?:FROM|UPDATE) (?:tenant\.)?"[a-z_]+" AS ([td])\b`)
	for _, d := range both() {
		b, resources := builder(d)
		for _, c := range cases(b, resources) {
			if got := c.Args[0].Value.ID().String(); got != ours {
				t.Errorf("%s: the first argument is %s, not the tenant", c.name, got)
			}
			found := aliases.FindAllStringSubmatch(c.SQL, -1)
			for _, alias := range []string{"t", "d"} {
				tables := 0
				for _, match := range found {
					if match[1] == alias {
						tables++
					}
				}
				bound := strings.Count(c.SQL, alias+".tenant_id = $1 ") + strings.Count(c.SQL, alias+".tenant_id = ?1 ") +
					strings.Count(c.SQL+"$", alias+".tenant_id = $1$") + strings.Count(c.SQL+"$", alias+".tenant_id = ?1$")
				if tables != bound {
					t.Errorf("%s: %d tables as %s, %d of them bound to the tenant: %s", c.name, tables, alias, bound, c.SQL)
				}
			}
			if len(found) == 0 && !strings.HasPrefix(c.SQL, "INSERT") {
				t.Errorf("%s: no table is found in %s", c.name, c.SQL)
			}
		}
	}
}

// TestTextDependsOnShape builds statements with other values: the text must be the same, and hold none of them.
func TestTextDependsOnShape(t *testing.T) {
	t.Parallel()
	const hostile = `x'"; DROP TABLE tasks; -- $1 ?1`
	for _, d := range both() {
		b, resources := builder(d)
		tasks := resources[1]
		build := func(text string, n int64, i id.ID, ids int) string {
			q := query.List{
				Where: []query.Condition{
					{Field: tasks.Field("title"), Op: query.Equal, Values: []schema.Value{schema.String(text)}},
					{Field: tasks.Field("title"), Op: query.In, Values: slices.Repeat([]schema.Value{schema.String(text)}, 3+ids%2)},
					{Field: tasks.Field("project"), Op: query.In, Values: slices.Repeat([]schema.Value{schema.ID(i)}, ids)},
					{Field: tasks.Field("note"), Op: query.Contains, Values: []schema.Value{schema.String(text)}},
				},
				Search: []string{text}, Order: keys(tasks, "title", "id"), After: []schema.Value{schema.String(text), schema.ID(i)}, Limit: int(n), Offset: int(n),
			}
			return b.List(tasks, q).SQL + b.Count(tasks, q).SQL + b.Delete(tasks, slices.Repeat([]id.ID{i}, ids)).SQL
		}
		first := build("a", 1, id.ID{1}, 1)
		if second := build(hostile, 77, id.ID{2}, 100); second != first {
			t.Errorf("the text depends on values:\n%s\n%s", first, second)
		}
	}
}

func TestEveryPlaceholderHasItsArgument(t *testing.T) {
	t.Parallel()
	for _, d := range both() {
		b, resources := builder(d)
		marks := regexp.MustCompile(`[$?]([0-9]+)`)
		for _, c := range cases(b, resources) {
			used := map[string]bool{}
			for _, match := range marks.FindAllStringSubmatch(c.SQL, -1) {
				used[match[1]] = true
			}
			if len(used) != len(c.Args) {
				t.Errorf("%s: %d placeholders, %d arguments: %s", c.name, len(used), len(c.Args), c.SQL)
			}
		}
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	r := storagetest.Resources()[1]
	snapshot := sqlgen.Snapshot(r)
	back, err := sqlgen.ParseSnapshot(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if again := sqlgen.Snapshot(back); !bytes.Equal(again, snapshot) {
		t.Errorf("it does not survive being read:\n%s\n%s", snapshot, again)
	}
	other := storagetest.Resources()[1]
	slices.Reverse(other.Fields)
	other.Fields[0].Description, other.Fields[0].Sort, other.Fields[0].MaxLength = "new", false, 9
	other.Finish()
	if !bytes.Equal(sqlgen.Snapshot(other), snapshot) {
		t.Error("it depends on what shapes no table")
	}
	other.Field("title").Nullable = true
	if bytes.Equal(sqlgen.Snapshot(other), snapshot) {
		t.Error("it does not depend on a field's being nullable")
	}
	for _, bad := range []string{"", "[]", `{"name":"x","fields":[{"name":"a","type":"none"}]}`} {
		if _, err := sqlgen.ParseSnapshot([]byte(bad)); err == nil {
			t.Errorf("%q is read as a snapshot", bad)
		}
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	a, b := storagetest.Resources(), storagetest.Resources()
	slices.Reverse(b)
	if sqlgen.Fingerprint(a) != sqlgen.Fingerprint(b) {
		t.Error("it depends on the order of the resources")
	}
	if sqlgen.Fingerprint(a) == sqlgen.Fingerprint(a[:1]) {
		t.Error("it does not depend on the resources")
	}
}

func resource(name string, fields ...schema.Field) *schema.Resource {
	r := &schema.Resource{Name: name, Fields: append([]schema.Field{{Name: "id", Type: schema.UUID}}, fields...)}
	r.Finish()
	return r
}

func ref(name, to string) schema.Field {
	return schema.Field{Name: name, Type: schema.UUID, Nullable: true, Ref: &schema.Ref{Resource: to}}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if faults := sqlgen.Check(storagetest.Resources()); len(faults) > 0 {
		t.Fatalf("good resources are refused: %v", faults)
	}
	derived := func(d schema.Derived) schema.Field { return schema.Field{Name: "x", Type: schema.Text, Derived: &d} }
	for _, c := range []struct {
		want      string
		resources []*schema.Resource
	}{
		{"taken by Tenantry", []*schema.Resource{resource("events")}},
		{"taken by Tenantry", []*schema.Resource{resource("event-head")}},
		{"taken by Tenantry", []*schema.Resource{resource("sqlite_x")}},
		{"the name of that of a-b", []*schema.Resource{resource("a-b"), resource("a_b")}},
		{"no table name", []*schema.Resource{resource(`x"; DROP`)}},
		{"a name is", []*schema.Resource{resource("a", schema.Field{Name: `x"y`, Type: schema.Text})}},
		{"a name is", []*schema.Resource{resource("a", schema.Field{Name: "x__y", Type: schema.Text})}},
		{"a name is", []*schema.Resource{resource("a", schema.Field{Name: "_x", Type: schema.Text})}},
		{"a name is", []*schema.Resource{resource("a", schema.Field{Name: strings.Repeat("x", 55), Type: schema.Text})}},
		{"already", []*schema.Resource{resource("a", schema.Field{Name: "tenant_id", Type: schema.UUID})}},
		{"already", []*schema.Resource{resource("a", schema.Field{Name: "version", Type: schema.Integer})}},
		{"can't hold", []*schema.Resource{resource("a", schema.Field{Name: "x", Type: schema.Object})}},
		{`refers to "none"`, []*schema.Resource{resource("a", ref("x", "none"))}},
		{`counts "none"`, []*schema.Resource{resource("a", derived(schema.Derived{Count: "none", Via: "y"}))}},
		{"no reference to a", []*schema.Resource{resource("a", derived(schema.Derived{Count: "b", Via: "c"})), resource("b", ref("c", "b"))}},
		{"no reference to a resource", []*schema.Resource{resource("a", ref("m", schema.Members), derived(schema.Derived{Via: "m", Lookup: "name"}))}},
		{"does not store", []*schema.Resource{resource("a", ref("m", "a"), derived(schema.Derived{Via: "m", Lookup: "x"}))}},
	} {
		if err := errors.Join(sqlgen.Check(c.resources)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got the error %v, want one that says %q", err, c.want)
		}
	}
}

func TestPlanOrdersTables(t *testing.T) {
	t.Parallel()
	resources := []*schema.Resource{resource("c", ref("b", "b")), resource("b", ref("a", "a"), ref("self", "b")), resource("a")}
	for _, d := range both() {
		b := sqlgen.New(d, [16]byte{1}, sqlgen.ByName(resources))
		steps, err := b.Plan(nil, resources)
		if err != nil {
			t.Fatal(err)
		}
		var order string
		for _, step := range steps {
			order += step.Resource
		}
		if order != "abc" {
			t.Errorf("the tables are made in the order %s", order)
		}
		stored := map[string][]byte{}
		for _, r := range resources {
			stored[r.Name] = sqlgen.Snapshot(r)
		}
		if steps, err := b.Plan(stored, resources); err != nil || len(steps) > 0 {
			t.Errorf("there is still to do: %v %v", steps, err)
		}
	}
}

// TestPlanOfCycles makes tables that refer to each other: on PostgreSQL the key that would come too early follows
// when both are there.
func TestPlanOfCycles(t *testing.T) {
	t.Parallel()
	resources := []*schema.Resource{resource("a", ref("b", "b")), resource("b", ref("a", "a"))}
	for _, d := range both() {
		steps, err := sqlgen.New(d, [16]byte{1}, sqlgen.ByName(resources)).Plan(nil, resources)
		if err != nil || len(steps) != 2 {
			t.Fatalf("got %d steps and the error %v", len(steps), err)
		}
		first, last := strings.Join(steps[0].Statements, ";"), strings.Join(steps[1].Statements, ";")
		early := strings.Contains(first, "FOREIGN KEY")
		late := strings.Contains(last, "ALTER TABLE tenant.\""+steps[0].Resource+"\" ADD CONSTRAINT")
		if d == sqlgen.Postgres && (early || !late) || d == sqlgen.SQLite && (!early || late) {
			t.Errorf("dialect %d: early %v, late %v:\n%s\n%s", d, early, late, first, last)
		}
	}
}

func TestEvolveRefuses(t *testing.T) {
	t.Parallel()
	text := schema.Field{Name: "x", Type: schema.Text}
	with := func(change func(*schema.Field)) schema.Field {
		f := text
		change(&f)
		return f
	}
	for _, c := range []struct {
		want     string
		old, new *schema.Resource
	}{
		{"type can't change from text to integer", resource("a", text), resource("a", schema.Field{Name: "x", Type: schema.Integer})},
		{"no longer declared", resource("a", text), resource("a")},
		{"no longer declared", resource("a", text), resource("a", with(func(f *schema.Field) { f.Derived = &schema.Derived{} }))},
		{"stop being nullable", resource("a", with(func(f *schema.Field) { f.Nullable = true })), resource("a", text)},
		{"must be nullable or have a default", resource("a"), resource("a", with(func(f *schema.Field) { f.Required = true }))},
		{"must be nullable or have a default", resource("a"), resource("a", schema.Field{Name: "x", Type: schema.UUID})},
		{"unique field must be nullable", resource("a"), resource("a", with(func(f *schema.Field) { f.Unique = true }))},
		{"enum can't lose a value", resource("a", with(func(f *schema.Field) { f.Enum = []string{"p", "q"} })), resource("a", with(func(f *schema.Field) { f.Enum = []string{"p", "r"} }))},
		{"enum can't lose a value", resource("a", text), resource("a", with(func(f *schema.Field) { f.Enum = []string{"p"} }))},
		{"what it refers to", resource("a", schema.Field{Name: "x", Type: schema.UUID, Nullable: true}), resource("a", ref("x", "a"))},
		{"append-only", resource("a"), func() *schema.Resource { r := resource("a"); r.AppendOnly = true; return r }()},
	} {
		for _, d := range both() {
			b := sqlgen.New(d, [16]byte{1}, nil)
			statements, err := b.Evolve(c.old, c.new)
			if err == nil || !strings.Contains(err.Error(), c.want) || len(statements) > 0 {
				t.Errorf("got %q and the error %v, want one that says %q", statements, err, c.want)
			}
		}
	}
}

// TestEvolveGolden compares the statements of changes that can be made with the golden files.
func TestEvolveGolden(t *testing.T) {
	t.Parallel()
	old := resource("notes", schema.Field{Name: "title", Type: schema.Text, Unique: true}, schema.Field{Name: "status", Type: schema.Text, Enum: []string{"a"}})
	changes := []struct {
		name string
		to   *schema.Resource
	}{
		{"nothing", resource("notes", old.Fields[1:]...)},
		{"new columns", resource("notes", append(slices.Clone(old.Fields[1:]),
			schema.Field{Name: "code", Type: schema.Text, Nullable: true, Unique: true}, schema.Field{Name: "done", Type: schema.Boolean},
			schema.Field{Name: "who", Type: schema.Text, Default: schema.String("it's me")})...)},
		{"no longer unique", resource("notes", schema.Field{Name: "title", Type: schema.Text}, old.Fields[2])},
		{"wider", resource("notes", old.Fields[1], schema.Field{Name: "status", Type: schema.Text, Nullable: true, Enum: []string{"a", "b"}})},
		{"a new reference", resource("notes", append(slices.Clone(old.Fields[1:]), ref("parent", "notes"))...)},
	}
	for d, name := range map[sqlgen.Dialect]string{sqlgen.Postgres: "postgres", sqlgen.SQLite: "sqlite"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _ := builder(d)
			var out strings.Builder
			for _, change := range changes {
				statements, err := b.Evolve(old, change.to)
				if err != nil {
					t.Fatal(err)
				}
				out.WriteString("-- " + change.name + "\n")
				for _, statement := range statements {
					out.WriteString(statement + ";\n")
				}
				out.WriteString("\n")
			}
			golden(t, name+"_changes.sql", out.String())
		})
	}
}

// TestCatalogChangesNoStatement compares builders that share texts with one that writes each anew.
func TestCatalogChangesNoStatement(t *testing.T) {
	t.Parallel()
	for _, d := range both() {
		plain, resources := builder(d)
		owner, _ := tenant.ParseID(ours)
		shared := sqlgen.NewCatalog(d, sqlgen.ByName(resources)).For(owner)
		if diff := cmp.Diff(cases(plain, resources), cases(shared, resources), cmp.AllowUnexported(named{})); diff != "" {
			t.Errorf("statements differ:\n%s", diff)
		}
	}
}

func BenchmarkList(b *testing.B) {
	resources := storagetest.Resources()
	catalog := sqlgen.NewCatalog(sqlgen.Postgres, sqlgen.ByName(resources))
	q := query.List{Order: keys(resources[1], "-created_at", "-id"), After: some(2), Limit: 21}
	b.ReportAllocs()
	for b.Loop() {
		catalog.For(tenant.ID{1}).List(resources[1], q)
	}
}
