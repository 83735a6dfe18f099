package sqlite

import (
	"context"
	"errors"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/platform"
)

// explain turns the failure of a Put into one that names the fields. SQLite says which kind of rule was broken; which
// field broke it is found by asking, never read out of a message.
func (t *tx) explain(ctx context.Context, r *schema.Resource, rec storage.Record, version int64, cause error) error {
	var fields []fault.Field
	var err error
	switch {
	case errors.Is(cause, platform.ErrUnique):
		if fields, err = t.takenFields(ctx, r, rec, version == 0); err != nil || len(fields) == 0 {
			return errors.Join(cause, err)
		}
		conflict := fault.Wrap(fault.Conflict, "Another record has this value already.", cause)
		conflict.Fields = fields
		return conflict
	case errors.Is(cause, platform.ErrReference):
		if fields, err = t.unknownReferences(ctx, r, rec); err != nil || len(fields) == 0 {
			return errors.Join(cause, err)
		}
		return fault.Invalid(fields...)
	default:
		return cause
	}
}

func (t *tx) takenFields(ctx context.Context, r *schema.Resource, rec storage.Record, insert bool) ([]fault.Field, error) {
	var out []fault.Field
	self := rec.Values[r.Index(schema.FieldID)].ID()
	if insert {
		found, err := t.exists(ctx, r, self)
		if err != nil {
			return nil, err
		}
		if found {
			out = append(out, fault.Taken(schema.FieldID))
		}
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		if !f.Unique || !f.Stored() || rec.Values[i].IsNull() {
			continue
		}
		_, found, err := t.session.integer(ctx, t.build.Taken(r, f, rec.Values[i], self))
		if err != nil {
			return nil, err
		}
		if found {
			out = append(out, fault.Taken(f.Name))
		}
	}
	return out, nil
}

func (t *tx) unknownReferences(ctx context.Context, r *schema.Resource, rec storage.Record) ([]fault.Field, error) {
	var out []fault.Field
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.Ref == nil || !f.Stored() || rec.Values[i].IsNull() {
			continue
		}
		target := t.engine.byName[f.Ref.Resource]
		if target == nil { // members are of the platform
			continue
		}
		found, err := t.exists(ctx, target, rec.Values[i].ID())
		if err != nil {
			return nil, err
		}
		if !found {
			out = append(out, fault.UnknownReference(f.Name))
		}
	}
	return out, nil
}

// explainDelete turns the failure of a Delete into a conflict where a record still names one that was to go.
func explainDelete(cause error) error {
	if errors.Is(cause, platform.ErrReference) {
		return fault.Wrap(fault.Conflict, "Other records still refer to this one.", cause)
	}
	return cause
}
