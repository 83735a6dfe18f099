package resource

import (
	"context"

	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Size returns how many bytes a tenant's data takes: what the store says of its records and events, and the files that
// records name, with the size that the record has. The place where files lie is not asked.
func (s *Service) Size(ctx context.Context, t tenant.ID, pass tenant.Pass) (int64, error) {
	store, err := s.store(ctx, Call{Actor: policy.Actor{Kind: policy.System, Tenant: t, Pass: pass}})
	if err != nil {
		return 0, err
	}
	defer store.Close()
	total, err := store.Size(ctx)
	if err != nil {
		return 0, err
	}
	questions := s.registry.fileSizes()
	if len(questions) == 0 {
		return total, nil
	}
	err = store.View(ctx, func(tx storage.Tx) error {
		answers, err := tx.Aggregate(ctx, questions...)
		if err != nil {
			return err
		}
		for _, groups := range answers {
			total += groups[0].Sum
		}
		return nil
	})
	return total, err
}

// fileSizes ask, for each resource whose records tell it, for the bytes of all files. What a client wrote into the field
// of the size counts for nothing: only the server sets a checksum.
func (r *Registry) fileSizes() []query.Aggregate {
	var out []query.Aggregate
	for _, def := range r.ordered {
		of := def.Schema
		if of.Content.IsZero() || of.Content.Size == "" {
			continue
		}
		out = append(out, query.Aggregate{
			Resource: of, Sum: of.Field(of.Content.Size),
			Where: []query.Condition{{Field: of.Field(of.Content.Checksum), Op: query.IsNull, Values: []schema.Value{schema.Bool(false)}}},
		})
	}
	return out
}
