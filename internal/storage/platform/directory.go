package platform

import (
	"context"
	"fmt"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/tenant"
)

// directory reads the views of the platform's records for one tenant, or for none.
type directory struct {
	*plane
	build *sqlgen.Builder
}

// Directory implements storage.Platform.
func (p *plane) Directory(t tenant.ID) storage.Directory {
	return directory{p, sqlgen.NewDirectory(p.Dialect).For(t)}
}

func (d directory) Get(ctx context.Context, r *schema.Resource, i id.ID) (storage.Record, error) {
	var found storage.Record
	err := d.read(ctx, r, d.build.Get(r, i, false), func(rec storage.Record) error {
		found = rec
		return nil
	})
	if err == nil && found.Values == nil {
		err = fault.Missing()
	}
	return found, err
}

func (d directory) List(ctx context.Context, r *schema.Resource, q query.List, yield func(storage.Record) error) (int64, error) {
	total := int64(-1)
	if q.Count {
		count := d.build.Count(r, q)
		err := d.Read.QueryRowContext(ctx, count.SQL, d.args(count)...).Scan(&total)
		if err != nil {
			return total, d.wrap("count "+r.Name, err)
		}
	}
	return total, d.read(ctx, r, d.build.List(r, q), yield)
}

// read calls yield for each row: the values of all fields, then the version.
func (d directory) read(ctx context.Context, r *schema.Resource, statement sqlgen.Statement, yield func(storage.Record) error) error {
	rows, err := d.Read.QueryContext(ctx, statement.SQL, d.args(statement)...)
	if err != nil {
		return d.wrap("read "+r.Name, err)
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	columns := make([]any, len(r.Fields)+1)
	targets := make([]any, len(columns))
	for i := range columns {
		targets[i] = &columns[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return d.wrap("read "+r.Name, err)
		}
		rec := storage.Record{Version: 1, Values: make([]schema.Value, len(r.Fields))}
		for i := range r.Fields {
			if rec.Values[i], err = valueOf(r.Fields[i].Type, columns[i]); err != nil {
				return fmt.Errorf("read %s.%s: %w", r.Name, r.Fields[i].Name, err)
			}
		}
		if err := yield(rec); err != nil {
			return err
		}
	}
	return d.wrap("read "+r.Name, rows.Err())
}

// args are a statement's arguments as database/sql takes them.
func (d directory) args(statement sqlgen.Statement) []any {
	out := make([]any, len(statement.Args))
	for i, arg := range statement.Args {
		out[i] = d.argument(arg.Value)
	}
	return out
}

func (p *plane) argument(v schema.Value) any {
	switch v.Type() {
	case schema.Text, schema.JSON:
		return v.Text()
	case schema.UUID:
		return v.ID().String()
	case schema.Integer:
		return v.Int()
	case schema.Boolean:
		return v.Bool()
	case schema.Time:
		return p.moment(v.Time())
	default:
		return nil
	}
}

// valueOf reads a column of either engine.
func valueOf(t schema.Type, column any) (schema.Value, error) {
	switch c := column.(type) {
	case nil:
		return schema.Null(), nil
	case bool:
		return schema.Bool(c), nil
	case time.Time:
		return schema.Moment(c), nil
	case int64:
		switch t {
		case schema.Boolean:
			return schema.Bool(c != 0), nil
		case schema.Time:
			return schema.Micros(c), nil
		default:
			return schema.Int(c), nil
		}
	case []byte:
		return valueOf(t, string(c))
	case string:
		return textValue(t, c)
	default:
		return schema.Null(), fmt.Errorf("a column of type %T is no %s", column, t)
	}
}

func textValue(t schema.Type, text string) (schema.Value, error) {
	switch t {
	case schema.UUID:
		parsed, ok := id.Parse(text)
		if !ok {
			return schema.Null(), fmt.Errorf("a column is no %s", t)
		}
		return schema.ID(parsed), nil
	case schema.JSON:
		return schema.RawJSON([]byte(text)), nil
	default:
		return schema.String(text), nil
	}
}
