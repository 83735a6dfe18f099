package codec

import (
	"slices"

	"github.com/tenantry/tenantry/internal/schema"
)

// Encoder writes records of one resource as JSON objects, its keys made beforehand. It may be used by any number
// of goroutines.
type Encoder struct {
	parts []part
}

type part struct {
	key   []byte // {"name": or ,"name":
	index int
}

// NewEncoder returns an encoder that writes the named fields, all where fields is nil, in the order of the schema.
// Only fields that are shown are ever written.
func NewEncoder(r *schema.Resource, fields []string) *Encoder {
	return newEncoder(r, func(f *schema.Field) bool {
		return f.Shown() && (fields == nil || slices.Contains(fields, f.Name))
	})
}

// NewOnceEncoder returns an encoder for the one answer that shows a record's Once fields as well.
func NewOnceEncoder(r *schema.Resource) *Encoder {
	return newEncoder(r, func(f *schema.Field) bool { return f.Shown() || f.Once })
}

func newEncoder(r *schema.Resource, take func(*schema.Field) bool) *Encoder {
	e := &Encoder{}
	for i := range r.Fields {
		f := &r.Fields[i]
		if !take(f) {
			continue
		}
		key := []byte{','}
		if len(e.parts) == 0 {
			key[0] = '{'
		}
		key = append(schema.AppendString(key, f.Name), ':')
		e.parts = append(e.parts, part{key: key, index: i})
	}
	return e
}

// Append appends the record as a JSON object to dst, and allocates nothing where dst has room. The values are in
// the order of the resource's fields.
func (e *Encoder) Append(dst []byte, values []schema.Value) []byte {
	if len(e.parts) == 0 {
		return append(dst, '{', '}')
	}
	for i := range e.parts {
		p := &e.parts[i]
		dst = append(dst, p.key...)
		if p.index < len(values) {
			dst = values[p.index].AppendJSON(dst)
		} else {
			dst = append(dst, "null"...)
		}
	}
	return append(dst, '}')
}
