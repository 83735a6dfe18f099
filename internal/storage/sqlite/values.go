package sqlite

import (
	"database/sql/driver"
	"fmt"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// encode returns a value as SQLite keeps it.
func encode(v schema.Value) driver.Value {
	switch v.Type() {
	case schema.Text, schema.JSON:
		return v.Text()
	case schema.UUID:
		return v.ID().String()
	case schema.Integer, schema.Time, schema.Date:
		return v.Int()
	case schema.Number:
		return v.Float()
	case schema.Boolean:
		if v.Bool() {
			return int64(1)
		}
		return int64(0)
	default:
		return nil
	}
}

// reader turns rows into records. The memory of one record is that of the next.
type reader struct {
	resource *schema.Resource
	values   []schema.Value
	buf      []byte
}

func newReader(r *schema.Resource) *reader {
	return &reader{resource: r, values: make([]schema.Value, len(r.Fields))}
}

// record reads a row: the values of all fields, then the version.
func (r *reader) record(row []driver.Value) (storage.Record, error) {
	r.buf = r.buf[:0]
	fields := r.resource.Fields
	if len(row) != len(fields)+1 {
		return storage.Record{}, fmt.Errorf("read %s: %d columns for %d fields", r.resource.Name, len(row), len(fields))
	}
	for i := range fields {
		v, err := r.decode(fields[i].Type, row[i])
		if err != nil {
			return storage.Record{}, fmt.Errorf("read %s.%s: %w", r.resource.Name, fields[i].Name, err)
		}
		r.values[i] = v
	}
	version, ok := row[len(fields)].(int64)
	if !ok {
		return storage.Record{}, fmt.Errorf("read the version of %s: %T is no integer", r.resource.Name, row[len(fields)])
	}
	return storage.Record{Version: version, Values: r.values}, nil
}

// decode reads one column. Text lies in r.buf; when that has to grow, what was read before keeps the old memory.
func (r *reader) decode(t schema.Type, column driver.Value) (schema.Value, error) {
	switch column := column.(type) {
	case nil:
		return schema.Null(), nil
	case int64:
		return fromInteger(t, column)
	case float64:
		if t == schema.Number {
			return schema.Float(column), nil
		}
	case string:
		start := len(r.buf)
		if t == schema.UUID {
			return r.decodeID(column)
		}
		r.buf = append(r.buf, column...)
		if t == schema.JSON {
			return schema.RawJSON(r.buf[start:len(r.buf):len(r.buf)]), nil
		}
		if t == schema.Text {
			return schema.Bytes(r.buf[start:len(r.buf):len(r.buf)]), nil
		}
	}
	return schema.Value{}, fmt.Errorf("a column of type %T is no %s", column, t)
}

func (r *reader) decodeID(text string) (schema.Value, error) {
	parsed, ok := id.Parse(text)
	if !ok {
		return schema.Value{}, fmt.Errorf("a text of %d bytes is no id", len(text))
	}
	start := len(r.buf)
	r.buf = append(r.buf, parsed[:]...)
	return schema.RawID(r.buf[start:len(r.buf):len(r.buf)]), nil
}

func fromInteger(t schema.Type, n int64) (schema.Value, error) {
	switch t {
	case schema.Integer:
		return schema.Int(n), nil
	case schema.Boolean:
		return schema.Bool(n != 0), nil
	case schema.Time:
		return schema.Micros(n), nil
	case schema.Date:
		return schema.Days(n), nil
	default:
		return schema.Value{}, fmt.Errorf("an integer is no %s", t)
	}
}
