package resource

import (
	"context"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/storage"
)

// expansion holds the records that are shown inside others: ?expand=project adds project_details.
type expansion []expanded

type expanded struct {
	key     []byte
	index   int // of the reference in the values
	details map[id.ID][]byte
}

// expand reads the records that recs name in the fields, in one statement per field. It takes the right to read
// them: an expansion shows no more than a get would.
func (t *Tx) expand(ctx context.Context, def *Definition, fields []string, recs []storage.Record) (expansion, error) {
	var out expansion
	for _, name := range fields {
		field := def.Schema.Field(name)
		target := t.service.registry.byName[field.Ref.Resource]
		if err := policy.Decide(t.call.Actor, policy.Read, target.Schema.Name, target.Read); err != nil {
			return nil, err
		}
		one := expanded{index: def.Schema.Index(name), details: map[id.ID][]byte{}}
		one.key = append(append([]byte(`,"`), name...), `_details":`...)
		var ids []id.ID
		for _, rec := range recs {
			if named := rec.Values[one.index].ID(); !named.IsZero() && one.details[named] == nil {
				one.details[named] = []byte("null")
				ids = append(ids, named)
			}
		}
		if len(ids) > 0 {
			_, err := t.tx.List(ctx, target.Schema, query.ByID(target.Schema, ids), func(rec storage.Record) error {
				one.details[recordID(target.Schema, rec.Values)] = target.encoder.Append(nil, rec.Values)
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// append adds the details of rec to body, which ends in the brace of its object.
func (e expansion) append(body []byte, rec storage.Record) []byte {
	for _, one := range e {
		details, found := one.details[rec.Values[one.index].ID()]
		if !found {
			details = []byte("null")
		}
		open := len(body) == 2 // {}
		body = body[:len(body)-1]
		if open {
			body = append(body, one.key[1:]...)
		} else {
			body = append(body, one.key...)
		}
		body = append(append(body, details...), '}')
	}
	return body
}

// missingParent is what a list below a record that does not exist answers.
func missingParent(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.Missing()
	}
	return err
}
