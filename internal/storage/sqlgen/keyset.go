package sqlgen

import (
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
)

// position is one key of an order and its value in the record that the page follows.
type position struct {
	field    *schema.Field
	value    schema.Value
	desc     bool
	nullable bool
	arg      int // the number of its argument; 0 until it has one
}

// after writes the predicate that holds for the records behind q.After in the order, or before it where the page
// is backward.
func (w *writer) after(r *schema.Resource, q query.List) *writer {
	keys := make([]position, len(q.Order))
	plain := true
	for i, key := range q.Order {
		keys[i] = position{
			field: key.Field, value: q.After[i], desc: key.Desc != q.Backward, nullable: w.nullable(r, key.Field),
		}
		plain = plain && !keys[i].nullable && keys[i].desc == keys[0].desc
	}
	if plain {
		return w.afterRow(r, keys)
	}
	return w.afterKeys(r, keys)
}

// afterRow compares all keys at once, which both engines turn into one range of an index.
func (w *writer) afterRow(r *schema.Resource, keys []position) *writer {
	for i, key := range keys {
		w.text(either(i == 0, "(", ", ")).field(r, key.field)
	}
	w.text(either(keys[0].desc, ") < (", ") > ("))
	for i, key := range keys {
		if i > 0 {
			w.text(", ")
		}
		w.arg(key.field.Type, key.value)
	}
	return w.text(")")
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// afterKeys writes the comparison key by key: the first differs, or the first is equal and the second differs,
// and so on. In front stands what the first key alone demands, where it demands something: it lets an index find
// the place.
func (w *writer) afterKeys(r *schema.Resource, keys []position) *writer {
	if keys[0].bounds() {
		w.atOrAfter(r, &keys[0])
		w.text(" AND ")
	}
	w.text("(")
	written := false
	for i := range keys {
		if keys[i].last() {
			continue
		}
		w.text(either(written, " OR (", "("))
		for j := range i {
			w.equal(r, &keys[j])
			w.text(" AND ")
		}
		w.behind(r, &keys[i])
		w.text(")")
		written = true
	}
	if !written {
		w.text("1 = 0")
	}
	return w.text(")")
}

// last reports whether nothing can come behind the key's value: null in a rising order.
func (p *position) last() bool { return p.value.IsNull() && !p.desc }

// bounds reports whether the records at or behind the key's value are one range.
func (p *position) bounds() bool {
	if p.value.IsNull() {
		return !p.desc
	}
	return p.desc || !p.nullable
}

func (w *writer) atOrAfter(r *schema.Resource, p *position) {
	w.field(r, p.field)
	if p.value.IsNull() {
		w.text(" IS NULL")
		return
	}
	w.text(either(p.desc, " <= ", " >= "))
	w.value(p)
}

func (w *writer) equal(r *schema.Resource, p *position) {
	w.field(r, p.field)
	if p.value.IsNull() {
		w.text(" IS NULL")
		return
	}
	w.text(" = ")
	w.value(p)
}

func (w *writer) behind(r *schema.Resource, p *position) {
	if p.value.IsNull() { // falling: null comes first, everything else behind it
		w.field(r, p.field).text(" IS NOT NULL")
		return
	}
	orNull := p.nullable && !p.desc
	w.text(either(orNull, "(", "")).field(r, p.field).text(either(p.desc, " < ", " > "))
	w.value(p)
	if orNull {
		w.text(" OR ").field(r, p.field).text(" IS NULL)")
	}
}

// value writes the key's argument, which occurs several times and is passed once.
func (w *writer) value(p *position) {
	if p.arg == 0 {
		w.args = append(w.args, Arg{Type: p.field.Type, Value: p.value})
		p.arg = len(w.args)
	}
	w.placeholder(p.arg)
}
