package sqlgen

import (
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// Insert returns the statement that adds the record with its version.
func (b *Builder) Insert(r *schema.Resource, rec storage.Record) Statement {
	w := b.write("INSERT INTO ").text(b.tableName(r.Table()), " (", columnTenant)
	for i := range r.Fields {
		if r.Fields[i].Stored() {
			w.text(", ", quote(r.Fields[i].Name))
		}
	}
	if !r.AppendOnly {
		w.text(", ", columnVersion)
	}
	w.text(") VALUES (").placeholder(1)
	for i := range r.Fields {
		if r.Fields[i].Stored() {
			w.text(", ").arg(r.Fields[i].Type, rec.Values[i])
		}
	}
	if !r.AppendOnly {
		w.text(", ").arg(schema.Integer, schema.Int(rec.Version))
	}
	return w.text(")").statement()
}

// Update returns the statement that writes the record over the one with its id and the given version; it affects
// no row where that one has another version or is gone.
func (b *Builder) Update(r *schema.Resource, rec storage.Record, version int64) Statement {
	w := b.write("UPDATE ").table(r, "t").text(" SET ")
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Stored() && f.Name != schema.FieldID {
			w.text(quote(f.Name), " = ").arg(f.Type, rec.Values[i]).text(", ")
		}
	}
	w.text(columnVersion, " = ").arg(schema.Integer, schema.Int(rec.Version))
	w.text(" WHERE ").ofTenant("t").text(" AND ").column("t", schema.FieldID).text(" = ")
	w.arg(schema.UUID, rec.Values[r.Index(schema.FieldID)])
	w.text(" AND ").column("t", columnVersion).text(" = ").arg(schema.Integer, schema.Int(version))
	return w.statement()
}

// Delete returns the statement that removes the records with the ids; there is at least one.
func (b *Builder) Delete(r *schema.Resource, ids []id.ID) Statement {
	values := make([]schema.Value, len(ids))
	for i := range ids {
		values[i] = schema.ID(ids[i])
	}
	w := b.write("DELETE FROM ").table(r, "t").text(" WHERE ").ofTenant("t").text(" AND ")
	return w.column("t", schema.FieldID).inIDs(values).statement()
}
