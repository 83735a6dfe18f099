package resource

import (
	"context"
	"errors"
	"slices"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// require looks up every record that next names anew in the tenant. A record of another tenant is as unknown as
// one that never was; the database's own keys would refuse it as well, but this layer stands alone.
func (t *Tx) require(ctx context.Context, def *Definition, current, next []schema.Value) error {
	for i := range def.Schema.Fields {
		f := &def.Schema.Fields[i]
		if f.Ref == nil || next[i].IsNull() || current != nil && current[i].Equal(next[i]) {
			continue
		}
		named := next[i].ID()
		if f.Ref.Resource != schema.Members {
			target := t.service.registry.byName[f.Ref.Resource]
			if err := t.tx.Require(ctx, target.Schema, named, f.Name); err != nil {
				return err
			}
			continue
		}
		member, err := t.service.isMember(ctx, t.call.Actor.Tenant, named)
		if err != nil {
			return err
		}
		if !member {
			return fault.Invalid(unknownReference(f))
		}
	}
	return nil
}

func unknownReference(f *schema.Field) fault.Field {
	if f.Ref.Resource == schema.Members {
		return fault.Field{Name: f.Name, Code: fault.FieldReference, Message: "No member of this tenant has this user id."}
	}
	return fault.UnknownReference(f.Name)
}

// newReferences returns next without the references that were there before: those need no second look.
func newReferences(r *schema.Resource, current, next []schema.Value) []schema.Value {
	if next == nil {
		return nil
	}
	out := slices.Clone(next)
	for i := range r.Fields {
		if r.Fields[i].Ref != nil && current[i].Equal(next[i]) {
			out[i] = schema.Null()
		}
	}
	return out
}

// withReferences adds to a failed validation the references that name nothing, so that a client learns of all
// fields at once although the store reports the first alone. values are the ones that the body gave, nil where it
// could not be read.
func (s *Service) withReferences(ctx context.Context, call Call, def *Definition, values []schema.Value, err error) error {
	var failed *fault.Error
	if !errors.As(err, &failed) || failed.Code != fault.ValidationFailed || values == nil {
		return err
	}
	var missing []fault.Field
	lookErr := s.view(ctx, call, func(tx *Tx) error {
		for i := range def.Schema.Fields {
			f := &def.Schema.Fields[i]
			if f.Ref == nil || values[i].IsNull() || !f.Writable() {
				continue
			}
			known, err := tx.knows(ctx, f, values[i].ID())
			if err != nil {
				return err
			}
			if !known {
				missing = append(missing, unknownReference(f))
			}
		}
		return nil
	})
	if lookErr != nil {
		return err
	}
	return fault.Invalid(merge(def.Schema, failed.Fields, missing)...)
}

func (t *Tx) knows(ctx context.Context, f *schema.Field, named id.ID) (bool, error) {
	if f.Ref.Resource == schema.Members {
		return t.service.isMember(ctx, t.call.Actor.Tenant, named)
	}
	_, err := t.tx.Get(ctx, t.service.registry.byName[f.Ref.Resource].Schema, named)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// merge joins the fields at fault, each once, in the order of the schema; unknown ones come last.
func merge(r *schema.Resource, found, missing []fault.Field) []fault.Field {
	byName := map[string]fault.Field{}
	for _, f := range missing {
		byName[f.Name] = f
	}
	var others []fault.Field
	for _, f := range found {
		if r.Field(f.Name) == nil {
			others = append(others, f)
		} else {
			byName[f.Name] = f
		}
	}
	var out []fault.Field
	for i := range r.Fields {
		if f, ok := byName[r.Fields[i].Name]; ok {
			out = append(out, f)
		}
	}
	return append(out, others...)
}

// cascadePage is how many records a deletion reads at once.
const cascadePage = 500

// delete removes locked records of one resource, after those that name them and go with them. Records that name
// them and stay are a conflict.
func (t *Tx) delete(ctx context.Context, def *Definition, recs []storage.Record) error {
	ids := make([]id.ID, len(recs))
	for i, rec := range recs {
		ids[i] = recordID(def.Schema, rec.Values)
		if def.BeforeDelete != nil {
			if _, err := t.run(ctx, def, def.BeforeDelete, rec.Values); err != nil {
				return err
			}
		}
	}
	for _, child := range def.children {
		for _, record := range ids {
			if err := t.deleteChildren(ctx, child, record); err != nil {
				return err
			}
		}
	}
	if err := t.tx.Delete(ctx, def.Schema, ids); err != nil {
		return err
	}
	for i, rec := range recs {
		t.forget(def, rec.Values)
		changes, _ := changesBetween(def.Schema, rec.Values, nil)
		if err := t.record(ctx, def, "deleted", ids[i], changes); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) deleteChildren(ctx context.Context, child reference, parent id.ID) error {
	r := child.from.Schema
	list := query.List{
		Where: []query.Condition{{Field: child.field, Op: query.Equal, Values: []schema.Value{schema.ID(parent)}}},
		Order: []query.Key{{Field: r.Field(schema.FieldID)}},
		Limit: cascadePage, Lock: true,
	}
	if !child.field.Ref.Cascade {
		list.Limit, list.Lock = 1, false
	}
	for {
		var recs []storage.Record
		_, err := t.tx.List(ctx, r, list, func(rec storage.Record) error {
			recs = append(recs, rec.Clone())
			return nil
		})
		if err != nil || len(recs) == 0 {
			return err
		}
		if !child.field.Ref.Cascade {
			return fault.New(fault.Conflict, "The record can't be deleted while records in "+r.Name+" name it.")
		}
		if err := t.delete(ctx, child.from, recs); err != nil {
			return err
		}
	}
}
