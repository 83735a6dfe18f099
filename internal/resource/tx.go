package resource

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// Tx is the transaction that hooks, actions and reports run in. It is bound to the caller's tenant: whatever is
// read or written through it belongs to that tenant. It must not be used after the function has returned, and the
// function may be run again from its start, after a collision with another transaction.
type Tx struct {
	service  *Service
	call     Call
	tx       storage.Tx
	now      time.Time
	readOnly bool
	// forgotten are the keys of files that no record names any more once the transaction has been committed.
	forgotten []string
}

// Actor returns the caller.
func (t *Tx) Actor() policy.Actor { return t.call.Actor }

// Now returns the moment that the transaction's writes are stamped with, in UTC.
func (t *Tx) Now() time.Time { return t.now }

// Where are conditions, written as in a query string: {"status__in": "todo,done", "due_date__lt": "2026-11-23"}.
type Where map[string]string

// Question asks for numbers over the records of a resource that meet Where, one group for each combination of the
// values of GroupBy. Sum names an integer field to add up, Distinct one whose different values are counted. A sum beyond
// 64 bits stays at their end.
type Question struct {
	Resource string
	Where    Where
	GroupBy  []string
	Sum      string
	Distinct string
}

// Group is one group of a Question's answer: the texts of its keys, how many records it has, and the sum and the
// number of different values where they were asked for. A null key is the empty text.
type Group struct {
	Keys                 []string
	Count, Sum, Distinct int64
}

// Ask answers all questions of one moment, in one trip to the database. Without GroupBy there is exactly one group.
func (t *Tx) Ask(ctx context.Context, questions ...Question) ([][]Group, error) {
	aggregates := make([]query.Aggregate, len(questions))
	for i, q := range questions {
		a, err := t.aggregate(q)
		if err != nil {
			return nil, err
		}
		aggregates[i] = a
	}
	answers, err := t.tx.Aggregate(ctx, aggregates...)
	if err != nil {
		return nil, err
	}
	out := make([][]Group, len(answers))
	for i, groups := range answers {
		for _, g := range groups {
			keys := make([]string, len(g.Keys))
			for k, v := range g.Keys {
				keys[k] = keyText(v)
			}
			out[i] = append(out[i], Group{Keys: keys, Count: g.Count, Sum: g.Sum, Distinct: g.Distinct})
		}
	}
	return out, nil
}

func (t *Tx) aggregate(q Question) (query.Aggregate, error) {
	def := t.service.registry.byName[q.Resource]
	if def == nil {
		return query.Aggregate{}, errUnknown("resource", q.Resource)
	}
	where, err := t.conditions(def, q.Where)
	if err != nil {
		return query.Aggregate{}, err
	}
	a := query.Aggregate{Resource: def.Schema, Where: where}
	for _, name := range q.GroupBy {
		field := def.Schema.Field(name)
		if field == nil {
			return a, errUnknown("field", name)
		}
		a.GroupBy = append(a.GroupBy, field)
	}
	if a.Sum = def.Schema.Field(q.Sum); q.Sum != "" && (a.Sum == nil || a.Sum.Type != schema.Integer) {
		return a, errUnknown("integer field", q.Sum)
	}
	if a.Distinct = def.Schema.Field(q.Distinct); q.Distinct != "" && a.Distinct == nil {
		return a, errUnknown("field", q.Distinct)
	}
	return a, nil
}

// conditions reads Where with the parser of query strings, so that there is one language of filters.
func (t *Tx) conditions(def *Definition, where Where) ([]query.Condition, error) {
	params := make(map[string][]string, len(where))
	for name, value := range where {
		params[name] = []string{value}
	}
	parsed, err := query.Parse(def.Schema, params, t.service.options(t.call, def))
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "", err)
	}
	return parsed.List.Where, nil
}

// Get returns the values of one record of a resource; not_found. In a write it is locked until the end.
func (t *Tx) Get(ctx context.Context, def *Definition, record id.ID) ([]schema.Value, error) {
	rec, err := t.tx.Get(ctx, def.Schema, record)
	return rec.Values, err
}

// List calls yield with the values of up to limit records that meet where, in the resource's own order.
func (t *Tx) List(ctx context.Context, def *Definition, where Where, limit int, yield func([]schema.Value) error) error {
	conditions, err := t.conditions(def, where)
	if err != nil {
		return err
	}
	parsed, err := query.Parse(def.Schema, nil, t.service.options(t.call, def))
	if err != nil {
		return err
	}
	list := parsed.List
	list.Where, list.Limit, list.Lock = conditions, limit, !t.readOnly
	_, err = t.tx.List(ctx, def.Schema, list, func(rec storage.Record) error { return yield(rec.Values) })
	return err
}

func keyText(v schema.Value) string {
	if v.Type() == schema.Text {
		return v.Text()
	}
	if v.IsNull() {
		return ""
	}
	text := string(v.AppendJSON(nil))
	if len(text) > 1 && text[0] == '"' {
		return text[1 : len(text)-1]
	}
	return text
}

type lookupError string

func (e lookupError) Error() string { return string(e) }

func errUnknown(kind, name string) error { return lookupError("there is no " + kind + " " + name) }
