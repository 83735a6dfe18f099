package resource

import (
	"context"
	"slices"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// Create adds a record from a JSON object and returns it.
func (s *Service) Create(ctx context.Context, call Call, op *operation.Operation, body []byte) (Answer, error) {
	def, err := s.begin(call, op)
	if err != nil {
		return Answer{}, err
	}
	if def.Keeper != nil {
		return s.createKept(ctx, call, op, def, body)
	}
	values, err := codec.Create(def.Schema, body)
	if err != nil {
		return Answer{}, s.withReferences(ctx, call, def, values, err)
	}
	out, err := s.write(ctx, call, op, def, "", body, func(tx *Tx, rec *storage.Record) (id.ID, error) {
		return tx.create(ctx, def, slices.Clone(values), rec)
	})
	if err != nil {
		return Answer{}, s.withReferences(ctx, call, def, values, err)
	}
	return out, nil
}

// decodeFunc makes the new values of a record from a body and the present ones.
type decodeFunc func(r *schema.Resource, body []byte, current []schema.Value) ([]schema.Value, error)

// Replace writes all fields of a record anew from a JSON object and returns it.
func (s *Service) Replace(ctx context.Context, call Call, op *operation.Operation, recordID string, body []byte, p *Precondition) (Answer, error) {
	return s.change(ctx, call, op, recordID, body, p, codec.Replace)
}

// Patch changes some fields of a record by a JSON Merge Patch (RFC 7396) and returns it.
func (s *Service) Patch(ctx context.Context, call Call, op *operation.Operation, recordID string, body []byte, p *Precondition) (Answer, error) {
	return s.change(ctx, call, op, recordID, body, p, codec.Patch)
}

func (s *Service) change(
	ctx context.Context, call Call, op *operation.Operation, path string, body []byte, p *Precondition, decode decodeFunc,
) (Answer, error) {
	def, err := s.begin(call, op)
	if err != nil {
		return Answer{}, err
	}
	if def.Keeper != nil {
		return s.changeKept(ctx, call, op, def, path, body, p, decode)
	}
	record, err := parseID(path)
	if err != nil {
		return Answer{}, err
	}
	var rec storage.Record
	var given []schema.Value
	err = s.update(ctx, call, func(tx *Tx) error {
		current, err := tx.tx.Get(ctx, def.Schema, record)
		if err != nil {
			return err
		}
		if err := p.holds(record, current); err != nil {
			return err
		}
		next, err := decode(tx.writable(def, current.Values), body, current.Values)
		given = newReferences(def.Schema, current.Values, next)
		if err != nil {
			return err
		}
		return tx.change(ctx, def, "updated", current, next, &rec)
	})
	if err != nil {
		return Answer{}, s.withReferences(ctx, call, def, given, err)
	}
	return answer(def.encoder, record, rec), nil
}

// Act runs an action on a record and returns it as the action left it. An action takes no fields: body is empty
// or an empty object.
func (s *Service) Act(ctx context.Context, call Call, op *operation.Operation, path string, body []byte, p *Precondition) (Answer, error) {
	def, err := s.begin(call, op)
	if err != nil {
		return Answer{}, err
	}
	if def.Keeper != nil {
		return s.actKept(ctx, call, op, def, path, body, p)
	}
	if err := codec.Empty(body); err != nil {
		return Answer{}, err
	}
	record, err := parseID(path)
	if err != nil {
		return Answer{}, err
	}
	return s.write(ctx, call, op, def, path, body, func(tx *Tx, rec *storage.Record) (id.ID, error) {
		current, err := tx.tx.Get(ctx, def.Schema, record)
		if err != nil {
			return record, err
		}
		if err := p.holds(record, current); err != nil {
			return record, err
		}
		next, err := tx.run(ctx, def, def.Actions[op.Action.Name], current.Values)
		if err != nil {
			return record, err
		}
		return record, tx.change(ctx, def, op.Action.Name, current, next, rec)
	})
}

// Delete removes a record and, where their references say so, the records that name it.
func (s *Service) Delete(ctx context.Context, call Call, op *operation.Operation, path string, p *Precondition) error {
	def, err := s.begin(call, op)
	if err != nil {
		return err
	}
	if def.Keeper != nil {
		return s.deleteKept(ctx, call, op, def, path, p)
	}
	record, err := parseID(path)
	if err != nil {
		return err
	}
	return s.update(ctx, call, func(tx *Tx) error {
		current, err := tx.tx.Get(ctx, def.Schema, record)
		if err != nil {
			return err
		}
		if err := p.holds(record, current); err != nil {
			return err
		}
		return tx.delete(ctx, def, []storage.Record{current})
	})
}

// Report computes a report's answer.
func (s *Service) Report(ctx context.Context, call Call, op *operation.Operation) ([]byte, error) {
	def, err := s.begin(call, op)
	if err != nil {
		return nil, err
	}
	var body []byte
	err = s.view(ctx, call, func(tx *Tx) error {
		out, err := def.Reports[op.Report.Name](ctx, tx)
		if err != nil {
			return err
		}
		body, err = codec.Marshal(out)
		return err
	})
	return body, err
}

// create stamps and writes a new record, and returns its id; rec holds it when the transaction has committed.
func (t *Tx) create(ctx context.Context, def *Definition, values []schema.Value, rec *storage.Record) (id.ID, error) {
	record := id.New()
	t.stamp(def, values, record)
	next, err := t.prepared(ctx, def, values)
	if err != nil {
		return record, err
	}
	if err := t.require(ctx, def, nil, next); err != nil {
		return record, err
	}
	if err := t.tx.Put(ctx, def.Schema, storage.Record{Version: 1, Values: next}, 0); err != nil {
		return record, err
	}
	changes, _ := changesBetween(def.Schema, nil, next)
	if err := t.record(ctx, def, "created", record, changes); err != nil {
		return record, err
	}
	return record, t.tx.Return(ctx, def.Schema, record, rec)
}

// change writes next over current unless they are equal, in which case nothing happened: no write, no event.
func (t *Tx) change(ctx context.Context, def *Definition, action string, current storage.Record, next []schema.Value, rec *storage.Record) error {
	next, err := t.prepared(ctx, def, next)
	if err != nil {
		return err
	}
	changes, changed := changesBetween(def.Schema, current.Values, next)
	if !changed {
		*rec = current
		return nil
	}
	record := recordID(def.Schema, current.Values)
	next[def.Schema.Index(schema.FieldUpdatedAt)] = schema.Moment(t.now)
	if err := t.require(ctx, def, current.Values, next); err != nil {
		return err
	}
	if err := t.tx.Put(ctx, def.Schema, storage.Record{Version: current.Version + 1, Values: next}, current.Version); err != nil {
		return err
	}
	if err := t.record(ctx, def, action, record, changes); err != nil {
		return err
	}
	return t.tx.Return(ctx, def.Schema, record, rec)
}

// stamp sets the built-in fields of a new record.
func (t *Tx) stamp(def *Definition, values []schema.Value, record id.ID) {
	r := def.Schema
	values[r.Index(schema.FieldID)] = schema.ID(record)
	values[r.Index(schema.FieldCreatedAt)] = schema.Moment(t.now)
	values[r.Index(schema.FieldUpdatedAt)] = schema.Moment(t.now)
	if !t.call.Actor.ID.IsZero() {
		values[r.Index(schema.FieldCreatedBy)] = schema.ID(t.call.Actor.ID)
	}
}

// prepared runs the hook that sees every write.
func (t *Tx) prepared(ctx context.Context, def *Definition, values []schema.Value) ([]schema.Value, error) {
	if def.BeforeWrite == nil {
		return values, nil
	}
	return t.run(ctx, def, def.BeforeWrite, values)
}

// run hands the record to fn as the user's struct and returns the values that fn left in it. A value that breaks
// the schema is refused as if a client had sent it.
func (t *Tx) run(ctx context.Context, def *Definition, fn RecordFunc, values []schema.Value) ([]schema.Value, error) {
	rec := def.Struct.New()
	def.Struct.Load(rec, values)
	if err := fn(ctx, t, rec); err != nil {
		return nil, err
	}
	next := slices.Clone(values)
	if fields := def.Struct.Store(next, rec); len(fields) > 0 {
		return nil, fault.Invalid(fields...)
	}
	t.pin(def, values, next)
	return next, nil
}
