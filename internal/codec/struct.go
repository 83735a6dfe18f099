package codec

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

// Struct is the compiled plan by which records of a resource go into its Go struct and back. It may be used by any
// number of goroutines.
type Struct struct {
	resource *schema.Resource
	typ      reflect.Type
	slots    []slot // by field of the resource
}

// New returns a pointer to a zero struct.
func (s *Struct) New() any { return reflect.New(s.typ).Interface() }

// Load writes the values of a record into the struct that dst points to, which must be of the type that New makes;
// with another it does nothing. The struct shares no memory with the values.
func (s *Struct) Load(dst any, values []schema.Value) {
	v, ok := s.target(dst)
	if !ok || len(values) != len(s.slots) {
		return
	}
	for i := range s.slots {
		s.slots[i].load(v, values[i])
	}
}

// Store writes the fields of the struct that src points to over values, which are the record that was loaded into
// it. Built-in and derived fields stay as they are: they are the server's. A value that the schema does not allow
// leaves its place untouched and is reported.
func (s *Struct) Store(values []schema.Value, src any) []fault.Field {
	v, ok := s.target(src)
	if !ok || len(values) != len(s.slots) {
		return []fault.Field{{Name: s.resource.Singular, Code: fault.FieldInvalid, Message: "is not of the resource's type"}}
	}
	var faults []fault.Field
	for i := range s.slots {
		f := &s.resource.Fields[i]
		if f.BuiltIn || !f.Stored() {
			continue
		}
		value, flaw := s.slots[i].store(v, values[i])
		if !flaw.is() {
			flaw = check(f, value)
		}
		if flaw.is() {
			faults = append(faults, flaw.at(f.Name))
			continue
		}
		values[i] = value
	}
	return faults
}

func (s *Struct) target(p any) (reflect.Value, bool) {
	v := reflect.ValueOf(p)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Type().Elem() != s.typ {
		return reflect.Value{}, false
	}
	return v.Elem(), true
}

func (s *slot) load(record reflect.Value, value schema.Value) {
	v := record.FieldByIndex(s.index)
	if value.IsNull() {
		v.SetZero()
		return
	}
	if s.pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch s.kind {
	case kindText:
		v.SetString(value.Text())
	case kindTextID:
		v.SetString(value.ID().String())
	case kindInt:
		v.SetInt(value.Int())
	case kindFloat:
		v.SetFloat(value.Float())
	case kindBool:
		v.SetBool(value.Bool())
	default:
		s.loadWhole(v, value)
	}
}

// loadWhole writes the types that are known as a whole, through their addresses, so that nothing is boxed.
func (s *slot) loadWhole(v reflect.Value, value schema.Value) {
	switch p := v.Addr().Interface().(type) {
	case *id.ID:
		*p = value.ID()
	case *time.Time:
		*p = value.Time()
	case *Date:
		*p = DateOf(value.Time())
	case *json.RawMessage:
		*p = bytes.Clone(value.Raw())
	case *map[string]any:
		*p = nil
		_ = jsonv2.Unmarshal(value.Raw(), p) // it has been checked when it was written
	}
}

// store reads the field; old is the value that was loaded into it.
func (s *slot) store(record reflect.Value, old schema.Value) (schema.Value, flaw) {
	v := record.FieldByIndex(s.index)
	if s.pointer {
		if v.IsNil() {
			return schema.Null(), flaw{}
		}
		v = v.Elem()
	}
	switch s.kind {
	case kindText:
		return storeText(v.String(), old)
	case kindTextID:
		return storeTextID(v.String())
	case kindInt:
		return schema.Int(v.Int()), flaw{}
	case kindFloat:
		return schema.Float(v.Float() + 0), flaw{}
	case kindBool:
		return schema.Bool(v.Bool()), flaw{}
	default:
		return s.storeWhole(v, old)
	}
}

func storeText(text string, old schema.Value) (schema.Value, flaw) {
	if old.Type() == schema.Text && text == string(old.Raw()) {
		return old, flaw{}
	}
	if !utf8.ValidString(text) {
		return schema.Value{}, flawUTF8
	}
	return schema.String(text), flaw{}
}

func storeTextID(text string) (schema.Value, flaw) {
	if text == "" {
		return schema.Null(), flaw{}
	}
	parsed, ok := id.Parse(text)
	if !ok || parsed.IsZero() {
		return schema.Value{}, flawUUID
	}
	return schema.ID(parsed), flaw{}
}

func (s *slot) storeWhole(v reflect.Value, old schema.Value) (schema.Value, flaw) {
	switch p := v.Addr().Interface().(type) {
	case *id.ID:
		if p.IsZero() {
			return schema.Null(), flaw{}
		}
		return schema.ID(*p), flaw{}
	case *time.Time:
		return storeTime(*p)
	case *Date:
		return storeDate(*p)
	case *json.RawMessage:
		return s.storeRaw(*p, old)
	case *map[string]any:
		return s.storeMap(*p, old)
	default:
		return schema.Value{}, wrongType("left out")
	}
}

func storeTime(t time.Time) (schema.Value, flaw) {
	if t.IsZero() {
		return schema.Null(), flaw{}
	}
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return schema.Value{}, flawTime
	}
	return schema.Moment(t), flaw{}
}

func storeDate(d Date) (schema.Value, flaw) {
	if d.IsZero() {
		return schema.Null(), flaw{}
	}
	value, ok := schema.DateOf(d.Time())
	if !ok || !d.Valid() {
		return schema.Value{}, flawDate
	}
	return value, flaw{}
}

func (s *slot) storeRaw(text []byte, old schema.Value) (schema.Value, flaw) {
	if old.Type() == schema.JSON && bytes.Equal(text, old.Raw()) {
		return old, flaw{}
	}
	if len(text) == 0 {
		return s.noObject(), flaw{}
	}
	if depth(text) >= maxDepth {
		return schema.Value{}, flawDepth
	}
	compact, flaw := compactObject(text)
	return schema.RawJSON(compact), flaw
}

// storeMap keeps the old text where the map still says the same: a map has neither the client's order nor the
// digits of a large number.
func (s *slot) storeMap(m map[string]any, old schema.Value) (schema.Value, flaw) {
	if m == nil {
		return s.noObject(), flaw{}
	}
	if old.Type() == schema.JSON {
		var before map[string]any
		if err := jsonv2.Unmarshal(old.Raw(), &before); err == nil && reflect.DeepEqual(before, m) {
			return old, flaw{}
		}
	}
	text, err := jsonv2.Marshal(m, jsonv2.Deterministic(true))
	if err != nil {
		return schema.Value{}, flaw{fault.FieldInvalid, "must be an object that JSON can say"}
	}
	if depth(text) >= maxDepth {
		return schema.Value{}, flawDepth
	}
	compact, flaw := compactObject(text)
	return schema.RawJSON(compact), flaw
}

// noObject is what a nil map or message stands for.
func (s *slot) noObject() schema.Value {
	if s.pointer {
		return schema.Null()
	}
	return schema.RawJSON([]byte("{}"))
}
