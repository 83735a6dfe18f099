package sqlgen

import (
	"strconv"

	"github.com/tenantry/tenantry/internal/schema"
)

// writer gathers the text and the arguments of one statement. The first argument is always the tenant.
type writer struct {
	*Builder
	sql  []byte
	args []Arg
}

func (b *Builder) write(text string) *writer {
	w := &writer{Builder: b, sql: make([]byte, 0, 1024), args: make([]Arg, 0, 8)}
	w.args = append(w.args, Arg{Type: schema.UUID, Value: schema.RawID(b.tenant[:])})
	return w.text(text)
}

func (w *writer) statement() Statement { return Statement{SQL: string(w.sql), Args: w.args} }

func (w *writer) text(parts ...string) *writer {
	for _, part := range parts {
		w.sql = append(w.sql, part...)
	}
	return w
}

// arg adds an argument and writes its placeholder.
func (w *writer) arg(t schema.Type, v schema.Value) *writer {
	w.args = append(w.args, Arg{Type: t, Value: v})
	return w.placeholder(len(w.args))
}

func (w *writer) placeholder(n int) *writer {
	mark := byte('$')
	if w.dialect == SQLite {
		mark = '?'
	}
	w.sql = append(w.sql, mark)
	w.sql = strconv.AppendInt(w.sql, int64(n), 10)
	return w
}

// table writes the resource's table under an alias. What is read of the platform's records is the tenant's part alone:
// they lie in no file of its own and no row security guards them, so this stands where those would, beside the predicate.
func (w *writer) table(r *schema.Resource, alias string) *writer {
	if w.views {
		return w.text("(SELECT * FROM ", w.tableName(r.Table()), " WHERE ", columnTenant, " = ").placeholder(1).text(") AS ", alias)
	}
	return w.text(w.tableName(r.Table()), " AS ", alias)
}

// ofTenant writes the predicate that binds the table behind the alias to the tenant.
func (w *writer) ofTenant(alias string) *writer {
	return w.text(alias, ".", columnTenant, " = ").placeholder(1)
}

// column writes a column of a table. It is always qualified: SQLite reads an unknown name in double quotes as a
// string, a qualified one never.
func (w *writer) column(alias, name string) *writer {
	return w.text(alias, ".", quote(name))
}

// field writes the expression of a field of r, whose table has the alias t: its column or what it derives from.
func (w *writer) field(r *schema.Resource, f *schema.Field) *writer {
	if f.Derived == nil {
		return w.column("t", f.Name)
	}
	if f.Derived.Lookup == "" {
		of := w.resources[f.Derived.Count]
		w.text("(SELECT count(*) FROM ").table(of, "d").text(" WHERE ").ofTenant("d")
		return w.text(" AND ").column("d", f.Derived.Via).text(" = ").column("t", schema.FieldID).text(")")
	}
	of := w.resources[r.Field(f.Derived.Via).Ref.Resource]
	w.text("(SELECT ").column("d", f.Derived.Lookup).text(" FROM ").table(of, "d").text(" WHERE ").ofTenant("d")
	return w.text(" AND ").column("d", schema.FieldID).text(" = ").column("t", f.Derived.Via).text(")")
}

// nullable reports whether the field's expression may be null.
func (w *writer) nullable(r *schema.Resource, f *schema.Field) bool {
	if f.Derived == nil {
		return f.Nullable
	}
	if f.Derived.Lookup == "" {
		return false
	}
	via := r.Field(f.Derived.Via)
	return via.Nullable || w.resources[via.Ref.Resource].Field(f.Derived.Lookup).Nullable
}

// lock writes the clause that takes the rows of t. SQLite has one writer, who holds everything already.
func (w *writer) lock(strength string) *writer {
	if w.dialect == Postgres {
		w.text(" FOR ", strength, " OF t")
	}
	return w
}

// tableName returns the table's name as the dialect has it.
func (c *Catalog) tableName(table string) string {
	if c.views {
		if c.dialect == Postgres {
			return "platform." + quote("directory_"+table)
		}
		return quote("directory_" + table)
	}
	if c.dialect == Postgres {
		return "tenant." + quote(table)
	}
	return quote(table)
}

// quote makes an identifier of a name, which may be a word of SQL. Check refuses names that hold a quote.
func quote(name string) string { return `"` + name + `"` }
