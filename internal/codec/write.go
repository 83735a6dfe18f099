package codec

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
)

// maxFaults bounds an answer: a body of a thousand unknown names is not worth a line for each.
const maxFaults = 100

// Create returns the values of a new record, in the order of r.Fields, from a JSON object: what it gives, and
// Field.Zero for what it leaves out. The built-in fields are null, for the caller to set. Where fields are not
// valid, the values come with the error, null at the fields at fault, so that references can be checked as well
// and all be reported at once.
func Create(r *schema.Resource, body []byte) ([]schema.Value, error) {
	d, err := newDocument(r, body)
	if err != nil {
		return nil, err
	}
	for i := range r.Fields {
		f, raw := &r.Fields[i], d.given[i]
		switch {
		case raw == nil && f.Writable() && f.Required:
			d.failed(f, flaw{fault.FieldRequired, "is required"})
		case raw == nil:
			d.values[i] = f.Zero()
		case f.Writable():
			d.set(i, raw)
		default:
			d.values[i] = f.Zero()
			if !harmless(f, raw) {
				d.failed(f, flawReadOnly)
			}
		}
	}
	return d.finish()
}

// harmless reports whether a create may give the value of a field that it can't set: only one that every new
// record has, so that a client can send back what it was shown.
func harmless(f *schema.Field, raw jsontext.Value) bool {
	value, flaw := read(f, raw)
	switch {
	case flaw.is():
		return false
	case value.IsNull():
		return f.Nullable && !f.BuiltIn // nobody's record is created by nobody
	default:
		return f.Derived != nil && f.Derived.Count != "" && value.Equal(schema.Int(0))
	}
}

// Replace returns the values of the record current after a JSON object took the place of all that a client may
// write. Errors are as in Create.
func Replace(r *schema.Resource, body []byte, current []schema.Value) ([]schema.Value, error) {
	d, err := newChange(r, body, current)
	if err != nil {
		return nil, err
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		switch {
		case d.given[i] != nil:
			d.change(i, d.given[i], current[i])
		case !f.Writable() || f.Immutable || f.Kept:
			d.values[i] = current[i]
		case f.Required:
			d.failed(f, flaw{fault.FieldRequired, "is required"})
		default:
			d.values[i] = f.Zero()
		}
	}
	return d.finish()
}

// Patch returns the values of the record current after a JSON Merge Patch (RFC 7396). Errors are as in Create.
func Patch(r *schema.Resource, body []byte, current []schema.Value) ([]schema.Value, error) {
	d, err := newChange(r, body, current)
	if err != nil {
		return nil, err
	}
	for i := range r.Fields {
		f, raw := &r.Fields[i], d.given[i]
		if raw == nil {
			d.values[i] = current[i]
			continue
		}
		if f.Type == schema.JSON && raw.Kind() == jsontext.KindBeginObject {
			merged, err := merge(nil, current[i].Raw(), raw)
			if err != nil {
				return nil, fmt.Errorf("merge field %s: %w", f.Name, err)
			}
			raw = merged
		}
		d.change(i, raw, current[i])
	}
	return d.finish()
}

// document is a body on its way to values.
type document struct {
	resource *schema.Resource
	given    []jsontext.Value // by field; nil where the body leaves it out
	values   []schema.Value
	faults   []fault.Field
	unknown  []fault.Field
}

var (
	flawReadOnly  = flaw{fault.FieldReadOnly, "is read-only"}
	flawImmutable = flaw{fault.FieldReadOnly, "can't be changed once the record has been created"}
)

var errValues = errors.New("the record does not have the resource's fields")

func newChange(r *schema.Resource, body []byte, current []schema.Value) (*document, error) {
	if len(current) != len(r.Fields) {
		return nil, errValues
	}
	return newDocument(r, body)
}

func newDocument(r *schema.Resource, body []byte) (*document, error) {
	members, err := readBody(body)
	if err != nil {
		return nil, err
	}
	d := &document{
		resource: r, given: make([]jsontext.Value, len(r.Fields)), values: make([]schema.Value, len(r.Fields)),
	}
	for _, m := range members {
		i := r.Index(m.name)
		if i >= 0 && !r.Fields[i].Hidden && !r.Fields[i].Once {
			d.given[i] = m.value
		} else if len(d.unknown) < maxFaults {
			d.unknown = append(d.unknown, fault.Field{Name: shortened(m.name), Code: fault.FieldUnknown, Message: unknown(r, m.name)})
		}
	}
	return d, nil
}

// shortened cuts a name that a client made up to what an error can show.
func shortened(name string) string {
	const most = 100
	if len(name) <= most {
		return name
	}
	end := most
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + "…"
}

func unknown(r *schema.Resource, name string) string {
	for i := range r.Fields {
		if f := &r.Fields[i]; !f.Hidden && !f.Once && strings.EqualFold(f.Name, name) {
			return "is unknown: names are case-sensitive, and the field is " + f.Name
		}
	}
	return "is not a field of this resource"
}

func (d *document) failed(f *schema.Field, flaw flaw) {
	d.faults = append(d.faults, flaw.at(f.Name))
}

// set takes a value for a field that may be written.
func (d *document) set(i int, raw jsontext.Value) {
	f := &d.resource.Fields[i]
	value, flaw := read(f, raw)
	if !flaw.is() {
		flaw = check(f, value)
	}
	if flaw.is() {
		d.failed(f, flaw)
		return
	}
	d.values[i] = value
}

// change takes a value for a field of a record that exists: what can't be written may be repeated.
func (d *document) change(i int, raw jsontext.Value, current schema.Value) {
	f := &d.resource.Fields[i]
	if f.Writable() && !f.Immutable {
		d.set(i, raw)
		return
	}
	d.values[i] = current
	value, flaw := read(f, raw)
	switch {
	case !flaw.is() && same(value, current):
	case f.Immutable:
		d.failed(f, flawImmutable)
	default:
		d.failed(f, flawReadOnly)
	}
}

func same(a, b schema.Value) bool {
	if a.Type() == schema.JSON && b.Type() == schema.JSON {
		return sameObject(a.Raw(), b.Raw())
	}
	return a.Equal(b)
}

func (d *document) finish() ([]schema.Value, error) {
	return d.values, fault.Invalid(append(d.faults, d.unknown...)...)
}
