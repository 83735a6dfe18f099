package resource

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/url"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Keeper holds the records of a resource that lie on the platform plane: the rules of their writes are another use
// case's, with its own transaction and events. A nil function is an operation that the resource does without.
type Keeper struct {
	// Open returns what the call may read from; not_found where the record that these lie under does not exist.
	Open func(ctx context.Context, call Call) (storage.Directory, error)
	// Check returns, as validation_failed, what no schema can tell of the values that are to replace current, nil for
	// a new record; nil where there is nothing. It is asked where the schema finds something, so that a client learns of
	// all fields at once: Create and Change check for themselves. A nil function finds nothing.
	Check func(ctx context.Context, call Call, current, next []schema.Value) error
	// Create adds a record of the values, the id among them, and returns the secret that is to be shown once, empty
	// where there is none.
	Create func(ctx context.Context, call Call, values []schema.Value) (secret string, err error)
	// Change writes next over current; precondition_failed, as from all that follow, where the record is not current
	// any more.
	Change func(ctx context.Context, call Call, current, next []schema.Value) error
	// Delete removes the record.
	Delete func(ctx context.Context, call Call, current []schema.Value) error
	// Actions run the actions that the schema names; secret as in Create.
	Actions map[string]func(ctx context.Context, call Call, current, input []schema.Value) (secret string, err error)
}

// scope is what a kept list's cursors are good for: the tenant that the records lie under, else the caller's.
func (c Call) scope() tenant.ID {
	if parent, ok := tenant.ParseID(c.Parent); ok {
		return parent
	}
	return c.Actor.Tenant
}

// singleton reports whether the operation's record is the one of its kind that the caller can see: its path has no id.
func singleton(op *operation.Operation) bool {
	return op.Kind != operation.Create && op.Kind != operation.List && op.Singleton
}

// keptRecord returns the record that a path means, its version made of what a client can write in it and what actions change.
func (s *Service) keptRecord(ctx context.Context, call Call, op *operation.Operation, def *Definition, path string) (storage.Record, error) {
	record := id.ID(call.Actor.Tenant)
	if !singleton(op) {
		var err error
		if record, err = parseID(path); err != nil {
			return storage.Record{}, err
		}
	}
	return def.readKept(ctx, call, record)
}

func (d *Definition) readKept(ctx context.Context, call Call, record id.ID) (storage.Record, error) {
	from, err := d.Keeper.Open(ctx, call)
	if err != nil {
		return storage.Record{}, err
	}
	rec, err := from.Get(ctx, d.Schema, record)
	if err != nil {
		return rec, err
	}
	rec.Version = d.keptVersion(rec.Values)
	return rec, nil
}

func (d *Definition) keptVersion(values []schema.Value) int64 {
	var text []byte
	for i := range d.Schema.Fields {
		if f := &d.Schema.Fields[i]; f.Versioned() {
			text = append(values[i].AppendJSON(text), '\n')
		}
	}
	sum := sha256.Sum256(text)
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}

func (s *Service) listKept(ctx context.Context, call Call, def *Definition, page *pageBuilder) (err error) {
	from, err := def.Keeper.Open(ctx, call)
	if err != nil {
		return err
	}
	page.total, err = from.List(ctx, def.Schema, page.list(), page.add)
	return err
}

func (s *Service) getKept(ctx context.Context, call Call, op *operation.Operation, def *Definition, path string, params url.Values) (Answer, error) {
	fields, _, err := query.ParseSelection(def.Schema, params, s.options(call, def))
	if err != nil {
		return Answer{}, err
	}
	rec, err := s.keptRecord(ctx, call, op, def, path)
	if err != nil {
		return Answer{}, err
	}
	return answer(def.encoderFor(fields), recordID(def.Schema, rec.Values), rec), nil
}

func (s *Service) createKept(ctx context.Context, call Call, op *operation.Operation, def *Definition, body []byte) (Answer, error) {
	values, err := codec.Create(def.Schema, body)
	if err != nil {
		return Answer{}, def.withChecks(ctx, call, nil, values, err)
	}
	return s.writeKept(ctx, call, op, def, "", body, func(record id.ID) (id.ID, string, error) {
		values[def.Schema.Index(schema.FieldID)] = schema.ID(record)
		secret, err := def.Keeper.Create(ctx, call, values)
		return record, secret, err
	})
}

func (s *Service) changeKept(
	ctx context.Context, call Call, op *operation.Operation, def *Definition, path string, body []byte, p *Precondition, decode decodeFunc,
) (out Answer, err error) {
	err = p.repeat(func() error {
		out, err = s.changeKeptOnce(ctx, call, op, def, path, body, p, decode)
		return err
	})
	return out, err
}

func (s *Service) changeKeptOnce(
	ctx context.Context, call Call, op *operation.Operation, def *Definition, path string, body []byte, p *Precondition, decode decodeFunc,
) (Answer, error) {
	current, err := s.keptRecord(ctx, call, op, def, path)
	if err != nil {
		return Answer{}, err
	}
	record := recordID(def.Schema, current.Values)
	if err := p.holds(record, current); err != nil {
		return Answer{}, err
	}
	next, err := decode(def.Schema, body, current.Values)
	if err != nil {
		return Answer{}, def.withChecks(ctx, call, current.Values, next, err)
	}
	if !sameValues(current.Values, next) {
		if err := def.Keeper.Change(ctx, call, current.Values, next); err != nil {
			return Answer{}, err
		}
		if current, err = def.readKept(ctx, call, record); err != nil {
			return Answer{}, err
		}
	}
	return answer(def.encoder, record, current), nil
}

// withChecks adds to what the schema found wrong with a body what the keeper finds wrong with the rest of it. next is
// nil where the body could not be read.
func (d *Definition) withChecks(ctx context.Context, call Call, current, next []schema.Value, err error) error {
	var failed, more *fault.Error
	if d.Keeper.Check == nil || next == nil || !errors.As(err, &failed) || failed.Code != fault.ValidationFailed {
		return err
	}
	if !errors.As(d.Keeper.Check(ctx, call, current, next), &more) || more.Code != fault.ValidationFailed {
		return err
	}
	return fault.Invalid(merge(d.Schema, failed.Fields, more.Fields)...)
}

func sameValues(a, b []schema.Value) bool {
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

func (s *Service) actKept(
	ctx context.Context, call Call, op *operation.Operation, def *Definition, path string, body []byte, p *Precondition,
) (Answer, error) {
	var input []schema.Value
	err := codec.Empty(body)
	if op.Action.Input != nil {
		if len(body) == 0 {
			body = []byte("{}")
		}
		input, err = codec.Create(op.Action.Input, body)
	}
	if err != nil {
		return Answer{}, err
	}
	return s.writeKept(ctx, call, op, def, path, body, func(id.ID) (record id.ID, secret string, err error) {
		err = s.overKept(ctx, call, op, def, path, p, func(current []schema.Value) error {
			record = recordID(def.Schema, current)
			secret, err = def.Keeper.Actions[op.Action.Name](ctx, call, current, input)
			return err
		})
		return record, secret, err
	})
}

func (s *Service) deleteKept(ctx context.Context, call Call, op *operation.Operation, def *Definition, path string, p *Precondition) error {
	return s.overKept(ctx, call, op, def, path, p, func(current []schema.Value) error {
		return def.Keeper.Delete(ctx, call, current)
	})
}

// overKept runs a write over the record that a path means, where the precondition holds.
func (s *Service) overKept(
	ctx context.Context, call Call, op *operation.Operation, def *Definition, path string, p *Precondition, write func(current []schema.Value) error,
) error {
	return p.repeat(func() error {
		current, err := s.keptRecord(ctx, call, op, def, path)
		if err != nil {
			return err
		}
		if err := p.holds(recordID(def.Schema, current.Values), current); err != nil {
			return err
		}
		return write(current.Values)
	})
}

// answerKept is the record as a write left it, with the secret where there is a new one.
func (s *Service) answerKept(ctx context.Context, call Call, op *operation.Operation, def *Definition, record id.ID, secret string) (Answer, error) {
	rec, err := def.readKept(ctx, call, record)
	if err != nil {
		return Answer{}, err
	}
	encoder := def.encoder
	if op.Kind == operation.Create || op.Action != nil && op.Action.Renews {
		encoder = codec.NewOnceEncoder(def.Schema)
		for i := range def.Schema.Fields {
			if def.Schema.Fields[i].Once && secret != "" {
				rec.Values[i] = schema.String(secret)
			}
		}
	}
	return answer(encoder, record, rec), nil
}
