package storagetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// bench is what a case works with: a fresh engine with two tenants, a being the one it is about.
type bench struct {
	testing.TB
	factory   Factory
	engine    storage.Engine
	ctx       context.Context //nolint:containedctx // a case's context is its own
	tenants   [2]tenant.ID
	a, b      storage.Store
	resources []*schema.Resource
	projects  *schema.Resource
	tasks     *schema.Resource
	events    *schema.Resource
}

func setup(tb testing.TB, factory Factory) *bench {
	tb.Helper()
	resources := Resources()
	b := &bench{
		TB: tb, factory: factory, engine: factory(tb, resources), ctx: tb.Context(),
		resources: resources, projects: resources[0], tasks: resources[1], events: storage.Events(),
	}
	b.tenants[0], b.a = b.newTenant("alpha")
	b.tenants[1], b.b = b.newTenant("beta")
	return b
}

// newTenant creates a tenant and opens its store for as long as the test runs.
func (b *bench) newTenant(slug string) (tenant.ID, storage.Store) {
	b.Helper()
	t := tenant.Tenant{ID: tenant.NewID(), Slug: slug, Name: slug, Status: tenant.Active, CreatedAt: moment(0)}
	b.must(b.engine.Platform().Tenants().Create(b.ctx, t))
	s, err := b.engine.Open(b.ctx, t.ID)
	b.must(err)
	b.Cleanup(s.Close)
	return t.ID, s
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("unexpected error: %v", err)
	}
}

// wantCode checks that err is a fault of the code, at exactly these fields.
func (b *bench) wantCode(err error, code fault.Code, fields ...string) {
	b.Helper()
	var known *fault.Error
	if !errors.As(err, &known) || known.Code != code {
		b.Fatalf("got the error %v, want the code %s", err, code)
	}
	var names []string
	for _, f := range known.Fields {
		names = append(names, f.Name)
	}
	if !slices.Equal(names, fields) {
		b.Fatalf("the error names the fields %v, want %v", names, fields)
	}
}

// wantTaken checks that err is the conflict of a record's values, in the words that all engines share: by others a
// client could tell the engine.
func (b *bench) wantTaken(err error, fields ...string) {
	b.Helper()
	b.wantCode(err, fault.Conflict, fields...)
	b.wantWords(err, fault.Taken)
}

// wantWords checks what err says of its fields.
func (b *bench) wantWords(err error, words func(field string) fault.Field) {
	b.Helper()
	var known *fault.Error
	if !errors.As(err, &known) {
		b.Fatalf("got the error %v", err)
	}
	for _, f := range known.Fields {
		if f != words(f.Name) {
			b.Errorf("the error says %+v, want %+v", f, words(f.Name))
		}
	}
}

func (b *bench) wantMissing(err error) {
	b.Helper()
	b.wantCode(err, fault.NotFound)
}

// set is one value of a record.
type set struct {
	field string
	value schema.Value
}

func text(field, value string) set        { return set{field, schema.String(value)} }
func integer(field string, n int64) set   { return set{field, schema.Int(n)} }
func reference(field string, i id.ID) set { return set{field, schema.ID(i)} }

// moment returns a time, n seconds after a fixed one.
func moment(n int) time.Time { return time.Date(2026, 1, 2, 3, 4, 5+n, 678901000, time.UTC) }

// record returns a new record: these values, and for the rest what a create leaves out.
func (b *bench) record(r *schema.Resource, sets ...set) storage.Record {
	b.Helper()
	values := make([]schema.Value, len(r.Fields))
	for i := range r.Fields {
		values[i] = r.Fields[i].Zero()
	}
	values[r.Index("id")] = schema.ID(id.New())
	values[r.Index("created_at")] = schema.Moment(moment(0))
	values[r.Index("updated_at")] = schema.Moment(moment(0))
	for _, s := range sets {
		i := r.Index(s.field)
		if i < 0 {
			b.Fatalf("%s has no field %s", r.Name, s.field)
		}
		values[i] = s.value
	}
	return storage.Record{Version: 1, Values: values}
}

// insert puts new records into a store.
func (b *bench) insert(s storage.Store, r *schema.Resource, records ...storage.Record) {
	b.Helper()
	b.must(s.Update(b.ctx, func(tx storage.Tx) error {
		for _, rec := range records {
			if err := tx.Put(b.ctx, r, rec, 0); err != nil {
				return err
			}
		}
		return nil
	}))
}

// project inserts a project.
func (b *bench) project(s storage.Store, name string, sets ...set) storage.Record {
	b.Helper()
	rec := b.record(b.projects, append([]set{text("name", name)}, sets...)...)
	b.insert(s, b.projects, rec)
	return rec
}

// task inserts a task of a project.
func (b *bench) task(s storage.Store, project id.ID, sets ...set) storage.Record {
	b.Helper()
	rec := b.record(b.tasks, append([]set{reference("project", project)}, sets...)...)
	b.insert(s, b.tasks, rec)
	return rec
}

func (b *bench) put(s storage.Store, r *schema.Resource, rec storage.Record, version int64) error {
	return s.Update(b.ctx, func(tx storage.Tx) error { return tx.Put(b.ctx, r, rec, version) })
}

func (b *bench) remove(s storage.Store, r *schema.Resource, ids ...id.ID) error {
	return s.Update(b.ctx, func(tx storage.Tx) error { return tx.Delete(b.ctx, r, ids) })
}

func (b *bench) get(s storage.Store, r *schema.Resource, i id.ID) storage.Record {
	b.Helper()
	rec, err := s.Get(b.ctx, r, i)
	b.must(err)
	return rec
}

// list returns the records of a page.
func (b *bench) list(s storage.Store, r *schema.Resource, q query.List) []storage.Record {
	b.Helper()
	out, _ := b.listTotal(s, r, q)
	return out
}

func (b *bench) listTotal(s storage.Store, r *schema.Resource, q query.List) ([]storage.Record, int64) {
	b.Helper()
	var out []storage.Record
	total, err := s.List(b.ctx, r, q, func(rec storage.Record) error {
		out = append(out, rec.Clone())
		return nil
	})
	b.must(err)
	return out, total
}

// all returns every record, in the order of ids.
func (b *bench) all(s storage.Store, r *schema.Resource) []storage.Record {
	b.Helper()
	return b.list(s, r, query.List{Order: order(r), Limit: 100_000})
}

// order returns an order by fields, "-" in front for falling, that ends in the id.
func order(r *schema.Resource, fields ...string) []query.Key {
	var keys []query.Key
	for _, name := range append(fields, "id") {
		desc := name[0] == '-'
		if desc {
			name = name[1:]
		}
		keys = append(keys, query.Key{Field: r.Field(name), Desc: desc})
	}
	return keys
}

// where returns a condition.
func where(r *schema.Resource, field string, op query.Op, values ...schema.Value) query.Condition {
	return query.Condition{Field: r.Field(field), Op: op, Values: values}
}

func ident(rec storage.Record) id.ID { return rec.Values[0].ID() }

func value(r *schema.Resource, rec storage.Record, field string) schema.Value {
	return rec.Values[r.Index(field)]
}

// with returns a copy of the record with other values and the next version.
func with(r *schema.Resource, rec storage.Record, sets ...set) storage.Record {
	out := rec.Clone()
	out.Version++
	for _, s := range sets {
		out.Values[r.Index(s.field)] = s.value
	}
	return out
}

// wantRecord compares two records; derived fields are compared too.
func (b *bench) wantRecord(got, want storage.Record) {
	b.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		b.Fatalf("the record differs (-want +got):\n%s", diff)
	}
}

// wantTexts checks one text field of records.
func (b *bench) wantTexts(r *schema.Resource, got []storage.Record, field string, want ...string) {
	b.Helper()
	names := make([]string, len(got))
	for i := range got {
		if v := value(r, got[i], field); v.IsNull() {
			names[i] = "<null>"
		} else {
			names[i] = v.Text()
		}
	}
	if !slices.Equal(names, want) {
		b.Fatalf("got %q, want %q", names, want)
	}
}

// wantSame checks that err is or wraps want.
func (b *bench) wantSame(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Fatalf("got the error %v, want %v", err, want)
	}
}
