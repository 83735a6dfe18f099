package resource

import (
	"context"
	"net/url"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// Get returns one record: not_found where the tenant has none with the id.
func (s *Service) Get(ctx context.Context, call Call, op *operation.Operation, recordID string, params url.Values) (Answer, error) {
	def, err := s.begin(call, op)
	if err != nil {
		return Answer{}, err
	}
	if def.Keeper != nil {
		return s.getKept(ctx, call, op, def, recordID, params)
	}
	fields, expand, err := query.ParseSelection(def.Schema, params, s.options(call, def))
	if err != nil {
		return Answer{}, err
	}
	record, err := parseID(recordID)
	if err != nil {
		return Answer{}, err
	}
	if len(expand) > 0 {
		return s.getExpanded(ctx, call, def, record, fields, expand)
	}
	store, err := s.store(ctx, call)
	if err != nil {
		return Answer{}, err
	}
	defer store.Close()
	rec, err := store.Get(ctx, def.Schema, record)
	if err != nil {
		return Answer{}, err
	}
	return answer(def.encoderFor(fields), record, rec), nil
}

func (s *Service) getExpanded(ctx context.Context, call Call, def *Definition, record id.ID, fields, expand []string) (Answer, error) {
	var out Answer
	err := s.view(ctx, call, func(tx *Tx) error {
		rec, err := tx.tx.Get(ctx, def.Schema, record)
		if err != nil {
			return err
		}
		details, err := tx.expand(ctx, def, expand, []storage.Record{rec})
		if err != nil {
			return err
		}
		body := details.append(def.encoderFor(fields).Append(nil, rec.Values), rec)
		out = Answer{ID: record, Body: body, ETag: entityTag(record, rec.Version, body)}
		return nil
	})
	return out, err
}

func answer(encoder *codec.Encoder, record id.ID, rec storage.Record) Answer {
	body := encoder.Append(make([]byte, 0, 512), rec.Values)
	return Answer{ID: record, Body: body, ETag: entityTag(record, rec.Version, body)}
}

// encoderFor returns the encoder of a whole or a sparse answer.
func (d *Definition) encoderFor(fields []string) *codec.Encoder {
	if fields == nil {
		return d.encoder
	}
	return codec.NewEncoder(d.Schema, fields)
}

// options are what the parsing of a query needs to know beyond the schema.
func (s *Service) options(call Call, def *Definition) query.Options {
	return query.Options{
		Tenant: call.scope(),
		Signer: s.signer,
		Expandable: func(field string) bool {
			f := def.Schema.Field(field)
			return f != nil && f.Ref != nil && s.registry.byName[f.Ref.Resource] != nil
		},
	}
}

// recordID returns the id in a record's values.
func recordID(r *schema.Resource, values []schema.Value) id.ID {
	return values[r.Index(schema.FieldID)].ID()
}
