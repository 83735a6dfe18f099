package sqlgen

import (
	"strconv"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
)

// Get returns the statement that reads the record with the id, and locks it where lock is true.
func (b *Builder) Get(r *schema.Resource, i id.ID, lock bool) Statement {
	w := b.selectRecords(r)
	w.text(" AND ").column("t", schema.FieldID).text(" = ").arg(schema.UUID, schema.ID(i))
	if lock {
		w.lock("UPDATE")
	}
	return w.statement()
}

// List returns the statement that reads the page that q asks for, in its order; a backward page nearest first.
func (b *Builder) List(r *schema.Resource, q query.List) Statement {
	w := b.selectRecords(r)
	w.conditions(r, q.Where).search(r, q.Search)
	if q.After != nil {
		w.text(" AND ").after(r, q)
	}
	w.text(" ORDER BY ")
	for i, key := range q.Order {
		if i > 0 {
			w.text(", ")
		}
		w.direction(r, key.Field, key.Desc != q.Backward)
	}
	w.text(" LIMIT ").arg(schema.Integer, schema.Int(int64(q.Limit)))
	if q.Offset > 0 {
		w.text(" OFFSET ").arg(schema.Integer, schema.Int(int64(q.Offset)))
	}
	if q.Lock {
		w.lock("UPDATE")
	}
	return w.statement()
}

// Count returns the statement that counts the records of all pages of q: one row with one integer.
func (b *Builder) Count(r *schema.Resource, q query.List) Statement {
	w := b.write("SELECT count(*) FROM ").table(r, "t").text(" WHERE ").ofTenant("t")
	return w.conditions(r, q.Where).search(r, q.Search).statement()
}

// rowOverhead is what PostgreSQL needs for a row beside its columns: the tuple's header and its place in the page.
const rowOverhead = 24 + 4

// Size returns the statement that adds up the bytes of the tenant's rows as PostgreSQL stores them: one row with one
// integer. Each column is asked by itself: a whole row would be unpacked for the answer, were one of its columns packed.
func (b *Builder) Size(r *schema.Resource) Statement {
	w := b.write("SELECT CAST(coalesce(sum(").text(strconv.Itoa(rowOverhead), " + pg_column_size(t."+columnTenant+")")
	if !r.AppendOnly {
		w.text(" + pg_column_size(t." + columnVersion + ")")
	}
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Stored() {
			w.text(" + coalesce(pg_column_size(").column("t", f.Name).text("), 0)")
		}
	}
	return w.text("), 0) AS bigint) FROM ").table(r, "t").text(" WHERE ").ofTenant("t").statement()
}

// Aggregate returns the statement that answers a: one row per group, with the group's keys in the order of
// GroupBy, then the count, the sum and the number of different values, each 0 where it is not asked for.
func (b *Builder) Aggregate(a query.Aggregate) Statement {
	r := a.Resource
	w := b.write("SELECT ")
	for _, f := range a.GroupBy {
		w.field(r, f).text(", ")
	}
	w.text("count(*), CAST(")
	if a.Sum != nil {
		w.sum(r, a.Sum)
	} else {
		w.text("0")
	}
	w.text(" AS bigint), ")
	if a.Distinct != nil {
		w.text("count(DISTINCT ").field(r, a.Distinct).text(")")
	} else {
		w.text("CAST(0 AS bigint)")
	}
	w.text(" FROM ").table(r, "t").text(" WHERE ").ofTenant("t").conditions(r, a.Where)
	for i := range a.GroupBy {
		if i == 0 {
			w.text(" GROUP BY ")
		} else {
			w.text(", ")
		}
		w.text(strconv.Itoa(i + 1)) // by place: a derived key's expression is long
	}
	return w.statement()
}

// sum writes the sum of a field, 0 of nothing. One that is beyond 64 bits stays at their end: a client that stores
// absurd numbers must not make the question unanswerable. SQLite gives up where a sum of integers overflows, yet turns
// a product and an addition that do into a real, which the cast around it then cuts off; so the upper and lower halves
// are added up apart.
func (w *writer) sum(r *schema.Resource, f *schema.Field) {
	if w.dialect == Postgres {
		w.text("least(greatest(coalesce(sum(").field(r, f).text("), 0), -9223372036854775808), 9223372036854775807)")
		return
	}
	w.text("coalesce(sum(").field(r, f).text(" >> 32) * 4294967296 + sum(").field(r, f).text(" & 4294967295), 0)")
}

// Exists returns the statement that gives one row where the tenant has the record, and keeps it from being
// deleted until the transaction ends.
func (b *Builder) Exists(r *schema.Resource, i id.ID) Statement {
	w := b.write("SELECT 1 FROM ").table(r, "t").text(" WHERE ").ofTenant("t").text(" AND ")
	return w.column("t", schema.FieldID).text(" = ").arg(schema.UUID, schema.ID(i)).lock("KEY SHARE").statement()
}

// Taken returns the statement that gives one row where another record than i has the value in the field. It finds
// the field that a refused write is at odds with, since an engine may not say.
func (b *Builder) Taken(r *schema.Resource, f *schema.Field, v schema.Value, i id.ID) Statement {
	w := b.write("SELECT 1 FROM ").table(r, "t").text(" WHERE ").ofTenant("t").text(" AND ")
	w.column("t", f.Name).text(" = ").arg(f.Type, v).text(" AND ")
	return w.column("t", schema.FieldID).text(" <> ").arg(schema.UUID, schema.ID(i)).text(" LIMIT 1").statement()
}

// selectRecords writes a statement that reads records up to the tenant's predicate.
func (b *Builder) selectRecords(r *schema.Resource) *writer {
	if text, ok := b.selects[r]; ok {
		return b.write(text)
	}
	w := b.write("SELECT ")
	for i := range r.Fields {
		w.field(r, &r.Fields[i]).text(", ")
	}
	if r.AppendOnly || r.Platform {
		w.text("1")
	} else {
		w.column("t", columnVersion)
	}
	return w.text(" FROM ").table(r, "t").text(" WHERE ").ofTenant("t")
}

// direction writes one key of an order. Null counts as the greatest, which is PostgreSQL's own way.
func (w *writer) direction(r *schema.Resource, f *schema.Field, desc bool) {
	nulls := w.dialect == SQLite && w.nullable(r, f)
	w.field(r, f)
	switch {
	case desc && nulls:
		w.text(" DESC NULLS FIRST")
	case desc:
		w.text(" DESC")
	case nulls:
		w.text(" NULLS LAST")
	}
}
