package sqlgen

import (
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
)

// conditions writes " AND ..." for each condition.
func (w *writer) conditions(r *schema.Resource, conditions []query.Condition) *writer {
	for i := range conditions {
		w.text(" AND ").condition(r, &conditions[i])
	}
	return w
}

func (w *writer) condition(r *schema.Resource, c *query.Condition) *writer {
	f := c.Field
	switch c.Op {
	case query.In:
		return w.operand(r, f).in(f.Type, c.Values)
	case query.Contains:
		w.args = append(w.args, Arg{Type: schema.Text, Value: c.Values[0]})
		return w.contains(r, f, len(w.args))
	case query.IsNull:
		w.field(r, f)
		if c.Values[0].Bool() {
			return w.text(" IS NULL")
		}
		return w.text(" IS NOT NULL")
	default:
		return w.operand(r, f).text(comparison(c.Op)).arg(f.Type, c.Values[0])
	}
}

func comparison(op query.Op) string {
	switch op {
	case query.Greater:
		return " > "
	case query.GreaterEqual:
		return " >= "
	case query.Less:
		return " < "
	case query.LessEqual:
		return " <= "
	default:
		return " = "
	}
}

// operand writes a field that is compared. PostgreSQL compares no json, only its text.
func (w *writer) operand(r *schema.Resource, f *schema.Field) *writer {
	if f.Type == schema.JSON && w.dialect == Postgres {
		return w.text("CAST(").field(r, f).text(" AS text)")
	}
	return w.field(r, f)
}

// in writes the comparison with a list. Ids are one argument, so that a list of any length has one shape; of
// other values the last is repeated up to the next power of two, so that there are few.
func (w *writer) in(t schema.Type, values []schema.Value) *writer {
	if t == schema.UUID {
		return w.inIDs(values)
	}
	if t == schema.JSON {
		t = schema.Text
	}
	w.text(" IN (")
	for i := range padded(len(values)) {
		if i > 0 {
			w.text(", ")
		}
		w.arg(t, values[min(i, len(values)-1)])
	}
	return w.text(")")
}

func padded(n int) int {
	out := 1
	for out < n {
		out *= 2
	}
	return out
}

// inIDs writes the comparison with a list of ids: a text with commas on PostgreSQL, a JSON array on SQLite.
func (w *writer) inIDs(values []schema.Value) *writer {
	list := make([]byte, 0, 39*len(values)+2)
	if w.dialect == Postgres {
		for i, v := range values {
			if i > 0 {
				list = append(list, ',')
			}
			list = v.ID().Append(list)
		}
		return w.text(" = ANY(CAST(string_to_array(").arg(schema.Text, schema.Bytes(list)).text(", ',') AS uuid[]))")
	}
	list = append(list, '[')
	for i, v := range values {
		if i > 0 {
			list = append(list, ',')
		}
		list = v.AppendJSON(list)
	}
	list = append(list, ']')
	return w.text(" IN (SELECT value FROM json_each(").arg(schema.Text, schema.Bytes(list)).text("))")
}

// search writes " AND (...)" for each term: it occurs in one of the fields that may be searched.
func (w *writer) search(r *schema.Resource, terms []string) *writer {
	for _, term := range terms {
		w.args = append(w.args, Arg{Type: schema.Text, Value: schema.String(term)})
		n, found := len(w.args), false
		for i := range r.Fields {
			if !r.Fields[i].Search {
				continue
			}
			if found {
				w.text(" OR ")
			} else {
				w.text(" AND (")
			}
			w.contains(r, &r.Fields[i], n)
			found = true
		}
		if !found { // closed by default: nothing can be searched, so nothing is found
			w.text(" AND (CAST(").placeholder(n).text(" AS text) IS NULL")
		}
		w.text(")")
	}
	return w
}

// contains writes that the field holds the text of the n-th argument, without regard to case.
func (w *writer) contains(r *schema.Resource, f *schema.Field, n int) *writer {
	if w.dialect == Postgres {
		return w.text("strpos(platform.fold(").field(r, f).text("), platform.fold(").placeholder(n).text(")) > 0")
	}
	return w.text("instr(fold(").field(r, f).text("), fold(").placeholder(n).text(")) > 0")
}
